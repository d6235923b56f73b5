package contexts

import (
	"slices"

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

// push sends what may be sent of a context's writes: the pending ones one after the other, so that one which the broker cannot
// take now is never overtaken, and behind them all others at once.
func (s *replicas) push(t *peer.Turn, r *replica) {
	if s.state != online || r.resting {
		return
	}
	n := r.pendings()
	for i, w := range r.queue[:n] {
		if w.done {
			continue
		}
		if w.request == 0 {
			s.launch(t, r, i)
		}
		return
	}
	if n > 0 && !s.settle(t, r, n) {
		return
	}
	sent := 0
	for _, w := range r.queue {
		if w.done {
			continue
		}
		if sent++; sent > maxSent {
			return
		}
		if w.request == 0 {
			s.send(t, w)
		}
	}
	s.forget(t, r)
}

// launch sends a pending write, with those behind it that can be joined to it, or waits until fewer are under way.
func (s *replicas) launch(t *peer.Turn, r *replica, i int) {
	if s.flying >= flights {
		if !r.inBacklog {
			r.inBacklog = true
			s.backlog = append(s.backlog, r)
		}
		return
	}
	w := r.queue[i]
	for i+1 < len(r.queue) && r.queue[i+1].absorb(w) {
		next := r.queue[i+1]
		r.queue = slices.Delete(r.queue, i, i+1)
		s.discount(w)
		s.writeBytes += next.weight() - next.counted
		next.counted = next.weight()
		w.drop(t.Out)
		next.journal(t.Out)
		w = next
	}
	s.flying++
	s.send(t, w)
}

func (s *replicas) send(t *peer.Turn, w *write) {
	m := protocol.Envelope{Op: w.op, Ref: uint64(w.writer), Name: w.of.name, Head: w.head()}
	if w.body != nil {
		m.Body = protocol.TextBody(w.body)
	}
	w.everSent = true
	w.request = s.ask(t, &question{write: w}, m)
}

// next lets a context send that waited because too much was under way.
func (s *replicas) next(t *peer.Turn) {
	for s.flying < flights && len(s.backlog) > 0 {
		r := s.backlog[0]
		s.backlog[0] = nil
		s.backlog = s.backlog[1:]
		r.inBacklog = false
		s.push(t, r)
	}
}

// decided takes the broker's answer to a write.
func (s *replicas) decided(t *peer.Turn, w *write) {
	r := w.of
	w.request = 0
	fault := faultIn(&t.Msg, protocol.OpReply)
	if w.pending {
		s.flying--
		defer s.next(t)
	}
	// OFFLINE is what became of a write that did not leave this hub.
	if fault != nil && (w.pending && passing(fault.Code) || fault.Code == protocol.Offline) {
		r.resting = true
		s.again(t)
		return
	}
	w.done, w.revision, w.fault = true, t.Msg.Ref, fault
	if !w.pending {
		s.release(t, r)
	}
	s.push(t, r)
}

// faultIn returns the fault that an answer brings; another answer than the one that is wanted is a fault, too.
func faultIn(m *protocol.Envelope, want protocol.Op) *protocol.Fault {
	if m.Op == want {
		return nil
	}
	var fault protocol.Fault
	if m.Op != protocol.OpError || fault.DecodeJSON(m.Head) != nil {
		return brokenFault()
	}
	return &fault
}

// passing reports whether the broker may be able to do soon what it answers with the code.
func passing(code protocol.Code) bool {
	switch code {
	case protocol.StorageDown, protocol.DiskFull, protocol.NotDurable, protocol.RateLimited, protocol.Timeout, protocol.Offline, protocol.HubNotReady:
		return true
	}
	return false
}

// release answers the writes that the broker has done and the followers have seen.
func (s *replicas) release(t *peer.Turn, r *replica) {
	for i := 0; i < len(r.queue); {
		w := r.queue[i]
		if w.pending || !w.done || w.fault == nil && r.subscription != 0 && !r.has(w) {
			i++
			continue
		}
		r.queue = slices.Delete(r.queue, i, i+1)
		s.close(t, w)
	}
}

// settle ends the time in which the view was not the broker's: all pending writes, which are the first n, have been decided on. It
// reports false where the followers' base does not have them all yet.
func (s *replicas) settle(t *peer.Turn, r *replica, n int) bool {
	for _, w := range r.queue[:n] {
		if len(r.followers) > 0 && (!r.confirmed || w.fault == nil && !r.has(w)) {
			return false
		}
	}
	was := r.told()
	settled := slices.Clone(r.queue[:n])
	r.queue = slices.Delete(r.queue, 0, n)
	r.view = nil
	r.catchUp(t.Out, was)
	for _, w := range settled {
		s.close(t, w)
	}
	return true
}

// close answers whoever waits for a write that has left its queue.
func (s *replicas) close(t *peer.Turn, w *write) {
	s.discount(w)
	if w.pending {
		w.drop(t.Out)
		if w.fault != nil {
			s.auditLoss(t, w)
		}
	}
	for _, a := range w.askers {
		if w.fault != nil {
			t.Out.Fail(a.peer, a.id, w.fault)
		} else {
			t.Out.Send(a.peer, protocol.Envelope{Op: protocol.OpReply, ID: a.id, Ref: w.revision})
		}
	}
}

func (s *replicas) discount(w *write) {
	s.writes--
	s.writeBytes -= w.counted
	if w.pending {
		s.pendings--
	}
}

// auditLoss tells the audit log that a write which was answered as pending did not come to be.
func (s *replicas) auditLoss(t *peer.Turn, w *write) {
	event := protocol.AuditEvent{Code: w.fault.Code}
	if w.who != nil {
		event.Origin, event.App, event.Instance = w.who.Info.Origin, w.who.Info.App, w.who.Info.Instance
	}
	t.Out.Audits = append(t.Out.Audits, event)
}
