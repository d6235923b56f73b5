package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Link carries envelopes between the hub and its broker: wasm/link, driven by the owner of the hub, who tells the hub by
// LinkOpened, LinkReceived and LinkClosed what happens on it. No call blocks, and none calls back into the hub.
type Link interface {
	// Open begins to connect, and connects again by itself until Close, or until a connection ended with a code that is final.
	Open(url string)
	// Send queues messages, all of them or none. Bodies that are held outside of Go are read before it returns. The error is a
	// *protocol.Fault about one of the messages, or says that the link cannot take them now.
	Send(messages ...protocol.Envelope) error
	// Close ends the link behind what was sent. Nothing more is told of it until Open is called again.
	Close(code stream.Code, reason string)
}

// LinkOpened is the turn of a connection to the broker that has begun.
func (h *Hub) LinkOpened(now int64) {}

// LinkReceived is the turn of messages of the broker. The hub may keep them.
func (h *Hub) LinkReceived(now int64, messages []protocol.Envelope) {}

// LinkClosed is the turn of a connection that ended, or did not begin. Unless the code is final, the Link tries again by
// itself.
func (h *Hub) LinkClosed(now int64, why *stream.Closed) {}
