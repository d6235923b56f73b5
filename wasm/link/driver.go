package link

import (
	"context"
	"errors"
	"sync"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Event is something that happened on a Driver's link: it opened, messages came, or it closed.
type Event struct {
	// Opened: there is a link.
	Opened bool
	// Messages came on the link.
	Messages []protocol.Envelope
	// Closed says why the link ended, or why there was none.
	Closed *stream.Closed

	// link is the one that opened.
	link *Link
}

// maxWaiting bounds the messages that wait in a Driver; beyond it the link is not read.
const maxWaiting = 4096

// Driver keeps a link to a broker: it connects, reads, and connects again. What happens waits in it until its owner takes
// it, in the order in which it happened, so that a hub has it in a turn of its own. Its methods may be called concurrently.
type Driver struct {
	// Working, if set, is called when one of the Driver's goroutines has got something to do by a call of a method. A program
	// whose exported function returns to JavaScript needs it: nothing else lets goroutines run then.
	Working func()
	// Anew, if set, is asked about an end that is final, and says whether to connect again all the same, such as with another
	// token. It may be called from any goroutine.
	Anew func(why *stream.Closed) bool

	options Options
	// retry is how each call of Open begins.
	retry Retry
	wake  func()

	mu   sync.Mutex
	room sync.Cond
	// link is the one that the owner knows of, live the one that there is: what was meant for one link must not go over the next.
	link, live *Link
	events     []Event
	waiting    int
	// stop ends what Open began; nil while nothing runs.
	stop context.CancelFunc
	// run counts the calls of Open, so that what an earlier one began says nothing more.
	run int
}

// NewDriver returns a Driver that has not been opened. It calls wake, from any goroutine, whenever something waits that
// did not before; wake must not block and must not call back.
func NewDriver(options Options, wake func()) *Driver {
	d := &Driver{options: options, wake: wake}
	d.room.L = &d.mu
	return d
}

// Open begins to connect to an address, and goes on until Close. After an end that is final, nothing happens until Open is
// called again. While it runs already, it does nothing.
func (d *Driver) Open(url string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.run++
	go d.keep(ctx, url, d.run)
	d.working()
}

func (d *Driver) working() {
	if d.Working != nil {
		d.Working()
	}
}

// Send sends on the link; see Link.Send. Where there is none, the error is a *stream.Closed.
func (d *Driver) Send(messages ...protocol.Envelope) error {
	d.mu.Lock()
	link := d.link
	d.mu.Unlock()
	if link == nil {
		return stream.NewClosed(stream.CloseAbnormal, "there is no link")
	}
	err := link.Send(messages...)
	d.working()
	return err
}

// Close ends the link for good, behind what waits to be sent, and what happens on it is no longer told.
func (d *Driver) Close(code stream.Code, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.live != nil {
		d.live.Close(code, reason)
	}
	if d.stop != nil {
		d.stop()
	}
	d.stop, d.link, d.live, d.events, d.waiting = nil, nil, nil, nil, 0
	d.run++
	d.room.Broadcast()
	d.working()
}

// Restart ends the link that there is, so that another one is made.
func (d *Driver) Restart(code stream.Code, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.live != nil {
		d.live.Close(code, reason)
		d.working()
	}
}

// Take calls f for what has happened. f may use the Driver; when it has called Close, nothing more is told.
func (d *Driver) Take(f func(Event)) {
	d.mu.Lock()
	events := d.events
	if d.waiting >= maxWaiting {
		d.working()
	}
	d.events, d.waiting = nil, 0
	d.room.Broadcast()
	run := d.run
	d.mu.Unlock()
	for _, e := range events {
		if !d.known(run, &e) {
			return
		}
		f(e)
	}
}

// known notes that the owner is about to be told; false where that is over.
func (d *Driver) known(run int, e *Event) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.run != run:
		return false
	case e.Opened:
		d.link = e.link
	case e.Closed != nil:
		d.link = nil
	}
	return true
}

// keep makes links, one after the other, until ctx ends or one ends for good.
func (d *Driver) keep(ctx context.Context, url string, run int) {
	retry := d.retry // what an earlier call of Open began may still be on its way out
	for {
		err := d.once(ctx, url, run, &retry)
		why := closedBy(err)
		d.tell(run, Event{Closed: why})
		if why.Code.Final() && d.Anew != nil && d.Anew(why) {
			err = nil
		}
		if retry.Wait(ctx, err) != nil {
			d.ended(run)
			return
		}
	}
}

func (d *Driver) ended(run int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run == run {
		d.stop()
		d.stop = nil
	}
}

// once makes one link and reads it to its end.
func (d *Driver) once(ctx context.Context, url string, run int, retry *Retry) error {
	link, err := Dial(ctx, url, d.options)
	if err != nil {
		return err
	}
	if d.adopt(link, run) {
		d.tell(run, Event{Opened: true, link: link})
	} else {
		link.Close(stream.CloseAway, "")
	}
	err = link.Run(ctx, func(messages []protocol.Envelope) {
		retry.Reset()
		d.tell(run, Event{Messages: messages})
	})
	d.adopt(nil, run)
	return err
}

func (d *Driver) adopt(link *Link, run int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run != run {
		return false
	}
	d.live = link
	return true
}

// tell keeps an event for the owner. It waits while there are too many, which keeps the link from being read.
func (d *Driver) tell(run int, e Event) {
	d.mu.Lock()
	for d.run == run && len(e.Messages) > 0 && d.waiting >= maxWaiting {
		d.room.Wait()
	}
	if d.run != run {
		d.mu.Unlock()
		return
	}
	first := len(d.events) == 0
	d.events = append(d.events, e)
	d.waiting += len(e.Messages)
	d.mu.Unlock()
	if first {
		d.wake()
	}
}

// closedBy returns why a link ended, or could not be made.
func closedBy(err error) *stream.Closed {
	if why := (*stream.Closed)(nil); errors.As(err, &why) {
		return why
	}
	return stream.NewClosed(stream.CloseAbnormal, "the broker cannot be reached")
}
