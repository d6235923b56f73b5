package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// askAgainMs is how long after a refusal the page is asked again: whoever had no session may have one now.
const askAgainMs = 30_000

// askPage asks the page for a token.
func (b *broker) askPage() { b.hub.ports.Page(protocol.Envelope{Op: protocol.OpPageToken}) }

// brought takes page.token. The hub connects when it has the page's word, a token or that there is none.
func (b *broker) brought(t *peer.Turn) {
	var head protocol.Token
	if err := head.DecodeJSON(t.Msg.Head); err != nil {
		return
	}
	switch {
	case b.phase == asking && b.fault != nil && head.Token == b.token:
		// The broker has said no to that.
		b.askDue = t.Now + askAgainMs
		return
	case b.phase != connected:
		b.token, b.accepted = head.Token, false
	case head.Token != "":
		b.token = head.Token
		b.renewal = b.ask(protocol.OpRenew, head.AppendJSON(nil))
	}
	if b.phase == asking {
		b.fault, b.askDue = nil, 0
		b.dial()
	}
	b.tell()
}

// renewBy plans to renew a token that expires after ms milliseconds: early enough for the page to get one, and not all the
// time where it lives short.
func (b *broker) renewBy(ms int64) {
	if b.askDue = 0; ms > 0 {
		const most, least = 60_000, 1_000
		b.askDue = b.hub.turn.Now + max(ms-min(ms/2, most), least)
	}
}

// renewed takes the answer to session.renew. Where it is no, the broker ends the session at its time.
func (b *broker) renewed(e *protocol.Envelope) {
	var r protocol.Renewed
	if e.Op == protocol.OpReply && r.DecodeJSON(e.Head) == nil {
		b.renewBy(r.ExpiresMs)
		return
	}
	b.hub.note(faultIn(e.Head).Code, "", "", "")
}
