package crossframe

import (
	"context"
	"encoding/json"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Change is what a subscriber is told.
type Change struct {
	// Value is the JSON text of the whole value; nil where there is no such context.
	Value json.RawMessage
	// Revision is 0 where there is no such context.
	Revision int64
	// Kind is one of the protocol's Change constants; the first time it is ChangeSet.
	Kind string
	// Delta is the body that was merged or set, and Removed the members that were removed.
	Delta   json.RawMessage
	Removed []string
	// Gap is one of the protocol's Gap constants, where changes before this one were not told; else empty.
	Gap string
	// Writer says who wrote; nil where the value was read.
	Writer *protocol.PeerInfo
}

// Decode stores the whole value in what to points at; where there is no such context, it leaves it as it is.
func (ch *Change) Decode(to any) error { return Value{JSON: ch.Value}.Decode(to) }

// subscription is this program's copy of a shared context.
type subscription struct {
	client *Client
	id     uint64
	name   string
	scope  string
	tell   func(Change)

	value    *jsontext.Object
	revision int64
	epoch    string
	// reading: the value is being read anew, so that changes before it mean nothing.
	reading bool
}

// Subscribe follows a shared context of a scope ("" is "tenant"), which need not exist yet. tell is told the value, and each
// change from then on, one after the other; it must not block. The function returned ends it.
func (c *Client) Subscribe(ctx context.Context, name, scope string, tell func(Change)) (stop func(), err error) {
	s := &subscription{client: c, name: name, scope: scopeOr(scope), tell: tell, reading: true}
	c.mu.Lock()
	c.lastID++
	s.id = c.lastID
	c.subscriptions[s.id] = s
	epoch := c.ack.Epoch
	c.mu.Unlock()
	if _, err := c.askWith(ctx, s.request(epoch), s.waiting()); err != nil {
		c.mu.Lock()
		delete(c.subscriptions, s.id)
		c.mu.Unlock()
		return nil, err
	}
	return func() { c.unsubscribe(s) }, nil
}

func (c *Client) unsubscribe(s *subscription) {
	c.mu.Lock()
	id := s.id
	_, there := c.subscriptions[id]
	delete(c.subscriptions, id)
	c.mu.Unlock()
	if there {
		c.drop(protocol.Envelope{Op: protocol.OpContextUnsubscribe, Ref: id})
	}
}

// request asks for the value, and says which is known.
func (s *subscription) request(epoch string) protocol.Envelope {
	options := protocol.ContextOptions{Scope: s.scope}
	if s.value != nil && s.epoch == epoch {
		options.Revision, options.Epoch = s.revision, epoch
	}
	return protocol.Envelope{Op: protocol.OpContextSubscribe, ID: s.id, Name: s.name, Head: options.AppendJSON(nil)}
}

// waiting is the request for the value.
func (s *subscription) waiting() *pending {
	return &pending{done: make(chan struct{}), then: func(answer *protocol.Envelope, fault *protocol.Fault) {
		if fault == nil {
			s.read(answer)
		}
	}}
}

// read takes a value that was read, and says what may have been missed since the last one.
func (s *subscription) read(answer *protocol.Envelope) {
	snapshot, err := snapshotOf(answer)
	if err != nil {
		return
	}
	s.client.mu.Lock()
	epoch := s.client.ack.Epoch
	s.client.mu.Unlock()
	known, before, first := s.value != nil, s.revision, s.epoch == ""
	same := s.epoch == epoch
	s.epoch, s.reading = epoch, false
	if snapshot.Info.Unchanged || known && same && snapshot.Revision == before {
		return
	}
	change := Change{Kind: protocol.ChangeSet, Value: snapshot.Value, Revision: snapshot.Revision}
	s.revision, s.value = snapshot.Revision, nil
	if snapshot.Value != nil {
		if s.value, err = jsontext.ParseObject(snapshot.Value); err != nil {
			return
		}
	} else if known {
		change.Kind = protocol.ChangeDestroyed
	}
	switch {
	case first:
	case !same:
		change.Gap = protocol.GapLost
	case snapshot.Revision > before+1:
		change.Gap = protocol.GapSkipped
	}
	s.tell(change)
}

func (c *Client) contextChanged(m *protocol.Envelope) {
	c.mu.Lock()
	s := c.subscriptions[m.Ref]
	c.mu.Unlock()
	var change protocol.ContextChange
	if s == nil || s.reading || change.DecodeJSON(m.Head) != nil {
		return
	}
	told := Change{Kind: change.Kind, Revision: int64(m.ID), Removed: change.Removed, Gap: change.Gap}
	if told.Kind == "" {
		told.Kind = protocol.ChangeUpdate
	}
	if m.Peer != 0 {
		writer := c.peer(m.Peer)
		told.Writer = &writer
	}
	if !s.apply(m, &change, &told) {
		s.again()
		return
	}
	s.tell(told)
}

// apply changes the copy. It returns false where changes before this one are missing.
func (s *subscription) apply(m *protocol.Envelope, change *protocol.ContextChange, told *Change) bool {
	body := valueOf(m.Body)
	told.Delta = body.JSON
	consecutive := int64(m.ID) == s.revision+1 && s.value != nil
	var err error
	switch change.Kind {
	case protocol.ChangeDestroyed:
		s.value = nil
		told.Revision = 0
	case protocol.ChangeSet:
		s.value, err = jsontext.ParseObject(body.JSON)
	case protocol.ChangePatch:
		if !consecutive {
			return false
		}
		err = s.value.Patch(change.Set, body.JSON, change.Remove, 0)
	default:
		if !consecutive {
			return false
		}
		err = s.value.Merge(body.JSON, change.Removed, 0)
	}
	if err != nil {
		return false
	}
	s.revision = int64(m.ID)
	if s.value != nil {
		told.Value = s.value.Append(nil)
	}
	return true
}

// again reads the value anew: a change was missed.
func (s *subscription) again() {
	s.reading = true
	s.value = nil
	c := s.client
	c.drop(protocol.Envelope{Op: protocol.OpContextUnsubscribe, Ref: s.id})
	c.mu.Lock()
	delete(c.subscriptions, s.id)
	c.lastID++
	s.id = c.lastID
	c.subscriptions[s.id] = s
	c.mu.Unlock()
	e := s.request("")
	_ = c.begin(&e, s.waiting())
}
