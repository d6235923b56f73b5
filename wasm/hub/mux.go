package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Several rooms ask over one link: the lowest bits of an id say which.
const (
	roomBits = 3

	hubRoom      = 0
	bridgeRoom   = 1
	contextsRoom = 2
)

// received takes a message of the broker to where it belongs.
func (b *broker) received(t *peer.Turn) {
	switch {
	case b.phase == greeting:
		b.greeted(t)
		return
	case b.phase != connected:
		return
	}
	switch t.Msg.Op {
	case protocol.OpRefused:
		b.refusedBy(&t.Msg)
	case protocol.OpContextEvent:
		b.toContexts(t)
	case protocol.OpReply, protocol.OpError, protocol.OpResult, protocol.OpProgress, protocol.OpContextValue:
		b.answered(t)
	default:
		b.bridge.Receive(t.Msg)
	}
}

// answered takes an answer to the room that asked.
func (b *broker) answered(t *peer.Turn) {
	switch t.Msg.ID & (1<<roomBits - 1) {
	case bridgeRoom:
		b.bridge.Receive(t.Msg)
	case contextsRoom:
		b.toContexts(t)
	case hubRoom:
		if t.Msg.ID == b.renewal && b.renewal != 0 {
			b.renewal = 0
			b.renewed(&t.Msg)
		}
	}
}

// toContexts hands a message to the room of contexts, in that room's own numbering. Of an event the id is a revision.
func (b *broker) toContexts(t *peer.Turn) {
	if t.Msg.Op == protocol.OpContextEvent {
		t.Msg.Ref >>= roomBits
	} else {
		t.Msg.ID >>= roomBits
	}
	t.Msg.Peer = b.bridge.Likeness(t.Msg.Peer)
	b.hub.contexts.FromBroker(t)
}

// send sends what the room of contexts sends to the broker. Ref is who writes, but where a subscription ends.
func (b *broker) send(e protocol.Envelope) {
	if b.phase != connected {
		return
	}
	id := e.ID
	e.ID = e.ID<<roomBits | contextsRoom
	switch {
	case e.Op == protocol.OpContextUnsubscribe:
		e.Ref = e.Ref<<roomBits | contextsRoom
	case e.Ref != 0 && (e.Ref >= firstLikeness || !b.bridge.Introduce(peer.ID(e.Ref))):
		e.Ref = 0
	}
	if f := b.put(e); f != nil {
		b.queue = append(b.queue, inner{msg: protocol.Envelope{Op: protocol.OpError, ID: id, Head: f.AppendJSON(nil)}})
	}
}

// put puts a message on the link. Where that takes no more, a new connection makes both sides know the same again.
func (b *broker) put(e protocol.Envelope) *protocol.Fault {
	err := b.link.Send(e)
	switch err := err.(type) {
	case nil:
		return nil
	case *protocol.Fault:
		return err
	case *stream.Closed:
		// The turn of its end is about to come.
	default:
		b.full = true
	}
	return protocol.NewFault(protocol.Offline, "there is no connection to the broker now")
}

// settle runs the turns that others have led to, each as one of its own.
func (b *broker) settle() {
	if b.settling {
		return
	}
	h := b.hub
	saved := h.turn
	b.settling = true
	for len(b.queue) > 0 || b.full {
		if b.full {
			b.full = false
			h.begin(saved.Now, nil)
			h.run(b.restart)
			h.drain()
			continue
		}
		next := b.queue[0]
		if b.queue = b.queue[1:]; len(b.queue) == 0 {
			b.queue = nil
		}
		h.begin(saved.Now, next.from)
		h.turn.Msg = next.msg
		switch {
		case next.from == nil:
			h.run(h.contexts.FromBroker)
		case h.byPeer[next.from.ID] != nil:
			h.run(h.handlers[next.msg.Op])
		}
		h.drain()
	}
	b.settling = false
	h.turn = saved
	b.tell()
}
