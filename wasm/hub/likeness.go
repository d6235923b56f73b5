package hub

import (
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// firstLikeness is where the numbers of likenesses begin. They come and go with everybody who shares the broker, so that
// they do not use up those of the apps.
const firstLikeness = 1 << 31

// Join implements bridge.Host: a likeness is a connection without a port. The bridge's own peer has no instance, and nobody
// meets it.
func (b *broker) Join(p peer.Peer) *peer.Peer {
	h := b.hub
	for p.ID = 0; p.ID == 0 || p.ID >= peer.Broker || h.byPeer[p.ID] != nil; {
		b.lastLikeness = (b.lastLikeness + 1) % firstLikeness
		p.ID = firstLikeness + b.lastLikeness
	}
	p.Info.Peer = int64(p.ID)
	c := b.enter(p)
	if p.Info.Instance != "" {
		h.out.Put(likenessKey(p.ID), p.Info.AppendJSON(nil), protocol.Body{})
	}
	return &c.peer
}

func (b *broker) enter(p peer.Peer) *connection {
	h := b.hub
	c := &connection{peer: p, remote: true}
	h.byPeer[p.ID] = c
	// The name of an instance here is not taken by one elsewhere.
	if instance := p.Instance(); instance != "" && h.byInstance[instance] == nil {
		h.byInstance[instance] = c
	}
	return c
}

// Leave implements bridge.Host.
func (b *broker) Leave(p *peer.Peer) {
	h := b.hub
	c := h.byPeer[p.ID]
	if c == nil {
		return
	}
	delete(h.byPeer, p.ID)
	if h.byInstance[p.Instance()] == c {
		delete(h.byInstance, p.Instance())
	}
	if p.Instance() != "" {
		h.out.Drop(likenessKey(p.ID))
	}
	h.left = append(h.left, c)
	h.interop.Left(&h.turn, p)
}

// Peer implements bridge.Host.
func (b *broker) Peer(id peer.ID) *peer.Peer {
	if c := b.hub.byPeer[id]; c != nil && !c.remote && c.peer.Ready {
		return &c.peer
	}
	return nil
}

// Turn implements bridge.Host.
func (b *broker) Turn(from *peer.Peer, e protocol.Envelope) {
	b.queue = append(b.queue, inner{from, e})
}

// Send implements bridge.Host.
func (b *broker) Send(e protocol.Envelope) *protocol.Fault { return b.put(e) }

// Note implements bridge.Host.
func (b *broker) Note(code protocol.Code, who *protocol.PeerInfo) {
	if who == nil {
		who = &protocol.PeerInfo{}
	}
	b.hub.note(code, who.Origin, who.App, who.Instance)
}

func (b *broker) deliver(to peer.ID, e protocol.Envelope) { b.bridge.Deliver(to, e) }

func (b *broker) left(id peer.ID) { b.bridge.Left(id) }

const likenessPrefix = "hub/remote/"

func likenessKey(id peer.ID) string { return likenessPrefix + strconv.FormatUint(uint64(id), 10) }

// restore takes what an earlier run wrote down: the hub's secret, or a likeness that apps may have met.
func (b *broker) restore(key string, chunks []peer.Chunk) error {
	number, isLikeness := strings.CutPrefix(key, likenessPrefix)
	if !isLikeness {
		b.secret = string(chunks[0].Head)
		return nil
	}
	id, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return err
	}
	var info protocol.PeerInfo
	if err := info.DecodeJSON(chunks[0].Head); err != nil {
		return err
	}
	if id < firstLikeness || b.hub.byPeer[peer.ID(id)] != nil {
		return protocol.NewFault(protocol.BadMessage, "not the number of a likeness")
	}
	c := b.enter(peer.Peer{ID: peer.ID(id), Info: info, Ready: true, Remote: true})
	c.restored = true
	return nil
}

// resumed ends the likenesses of an earlier run: the link was lost with it.
func (b *broker) resumed() {
	var list []*connection
	for _, c := range b.hub.byPeer {
		if c.remote && c.restored {
			list = append(list, c)
		}
	}
	for _, c := range sorted(list) {
		b.Leave(&c.peer)
	}
}
