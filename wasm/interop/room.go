package interop

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Peers tells the room who is connected and ready. A peer that is not ready counts as not connected.
type Peers interface {
	Peer(id peer.ID) *peer.Peer
	ByInstance(instance string) *peer.Peer
}

// Options of a room.
type Options struct {
	// Peers must be set.
	Peers Peers
	// FirstCall is the number of the first call. It must be above all numbers of earlier rooms of the same hub, so that
	// a late answer to one of their calls is known for what it is. If zero, 1.
	FirstCall uint64
	// Shares says why p may not offer in a scope; nil means that it may. If Shares is nil, there is no scope but local.
	Shares func(p *peer.Peer, scope string) *protocol.Fault
	// Reaches says whether from may know of what by offers in a scope, and call it; if nil, everybody may. It is not asked about
	// what is local, nor about what is remote to both.
	Reaches func(from, by *peer.Peer, scope string) bool
}

// Room holds the methods, the open requests and the watches.
type Room struct {
	peers   Peers
	shares  func(p *peer.Peer, scope string) *protocol.Fault
	hook    func(from, by *peer.Peer, scope string) bool
	members map[peer.ID]*member
	// all holds every offer, and offers those of each method: those of this side before what is remote, and then the oldest
	// first.
	all    []*offer
	offers map[string][]*offer
	// lastOffer counts the offers; their order is the order of offering.
	lastOffer int64
	// calls finds what is open by its number; nextCall is the first number that was never given away.
	calls    map[uint64]*call
	nextCall uint64
	// waiting holds the requests that wait for a method to be offered, in the order in which they came.
	waiting map[string][]*request
	// watches holds the watches of each method; under "", those of more than one method.
	watches map[string][]*watch
	due     peer.Deadlines
	// spare are requests to be used again.
	spare []*request
}

// New returns an empty room.
func New(opts Options) *Room {
	return &Room{
		peers:    opts.Peers,
		shares:   opts.Shares,
		hook:     opts.Reaches,
		members:  make(map[peer.ID]*member),
		offers:   make(map[string][]*offer),
		calls:    make(map[uint64]*call),
		nextCall: max(opts.FirstCall, 1),
		waiting:  make(map[string][]*request),
		watches:  make(map[string][]*watch),
	}
}

// member is what the room knows of a peer.
type member struct {
	peer *peer.Peer
	// offers are by registration, named the same by method.
	offers map[uint64]*offer
	named  map[string]*offer
	// requests are its open ones, by request id.
	requests map[uint64]*request
	watches  map[uint64]*watch
	// incoming is the ring of the calls that wait for its answer, the oldest first.
	incoming call
	// open counts what of its Limits.PendingCalls is in use.
	open int64
	// offerBytes and parkedBytes are what the hub keeps for it.
	offerBytes, parkedBytes int
}

// member returns what the room knows of p.
func (r *Room) member(p *peer.Peer) *member {
	if m := r.members[p.ID]; m != nil {
		return m
	}
	return r.newMember(p)
}

//go:noinline
func (r *Room) newMember(p *peer.Peer) *member {
	m := &member{
		peer:     p,
		offers:   make(map[uint64]*offer),
		named:    make(map[string]*offer),
		requests: make(map[uint64]*request),
		watches:  make(map[uint64]*watch),
	}
	m.incoming.next, m.incoming.prev = &m.incoming, &m.incoming
	r.members[p.ID] = m
	return m
}

// Joined does nothing: a peer is known from its first message on.
func (r *Room) Joined(*peer.Turn, *peer.Peer) {}

// Gone does nothing: methods belong to connections.
func (r *Room) Gone(*peer.Turn, string) {}

// Left ends all that the peer offers, asks, answers and watches.
func (r *Room) Left(t *peer.Turn, p *peer.Peer) {
	m := r.members[p.ID]
	if m == nil {
		return
	}
	delete(r.members, p.ID)
	r.dropWatches(t, m)
	r.dropRequests(t, m)
	r.withdrawAll(t, m)
	for m.incoming.next != &m.incoming {
		r.answer(t, m.incoming.next, targetGone(), protocol.Body{})
	}
}

// Regranted takes back the offers that the peer's new grants do not allow; calls that are under way can still be
// answered. Its watches learn which methods it may call no longer, and which it may call now.
func (r *Room) Regranted(t *peer.Turn, p *peer.Peer, before *peer.Grants) {
	m := r.members[p.ID]
	if m == nil {
		return
	}
	var taken []*offer
	for _, id := range ids(m.offers) {
		if o := m.offers[id]; !p.Grants.Offer.Has(o.name) {
			taken = append(taken, o)
			r.remove(t, o)
			t.Out.Fail(p.ID, id, peer.Withdrawn())
		}
	}
	if len(taken) > 0 {
		audit(t, protocol.PermissionDenied, p)
	}
	r.tellRemoved(t, taken)
	r.tellRegranted(t, m, before)
	for _, id := range ids(m.requests) {
		// What it waits for may be there, and only now for it.
		if q := m.requests[id]; q != nil && (q.kind == parked || q.kind == await) {
			r.wake(t, q.method)
		}
	}
}

// refuse answers the turn's message with an error that the audit log hears of, too.
func refuse(t *peer.Turn, code protocol.Code, message string) {
	audit(t, code, t.From)
	t.Fail(code, message)
}

// audit tells the audit log that p did what code says.
func audit(t *peer.Turn, code protocol.Code, p *peer.Peer) {
	t.Out.Audits = append(t.Out.Audits, protocol.AuditEvent{
		Code: code, Origin: p.Info.Origin, App: p.Info.App, Instance: p.Info.Instance,
	})
}

// numbered reports whether the turn's id can name something new; else it answers.
func numbered(t *peer.Turn, taken bool) bool {
	switch {
	case t.Msg.ID == 0 || t.Msg.ID > protocol.MaxID:
		refuse(t, protocol.BadMessage, "id: want 1 to 2^53-1")
	case taken:
		refuse(t, protocol.BadMessage, "id: already in use")
	default:
		return true
	}
	return false
}

func targetGone() *protocol.Fault {
	return protocol.NewFault(protocol.TargetGone, "the app that should answer is no longer connected")
}

// methodNotFound is the same whether there is no such method or the asker may not call it.
func methodNotFound() *protocol.Fault {
	return protocol.NewFault(protocol.MethodNotFound, "no connected app offers this method to you")
}
