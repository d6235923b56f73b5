package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/contexts"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Link carries envelopes between the hub and its broker: wasm/link, driven by the owner of the hub, who tells the hub by
// LinkOpened, LinkReceived and LinkClosed what happens on it. No call blocks, and none calls back into the hub.
type Link interface {
	// Open begins to connect, and connects again by itself until Close, or until a connection ended with a code that is final.
	Open(url string)
	// Send queues messages, all of them or none. Bodies that are held outside of Go are read before it returns. The error is a
	// *protocol.Fault about one of the messages, a *stream.Closed where there is no connection, or says that the link cannot
	// take more now.
	Send(messages ...protocol.Envelope) error
	// Close ends the link behind what was sent. Nothing more is told of it until Open is called again.
	Close(code stream.Code, reason string)
}

// WithLink returns options of a hub that reaches a broker by link, where its configuration names one. Only a program that
// calls it links what that takes.
func (o Options) WithLink(link Link) Options {
	o.uplink = func(h *Hub) uplink { return newBroker(h, link) }
	return o
}

// uplink is the hub's side of its broker. Only WithLink makes one, so that a hub without a broker does not link it.
type uplink interface {
	// serves makes the room serve the contexts beyond this hub.
	serves(r *contexts.Room)
	// booted begins, once the hub runs as configured.
	booted()
	// resumed ends what was known of the broker's side before the program was lost.
	resumed()
	restore(key string, chunks []peer.Chunk) error
	// brought takes page.token.
	brought(t *peer.Turn)
	opened(t *peer.Turn)
	received(t *peer.Turn)
	closed(why *stream.Closed)
	// sharing compiles the rules of an app, before those of the platform.
	sharing(rules []protocol.SharingRule) peer.Sharing
	// shares says why a peer may not offer or share in a scope.
	shares(p *peer.Peer, scope string) *protocol.Fault
	// deliver carries a message to a likeness, send one to the broker.
	deliver(to peer.ID, e protocol.Envelope)
	send(e protocol.Envelope)
	left(id peer.ID)
	// report tells the broker of an audit event.
	report(event protocol.AuditEvent)
	// settle runs the turns that others have led to.
	settle()
	deadline() int64
	due(t *peer.Turn)
}

// LinkOpened is the turn of a connection to the broker that has begun.
func (h *Hub) LinkOpened(now int64) {
	if h.uplink != nil {
		h.begin(now, nil)
		h.run(h.uplink.opened)
		h.drain()
	}
}

// LinkReceived is the turn of messages of the broker. The hub may keep them.
func (h *Hub) LinkReceived(now int64, messages []protocol.Envelope) {
	if h.uplink == nil {
		return
	}
	for i := range messages {
		h.begin(now, nil)
		h.turn.Msg = messages[i]
		h.run(h.uplink.received)
		h.drain()
	}
}

// LinkClosed is the turn of a connection that ended, or did not begin. Unless the code is final, the Link tries again by
// itself.
func (h *Hub) LinkClosed(now int64, why *stream.Closed) {
	if h.uplink != nil {
		h.begin(now, nil)
		h.run(func(*peer.Turn) { h.uplink.closed(why) })
		h.drain()
	}
}

// sharesOf returns what rooms ask of scopes; nil where there is no broker.
func (h *Hub) sharesOf() func(*peer.Peer, string) *protocol.Fault {
	if h.uplink == nil {
		return nil
	}
	return h.uplink.shares
}

// share gives a peer the rules of its app, before those of the platform. Without a broker nothing is shared by a rule.
//
//go:noinline
func (h *Hub) share(p *peer.Peer, rules []protocol.SharingRule) {
	if h.uplink != nil {
		p.Sharing = h.uplink.sharing(rules)
	}
}
