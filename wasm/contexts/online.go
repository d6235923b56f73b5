package contexts

import (
	"slices"
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// connected asks anew for what is followed and sends what is pending.
func (s *replicas) connected(t *peer.Turn, ack *protocol.Ack) {
	if s.state == online {
		s.disconnected(t)
	}
	s.identify(t, ack.Identity)
	s.state, s.epoch, s.wake = online, ack.Epoch, 0
	clear(s.restored)
	clear(s.waiting)
	parked := s.parked
	s.parked = nil
	for _, q := range parked {
		s.ask(t, q, q.m)
	}
	var writing []*replica
	for _, r := range s.sorted() {
		if len(r.followers) > 0 {
			s.follow(t, r)
		}
		if len(r.queue) > 0 {
			writing = append(writing, r)
		} else {
			s.forget(t, r)
		}
	}
	sort.SliceStable(writing, func(i, j int) bool { return writing[i].queue[0].sequence < writing[j].queue[0].sequence })
	for _, r := range writing {
		s.push(t, r)
	}
}

// identify forgets everything where the broker says that it was another's: nothing of one user may reach another, and no
// write of one may be made in the name of another.
func (s *replicas) identify(t *peer.Turn, identity *protocol.Identity) {
	now := "-"
	if identity != nil {
		now = identity.Tenant + "\n" + identity.User.ID
	}
	if now == s.identity {
		return
	}
	if s.identity != "" {
		for _, r := range s.sorted() {
			s.disown(t, r)
		}
	}
	s.identity = now
	t.Out.Put(keyIdentity, []byte(now), protocol.Body{})
}

func (s *replicas) disown(t *peer.Turn, r *replica) {
	queue := r.queue
	r.queue, r.view = nil, nil
	for _, w := range queue {
		w.fault = protocol.NewFault(protocol.PermissionDenied, "another user has signed in since")
		s.close(t, w)
	}
	s.unknown(t, r)
	r.lost = true
	s.forget(t, r)
}

// disconnected makes what was under way pending, and answers what cannot be answered without the broker.
func (s *replicas) disconnected(t *peer.Turn) {
	if s.state == offline {
		return
	}
	s.state, s.wake = offline, 0
	s.unanswered(t)
	for _, r := range s.sorted() {
		r.subscription, r.confirmed, r.resting, r.inBacklog = 0, false, false, false
		s.reopen(t, r)
		for i := r.pendings(); i < len(r.queue); i = r.pendings() {
			s.suspend(t, r, i)
		}
		for _, f := range slices.Clone(r.followers) {
			if _, known := r.seen(); f.waiting && known {
				s.begin(t, f)
			} else if f.waiting {
				s.expel(t, f, offlineFault())
			}
		}
		if !r.known {
			s.forget(t, r)
		}
	}
}

// reopen makes the view anew where some pending writes were sent and base has moved under it. Those that the broker has done
// but base does not show are sent again: the broker knows them by their numbers.
func (s *replicas) reopen(t *peer.Turn, r *replica) {
	n := r.pendings()
	if n == 0 {
		return
	}
	was := r.told()
	var ended []*write
	r.queue = slices.DeleteFunc(r.queue, func(w *write) bool {
		if !w.pending || !w.done {
			return false
		}
		if w.done = w.fault != nil || w.revision <= r.revision || len(r.followers) == 0; w.done {
			ended = append(ended, w)
		}
		return w.done
	})
	r.view = nil
	r.catchUp(t.Out, was)
	for _, w := range ended {
		s.close(t, w)
	}
}

// suspend makes the first write pending that is not.
func (s *replicas) suspend(t *peer.Turn, r *replica, i int) {
	w := r.queue[i]
	end := func(fault *protocol.Fault) {
		r.queue = slices.Delete(r.queue, i, i+1)
		w.fault = fault
		s.close(t, w)
	}
	if w.options.IfRevision != 0 && !w.done {
		// It cannot be decided on later: by then its writer bases the next one on what it sees.
		end(offlineFault())
		return
	}
	head, body, fault := r.show(w)
	switch {
	case w.done:
		// It is done, and its writer hears so. To be seen here it is kept as if it were pending.
		for _, a := range w.askers {
			t.Out.Send(a.peer, protocol.Envelope{Op: protocol.OpReply, ID: a.id, Ref: w.revision})
		}
		w.done, w.askers, w.options.IfRevision = false, nil, 0
	case fault != nil && !w.everSent:
		end(fault)
		return
	}
	s.pend(t, w, head, body)
}

// answered takes the broker's answer to a subscription.
func (s *replicas) answered(t *peer.Turn, r *replica) {
	fault := faultIn(&t.Msg, protocol.OpContextValue)
	if fault == nil {
		fault = s.take(t, r)
	}
	if fault == nil {
		return
	}
	if t.Msg.Op == protocol.OpContextValue {
		s.unask(t, r)
	} else {
		delete(s.bySubscription, r.subscription)
		r.subscription = 0
	}
	if passing(fault.Code) || fault.Code == protocol.Internal {
		s.again(t)
		return
	}
	for _, f := range slices.Clone(r.followers) {
		s.expel(t, f, fault)
	}
	s.push(t, r)
}

// take takes the value that the broker says.
func (s *replicas) take(t *peer.Turn, r *replica) *protocol.Fault {
	var info protocol.ContextInfo
	if err := info.DecodeJSON(t.Msg.Head); err != nil || t.Msg.Ref > protocol.MaxID {
		return brokenFault()
	}
	was := r.told()
	current := r.known && r.epoch == s.epoch
	switch {
	case info.Unchanged && !(current && r.base.exists() && t.Msg.Ref == r.revision):
		return brokenFault()
	case info.Unchanged:
	case current && t.Msg.Ref != 0 && t.Msg.Ref < r.revision:
		// A broker that is behind the one before: what it tells from here on is known already.
	default:
		if fault := s.rebase(t, r, &info); fault != nil {
			return fault
		}
		r.moved = r.pendings() > 0
	}
	r.confirmed = true
	if r.pendings() == 0 {
		r.catchUp(t.Out, was)
	}
	for _, f := range slices.Clone(r.followers) {
		if f.waiting {
			s.begin(t, f)
		}
	}
	s.release(t, r)
	s.push(t, r)
	return nil
}

// rebase makes the message's body the base.
func (s *replicas) rebase(t *peer.Turn, r *replica, info *protocol.ContextInfo) *protocol.Fault {
	next := document{lifetime: info.Lifetime, owner: info.Owner}
	if t.Msg.Body.Kind != protocol.BodyNone {
		if err := next.set(t.Msg.Body.Bytes()); err != nil {
			return brokenFault()
		}
	} else {
		next = document{}
	}
	if s.bytes-r.weight+next.size() > s.options.Bytes {
		return tooMuch()
	}
	revision := t.Msg.Ref
	if r.known && r.epoch != s.epoch {
		r.lost = true
	} else {
		revision = max(revision, r.revision)
	}
	r.base, r.known, r.revision, r.epoch = next, true, revision, s.epoch
	r.absent = !next.exists()
	s.weigh(r)
	r.put(t.Out, t.Msg.Body)
	return nil
}

// event takes a change that the broker tells, and hands it on as it came.
func (s *replicas) event(t *peer.Turn, r *replica) {
	var change protocol.ContextChange
	if err := change.DecodeJSON(t.Msg.Head); err != nil || t.Msg.ID > protocol.MaxID {
		s.resync(t, r)
		return
	}
	whole := change.Kind == protocol.ChangeSet || change.Kind == protocol.ChangeDestroyed
	reset := whole && change.Gap == protocol.GapLost
	next := t.Msg.ID == r.revision+1
	switch {
	case reset:
	case t.Msg.ID <= r.revision:
		return
	case !whole && !next && change.Gap == "":
		s.resync(t, r)
		return
	}
	head := t.Msg.Head
	if whole && !next && change.Gap == "" && r.base.exists() || change.Pending {
		change.Pending = false
		if !next && change.Gap == "" {
			change.Gap = protocol.GapSkipped
		}
		head = change.AppendJSON(nil)
	}
	body := t.Msg.Body.Bytes()
	if err := r.base.follow(&change, body); err != nil {
		s.resync(t, r)
		return
	}
	r.revision, r.absent = t.Msg.ID, false
	s.weigh(r)
	if s.bytes > s.options.Bytes {
		for _, f := range slices.Clone(r.followers) {
			s.expel(t, f, tooMuch())
		}
		return
	}
	r.append(t.Out, &change, head, t.Msg.Body, next, len(body))
	if r.pendings() == 0 {
		r.tell(t.Out, t.Msg.Peer, head, t.Msg.Body)
	} else {
		r.moved, r.lost = true, r.lost || reset
	}
	if reset {
		for _, w := range r.queue {
			w.revision = min(w.revision, r.revision)
		}
	}
	s.release(t, r)
	s.push(t, r)
}

func tooMuch() *protocol.Fault {
	return quota("what is shared with this hub is larger than it may hold")
}

// resync asks for a context anew whose changes were not told, or cannot be read.
func (s *replicas) resync(t *peer.Turn, r *replica) {
	s.unask(t, r)
	s.follow(t, r)
}
