package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Port numbers a message pipe to a peer. Numbers are used once.
type Port uint32

// Ports is what the hub reaches outside of itself. No call blocks, and none calls back into the hub. What a turn
// sends on one port arrives in that order, and records are applied before anything of their turn is sent.
// hubtest.Contract tries an implementation.
type Ports interface {
	// Admit says that from now on the frames of the port carry the connection id, have the form, and are held
	// to the limits.
	Admit(port Port, connectionID string, form dialect.Form, limits protocol.Limits)
	// Send posts a frame. A port that is gone swallows it.
	Send(port Port, f dialect.Frame)
	// Close closes the port behind what was sent.
	Close(port Port)
	// Page sends to the main page's runtime.
	Page(e protocol.Envelope)
	// Record applies a record to the journal.
	Record(r peer.Record)
}
