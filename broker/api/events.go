package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Bounds of streams of events.
const (
	// maxStreams bounds the streams of all users, and maxStreamsOfUser those of one.
	maxStreams       = 2000
	maxStreamsOfUser = 20
	// maxWaiting bounds the events that wait for one reader, who loses the stream when there are more.
	maxWaiting = 1000
	// beatEvery keeps proxies from closing a silent stream, and finds out that a reader is gone.
	beatEvery = 20 * time.Second
	// streamWriteTimeout bounds one write to a reader.
	streamWriteTimeout = 10 * time.Second
)

// event is one thing that a stream tells: its kind, and a JSON text without line breaks.
type event struct {
	name string
	data []byte
}

// feed is what waits for one reader. It may be pushed to concurrently.
type feed struct {
	mu      sync.Mutex
	waiting []event
	lost    bool
	// ready has a value when there is something new.
	ready chan struct{}
}

func newFeed() *feed { return &feed{ready: make(chan struct{}, 1)} }

// push adds an event; it never waits.
func (f *feed) push(e event) {
	f.mu.Lock()
	if len(f.waiting) >= maxWaiting {
		f.lost, f.waiting = true, nil
	}
	if !f.lost {
		f.waiting = append(f.waiting, e)
	}
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// take returns what waits, and whether events were lost.
func (f *feed) take() (events []event, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	events, f.waiting = f.waiting, nil
	return events, f.lost
}

// streams counts the open streams.
type streams struct {
	mu  sync.Mutex
	all int
	of  map[user]int
}

func newStreams() *streams { return &streams{of: make(map[user]int)} }

func (s *streams) enter(u user) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.of[u] >= maxStreamsOfUser {
		return &refusal{http.StatusTooManyRequests, string(protocol.QuotaExceeded), "There are too many open streams of events.", beatEvery}
	}
	s.all++
	s.of[u]++
	return nil
}

func (s *streams) leave(u user) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[u]--; s.of[u] == 0 {
		delete(s.of, u)
	}
}

// stream answers with events (text/event-stream) until the reader is gone, the credential ends, the broker stops, or the
// reader is too slow; the last event, "end", says which, and whoever reads begins anew with what there is then. Follow
// pushes into the feed until the function that it returns is called.
func (c *call) stream(follow func(f *feed) (stop func(), err error)) error {
	if c.r.Method == http.MethodHead {
		c.w.Header().Set("Content-Type", "text/event-stream")
		return nil
	}
	who := user{c.who.Tenant, c.who.User.ID}
	if refusal := c.api.streams.enter(who); refusal != nil {
		return refusal
	}
	defer c.api.streams.leave(who)
	f := newFeed()
	stop, err := follow(f)
	if err != nil {
		return err
	}
	defer stop()
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := &eventWriter{w: c.w, control: http.NewResponseController(c.w)}
	if out.write(nil) {
		c.feed(out, f)
	}
	return nil
}

// feed writes until there is an end.
func (c *call) feed(out *eventWriter, f *feed) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	var expired <-chan time.Time
	if !c.who.Expires.IsZero() {
		timer := time.NewTimer(time.Until(c.who.Expires))
		defer timer.Stop()
		expired = timer.C
	}
	for {
		select {
		case <-c.r.Context().Done():
			return
		case <-c.api.options.Done:
			out.end("STOPPING")
			return
		case <-expired:
			out.end(string(protocol.SessionExpired))
			return
		case <-beat.C:
			if !out.write(nil) {
				return
			}
		case <-f.ready:
			events, lost := f.take()
			if !out.write(events) {
				return
			}
			if lost {
				out.end(string(protocol.ContinuityLost))
				return
			}
		}
	}
}

// eventWriter writes events in their form. It gives up a reader who does not take them in time.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buffer  []byte
}

// write writes the events, or a comment where there are none, and reports whether the reader took them.
func (o *eventWriter) write(events []event) bool {
	o.buffer = o.buffer[:0]
	if len(events) == 0 {
		o.buffer = append(o.buffer, ":\n\n"...)
	}
	for _, e := range events {
		o.buffer = append(o.buffer, "event: "...)
		o.buffer = append(o.buffer, e.name...)
		o.buffer = append(o.buffer, "\ndata: "...)
		o.buffer = append(o.buffer, e.data...)
		o.buffer = append(o.buffer, "\n\n"...)
	}
	// In place of the time that the server gives to a whole answer.
	if o.control.SetWriteDeadline(time.Now().Add(streamWriteTimeout)) != nil {
		return false
	}
	if _, err := o.w.Write(o.buffer); err != nil {
		return false
	}
	return o.control.Flush() == nil
}

func (o *eventWriter) end(code string) {
	o.write([]event{{"end", append(jsontext.AppendString([]byte(`{"code":`), code), '}')}})
}
