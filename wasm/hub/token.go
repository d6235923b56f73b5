package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// When the page is asked for a token again.
const (
	// askAgainMs is after a refusal, and where it had none: whoever was not signed in may be now.
	askAgainMs = 30_000
	// renewAgainMs is where it had none to renew the session with, or the broker could not check it: what makes tokens, or the keys for
	// them, may have failed for a moment.
	renewAgainMs = 10_000
)

// askPage asks the page for a token.
func (b *broker) askPage() { b.hub.ports.Page(protocol.Envelope{Op: protocol.OpPageToken}) }

// brought takes page.token. The hub connects when the page has one.
func (b *broker) brought(t *peer.Turn) {
	var head protocol.Token
	if err := head.DecodeJSON(t.Msg.Head); err != nil {
		return
	}
	switch {
	case head.Token == "":
		b.broughtNone(t)
	case b.phase == asking && b.fault != nil && head.Token == b.token:
		// The broker has said no to that.
		b.askDue = t.Now + askAgainMs
	case b.phase == connected:
		b.token, b.askDue = head.Token, 0
		b.renewal = b.ask(protocol.OpRenew, head.AppendJSON(nil))
	case b.phase == asking:
		b.token, b.accepted, b.signedOut = head.Token, false, false
		b.fault, b.askDue = nil, 0
		b.dial()
		b.tell()
	default:
		b.token, b.accepted = head.Token, false
	}
}

// broughtNone: nobody is signed in, or who makes tokens could not be asked. A session that stands goes on to its end.
func (b *broker) broughtNone(t *peer.Turn) {
	switch b.phase {
	case connected:
		b.askDue = t.Now + renewAgainMs
	case asking:
		b.token, b.fault, b.signedOut = "", nil, true
		b.askDue = t.Now + askAgainMs
		b.tell()
	}
}

// renewBy plans to renew a token that expires after ms milliseconds: early enough for the page to get one, and not all the
// time where it lives short.
func (b *broker) renewBy(ms int64) {
	if b.askDue = 0; ms > 0 {
		const most, least = 60_000, 1_000
		b.askDue = b.hub.turn.Now + max(ms-min(ms/2, most), least)
	}
}

// renewed takes the answer to session.renew. Where it is no, the broker ends the session at its time, unless it can check a token
// before.
func (b *broker) renewed(e *protocol.Envelope) {
	var r protocol.Renewed
	if e.Op == protocol.OpReply && r.DecodeJSON(e.Head) == nil {
		b.renewBy(r.ExpiresMs)
		return
	}
	f := faultIn(e.Head)
	if f.Code == protocol.AuthUnavailable {
		b.askDue = b.hub.turn.Now + renewAgainMs
	}
	b.hub.note(f.Code, "", "", "")
}
