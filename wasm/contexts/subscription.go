package contexts

import (
	"sort"
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// subscription is one peer's wish to be told every change of a context. It outlives the context: it
// waits for one of the same name to be created.
type subscription struct {
	peer peer.ID
	// id is the request's, by which the peer tells its subscriptions apart.
	id uint64
	of *shared
	// place is where it is in the context's list.
	place int
}

// Subscribe answers with the value, as Get does, and tells every later change. Nothing comes between
// the two, so the first event has the answer's revision plus one.
func (r *Room) Subscribe(t *peer.Turn) {
	if !r.elsewhere(t) {
		answer(t, r.subscribe(t))
	}
}

func (r *Room) subscribe(t *peer.Turn) *protocol.Fault {
	if fault := mayRead(t); fault != nil {
		return fault
	}
	if fault := r.another(t); fault != nil {
		return fault
	}
	s := r.follow(t.From.ID, t.Msg.ID, t.Msg.Name)
	t.Out.Put(keyOf(s), []byte(s.of.name), protocol.Body{})
	reply(t, s.of)
	return nil
}

// another returns why the turn's peer may not have one more subscription, of whatever scope, under the message's id.
func (r *Room) another(t *peer.Turn) *protocol.Fault {
	mine := r.subscriptions[t.From.ID]
	count, taken := len(mine), mine[t.Msg.ID] != nil
	if r.beyond != nil {
		more, also := r.beyond.subscriptions(t.From.ID, t.Msg.ID)
		count, taken = count+more, taken || also
	}
	switch {
	case taken:
		return protocol.NewFault(protocol.BadMessage, "the request id is that of a live subscription")
	case int64(count) >= r.limits(t).Subscriptions:
		return quota("this app has as many subscriptions as it may")
	}
	return nil
}

// Unsubscribe ends a subscription of the peer.
func (r *Room) Unsubscribe(t *peer.Turn) {
	s := r.subscriptions[t.From.ID][t.Msg.Ref]
	if s == nil && r.beyond != nil && r.beyond.unsubscribe(t) {
		t.Reply(nil)
		return
	}
	if s == nil {
		answer(t, protocol.NewFault(protocol.NotOwner, "ref: this is no subscription of yours"))
		return
	}
	r.unfollow(t, s)
	t.Reply(nil)
}

// Left ends the subscriptions of a peer that disconnected.
func (r *Room) Left(t *peer.Turn, p *peer.Peer) {
	for _, s := range r.subscriptionsOf(p) {
		r.unfollow(t, s)
	}
	if r.beyond != nil {
		r.beyond.left(t, p)
	}
}

// Regranted ends the subscriptions to what the peer may not read any more.
func (r *Room) Regranted(t *peer.Turn, p *peer.Peer, _ *peer.Grants) {
	ended := false
	for _, s := range r.subscriptionsOf(p) {
		if !reachable(p, &p.Grants.ReadContexts, s.of.name) {
			ended = true
			r.unfollow(t, s)
			t.Out.Fail(p.ID, s.id, peer.Withdrawn())
		}
	}
	if r.beyond != nil && r.beyond.regranted(t, p) {
		ended = true
	}
	if ended {
		audit(t, protocol.PermissionDenied, p)
	}
}

// subscriptionsOf returns the subscriptions of a peer in the order of their ids.
func (r *Room) subscriptionsOf(p *peer.Peer) []*subscription {
	mine := r.subscriptions[p.ID]
	list := make([]*subscription, 0, len(mine))
	for _, s := range mine {
		list = append(list, s)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}

// follow adds a subscription to the room.
func (r *Room) follow(p peer.ID, id uint64, name string) *subscription {
	c := r.at(name)
	r.contexts[name] = c
	s := &subscription{peer: p, id: id, of: c, place: len(c.subscribers)}
	c.subscribers = append(c.subscribers, s)
	if r.subscriptions[p] == nil {
		r.subscriptions[p] = make(map[uint64]*subscription)
	}
	r.subscriptions[p][id] = s
	return s
}

// unfollow removes a subscription from the room and from the journal. The last of the list takes its place, so that
// an app with a thousand subscriptions leaves as fast as one with one.
func (r *Room) unfollow(t *peer.Turn, s *subscription) {
	t.Out.Drop(keyOf(s))
	if mine := r.subscriptions[s.peer]; len(mine) > 1 {
		delete(mine, s.id)
	} else {
		delete(r.subscriptions, s.peer)
	}
	c := s.of
	last := len(c.subscribers) - 1
	moved := c.subscribers[last]
	c.subscribers[s.place], moved.place = moved, s.place
	c.subscribers[last] = nil
	c.subscribers = c.subscribers[:last]
	r.forget(c)
}

// forget takes a context out of the room that neither exists nor has subscribers.
func (r *Room) forget(c *shared) {
	if !c.exists() && len(c.subscribers) == 0 {
		delete(r.contexts, c.name)
	}
}

// keyOf returns the subscription's key in the journal.
func keyOf(s *subscription) string {
	return keySubscription + strconv.FormatUint(uint64(s.peer), 10) + "/" + strconv.FormatUint(s.id, 10)
}
