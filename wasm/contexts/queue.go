package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// write takes a write of the right form: to the broker, or into the view where there is none.
func (s *replicas) write(t *peer.Turn, r *replica, w *write) *protocol.Fault {
	w.of = r
	if s.writes >= s.options.Writes || s.writeBytes+w.weight() > s.options.WriteBytes {
		return quota("as many writes as may wait for the broker do so")
	}
	if s.state == offline {
		return s.writeOffline(t, r, w)
	}
	fault := r.fits(w)
	if fault == nil {
		fault = s.keep(r)
	}
	if fault != nil {
		return fault
	}
	s.enqueue(t, r, w)
	s.push(t, r)
	return nil
}

// fits refuses a write to the value as it is known here that would make it longer than the writer's limits allow; the broker
// knows its own limits only. A copy is made only where it may come to that.
func (r *replica) fits(w *write) *protocol.Fault {
	d, known := r.seen()
	if !known || !d.exists() || w.op != protocol.OpContextUpdate && w.op != protocol.OpContextPatch || d.size()+len(w.body) <= w.ceiling {
		return nil
	}
	next := d.copy()
	if fault := w.apply(&next, w.ceiling); fault != nil && fault.Code == protocol.TooLarge {
		return fault
	}
	return nil
}

func (s *replicas) writeOffline(t *peer.Turn, r *replica, w *write) *protocol.Fault {
	if w.options.IfRevision != 0 {
		return offlineFault()
	}
	d, _ := r.seen()
	if w.op == protocol.OpContextDestroy && w.who != nil && d.lifetime == protocol.LifetimeOwner && d.owner != w.who.Instance() && !w.who.Info.Main {
		return protocol.NewFault(protocol.NotOwner, "the context belongs to the instance that created it")
	}
	if fault := s.keep(r); fault != nil {
		return fault
	}
	head, body, fault := r.show(w)
	if fault != nil {
		s.forget(t, r)
		return fault
	}
	s.enqueue(t, r, w)
	s.pend(t, w, head, body)
	return nil
}

// show makes the view have a write that becomes pending. The head is nil where there is nothing to tell.
func (r *replica) show(w *write) (head []byte, body protocol.Body, fault *protocol.Fault) {
	first := r.pendings() == 0
	if first {
		r.look(nil)
	} else {
		r.seen()
	}
	if !r.decides(w) {
		return nil, body, nil
	}
	if w.op == protocol.OpContextDestroy && !r.viewKnown {
		// Whether there is such a context is for the broker to say. Here there is none from now on.
		r.viewKnown = true
		return nil, body, nil
	}
	head, body, fault = w.show(r.view)
	if fault == nil {
		r.viewKnown = true
	} else if first {
		r.view = nil
	}
	return head, body, fault
}

// pend makes a write of the queue pending. Followers are told before the writer is, as always.
func (s *replicas) pend(t *peer.Turn, w *write, head []byte, body protocol.Body) {
	w.pending = true
	s.pendings++
	w.journal(t.Out)
	if head != nil {
		w.of.tell(t.Out, w.writer, head, body)
	}
	for _, a := range w.askers {
		t.Out.Send(a.peer, protocol.Envelope{Op: protocol.OpReply, ID: a.id, Ref: w.of.revision, Head: headPending})
	}
}

var headPending = (&protocol.WriteResult{Pending: true}).AppendJSON(nil)

// enqueue puts a write behind the others of its context and gives it its number.
func (s *replicas) enqueue(t *peer.Turn, r *replica, w *write) {
	if s.lastSequence++; s.lastSequence > s.reserved {
		s.reserved = s.lastSequence + reserve
		putNumber(t.Out, keySequence, s.reserved)
	}
	w.sequence, w.first, w.counted = s.lastSequence, s.lastSequence, w.weight()
	r.queue = append(r.queue, w)
	s.writes++
	s.writeBytes += w.counted
}
