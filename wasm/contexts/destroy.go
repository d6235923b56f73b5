package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Destroy removes a context. Its subscribers are told, and stay subscribed to the name.
func (r *Room) Destroy(t *peer.Turn) {
	if !r.elsewhere(t) {
		answer(t, r.destroy(t))
	}
}

func (r *Room) destroy(t *peer.Turn) *protocol.Fault {
	if fault := mayWrite(t); fault != nil {
		return fault
	}
	c := r.at(t.Msg.Name)
	switch {
	case !c.exists():
		return protocol.NewFault(protocol.ContextNotFound, "there is no such context")
	case c.lifetime == protocol.LifetimeOwner && c.creator != t.From.Instance() && !t.From.Info.Main:
		return protocol.NewFault(protocol.NotOwner, "the context belongs to the instance that created it")
	}
	revision := r.end(t, c)
	t.Out.Send(t.From.ID, protocol.Envelope{Op: protocol.OpReply, ID: t.Msg.ID, Ref: revision})
	return nil
}

// Gone destroys the contexts of lifetime "owner" that the instance created. It is not called when an app merely
// disconnects: an app that reloads finds its contexts again. Those beyond this hub are for the broker to end.
func (r *Room) Gone(t *peer.Turn, instance string) {
	var owned []*shared
	for c := range r.created[instance] {
		if c.lifetime == protocol.LifetimeOwner {
			owned = append(owned, c)
		}
	}
	sort.Slice(owned, func(i, j int) bool { return owned[i].name < owned[j].name })
	for _, c := range owned {
		r.end(t, c)
	}
}

// end destroys a context that exists and returns the revision at which it ended.
func (r *Room) end(t *peer.Turn, c *shared) uint64 {
	c.revision++
	revision := c.revision
	t.Out.Drop(c.key)
	if revision > r.floor {
		r.floor = revision
		putFloor(t.Out, r.floor)
	}
	tell(t, c, headDestroyed, protocol.Body{})
	r.leave(c)
	return revision
}

// leave takes a context that exists no longer out of the room's books.
func (r *Room) leave(c *shared) {
	if mine := r.created[c.creator]; len(mine) > 1 {
		delete(mine, c)
	} else {
		delete(r.created, c.creator)
	}
	r.live--
	r.bytes -= c.size()
	c.revision, c.lifetime, c.creator = 0, "", ""
	c.value, c.parsed, c.text = nil, 0, nil
	r.forget(c)
}
