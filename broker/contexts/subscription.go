package contexts

import (
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// subscription is one connection's wish to be told every change of a context. It outlives the context: it waits for one of
// the same name to be created.
type subscription struct {
	client *Client
	// id is the request's, by which the connection tells its subscriptions apart.
	id uint64
	// key is that of the entry.
	key store.Key
	// Of the entry, whose mutex guards them: nil until it has begun, and where it is in the entry's list.
	of    *entry
	place int
	// behind: changes were not told, because too much waits to be written to the connection. The newest value follows.
	behind bool
	// ended is the client's.
	ended bool
}

// tell tells subscribers what led from a state to the present one. The entry's mutex is held.
func (e *entry) tell(before *state) {
	if len(e.subscribers) == 0 || e.state.revision == before.revision && e.state.lifetime == before.lifetime {
		return
	}
	revision := before.revision
	changes, ok := e.state.after(revision)
	switch {
	case ok && len(changes) > 0:
	case !before.exists() && !e.state.exists():
		return
	case !before.exists() && len(e.state.changes) > 0 && e.state.changes[0].whole:
		// Who has nothing misses nothing.
		changes, revision = e.state.changes, e.state.since
	case !e.state.exists():
		changes, revision = []change{{head: headGone}}, e.state.revision-1
	default:
		changes, revision = []change{{head: headSkipped, body: e.state.text, whole: true}}, e.state.revision-1
	}
	events, size := make([]Event, len(changes)), 0
	for i := range changes {
		c := &changes[i]
		m := protocol.Envelope{Op: protocol.OpContextEvent, ID: revision + uint64(i) + 1, Head: c.head}
		if len(c.body) > 0 {
			m.Body = protocol.TextBody(c.body)
		}
		events[i] = Event{c.by, m}
		size += len(c.head) + len(c.body)
	}
	for _, s := range e.subscribers {
		s.tell(events, size)
	}
}

// tell sends events, together, so that a connection has one thing to write for all that were stored with one write. Where too much
// waits already, or many changes are too much by themselves, the newest value follows in their place.
func (s *subscription) tell(events []Event, size int) {
	soft := s.client.room.options.SoftBytes
	if s.behind {
		return
	}
	if waiting := s.client.conn.Waiting(); (waiting > 0 || len(events) > 1) && waiting+size > soft {
		s.behind = true
		s.client.late(s)
		return
	}
	s.client.room.counters.events.Add(uint64(len(events)))
	s.client.conn.Tell(s.id, events)
}

// catchUp tells the newest value to a subscription that is behind. The entry's mutex is held.
func (s *subscription) catchUp() {
	if !s.behind || s.of == nil {
		return
	}
	s.behind = false
	e := s.of
	m := protocol.Envelope{Op: protocol.OpContextEvent, ID: e.state.revision, Ref: s.id, Head: headSkipped, Body: protocol.TextBody(e.state.text)}
	if !e.state.exists() {
		m.Head, m.Body = headDestroyed, protocol.Body{}
	}
	s.client.room.counters.collapsed.Add(1)
	s.client.conn.Send(nil, m)
}

// enter adds a subscription. The entry's mutex is held.
func (e *entry) enter(s *subscription) {
	s.of, s.place = e, len(e.subscribers)
	e.subscribers = append(e.subscribers, s)
}

// leave removes a subscription; the last of the list takes its place. The entry's mutex is held.
func (e *entry) leave(s *subscription) {
	last := len(e.subscribers) - 1
	moved := e.subscribers[last]
	e.subscribers[s.place], moved.place = moved, s.place
	e.subscribers[last] = nil
	e.subscribers = e.subscribers[:last]
	s.of = nil
}

// entry returns the entry that the subscription is, or will be, in.
func (s *subscription) entry() *entry {
	r := s.client.room
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entries[s.key]
}

// end takes a subscription out of its entry, if it is in it.
func (s *subscription) end() {
	e := s.entry()
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.of == e {
		e.leave(s)
		e.used = time.Now()
	}
}

// lateEvery is how often it is looked whether a connection can take more.
const lateEvery = 50 * time.Millisecond

// late notes that a subscription is behind. The entry's mutex is held.
func (c *Client) late(s *subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.behind = append(c.behind, s)
	if c.timer == nil {
		c.timer = time.AfterFunc(lateEvery, c.catchUp)
	}
}

// catchUp tells the newest values to the subscriptions that are behind, as far as the connection takes them.
func (c *Client) catchUp() {
	c.mu.Lock()
	list := c.behind
	c.behind, c.timer = nil, nil
	c.mu.Unlock()
	for i, s := range list {
		if c.conn.Waiting() > c.room.options.SoftBytes/2 {
			c.mu.Lock()
			defer c.mu.Unlock()
			if !c.closed {
				c.behind = append(c.behind, list[i:]...)
				if c.timer == nil {
					c.timer = time.AfterFunc(lateEvery, c.catchUp)
				}
			}
			return
		}
		if e := s.entry(); e != nil {
			e.mu.Lock()
			s.catchUp()
			e.mu.Unlock()
		}
	}
}
