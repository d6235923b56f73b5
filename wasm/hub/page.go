package hub

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/apps"
	"github.com/crossframe/crossframe/wasm/peer"
)

// frameEvent handles what the page tells of its frames.
func (h *Hub) frameEvent(t *peer.Turn) {
	if h.apps == nil {
		return
	}
	in := h.apps.ByFrame(t.Msg.Ref)
	if in == nil {
		return
	}
	switch t.Msg.Op {
	case protocol.OpPageLoaded:
		h.apps.Loaded(t, in)
		h.recheck(in)
	case protocol.OpPageRemoved:
		h.removed(t, in)
	case protocol.OpPageFailed:
		var fault protocol.Fault
		if err := fault.DecodeJSON(t.Msg.Head); err == nil {
			h.note(fault.Code, "", in.Info.App, in.Info.Instance)
			h.apps.Failed(t, in, &fault)
		}
	}
}

// recheck makes every document of a frame prove itself again: a load event may mean that another document is
// there now, and a port can outlive the document that greeted with it.
func (h *Hub) recheck(in *apps.Instance) {
	ms := int64(protocol.ProofMs)
	if in.Blocked != nil {
		ms = awayMs
	}
	for _, c := range h.inFrame(in.Frame) {
		switch {
		case !c.opaque():
			h.challenge(c, ms)
		case in.Loads > c.loads+1:
			h.revoke(c, "another document was loaded into the frame")
		}
	}
}

// maxNested is how many documents nested in one frame are believed to be there. The page tells as many windows apart.
const maxNested = 64

// boundNested looks after the documents nested in a frame when there is one more than may be. Nobody tells the hub that
// the window of one went away, so all have to prove that they are there; of those that cannot, the oldest goes.
func (h *Hub) boundNested(fresh *connection) {
	list := h.inFrame(fresh.source.frame)
	if len(list) <= maxNested+1 { // and the frame's own document
		return
	}
	ended := false
	for _, c := range list {
		switch {
		case c == fresh || c.source.window == 0:
		case !c.opaque() && len(c.proofs) == 0:
			h.challenge(c, protocol.ProofMs)
		case c.opaque() && !ended:
			ended = true
			h.revoke(c, "too many documents are nested in this frame")
		}
	}
}

// removed ends an instance whose frame is gone.
func (h *Hub) removed(t *peer.Turn, in *apps.Instance) {
	h.forgetGreetings(in.Frame)
	list := h.inFrame(in.Frame)
	h.apps.Removed(t, in)
	for _, c := range list {
		h.end(c, protocol.NewFault(protocol.SessionClosed, "the instance was stopped"), nil)
	}
	h.gone(in.Info.Instance)
}

// inFrame returns the connections of a frame: its own document's, and those of documents nested inside.
func (h *Hub) inFrame(frame uint64) (list []*connection) {
	for _, c := range h.bySource {
		if c.source.frame == frame && frame != 0 {
			list = append(list, c)
		}
	}
	return sorted(list)
}

// sorted puts connections in an order that does not depend on chance.
func sorted(list []*connection) []*connection {
	sort.Slice(list, func(i, j int) bool { return list[i].peer.ID < list[j].peer.ID })
	return list
}

// misuse handles page.misuse: the guard dropped messages of a port.
func (h *Hub) misuse(t *peer.Turn) {
	var m protocol.Misuse
	if err := m.DecodeJSON(t.Msg.Head); err != nil {
		return
	}
	c := h.byPort[Port(t.Msg.Peer)]
	if c == nil {
		return
	}
	if m.Close {
		h.note(m.Code, c.peer.Info.Origin, c.peer.App(), c.peer.Instance())
		h.revoke(c, "the app went on sending what the hub refuses ("+string(m.Code)+")")
		return
	}
	h.note(m.Code, c.peer.Info.Origin, c.peer.App(), c.peer.Instance())
	if m.Code != protocol.RateLimited {
		h.out.Fail(c.peer.ID, 0, protocol.NewFault(m.Code, "the hub dropped a message that has not the form of a frame, or is over its limits"))
	}
	if !c.peer.Ready {
		h.tooEarly(c)
	}
}

// define handles apps.define, and holds the live connections against the new definitions. Grants change at once, and
// end what they no longer allow; limits, which the app was told, change with its next connection.
func (h *Hub) define(t *peer.Turn) {
	if !h.apps.Define(t) {
		return
	}
	for _, c := range h.live() {
		in := h.apps.ByFrame(c.source.frame)
		if in == nil {
			continue
		}
		v := visitor{source: c.source, origin: c.peer.Info.Origin}
		if fault := checkDocument(in.App, &v); fault != nil {
			h.endWith(c, fault)
			continue
		}
		h.regrant(c, in.App.Grants)
		h.share(&c.peer, in.App.Sharing)
	}
}

// regrant gives a connection other grants. What stands by its old ones and not by these ends now.
func (h *Hub) regrant(c *connection, grants peer.Grants) {
	before := c.peer.Grants
	c.peer.Grants = grants
	if !c.peer.Ready {
		return
	}
	for _, r := range h.rooms {
		r.Regranted(&h.turn, &c.peer, &before)
	}
	if before.Admin && !grants.Admin {
		h.endAudit(&c.peer)
	}
}

// live returns the connections of client apps, without the main page.
func (h *Hub) live() (list []*connection) {
	for _, c := range h.byPort {
		if !c.peer.Info.Main {
			list = append(list, c)
		}
	}
	return sorted(list)
}
