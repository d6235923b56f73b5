package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// serve takes a request of an app about a context beyond this hub.
func (s *replicas) serve(t *peer.Turn, scope string) {
	switch t.Msg.Op {
	case protocol.OpContextGet:
		answer(t, s.get(t, scope))
	case protocol.OpContextSubscribe:
		answer(t, s.subscribe(t, scope))
	default:
		w, fault := s.readWrite(t, scope)
		if fault == nil {
			fault = s.write(t, s.at(address{scope, t.Msg.Name}), w)
		}
		answer(t, fault)
	}
}

// get answers with what is held, if that is as new as can be had here, and else asks the broker.
func (s *replicas) get(t *peer.Turn, scope string) *protocol.Fault {
	if fault := mayRead(t); fault != nil {
		return fault
	}
	r := s.at(address{scope, t.Msg.Name})
	if _, known := r.seen(); known && (r.confirmed || s.state == offline || r.pendings() > 0) {
		r.reply(t.Out, asker{t.From.ID, t.Msg.ID})
		return nil
	}
	o := protocol.ContextOptions{Scope: scope}
	s.passOn(t, protocol.Envelope{Op: protocol.OpContextGet, Name: t.Msg.Name, Head: o.AppendJSON(nil)})
	return nil
}

// list asks the broker what there is in a scope.
func (s *replicas) list(t *peer.Turn, scope string) {
	o := protocol.ContextOptions{Scope: scope}
	s.passOn(t, protocol.Envelope{Op: protocol.OpContextList, Head: o.AppendJSON(nil)})
}

func (s *replicas) listed(t *peer.Turn, list *protocol.ContextList) {
	for _, r := range s.sorted() {
		if d, known := r.seen(); known && d.exists() && reachable(t.From, &t.From.Grants.ReadContexts, r.name) {
			list.Contexts = append(list.Contexts, r.info())
		}
	}
}

// subscribe answers at once where the value is known as well as can be, and else when the broker has told it.
func (s *replicas) subscribe(t *peer.Turn, scope string) *protocol.Fault {
	if fault := mayRead(t); fault != nil {
		return fault
	}
	if fault := s.room.another(t); fault != nil {
		return fault
	}
	r := s.at(address{scope, t.Msg.Name})
	_, known := r.seen()
	if s.state == offline && !known {
		return offlineFault()
	}
	if fault := s.keep(r); fault != nil {
		return fault
	}
	f := s.join(r, t.From.ID, t.Msg.ID)
	if f.waiting = !r.confirmed && s.state != offline; !f.waiting {
		s.begin(t, f)
	} else if s.state == online && r.subscription == 0 {
		s.follow(t, r)
	}
	return nil
}

// join adds a follower.
func (s *replicas) join(r *replica, p peer.ID, id uint64) *follower {
	f := &follower{peer: p, id: id, of: r}
	r.followers = append(r.followers, f)
	if s.followed[p] == nil {
		s.followed[p] = make(map[uint64]*follower)
	}
	s.followed[p][id] = f
	return f
}

// begin answers a subscription with the value. Changes are told from then on.
func (s *replicas) begin(t *peer.Turn, f *follower) {
	f.waiting = false
	t.Out.Put(f.key(), []byte(f.of.key()), protocol.Body{})
	f.of.reply(t.Out, asker{f.peer, f.id})
}

// leave ends a subscription.
func (s *replicas) leave(t *peer.Turn, f *follower) {
	if !f.waiting {
		t.Out.Drop(f.key())
	}
	if mine := s.followed[f.peer]; len(mine) > 1 {
		delete(mine, f.id)
	} else {
		delete(s.followed, f.peer)
	}
	r := f.of
	for i := range r.followers {
		if r.followers[i] == f {
			r.followers = append(r.followers[:i:i], r.followers[i+1:]...)
			break
		}
	}
	if len(r.followers) == 0 {
		s.unask(t, r)
		s.release(t, r)
		s.push(t, r)
	}
	s.forget(t, r)
}

// expel ends a subscription that cannot go on, and says why.
func (s *replicas) expel(t *peer.Turn, f *follower, fault *protocol.Fault) {
	t.Out.Fail(f.peer, f.id, fault)
	s.leave(t, f)
}

func (s *replicas) subscriptions(p peer.ID, id uint64) (count int, taken bool) {
	mine := s.followed[p]
	return len(mine), mine[id] != nil
}

func (s *replicas) unsubscribe(t *peer.Turn) bool {
	f := s.followed[t.From.ID][t.Msg.Ref]
	if f == nil {
		return false
	}
	if f.waiting {
		t.Out.Fail(f.peer, f.id, protocol.NewFault(protocol.Cancelled, "the subscription was ended before it was answered"))
	}
	s.leave(t, f)
	return true
}

// of returns the subscriptions of a peer in the order of their ids.
func (s *replicas) of(p peer.ID) []*follower {
	list := make([]*follower, 0, len(s.followed[p]))
	for _, f := range s.followed[p] {
		list = append(list, f)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}

// left ends what a peer followed. What it wrote goes on without a name.
func (s *replicas) left(t *peer.Turn, p *peer.Peer) {
	for _, f := range s.of(p.ID) {
		s.leave(t, f)
	}
	for _, r := range s.all {
		for _, w := range r.queue {
			w.orphan(p.ID)
		}
	}
}

func (s *replicas) regranted(t *peer.Turn, p *peer.Peer) (ended bool) {
	for _, f := range s.of(p.ID) {
		if !reachable(p, &p.Grants.ReadContexts, f.of.name) {
			s.expel(t, f, peer.Withdrawn())
			ended = true
		}
	}
	return ended
}
