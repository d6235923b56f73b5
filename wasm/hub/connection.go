package hub

import (
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
	// nonce is the open challenge; "" while there is none.
	nonce string
	// loads is the frame's count of load events when an opaque document was admitted: it cannot be challenged,
	// so it may live through one load event, its own.
	loads int64
	// early counts messages before it was ready.
	early int
	// met are the peers that have been introduced to it.
	met map[peer.ID]struct{}
}

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
		for _, r := range h.rooms {
			r.Left(&h.turn, &c.peer)
		}
		h.farewell(c.peer.ID)
	}
	h.forgetAudit(c.peer.ID)
	if in := h.apps.ByFrame(c.source.frame); in != nil && c.source.window == 0 {
		h.apps.Disconnected(&h.turn, in, c.peer.ID, reason)
	}
}

// farewell tells everybody who has met the peer that it left.
func (h *Hub) farewell(left peer.ID) {
	for _, c := range h.byPeer {
		if _, met := c.met[left]; met {
			delete(c.met, left)
			h.out.Send(c.peer.ID, protocol.Envelope{Op: protocol.OpGone, Peer: left})
		}
	}
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

// challenge asks the page to post a new nonce to the connection's window.
func (h *Hub) challenge(c *connection) {
	c.nonce = h.token()
	h.proofs.Add(uint64(c.port), h.turn.Now+protocol.ProofMs)
	head := protocol.Challenge{Nonce: c.nonce, Origin: c.peer.Info.Origin, Window: c.source.window}
	h.ports.Page(protocol.Envelope{Op: protocol.OpPageChallenge, Ref: c.source.frame, Head: head.AppendJSON(nil)})
}

// prove handles session.prove. A nonce that is not the open one is an early or late echo of an older challenge
// and proves nothing.
func (h *Hub) prove(t *peer.Turn) {
	c := h.byPeer[t.From.ID]
	if c.nonce == "" || t.Msg.Name != c.nonce {
		h.tooEarly(c)
		return
	}
	c.nonce = ""
	h.proofs.Remove(uint64(c.port))
	if !c.peer.Ready {
		h.ready(c)
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
