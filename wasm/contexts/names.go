package contexts

import (
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// mayRead returns why the turn's peer may not read the context that the message names, or nil.
func mayRead(t *peer.Turn) *protocol.Fault {
	return access(t.From, &t.From.Grants.ReadContexts, t.Msg.Name)
}

// mayWrite returns why the turn's peer may not change the context that the message names, or nil.
func mayWrite(t *peer.Turn) *protocol.Fault {
	return access(t.From, &t.From.Grants.WriteContexts, t.Msg.Name)
}

// access comes before anything that depends on whether the context exists, so that an app learns nothing of
// contexts that are not for it.
func access(p *peer.Peer, granted *peer.Names, name string) *protocol.Fault {
	switch {
	case !protocol.ValidName(name):
		return protocol.NewFault(protocol.InvalidName, "this cannot be the name of a shared context")
	case strings.IndexByte(name, '*') >= 0:
		// A name with an asterisk could be created as well as any other. It is refused because whoever asks for
		// "crm.*" means a pattern, and would wait for events that never come.
		return protocol.NewFault(protocol.PermissionDenied, "wildcards are not supported: name one shared context")
	case !reachable(p, granted, name):
		return protocol.NewFault(protocol.PermissionDenied, "this app is not granted this operation on this shared context")
	}
	return nil
}

// reachable reports whether a valid name is for the peer: the platform's names are for the main app only.
func reachable(p *peer.Peer, granted *peer.Names, name string) bool {
	return (p.Info.Main || !protocol.Reserved(name)) && granted.Has(name)
}
