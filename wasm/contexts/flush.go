package contexts

import (
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

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
	if !s.mayFly() {
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
	s.flyingBytes += w.counted
	s.send(t, w)
}

func (s *replicas) mayFly() bool { return s.flying < flights && s.flyingBytes < flightBytes }

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
	for s.mayFly() && len(s.backlog) > 0 {
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
		s.flyingBytes -= w.counted
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
