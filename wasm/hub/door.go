package hub

import (
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/apps"
	"github.com/crossframe/crossframe/wasm/peer"
)

// visitor is somebody at the door: what the browser says of the sender, and what the sender says.
type visitor struct {
	port    Port
	source  source
	origin  string
	main    bool
	ports   int64
	dialect dialect.Dialect
	hello   dialect.Greeting
}

// greet handles page.greet: a window brought a port.
func (h *Hub) greet(t *peer.Turn) {
	var head protocol.Greet
	if err := head.DecodeJSON(t.Msg.Head); err != nil {
		h.ports.Close(Port(t.Msg.Peer))
		return
	}
	v := visitor{
		port: Port(t.Msg.Peer), source: source{t.Msg.Ref, head.Window}, origin: t.Msg.Name, main: head.Main, ports: head.Ports,
	}
	text := t.Msg.Body.Bytes()
	for _, d := range h.dialects {
		hello, malformed, ok := d.Greet(text)
		if !ok {
			continue
		}
		v.dialect, v.hello = d, hello
		if fault := h.admit(&v, malformed); fault != nil {
			h.refuse(&v, fault)
		}
		return
	}
	// Not a greeting in any language we speak: no answer, and nothing to learn from it.
	h.ports.Close(v.port)
}

// admit decides. The order is from what is true of every visitor to what needs the app's definition, so that a
// refusal tells no more than the visitor may know. malformed is why the greeting itself cannot be served.
func (h *Hub) admit(v *visitor, malformed *protocol.Fault) *protocol.Fault {
	if fault := h.checkOpen(v); fault != nil {
		return fault
	}
	switch {
	case malformed != nil:
		return malformed
	case v.ports != 1:
		return protocol.NewFault(protocol.BadHandshake, "a greeting brings exactly one port")
	case v.main:
		h.admitMain(v)
		return nil
	}
	in := h.apps.ByFrame(v.source.frame)
	if in == nil {
		return protocol.NewFault(protocol.SourceUnknown, "the hub neither opened nor embedded this window; open the app from the workspace or by apps.start")
	}
	if fault := checkDocument(in.App, v); fault != nil {
		return fault
	}
	if fault := h.checkLimit(v.source.frame); fault != nil {
		return fault
	}
	h.enter(v, in)
	return nil
}

// checkOpen says whether there is a door for this visitor at all.
func (h *Hub) checkOpen(v *visitor) *protocol.Fault {
	switch {
	case v.main:
		return h.fault
	case !h.mayGreet(v.source):
		return protocol.NewFault(protocol.RateLimited, "this window greets too often")
	case h.fault != nil:
		return closed(h.fault.Code)
	}
	return h.checkLists(v.origin)
}

// closed is what visitors learn of a hub that admits nobody. The words of its fault quote the configuration and are for
// the main page.
func closed(code protocol.Code) *protocol.Fault {
	if !strings.HasPrefix(string(code), "LICENSE_") {
		return protocol.NewFault(protocol.HubNotReady, "the hub of this page does not run; the page says why")
	}
	return protocol.NewFault(code, "this page's license lets no app in; the page says why")
}

// checkLists holds an origin against block list and allow list. An opaque origin says nothing about who it is, so
// an allow list cannot name it: whether it is admitted is for the app's definition to say.
func (h *Hub) checkLists(docOrigin string) *protocol.Fault {
	if h.block.Blocks(docOrigin) {
		return protocol.NewFault(protocol.OriginBlocked, "the platform's block list refuses this origin")
	}
	if !h.allow.Empty() && docOrigin != opaqueOrigin && !h.allow.Allows(docOrigin) {
		return protocol.NewFault(protocol.OriginNotAllowed, "the platform's allow list does not name this origin")
	}
	return nil
}

// checkDocument holds a document against the definition of the app in whose frame it is.
func checkDocument(app *apps.App, v *visitor) *protocol.Fault {
	origins := &app.Origins
	if v.source.window != 0 {
		if !app.AllowNested {
			return protocol.NewFault(protocol.SourceUnknown, "this document is nested in an app's frame, and the app's definition does not set allowNested")
		}
		origins = &app.NestedOrigins
	}
	if v.origin == opaqueOrigin {
		if !app.AllowOpaque {
			return protocol.NewFault(protocol.OriginOpaque, "the document has an opaque origin, and the app's definition does not set allowOpaque")
		}
		return nil
	}
	if !origins.Allows(v.origin) {
		return protocol.NewFault(protocol.OriginMismatch, "the document's origin is "+quotedOrigin(v.origin)+", which the definition of this app does not name; "+
			"correct the definition's url or add the origin to its origins")
	}
	return nil
}

// enter admits a document of an instance.
func (h *Hub) enter(v *visitor, in *apps.Instance) {
	var unanswered []proof
	if old := h.bySource[v.source]; old != nil {
		if old.peer.Info.Origin == v.origin {
			// A client that greets again gets what was posted to its window for the port that it gave up, too.
			unanswered = old.proofs
		}
		h.end(old, protocol.NewFault(protocol.Superseded, "a newer connection of this window took its place"), nil)
	}
	c := &connection{
		peer: h.admitted(in, v.source, v.origin), port: v.port, source: v.source, dialect: v.dialect, version: v.hello.Version,
		session: v.dialect.Open(v.hello.Version), loads: v.loadsBefore(in), met: make(map[peer.ID]struct{}), proofs: unanswered,
	}
	h.share(&c.peer, in.App.Sharing)
	ack := protocol.Ack{
		ConnectionID: c.peer.ConnectionID, Version: c.version, Hub: h.boot.Hub, Me: c.peer.Info, Limits: c.peer.Limits, Challenge: !c.opaque(),
	}
	// What the app was started with is the app's own, not that of a document that it embeds.
	var context []byte
	if v.source.window == 0 {
		context = in.Context
		if in.App.SeesUser {
			ack.User = h.boot.User
		}
	}
	h.welcome(c, &ack, context)
	if v.source.window != 0 {
		h.boundNested(c)
	}
	if c.opaque() {
		h.ready(c)
		return
	}
	h.challenge(c, protocol.ProofMs)
}

// loadsBefore returns how many load events its frame had before the visitor's own. One whose own is over has had
// it counted, unless it is still under way from the page.
func (v *visitor) loadsBefore(in *apps.Instance) int64 {
	if v.hello.Loaded && v.source.window == 0 {
		return max(in.Loads-1, 0)
	}
	return in.Loads
}

// admitMain admits the main page itself, as peer zero.
func (h *Hub) admitMain(v *visitor) {
	if old := h.byInstance[mainInstance]; old != nil {
		h.end(old, protocol.NewFault(protocol.Superseded, "the main page connected anew"), nil)
	}
	h.lastPeer++
	grants, limits := h.mainGrants()
	c := &connection{
		peer: peer.Peer{
			ID:           h.lastPeer,
			Info:         protocol.PeerInfo{Peer: int64(h.lastPeer), Instance: mainInstance, App: mainInstance, Origin: h.boot.Origin, Main: true},
			ConnectionID: h.token(),
			Grants:       grants,
			Limits:       limits,
		},
		port: v.port, dialect: v.dialect, version: v.hello.Version, session: v.dialect.Open(v.hello.Version), met: make(map[peer.ID]struct{}),
	}
	ack := protocol.Ack{
		ConnectionID: c.peer.ConnectionID, Version: c.version, Hub: h.boot.Hub, Me: c.peer.Info, Limits: c.peer.Limits, User: h.boot.User,
	}
	h.share(&c.peer, nil)
	h.welcome(c, &ack, nil)
	h.ready(c)
}

// mainGrants returns what the main page may do: everything, at any rate.
func (h *Hub) mainGrants() (peer.Grants, protocol.Limits) {
	all := []string{"*"}
	limits := protocol.Limits{MessagesPerSecond: 1 << 20, Burst: 1 << 20}
	return peer.NewGrants(protocol.Grants{Offer: all, Invoke: all, ReadContexts: all, WriteContexts: all, Start: all, Admin: true}),
		limits.Or(h.boot.Limits).Or(protocol.DefaultLimits())
}

// mainInstance is the instance id and the app name of the main page.
const mainInstance = "main"

// welcome enters a connection and sends INIT_ACK.
func (h *Hub) welcome(c *connection, ack *protocol.Ack, context []byte) {
	h.add(c)
	h.journal(c)
	h.ports.Admit(c.port, c.peer.ConnectionID, c.dialect.Form(), c.peer.Limits)
	e := protocol.Envelope{Op: protocol.OpAck, Head: ack.AppendJSON(nil)}
	if len(context) > 0 {
		e.Body = protocol.TextBody(context)
	}
	h.deliver(c, e)
}

// refuse answers a visitor on its own port, and nowhere else.
func (h *Hub) refuse(v *visitor, fault *protocol.Fault) {
	if fault.Code != protocol.RateLimited || h.mayAnswer(v.source) {
		h.ports.Send(v.port, v.dialect.Refusal(fault))
	}
	h.ports.Close(v.port)
	app, instance := "", ""
	if h.apps != nil {
		if in := h.apps.ByFrame(v.source.frame); in != nil {
			app, instance = in.Info.App, in.Info.Instance
			if v.source.window == 0 && fault.Code != protocol.RateLimited {
				h.apps.Refused(&h.turn, in, fault)
			}
		}
	}
	h.note(fault.Code, v.origin, app, instance)
}

// quotedOrigin bounds what a refusal repeats of an origin.
func quotedOrigin(o string) string {
	if len(o) > 300 {
		o = o[:300]
	}
	return `"` + o + `"`
}
