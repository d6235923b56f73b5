package hub

import (
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Receive is the turn of one frame that came in on a port. The guard has checked its shape and its tag.
func (h *Hub) Receive(now int64, port Port, f dialect.Frame) {
	c := h.byPort[port]
	if c == nil {
		return
	}
	h.begin(now, &c.peer)
	h.decoded = h.decoded[:0]
	h.run(func(*peer.Turn) { h.decode(c, f) })
	h.drain()
	for i := range h.decoded {
		h.turn.From, h.turn.Msg = &c.peer, h.decoded[i]
		if h.pass(c) {
			h.run(h.handlers[h.turn.Msg.Op])
		}
		h.drain()
	}
}

// decode translates a frame, and answers one that cannot be translated.
func (h *Hub) decode(c *connection, f dialect.Frame) {
	list, id, fault := c.session.Decode(h.decoded, f)
	switch {
	case fault == nil:
		h.decoded = list
	case c.peer.Ready:
		h.out.Fail(c.peer.ID, id, fault)
		h.note(fault.Code, c.peer.Info.Origin, c.peer.App(), c.peer.Instance())
	default:
		h.out.Fail(c.peer.ID, id, unprovenFault())
		h.tooEarly(c)
	}
}

// pass is the gate: what does not pass is answered here.
func (h *Hub) pass(c *connection) bool {
	op := h.turn.Msg.Op
	known := op < protocol.Op(len(h.handlers)) && h.handlers[op] != nil
	switch {
	case h.byPort[c.port] != c:
		return false
	case c.peer.Ready && !known:
		h.turn.Fail(protocol.UnknownOperation, "this hub does not serve the operation")
		return false
	case !c.peer.Ready && !(known && h.beforeReady[op]):
		h.turn.FailWith(unprovenFault())
		h.tooEarly(c)
		return false
	}
	return true
}

func unprovenFault() *protocol.Fault {
	return protocol.NewFault(protocol.BadMessage, "the document has not proven itself yet: echo the challenge first")
}

// Page is the turn of one message of the main page's runtime.
func (h *Hub) Page(now int64, e protocol.Envelope) {
	h.begin(now, nil)
	h.turn.Msg = e
	switch e.Op {
	case protocol.OpPageBoot:
		h.run(h.bootTurn)
	case protocol.OpPageGreet:
		h.run(h.greet)
	case protocol.OpPageMisuse:
		h.run(h.misuse)
	case protocol.OpPageToken:
		if h.uplink != nil {
			h.run(h.uplink.brought)
		}
	case protocol.OpPageLicense:
		h.run(h.licenseTurn)
	default:
		h.run(h.frameEvent)
	}
	h.drain()
}

// Tick is the turn of whatever is due.
func (h *Hub) Tick(now int64) {
	h.begin(now, nil)
	h.run(h.recheckLicense)
	h.drain()
	h.run(h.unproven)
	h.drain()
	if h.uplink != nil {
		h.run(h.uplink.due)
		h.drain()
	}
	for _, r := range h.rooms {
		if d := r.Deadline(); d != 0 && d <= now {
			h.run(r.Due)
			h.drain()
		}
	}
}

// Deadline returns when Tick is next due, on the clock of the turns; 0 means never.
func (h *Hub) Deadline() int64 {
	next := h.proofs.Next()
	for _, due := range [...]int64{h.standing.due, h.standing.endsAt} {
		if due != 0 && (next == 0 || due < next) {
			next = due
		}
	}
	for _, r := range h.rooms {
		next = sooner(next, r.Deadline())
	}
	if h.uplink != nil {
		next = sooner(next, h.uplink.deadline())
	}
	return next
}

// sooner returns the earlier of two times, of which 0 is never.
func sooner(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func (h *Hub) begin(now int64, from *peer.Peer) {
	h.turn = peer.Turn{Now: now, From: from, Out: &h.out}
}

// run does one turn's work. A panic costs that turn alone: what it would have sent is dropped, the request is
// answered INTERNAL, and the hub goes on.
func (h *Hub) run(work func(*peer.Turn)) {
	defer func() {
		if recover() == nil {
			return
		}
		h.out.Reset()
		h.note(protocol.Internal, "", "", "")
		if h.turn.From != nil && h.turn.Msg.ID != 0 {
			h.turn.Fail(protocol.Internal, "the hub failed at this request")
		}
	}()
	work(&h.turn)
}

// drain hands what the turn led to outside: the journal first, then the messages in order.
func (h *Hub) drain() {
	for i := range h.out.Journal {
		h.ports.Record(h.out.Journal[i])
	}
	for i := range h.out.Audits {
		a := &h.out.Audits[i]
		h.note(a.Code, a.Origin, a.App, a.Instance)
	}
	for i := 0; i < len(h.out.Messages); i++ {
		m := &h.out.Messages[i]
		if m.To >= peer.Broker {
			h.sendOutside(m)
			continue
		}
		if c := h.byPeer[m.To]; c != nil {
			h.deliver(c, m.Envelope)
		}
	}
	h.farewell()
	h.out.Reset()
	if h.uplink != nil {
		h.uplink.settle()
	}
}

// sendOutside sends to who is no peer.
func (h *Hub) sendOutside(m *peer.Message) {
	switch {
	case m.To == peer.Page:
		h.ports.Page(m.Envelope)
	case h.uplink != nil:
		h.uplink.send(m.Envelope)
	}
}

// deliver sends one envelope to a connection, and before it who it names, if they have not met.
func (h *Hub) deliver(c *connection, e protocol.Envelope) {
	if c.remote {
		h.uplink.deliver(c.peer.ID, e)
		return
	}
	if e.Peer != 0 && e.Op != protocol.OpGone && e.Peer != c.peer.ID {
		h.introduce(c, e.Peer)
	}
	h.frames = c.session.Encode(h.frames[:0], e)
	for i := range h.frames {
		h.ports.Send(c.port, h.frames[i])
	}
}

func (h *Hub) introduce(c *connection, id peer.ID) {
	if _, met := c.met[id]; met {
		return
	}
	other := h.byPeer[id]
	if other == nil {
		i := slices.IndexFunc(h.left, func(l *connection) bool { return l.peer.ID == id })
		if i < 0 {
			return
		}
		// Its last words; the farewell follows.
		other = h.left[i]
	}
	c.met[id] = struct{}{}
	h.frames = c.session.Encode(h.frames[:0], protocol.Envelope{Op: protocol.OpPeer, Peer: id, Head: other.peer.Info.AppendJSON(nil)})
	for i := range h.frames {
		h.ports.Send(c.port, h.frames[i])
	}
}
