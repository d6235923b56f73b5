package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// question is a request to the broker that waits for its answer: a subscription of a replica, a write, or what an app asked.
type question struct {
	replica *replica
	write   *write
	// from asked, under that id; m is what it asked.
	from *peer.Peer
	id   uint64
	m    protocol.Envelope
}

// ask sends a request under an id of its own.
func (s *replicas) ask(t *peer.Turn, q *question, m protocol.Envelope) uint64 {
	s.lastID++
	m.ID = s.lastID
	s.asked[m.ID] = q
	t.Out.Send(peer.Broker, m)
	return m.ID
}

// passOn asks the broker what an app asks, now or when it is there.
func (s *replicas) passOn(t *peer.Turn, m protocol.Envelope) {
	q := &question{from: t.From, id: t.Msg.ID, m: m}
	switch {
	case s.state == offline:
		t.FailWith(offlineFault())
	case len(s.asked)+len(s.parked) >= maxAsked:
		answer(t, quota("too many requests wait for the broker"))
	case s.state == connecting:
		s.parked = append(s.parked, q)
	default:
		s.ask(t, q, m)
	}
}

// follow asks the broker for a context and its changes.
func (s *replicas) follow(t *peer.Turn, r *replica) {
	o := protocol.ContextOptions{Scope: r.scope}
	if r.known && r.base.exists() {
		o.Revision, o.Epoch = int64(r.revision), r.epoch
	}
	r.confirmed = false
	r.subscription = s.ask(t, &question{replica: r}, protocol.Envelope{Op: protocol.OpContextSubscribe, Name: r.name, Head: o.AppendJSON(nil)})
	s.bySubscription[r.subscription] = r
}

// unask ends what follow began.
func (s *replicas) unask(t *peer.Turn, r *replica) {
	if r.subscription == 0 {
		return
	}
	delete(s.bySubscription, r.subscription)
	delete(s.asked, r.subscription)
	if s.state == online {
		s.lastID++
		// Its answer says nothing.
		t.Out.Send(peer.Broker, protocol.Envelope{Op: protocol.OpContextUnsubscribe, ID: s.lastID, Ref: r.subscription})
	}
	r.subscription, r.confirmed = 0, false
}

// fromBroker takes what the broker says. What it was not asked, or not any more, is passed over: that is what a subscription
// that has just ended looks like.
func (s *replicas) fromBroker(t *peer.Turn) {
	if t.Msg.Op == protocol.OpContextEvent {
		if r := s.bySubscription[t.Msg.Ref]; r != nil && r.confirmed {
			s.event(t, r)
		}
		return
	}
	q := s.asked[t.Msg.ID]
	if q == nil {
		return
	}
	delete(s.asked, t.Msg.ID)
	switch {
	case q.write != nil:
		s.decided(t, q.write)
	case q.replica != nil:
		s.answered(t, q.replica)
	default:
		s.answerOf(t, q)
	}
}

// answerOf hands the broker's answer to the app that asked. Of a list it gets what it may read.
func (s *replicas) answerOf(t *peer.Turn, q *question) {
	m := t.Msg
	m.ID, m.Peer = q.id, 0
	want := protocol.OpContextValue
	if q.m.Op == protocol.OpContextList {
		want = protocol.OpReply
	}
	switch {
	case m.Op == protocol.OpError:
	case m.Op != want:
		t.Out.Fail(q.from.ID, q.id, brokenFault())
		return
	case want == protocol.OpReply:
		var list protocol.ContextList
		if err := list.DecodeJSON(m.Head); err != nil {
			t.Out.Fail(q.from.ID, q.id, brokenFault())
			return
		}
		kept := list.Contexts[:0]
		for _, info := range list.Contexts {
			if reachable(q.from, &q.from.Grants.ReadContexts, info.Name) {
				kept = append(kept, info)
			}
		}
		list.Contexts = kept
		m.Head = list.AppendJSON(nil)
	}
	t.Out.Send(q.from.ID, m)
}

// unanswered ends what was asked when the broker was there: nobody will answer it.
func (s *replicas) unanswered(t *peer.Turn) {
	ids := make([]uint64, 0, len(s.asked))
	for id := range s.asked {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	for _, id := range ids {
		switch q := s.asked[id]; {
		case q.write != nil:
			q.write.request = 0
		case q.replica == nil:
			t.Out.Fail(q.from.ID, q.id, offlineFault())
		}
	}
	for _, q := range s.parked {
		t.Out.Fail(q.from.ID, q.id, offlineFault())
	}
	clear(s.asked)
	clear(s.bySubscription)
	s.parked, s.flying, s.flyingBytes, s.backlog = nil, 0, 0, nil
}

func offlineFault() *protocol.Fault {
	return protocol.NewFault(protocol.Offline, "there is no connection to the broker now")
}

func brokenFault() *protocol.Fault {
	return protocol.NewFault(protocol.Internal, "the broker's answer cannot be read")
}
