package hub

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// tellEveryMs is how often the page hears of the number of pending writes, at most.
const tellEveryMs = 250

// tell tells the page how the hub stands with its broker, where that has changed.
func (b *broker) tell() {
	if !b.started || b.refusing {
		return
	}
	now := protocol.LinkState{State: protocol.LinkConnecting, Pending: int64(b.hub.contexts.Pending()), Fault: b.fault, Identity: b.identity}
	switch {
	case b.phase == connected:
		now.State = protocol.LinkConnected
	case b.phase == asking && b.fault != nil:
		now.State = protocol.LinkRefused
	case b.phase == asking && b.signedOut:
		now.State = protocol.LinkSignedOut
	case b.failed:
		now.State = protocol.LinkOffline
	}
	same := now.State == b.told.State && now.Fault == b.told.Fault && now.Identity == b.told.Identity
	switch at := b.hub.turn.Now; {
	case same && now.Pending == b.told.Pending:
		b.tellDue = 0
	case same && at < b.toldAt+tellEveryMs:
		b.tellDue = b.toldAt + tellEveryMs
	default:
		b.told, b.toldAt, b.tellDue = now, at, 0
		b.hub.ports.Page(protocol.Envelope{Op: protocol.OpPageLink, Head: now.AppendJSON(nil)})
	}
}

func (b *broker) deadline() int64 { return sooner(b.dialDue, sooner(b.askDue, b.tellDue)) }

func (b *broker) due(t *peer.Turn) {
	if b.askDue != 0 && b.askDue <= t.Now {
		b.askDue = 0
		b.askPage()
	}
	if b.dialDue != 0 && b.dialDue <= t.Now {
		b.dial()
	}
	b.tell()
}

func ofGroup(scope string) bool { return strings.HasPrefix(scope, protocol.ScopeGroup) }

func inGroup(id *protocol.Identity, scope string) bool {
	return slices.Contains(id.Groups, scope[len(protocol.ScopeGroup):])
}
