package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// ceiling returns how long the context's value may be after the turn's write, in bytes: what the writer's limits allow
// of one context, and what the room has left for all.
func (r *Room) ceiling(t *peer.Turn, c *shared) int {
	return min(int(r.limits(t).ContextBytes), c.size()+max(0, r.options.Bytes-r.bytes))
}

// refusal returns the coded error for a change that the value refused; it says which bound of the ceiling was met.
func (r *Room) refusal(t *peer.Turn, c *shared, err error) *protocol.Fault {
	if e, ok := err.(*jsontext.Error); ok && e.Reason == jsontext.TooLarge {
		return r.overflow(t, c)
	}
	return protocol.FaultOf(err)
}

func (r *Room) overflow(t *peer.Turn, c *shared) *protocol.Fault {
	if own := r.limits(t).ContextBytes; r.ceiling(t, c) == int(own) {
		return tooLarge(own)
	}
	return quota("the shared contexts of all apps together are as large as they may be")
}

// replace gives the context a whole new value and creates it where it does not exist. The body is the value as
// subscribers and journal get it; parsed is the length of the text that the value holds.
func (r *Room) replace(t *peer.Turn, c *shared, lifetime string, value *jsontext.Object, body protocol.Body, parsed int) *protocol.Fault {
	if value.Size() > r.ceiling(t, c) {
		return r.overflow(t, c)
	}
	if !c.exists() {
		if fault := r.create(t, c, lifetime); fault != nil {
			return fault
		}
	}
	r.bytes += value.Size() - c.size()
	c.value, c.parsed, c.text = value, parsed, nil
	c.revision++
	c.put(t.Out, body)
	c.shrink()
	r.acknowledge(t, c, headSet, body)
	return nil
}

// create makes the context exist at the floor, which the write at hand raises by one.
func (r *Room) create(t *peer.Turn, c *shared, lifetime string) *protocol.Fault {
	instance := t.From.Instance()
	switch {
	case int64(len(r.created[instance])) >= r.limits(t).Contexts:
		return quota("this app has created as many shared contexts as it may")
	case r.live >= r.options.Contexts:
		return quota("there are as many shared contexts as there may be")
	}
	if lifetime == "" {
		lifetime = protocol.LifetimeSession
	}
	c.lifetime, c.creator, c.revision = lifetime, instance, r.floor
	r.enter(c)
	return nil
}

// enter puts a context that exists from now on into the room's books.
func (r *Room) enter(c *shared) {
	r.contexts[c.name] = c
	if r.created[c.creator] == nil {
		r.created[c.creator] = make(map[*shared]struct{})
	}
	r.created[c.creator][c] = struct{}{}
	r.live++
}

// changed follows a change within the value, whose size was size before. The message's body, which is bodyBytes long,
// tells the change.
func (r *Room) changed(t *peer.Turn, c *shared, size int, head []byte, bodyBytes int) {
	r.bytes += c.size() - size
	c.text = nil
	c.revision++
	c.append(t.Out, head, t.Msg.Body, bodyBytes)
	c.shrink()
	r.acknowledge(t, c, head, t.Msg.Body)
}

// headSet is the head of the event of a whole new value.
var headSet = (&protocol.ContextChange{Kind: protocol.ChangeSet}).AppendJSON(nil)

// headDestroyed is the head of the event of a context's end.
var headDestroyed = (&protocol.ContextChange{Kind: protocol.ChangeDestroyed}).AppendJSON(nil)

// acknowledge tells the subscribers, the writer's own among them, and then the writer: by the time that the writer
// knows its write done, its subscriptions have shown it.
func (r *Room) acknowledge(t *peer.Turn, c *shared, head []byte, body protocol.Body) {
	tell(t, c, head, body)
	t.Out.Send(t.From.ID, protocol.Envelope{Op: protocol.OpReply, ID: t.Msg.ID, Ref: c.revision})
}

// tell sends the change that led to the context's revision to every subscriber. They share head and body.
func tell(t *peer.Turn, c *shared, head []byte, body protocol.Body) {
	m := protocol.Envelope{Op: protocol.OpContextEvent, ID: c.revision, Head: head, Body: body}
	if t.From != nil {
		m.Peer = t.From.ID
	}
	for _, s := range c.subscribers {
		m.Ref = s.id
		t.Out.Send(s.peer, m)
	}
}
