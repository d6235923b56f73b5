package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Set replaces the value of a context, or creates it.
func (r *Room) Set(t *peer.Turn) {
	if !r.elsewhere(t) {
		answer(t, r.set(t))
	}
}

func (r *Room) set(t *peer.Turn) *protocol.Fault {
	o, c, fault := r.open(t)
	if fault != nil {
		return fault
	}
	if len(o.Remove) > 0 {
		return invalid("remove: contexts.set replaces the whole value")
	}
	return r.setTo(t, c, o.Lifetime)
}

// setTo makes the message's body the context's value.
func (r *Room) setTo(t *peer.Turn, c *shared, lifetime string) *protocol.Fault {
	text, fault := objectText(t)
	if fault != nil {
		return fault
	}
	value, err := jsontext.ParseObject(text)
	if err != nil {
		return protocol.FaultOf(err)
	}
	if value.Len() > protocol.MaxMembers {
		return tooManyMembers()
	}
	return r.replace(t, c, lifetime, value, t.Msg.Body, len(text))
}

// Update merges the body's members into the value of a context, or creates it. Members that the head names are
// removed first, so that a member which is both named and in the body has the body's value.
func (r *Room) Update(t *peer.Turn) {
	if !r.elsewhere(t) {
		answer(t, r.update(t))
	}
}

func (r *Room) update(t *peer.Turn) *protocol.Fault {
	o, c, fault := r.open(t)
	if fault != nil {
		return fault
	}
	if !c.exists() {
		return r.setTo(t, c, o.Lifetime)
	}
	text, fault := objectText(t)
	if fault != nil {
		return fault
	}
	if c.value.Outgrows(text, protocol.MaxMembers) {
		return tooManyMembers()
	}
	leaving := c.value.Having(o.Remove)
	size := c.size()
	if err := c.value.Merge(text, o.Remove, r.ceiling(t, c)); err != nil {
		return r.refusal(t, c, err)
	}
	var head []byte
	if removed := c.value.Lacking(leaving); len(removed) > 0 {
		change := protocol.ContextChange{Removed: removed}
		head = change.AppendJSON(nil)
	}
	r.changed(t, c, size, head, len(text))
	return nil
}

// open does what contexts.set and contexts.update begin with.
func (r *Room) open(t *peer.Turn) (o protocol.WriteOptions, c *shared, fault *protocol.Fault) {
	if fault = mayWrite(t); fault != nil {
		return o, nil, fault
	}
	if len(t.Msg.Head) > 0 {
		var read protocol.WriteOptions // a variable of its own, as it goes to the heap
		if err := read.DecodeJSON(t.Msg.Head); err != nil {
			return o, nil, protocol.FaultOf(err)
		}
		o = read
	}
	c = r.at(t.Msg.Name)
	return o, c, check(c, o.IfRevision, o.Lifetime)
}

// check returns why a write with these options may not touch the context, or nil.
func check(c *shared, ifRevision int64, lifetime string) *protocol.Fault {
	switch lifetime {
	case "", protocol.LifetimeSession, protocol.LifetimeOwner:
	default:
		return invalid(`lifetime: want "session" or "owner"`)
	}
	switch {
	case ifRevision < -1:
		return invalid("ifRevision: want a revision, or -1")
	case ifRevision == -1 && c.exists(), ifRevision > 0 && uint64(ifRevision) != c.revision:
		return conflict(c)
	}
	return nil
}

// objectText returns the text of a body that must be an object; whether it is one shows when it is parsed.
func objectText(t *peer.Turn) ([]byte, *protocol.Fault) {
	if t.Msg.Body.Kind != protocol.BodyText {
		return nil, protocol.NewFault(protocol.BadMessage, "body: want a JSON object")
	}
	return t.Msg.Body.Bytes(), nil
}
