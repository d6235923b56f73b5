package hub

import (
	"slices"
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/apps"
	"github.com/crossframe/crossframe/wasm/peer"
)

// source is a window as the page numbers it: a frame, and a window nested inside it (0 for the frame itself).
type source struct {
	frame  uint64
	window int64
}

// connection is one admitted port and the peer behind it.
type connection struct {
	peer    peer.Peer
	port    Port
	source  source
	dialect dialect.Dialect
	version int64
	session dialect.Session
	// proofs are the open challenges, the oldest first.
	proofs []proof
	// loads is the frame's count of load events before an opaque document's own: it cannot be challenged, so it lives
	// through one load event more, unless it has said that its own is over.
	loads int64
	// early counts messages before it was ready.
	early int
	// met are the peers that have been introduced to it.
	met map[peer.ID]struct{}
	// remote: it is a likeness, and the broker's side its port.
	remote bool
	// restored: it comes from an earlier run of the program, and whom it had met is not known.
	restored bool
}

// proof is a challenge that has not been echoed.
type proof struct {
	nonce string
	due   int64
}

// awayMs is how long a document may take to echo where the page saw something in its frame go to a forbidden address.
// The page cannot be quite sure which frame it was, so the document still gets to say that it is there.
const awayMs = 700

// maxProofs bounds the open challenges of a connection. A frame that loads more often than that within the time for
// an echo holds no document that could be asked.
const maxProofs = 8

func (c *connection) opaque() bool { return c.peer.Info.Origin == opaqueOrigin }

// opaqueOrigin is how browsers serialize the origin of sandboxed and data: documents.
const opaqueOrigin = "null"

// token returns 128 random bits in hexadecimal.
func (h *Hub) token() string {
	const digits = "0123456789abcdef"
	var b [16]byte
	h.random(b[:])
	text := make([]byte, 0, 2*len(b))
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// add enters a connection into the tables.
func (h *Hub) add(c *connection) {
	h.byPort[c.port] = c
	h.byPeer[c.peer.ID] = c
	h.bySource[c.source] = c
	h.byInstance[c.peer.Instance()] = c
}

// end takes a connection out of the tables, tells its peer why unless why is nil, closes the port, and tells the
// rooms. reason is the state to show for its instance: nil where the app just went away.
func (h *Hub) end(c *connection, why, reason *protocol.Fault) {
	if h.byPort[c.port] != c {
		return
	}
	delete(h.byPort, c.port)
	delete(h.byPeer, c.peer.ID)
	if h.bySource[c.source] == c {
		delete(h.bySource, c.source)
	}
	if h.byInstance[c.peer.Instance()] == c {
		delete(h.byInstance, c.peer.Instance())
	}
	h.proofs.Remove(uint64(c.port))
	h.out.Drop(connectionKey(c.port))
	if why != nil {
		h.deliver(c, protocol.Envelope{Op: protocol.OpRefused, Head: why.AppendJSON(nil)})
	}
	h.ports.Close(c.port)
	if c.peer.Ready {
		h.left = append(h.left, c)
		for _, r := range h.rooms {
			r.Left(&h.turn, &c.peer)
		}
	}
	h.forgetAudit(c.peer.ID)
	switch in := h.apps.ByFrame(c.source.frame); {
	case c.source.window != 0:
		if why == nil || why.Code != protocol.Superseded {
			h.gone(c.peer.Instance())
		}
	case in != nil:
		h.apps.Disconnected(&h.turn, in, c.peer.ID, reason)
	}
}

// gone tells the rooms that an instance has ended for good. One that is nested ends with its connection: when a
// window inside of a frame goes away, nobody tells the hub.
func (h *Hub) gone(instance string) {
	for _, r := range h.rooms {
		r.Gone(&h.turn, instance)
	}
}

// farewell tells everybody who has met the peers that left, or may have met them before the program was lost.
func (h *Hub) farewell() {
	for _, left := range h.left {
		if h.uplink != nil && !left.remote {
			h.uplink.left(left.peer.ID)
		}
		for _, c := range h.byPort {
			_, met := c.met[left.peer.ID]
			if met || c.restored && left.restored {
				delete(c.met, left.peer.ID)
				h.deliver(c, protocol.Envelope{Op: protocol.OpGone, Peer: left.peer.ID})
			}
		}
	}
	clear(h.left)
	h.left = h.left[:0]
}

// ready opens the gate for a connection whose document is known to be the right one.
func (h *Hub) ready(c *connection) {
	c.peer.Ready = true
	h.journal(c)
	for _, r := range h.rooms {
		r.Joined(&h.turn, &c.peer)
	}
	if in := h.apps.ByFrame(c.source.frame); in != nil && c.source.window == 0 {
		h.apps.Connected(&h.turn, in, c.peer.ID)
	}
}

// challenge asks the page to post a new nonce to the connection's window, to be echoed within ms. Those that are open
// stay so: an echo may be under way, and a frame that goes on loading must not put off its proof for ever.
func (h *Hub) challenge(c *connection, ms int64) {
	if len(c.proofs) == maxProofs {
		h.revoke(c, "the frame was loaded again and again, and no document proved itself")
		return
	}
	p := proof{h.token(), h.turn.Now + ms}
	for i := range c.proofs {
		c.proofs[i].due = min(c.proofs[i].due, p.due)
	}
	c.proofs = append(c.proofs, p)
	h.proofs.Add(uint64(c.port), c.proofs[0].due)
	head := protocol.Challenge{Nonce: p.nonce, Origin: c.peer.Info.Origin, Window: c.source.window}
	h.ports.Page(protocol.Envelope{Op: protocol.OpPageChallenge, Ref: c.source.frame, Head: head.AppendJSON(nil)})
}

// prove handles session.prove. An echo answers its challenge and the older ones.
func (h *Hub) prove(t *peer.Turn) {
	c := h.byPeer[t.From.ID]
	i := slices.IndexFunc(c.proofs, func(p proof) bool { return p.nonce == t.Msg.Name })
	switch {
	case i < 0 && !c.peer.Ready:
		t.Fail(protocol.BadMessage, "this is not the nonce of an open challenge")
		h.tooEarly(c)
		return
	case i < 0:
		return
	}
	c.proofs = c.proofs[i+1:]
	h.proofs.Remove(uint64(c.port))
	if len(c.proofs) > 0 {
		h.proofs.Add(uint64(c.port), c.proofs[0].due)
	} else if in := h.apps.ByFrame(c.source.frame); in != nil && c.source.window == 0 {
		in.Blocked = nil
	}
	if !c.peer.Ready {
		h.ready(c)
	}
}

// unproven ends the connections whose documents did not prove themselves in time.
func (h *Hub) unproven(t *peer.Turn) {
	for {
		port, ok := h.proofs.PopDue(t.Now)
		if !ok {
			return
		}
		if c := h.byPort[Port(port)]; c != nil {
			h.revoke(c, "the document did not prove itself in time")
		}
	}
}

// tooEarly counts what should not come before readiness, and ends who goes on with it.
func (h *Hub) tooEarly(c *connection) {
	if c.peer.Ready {
		return
	}
	if c.early++; c.early >= 3 {
		h.revoke(c, "messages came before the document had proven itself")
	}
}

// bye handles session.bye.
func (h *Hub) bye(t *peer.Turn) { h.end(h.byPeer[t.From.ID], nil, nil) }

// revoke ends a connection that may not go on.
func (h *Hub) revoke(c *connection, message string) {
	h.endWith(c, protocol.NewFault(protocol.SessionRevoked, message))
}

// endWith ends a connection for a reason that its instance then shows.
func (h *Hub) endWith(c *connection, fault *protocol.Fault) {
	h.note(fault.Code, c.peer.Info.Origin, c.peer.App(), c.peer.Instance())
	h.end(c, fault, fault)
}

// admitted makes the peer of a document in an instance's frame.
func (h *Hub) admitted(in *apps.Instance, s source, docOrigin string) peer.Peer {
	h.lastPeer++
	info := protocol.PeerInfo{
		Peer: int64(h.lastPeer), Instance: in.Info.Instance, App: in.Info.App, Title: in.Info.Title, Origin: docOrigin,
	}
	if s.window != 0 {
		info.Via = in.Info.Instance
		info.Instance += "/" + strconv.FormatInt(s.window, 10)
	}
	return peer.Peer{
		ID: h.lastPeer, Info: info, ConnectionID: h.token(), Grants: in.App.Grants,
		Limits: in.App.Limits.Or(h.boot.Limits).Or(protocol.DefaultLimits()),
	}
}

func connectionKey(p Port) string { return "hub/connection/" + strconv.FormatUint(uint64(p), 10) }

// journal writes a connection down.
func (h *Hub) journal(c *connection) {
	rec := protocol.ConnectionRecord{
		Port: int64(c.port), ConnectionID: c.peer.ConnectionID, Dialect: c.dialect.Name(), Version: c.version,
		Frame: int64(c.source.frame), Window: c.source.window, Peer: c.peer.Info, Ready: c.peer.Ready,
	}
	h.out.Put(connectionKey(c.port), rec.AppendJSON(nil), protocol.Body{})
}
