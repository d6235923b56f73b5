package interop

import (
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Result handles interop.result of a callee.
func (r *Room) Result(t *peer.Turn) {
	c := r.called(t)
	if c == nil {
		return
	}
	if s := c.offer.returns; s != nil {
		if f := violation("result", s, t.Msg.Body.Kind, t.Msg.Body.Bytes()); f != nil {
			audit(t, protocol.SchemaViolation, t.From)
			r.answer(t, c, protocol.NewFault(protocol.SchemaViolation, f.Message), protocol.Body{})
			return
		}
	}
	r.answer(t, c, nil, t.Msg.Body)
}

// Error handles the operation error of a callee.
func (r *Room) Error(t *peer.Turn) {
	if c := r.called(t); c != nil {
		r.answer(t, c, handlerFault(t.Msg.Head), protocol.Body{})
	}
}

// Progress handles interop.progress of a callee. It does not give the callee more time.
func (r *Room) Progress(t *peer.Turn) {
	if c := r.called(t); c != nil {
		q := c.request
		t.Out.Send(q.from.peer.ID, protocol.Envelope{Op: protocol.OpProgress, ID: q.id, Peer: t.From.ID, Body: t.Msg.Body})
	}
}

// called returns the open call that the turn's message is about; nil where there is none. A call that has been open is
// nobody's fault: it timed out or was cancelled while the answer travelled. A call of somebody else's,
// or one that never was, is.
func (r *Room) called(t *peer.Turn) *call {
	id := t.Msg.ID
	c := r.calls[id]
	switch {
	case c == nil && id != 0 && id < r.nextCall:
	case c == nil:
		refuse(t, protocol.BadMessage, "id: there has been no such call")
	case c.offer == nil || c.offer.by.peer.ID != t.From.ID:
		refuse(t, protocol.NotOwner, "id: this call is not yours to answer")
	default:
		return c
	}
	return nil
}

// answer ends a call with a fault, or with a body where f is nil, and with the last call its request.
func (r *Room) answer(t *peer.Turn, c *call, f *protocol.Fault, body protocol.Body) {
	q, callee := c.request, c.offer.by.peer.ID
	e := protocol.Envelope{Op: protocol.OpResult, ID: q.id, Peer: callee, Body: body}
	if f != nil {
		e.Head = f.AppendJSON(nil)
	}
	if q.kind == many {
		e.Op = protocol.OpPart
	} else if f != nil {
		e.Op, e.Peer = protocol.OpError, 0
	}
	to := q.from.peer.ID
	t.Out.Send(to, e)
	if q.kind == one {
		r.close(q)
		return
	}
	r.forget(c)
	if q.parts++; q.parts == len(q.calls) {
		t.Out.Send(to, protocol.Envelope{Op: protocol.OpEnd, ID: q.id, Ref: uint64(q.parts)})
		r.close(q)
	}
}

// maxMessageBytes bounds the text of an app's error.
const maxMessageBytes = 1 << 10

// handlerFault reads the error of a callee. What only the platform can know the callee cannot say: it chooses
// among the codes of requests, and of its fields code and message travel on.
func handlerFault(head []byte) *protocol.Fault {
	var f protocol.Fault
	if err := f.DecodeJSON(head); err != nil {
		f = protocol.Fault{}
	}
	if f.Code.Range() != protocol.RangeRequest {
		f.Code = protocol.HandlerError
	}
	if f.Message == "" {
		f.Message = "the method's handler failed"
	}
	return protocol.NewFault(f.Code, clip(f.Message, maxMessageBytes))
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
