//go:build !js

package link

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// owner takes what happens on a Driver, as a hub does.
type owner struct {
	*Driver
	wake chan struct{}
	kept []Event
}

func newOwner(t *testing.T, options Options) *owner {
	o := &owner{wake: make(chan struct{}, 1)}
	o.Driver = NewDriver(options, func() {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	})
	o.retry.Min, o.retry.Max = time.Millisecond, 10*time.Millisecond
	t.Cleanup(func() { o.Close(stream.CloseNormal, "") })
	return o
}

// next returns the next event.
func (o *owner) next(t *testing.T) Event {
	t.Helper()
	for len(o.kept) == 0 {
		select {
		case <-o.wake:
		case <-time.After(patience):
			t.Fatal("nothing happened")
		}
		o.Take(func(e Event) { o.kept = append(o.kept, e) })
	}
	e := o.kept[0]
	o.kept = o.kept[1:]
	return e
}

func (o *owner) opened(t *testing.T) {
	t.Helper()
	if e := o.next(t); !e.Opened {
		t.Fatalf("want a link, got %+v", e)
	}
}

func (o *owner) closed(t *testing.T, code stream.Code) {
	t.Helper()
	if e := o.next(t); e.Closed == nil || e.Closed.Code != code {
		t.Fatalf("want the end %d, got %+v", code, e)
	}
}

// page's own origin is what a browser would send.
var asPage = Options{Header: map[string][]string{"Origin": {page}}}

func TestDriverConnectsAgain(t *testing.T) {
	b := startBroker(t, ws.Options{})
	o := newOwner(t, asPage)
	if err := o.Send(protocol.Envelope{Op: protocol.OpBye}); err == nil {
		t.Fatal("it sent without a link")
	}
	for range 3 {
		o.Open(b.url) // again: nothing
		o.opened(t)
		if err := o.Send(protocol.Envelope{Op: protocol.OpBye, Name: "echo"}); err != nil {
			t.Fatal(err)
		}
		if e := o.next(t); len(e.Messages) != 1 || e.Messages[0].Name != "echo" {
			t.Fatalf("want the echo, got %+v", e)
		}
		(<-b.opened).Close(stream.CloseRestart, "")
		o.closed(t, stream.CloseRestart)
	}
	o.opened(t)
}

func TestDriverStopsAtAFinalEnd(t *testing.T) {
	b := startBroker(t, ws.Options{})
	o := newOwner(t, asPage)
	o.Open(b.url)
	o.opened(t)
	(<-b.opened).Close(stream.CloseSession, "")
	o.closed(t, stream.CloseSession)
	for o.running() {
		time.Sleep(time.Millisecond)
	}
	o.Open(b.url)
	o.opened(t)
}

func (d *Driver) running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stop != nil
}

func TestDriverTellsThatNobodyAnswers(t *testing.T) {
	o := newOwner(t, Options{})
	o.Open("ws://127.0.0.1:1/link")
	for range 3 {
		o.closed(t, stream.CloseAbnormal)
	}
}

func TestDriverIsSilentOnceClosed(t *testing.T) {
	b := startBroker(t, ws.Options{})
	o := newOwner(t, asPage)
	o.Open(b.url)
	o.opened(t)
	o.Close(stream.CloseAway, "")
	if why := <-b.closed; why.Code != stream.CloseAway {
		t.Fatalf("the broker was told %v", why)
	}
	o.Take(func(e Event) { t.Errorf("closed, and yet %+v", e) })
	if o.running() {
		t.Error("it runs on")
	}
	o.Open(b.url)
	o.opened(t)
}

// TestDriverSendsOnTheLinkThatIsKnown: who has not heard yet that his link has ended does not send over the next one, where the
// first message says who connects.
func TestDriverSendsOnTheLinkThatIsKnown(t *testing.T) {
	b := startBroker(t, ws.Options{})
	o := newOwner(t, asPage)
	o.Open(b.url)
	o.opened(t)
	(<-b.opened).Close(stream.CloseRestart, "")
	<-b.opened
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		o.mu.Lock()
		waits := len(o.events)
		o.mu.Unlock()
		if waits == 2 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d events", waits)
		}
	}
	send := func() error { return o.Send(protocol.Envelope{Op: protocol.OpBye, Name: "echo"}) }
	if send() == nil {
		t.Error("it was sent over the next link")
	}
	o.Take(func(e Event) {
		if err := send(); e.Opened != (err == nil) {
			t.Errorf("after %+v: %v", e, err)
		}
	})
}

// TestDriverHoldsTheReaderBack: an owner that takes nothing is not drowned, and loses nothing.
func TestDriverHoldsTheReaderBack(t *testing.T) {
	b := startBroker(t, ws.Options{MessagesPerSecond: 1 << 20, BurstMessages: 1 << 20})
	o := newOwner(t, asPage)
	o.Open(b.url)
	o.opened(t)
	conn := <-b.opened
	const messages = 3 * maxWaiting
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		for i := range messages {
			for conn.Send(protocol.Envelope{Op: protocol.OpGone, ID: uint64(i)}) != nil && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	for o.held() < maxWaiting && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond)
	if n := o.held(); n >= maxWaiting+protocol.MaxTuplesPerFrame {
		t.Fatalf("%d messages wait", n)
	}
	var got []uint64
	for len(got) < messages {
		for _, m := range o.next(t).Messages {
			got = append(got, m.ID)
		}
	}
	if !slices.IsSorted(got) || got[messages-1] != messages-1 {
		t.Fatal("messages were lost, or came out of order")
	}
}

func (d *Driver) held() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waiting
}
