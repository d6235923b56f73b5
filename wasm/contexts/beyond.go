package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// beyond serves the contexts of all scopes but local, which a broker orders. It is an interface, which only Share fills,
// so that a hub without a broker does not link what is behind it.
type beyond interface {
	// serve takes a request that names a context of that scope. It answers it, now or later.
	serve(t *peer.Turn, scope string)
	// list answers contexts.list with a scope.
	list(t *peer.Turn, scope string)
	// listed adds what is held here and the app may read.
	listed(t *peer.Turn, list *protocol.ContextList)
	// unsubscribe ends a subscription; it reports false where there is none.
	unsubscribe(t *peer.Turn) bool
	// subscriptions counts those of a peer, and says whether one of them has that id.
	subscriptions(p peer.ID, id uint64) (count int, taken bool)
	left(t *peer.Turn, p *peer.Peer)
	// regranted ends the subscriptions to what the peer may not read any more, and reports whether there were any.
	regranted(t *peer.Turn, p *peer.Peer) bool
	deadline() int64
	due(t *peer.Turn)
	restore(key string, chunks []peer.Chunk) error

	connected(t *peer.Turn, ack *protocol.Ack)
	disconnected(t *peer.Turn)
	fromBroker(t *peer.Turn)
	pending() int
}

// Connected says that the broker has acknowledged the hub's hello. The room asks anew for what is followed here and
// sends the writes that are pending.
func (r *Room) Connected(t *peer.Turn, ack *protocol.Ack) {
	if r.beyond != nil {
		r.beyond.connected(t, ack)
	}
}

// Disconnected says that the connection to the broker has ended, or that an attempt at one has failed.
func (r *Room) Disconnected(t *peer.Turn) {
	if r.beyond != nil {
		r.beyond.disconnected(t)
	}
}

// FromBroker takes what the broker says to the room: reply, error, contexts.value and contexts.event, with ids of the room's
// own numbering. The message's Peer is the number by which this hub's peers know the writer, or 0.
func (r *Room) FromBroker(t *peer.Turn) {
	if r.beyond != nil {
		r.beyond.fromBroker(t)
	}
}

// Pending returns how many writes have been answered as pending that the broker has not decided on.
func (r *Room) Pending() int {
	if r.beyond == nil {
		return 0
	}
	return r.beyond.pending()
}

// elsewhere hands a request on that is about a context beyond this hub, and reports whether it did.
func (r *Room) elsewhere(t *peer.Turn) bool {
	scope, fault := scopeOf(t)
	switch {
	case fault != nil:
		answer(t, fault)
	case scope == protocol.ScopeLocal:
		return false
	case r.beyond == nil:
		t.FailWith(noScope())
	default:
		r.beyond.serve(t, scope)
	}
	return true
}

// scopeOf returns the scope of the context that the message names: what the message says, or else the app's definition, or
// else the platform.
func scopeOf(t *peer.Turn) (string, *protocol.Fault) {
	if len(t.Msg.Head) > 0 {
		scope, fault := askedScope(t)
		if scope != "" || fault != nil {
			return scope, fault
		}
	}
	return t.From.Scope(peer.Contexts, t.Msg.Name), nil
}

// askedScope returns the scope that the message's head says; "" where it says none. All heads of requests have the member.
func askedScope(t *peer.Turn) (string, *protocol.Fault) {
	var o protocol.ContextOptions
	if err := o.DecodeJSON(t.Msg.Head); err != nil {
		return "", protocol.FaultOf(err)
	}
	if o.Scope != "" && !protocol.ValidScope(o.Scope) {
		return "", invalid(`scope: want "local", "user", "tenant", "everyone", or "group:" and a name`)
	}
	return o.Scope, nil
}

func noScope() *protocol.Fault {
	return protocol.NewFault(protocol.ScopeUnavailable, "nothing is shared beyond this page: it has no broker")
}
