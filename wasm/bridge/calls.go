package bridge

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// asked is a call of this side to the other.
type asked struct {
	// call is the room's number.
	call   uint64
	caller peer.ID
	callee *likeness
}

// ask carries a call of the room to a likeness.
func (b *Bridge) ask(l *likeness, e *protocol.Envelope) {
	m, offered := b.imports[e.Ref]
	if !offered || !b.Introduce(e.Peer) {
		b.unasked(l, e.ID, protocol.NewFault(protocol.TargetGone, "the app that should answer is no longer connected"))
		return
	}
	var info protocol.CallInfo
	if err := info.DecodeJSON(e.Head); err != nil {
		info = protocol.CallInfo{}
	}
	id := b.number()
	options := protocol.InvokeOptions{TimeoutMs: info.TimeoutMs, Trace: info.Trace, Hops: info.Hops}
	fault := b.host.Send(protocol.Envelope{
		Op: protocol.OpInvoke, ID: id, Ref: uint64(e.Peer), Peer: l.wire, Name: m.name, Head: options.AppendJSON(nil), Body: e.Body,
	})
	if fault != nil {
		b.unasked(l, e.ID, fault)
		return
	}
	b.asked[id], b.numbers[e.ID] = &asked{e.ID, e.Peer, l}, id
	put(&l.asked, id, struct{}{})
}

// unasked answers a call that does not travel.
func (b *Bridge) unasked(l *likeness, call uint64, f *protocol.Fault) {
	b.host.Turn(l.peer, protocol.Envelope{Op: protocol.OpError, ID: call, Head: f.AppendJSON(nil)})
}

// cancel says that nobody waits for a call of this side any more.
func (b *Bridge) cancel(call uint64) {
	id := b.numbers[call]
	q := b.asked[id]
	if q == nil {
		return
	}
	b.forget(id, q)
	b.host.Send(protocol.Envelope{Op: protocol.OpCancel, ID: id, Ref: uint64(q.caller)})
}

func (b *Bridge) forget(id uint64, q *asked) {
	delete(b.asked, id)
	delete(b.numbers, q.call)
	delete(q.callee.asked, id)
}

// answered takes an answer of the other side, or progress. What answers nothing that is open comes too late.
func (b *Bridge) answered(e *protocol.Envelope) {
	if q := b.asked[e.ID]; q != nil && e.Op != protocol.OpReply {
		if e.Op != protocol.OpProgress {
			b.forget(e.ID, q)
		}
		b.host.Turn(q.callee.peer, protocol.Envelope{Op: e.Op, ID: q.call, Head: e.Head, Body: e.Body})
		return
	}
	x := b.registrations[e.ID]
	switch {
	case x != nil && e.Op == protocol.OpError:
		var f protocol.Fault
		if err := f.DecodeJSON(e.Head); err != nil || f.Code == "" {
			f.Code = protocol.BadMessage
		}
		b.notOffered(x, f.Code)
	case e.Op == protocol.OpReply && e.ID == b.watch && b.options.Uplink:
		var list protocol.MethodList
		if err := list.DecodeJSON(e.Head); err != nil {
			b.host.Note(protocol.BadMessage, nil)
			return
		}
		b.add(list.Methods)
	}
}

// call takes interop.call of a broker: somebody elsewhere calls what a peer of this side offers there.
func (b *Bridge) call(e *protocol.Envelope) {
	x := b.registrations[e.Ref]
	l := b.caller(e, e.Peer)
	if l == nil {
		return
	}
	if x == nil {
		b.fail(e.ID, protocol.NewFault(protocol.MethodNotFound, "the method is no longer offered"))
		return
	}
	var info protocol.CallInfo
	if err := info.DecodeJSON(e.Head); err != nil {
		b.fail(e.ID, protocol.NewFault(protocol.BadMessage, "interop.call: the head cannot be read"))
		return
	}
	options := protocol.InvokeOptions{TimeoutMs: info.TimeoutMs, Trace: info.Trace, Hops: info.Hops}
	b.pass(l, e, x.by, x.name, &options)
}

// invoke takes interop.invoke of another broker.
func (b *Bridge) invoke(e *protocol.Envelope) {
	if b.options.Uplink {
		b.host.Note(protocol.UnknownOperation, nil)
		return
	}
	l := b.caller(e, uint32(min(e.Ref, 1<<32-1)))
	if l == nil {
		return
	}
	var options protocol.InvokeOptions
	if err := options.DecodeJSON(e.Head); err != nil {
		b.fail(e.ID, protocol.NewFault(protocol.BadMessage, "interop.invoke: the head cannot be read"))
		return
	}
	options = protocol.InvokeOptions{TimeoutMs: options.TimeoutMs, Trace: options.Trace, Hops: options.Hops}
	b.pass(l, e, e.Peer, e.Name, &options)
}

// caller returns who makes a call of the other side; where the call cannot be made, it answers.
func (b *Bridge) caller(e *protocol.Envelope, wire uint32) *likeness {
	l := b.likes[wire]
	switch {
	case e.ID == 0 || e.ID >= ownTurns || b.asks[e.ID] != nil:
		// There is no number to answer under.
		b.host.Note(protocol.BadMessage, nil)
		return nil
	case l == nil:
		b.host.Note(protocol.BadMessage, nil)
		b.fail(e.ID, protocol.NewFault(protocol.BadMessage, "the caller was not introduced"))
		return nil
	case len(b.asks) >= b.options.Calls:
		b.host.Note(protocol.QuotaExceeded, &l.peer.Info)
		b.fail(e.ID, protocol.NewFault(protocol.QuotaExceeded, "too many calls wait for this side"))
		return nil
	}
	return l
}

// pass hands a call of the other side to the room. Whom it names there must be a peer of this side: what is remote would be
// refused by the room, too.
func (b *Bridge) pass(l *likeness, e *protocol.Envelope, callee peer.ID, name string, options *protocol.InvokeOptions) {
	if callee == 0 || b.host.Peer(callee) == nil {
		b.fail(e.ID, protocol.NewFault(protocol.TargetGone, "the app that should answer is no longer connected"))
		return
	}
	b.asks[e.ID] = l
	put(&l.asks, e.ID, struct{}{})
	b.host.Turn(l.peer, protocol.Envelope{
		Op: protocol.OpInvoke, ID: e.ID, Peer: callee, Name: name, Head: options.AppendJSON(nil), Body: e.Body,
	})
}

// answer carries the room's answer to a likeness, or progress.
func (b *Bridge) answer(l *likeness, e *protocol.Envelope) {
	if b.asks[e.ID] != l {
		return
	}
	out := protocol.Envelope{Op: e.Op, ID: e.ID, Head: e.Head, Body: e.Body}
	if e.Peer != 0 && b.Introduce(e.Peer) {
		out.Peer = e.Peer
	}
	switch e.Op {
	case protocol.OpResult, protocol.OpError:
		delete(b.asks, e.ID)
		delete(l.asks, e.ID)
	case protocol.OpProgress:
	default:
		return
	}
	if f := b.host.Send(out); f != nil && e.Op != protocol.OpProgress {
		b.fail(e.ID, f)
	}
}
