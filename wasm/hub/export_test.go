package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// AwayMs is how long a document may take to echo after its frame was seen to go away.
const AwayMs = awayMs

// Handle replaces the handler of an operation: tests put one there that fails.
func (h *Hub) Handle(op protocol.Op, handler func(*peer.Turn)) { h.handlers[op] = handler }

// AddRoom adds a room whose methods are f where they are called.
func (h *Hub) AddRoom(f func(what string)) { h.rooms = append(h.rooms, failing{f}) }

type failing struct{ f func(what string) }

func (r failing) Joined(*peer.Turn, *peer.Peer) { r.f("joined") }
func (r failing) Left(*peer.Turn, *peer.Peer)   { r.f("left") }
func (r failing) Gone(*peer.Turn, string)       { r.f("gone") }
func (r failing) Regranted(*peer.Turn, *peer.Peer, *peer.Grants) {
	r.f("regranted")
}
func (r failing) Deadline() int64                    { return 1 }
func (r failing) Due(*peer.Turn)                     { r.f("due") }
func (r failing) Restore(string, []peer.Chunk) error { return nil }

// Tables returns how many entries the tables of connections hold; they are flat when everybody has left.
func (h *Hub) Tables() int {
	return len(h.byPort) + len(h.byPeer) + len(h.bySource) + len(h.byInstance) + len(h.audit.watchers) + h.proofs.Len() + len(h.left)
}

// Buckets returns how many windows the bounds on greetings are kept for.
func (h *Hub) Buckets() int { return len(h.greetings) }
