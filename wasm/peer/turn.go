package peer

import "github.com/crossframe/crossframe/protocol"

// Turn is one message's work: who sent it, when it came, and what it leads to. The hub reuses it; a room keeps
// nothing of it but From and copies.
type Turn struct {
	// Now is a monotonic clock in milliseconds.
	Now int64
	// From sent the message. It is nil where a timer or the page began the turn.
	From *Peer
	// Msg is the message. Head and Body are valid during the turn.
	Msg protocol.Envelope
	// Out is what the turn leads to.
	Out *Outbox
}

// Reply answers the turn's message; head may be nil.
//
//go:noinline
func (t *Turn) Reply(head []byte) {
	t.Out.Send(t.From.ID, protocol.Envelope{Op: protocol.OpReply, ID: t.Msg.ID, Head: head})
}

// Fail answers the turn's message with a coded error.
func (t *Turn) Fail(code protocol.Code, message string) {
	t.Out.Fail(t.From.ID, t.Msg.ID, protocol.NewFault(code, message))
}

// FailWith answers the turn's message with a fault.
//
//go:noinline
func (t *Turn) FailWith(fault *protocol.Fault) { t.Out.Fail(t.From.ID, t.Msg.ID, fault) }
