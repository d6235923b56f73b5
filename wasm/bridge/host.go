package bridge

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Host is the hub or the broker around a bridge. It calls a bridge, and is called by it, in one goroutine at a time.
type Host interface {
	// Join makes p, a likeness, a peer of this side and returns it with its number. What the room sends to that number from then
	// on is handed to Deliver.
	Join(p peer.Peer) *peer.Peer
	// Leave ends a peer that has joined, at once: the room hears that it left, others that have met it that it is gone.
	Leave(p *peer.Peer)
	// Peer returns a ready peer of this side that is not remote, or nil.
	Peer(id peer.ID) *peer.Peer
	// Turn hands a message of a joined peer to the room of methods, as if it had come on a port. Turns keep their order; they
	// may come after the bridge's method that began them.
	Turn(from *peer.Peer, e protocol.Envelope)
	// Send sends to the other side. A fault says why this message cannot be sent; the others can.
	Send(e protocol.Envelope) *protocol.Fault
	// Note tells the audit log of something that the other side should not do, or of what was refused.
	Note(code protocol.Code, who *protocol.PeerInfo)
}

// Options of a bridge.
type Options struct {
	// Host must be set.
	Host Host
	// Self is how the bridge's own peer on this side appears, which watches what is offered.
	Self protocol.PeerInfo
	// Uplink: the other side is the broker of a hub. It is asked what it offers, by interop.watch, and tells it by
	// interop.methods; otherwise the other side registers, as this side does.
	Uplink bool
	// FirstID and StepID are the numbers of requests: the first, and the distance of each from the one before. If zero, 1.
	FirstID, StepID uint64
	// Limits are those of each likeness; zero fields are those of protocol.DefaultLimits.
	Limits protocol.Limits
	// Peers bounds the peers of the other side; if zero, 10,000.
	Peers int
	// Calls bounds their open calls to this side; if zero, 10,000.
	Calls int
}
