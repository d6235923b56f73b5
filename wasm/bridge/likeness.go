package bridge

import (
	"strings"

	"github.com/crossframe/crossframe/protocol"
)

// introduced takes a peer of the other side.
func (b *Bridge) introduced(e *protocol.Envelope) {
	var info protocol.PeerInfo
	if len(e.Head) > protocol.MaxHeadBytes {
		b.host.Note(protocol.TooLarge, nil)
		return
	}
	if err := info.DecodeJSON(e.Head); err != nil {
		b.host.Note(protocol.BadMessage, nil)
		return
	}
	b.like(e.Peer, &info)
}

// like returns the likeness of a peer of the other side, which it makes where there is none; nil where there can be none.
func (b *Bridge) like(wire uint32, info *protocol.PeerInfo) *likeness {
	if l := b.likes[wire]; l != nil {
		return l
	}
	switch {
	case wire == 0 || info.Instance == "":
		b.host.Note(protocol.BadMessage, info)
		return nil
	case len(b.likes) >= b.options.Peers:
		b.host.Note(protocol.QuotaExceeded, info)
		return nil
	}
	l := &likeness{wire: wire, peer: b.join(seen(info))}
	b.likes[wire], b.byID[l.peer.ID] = l, l
	return l
}

// seen returns what this side shows of a peer of the other side. Its number comes from the host. It is nobody's main page
// here, whatever it is there.
func seen(info *protocol.PeerInfo) protocol.PeerInfo {
	p := *info
	p.Instance = Instance(info.Instance, info.Hub)
	if p.Via != "" {
		p.Via = Instance(info.Via, info.Hub)
	}
	p.Peer, p.Main = 0, false
	return p
}

// Instance returns how an instance of another hub is named, so that it is not taken for one of the same name elsewhere.
func Instance(instance, hub string) string {
	if hub == "" || strings.HasSuffix(instance, "@"+hub) {
		return instance
	}
	return instance + "@" + hub
}

// gone ends a peer of the other side, and all that it offers, asks and answers.
func (b *Bridge) gone(wire uint32) {
	l := b.likes[wire]
	if l == nil {
		return
	}
	delete(b.likes, wire)
	delete(b.byID, l.peer.ID)
	for _, registration := range l.offers {
		delete(b.imports, registration)
	}
	for id := range l.asks {
		delete(b.asks, id)
	}
	for id := range l.asked {
		delete(b.numbers, b.asked[id].call)
		delete(b.asked, id)
	}
	b.host.Leave(l.peer)
}

// put sets a key of a set that is made when it is needed: most likenesses never are.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}
