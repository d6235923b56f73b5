package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/bridge"
	"github.com/crossframe/crossframe/wasm/contexts"
	"github.com/crossframe/crossframe/wasm/peer"
)

// phase is how far the connection to the broker has come.
type phase uint8

const (
	// asking: the page is to bring a token; there is no connection, and none is tried.
	asking phase = iota
	// dialing: the link connects, or waits to do so.
	dialing
	// greeting: the hub has said hello.
	greeting
	// connected: the broker has acknowledged it.
	connected
)

// broker is the hub's side of its broker: the session with it, and who asks over the link.
type broker struct {
	hub    *Hub
	link   Link
	bridge *bridge.Bridge

	// started: the hub runs as configured.
	started bool
	phase   phase
	// failed: there was no connection at the last attempt, or one has ended.
	failed bool
	// fault is why the broker refused; refusing: it has said so, and the end of the connection is about to say whether that
	// is final.
	fault    *protocol.Fault
	refusing bool
	// token is what the page brought last; accepted: the broker took it. signedOut: it brought none when there was no connection.
	token     string
	accepted  bool
	signedOut bool
	// secret proves that a connection is of the same hub as an earlier one.
	secret string
	// identity is who the broker says the user is, while connected.
	identity *protocol.Identity

	// platform are the platform's rules of sharing.
	platform peer.Sharing

	// lastID is the last request of the hub itself, renewal that of the open session.renew.
	lastID, renewal uint64
	// askDue is when to ask the page for a token: before the old one expires, or a while after one was refused; 0 means never.
	askDue int64
	// dialDue is when to connect again; 0 means that the link sees to it.
	dialDue int64

	// lastLikeness is the last number of a likeness.
	lastLikeness uint32
	// queue are the turns that others have led to. full: the link took no more.
	queue    []inner
	settling bool
	full     bool

	// reports are audit events that wait for a connection, and unreported counts those that were one too many.
	reports    []protocol.AuditEvent
	unreported int64

	told    protocol.LinkState
	toldAt  int64
	tellDue int64
}

// inner is a turn that another one has led to: of a likeness, or where from is nil the broker's answer to the room of
// contexts.
type inner struct {
	from *peer.Peer
	msg  protocol.Envelope
}

func newBroker(h *Hub, link Link) *broker {
	b := &broker{hub: h, link: link, platform: peer.NewSharing(h.boot.Sharing), lastLikeness: uint32(lastOf(h.boot.Epoch)) % firstLikeness}
	b.bridge = bridge.New(bridge.Options{
		Host: b, Uplink: true, FirstID: 1<<roomBits | bridgeRoom, StepID: 1 << roomBits,
		Limits: h.boot.Limits,
	})
	return b
}

// hubName makes an id of a hub one that a broker takes: 1 to 64 letters, digits, "-" or "_".
func hubName(id string) string {
	name := []byte(id)
	if len(name) > 64 {
		name = name[:64]
	}
	for i, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			name[i] = '-'
		}
	}
	if len(name) == 0 {
		return "hub"
	}
	return string(name)
}

// secretKey is kept over the main page's reload along with the writes that are pending: the broker counts their numbers by
// hub and secret.
const secretKey = "hub/link"

func (b *broker) serves(r *contexts.Room) {
	r.Share(contexts.ShareOptions{NowMs: b.hub.boot.NowMs, Now: b.hub.turn.Now})
}

func (b *broker) booted() {
	b.started = true
	b.askPage()
	b.tell()
}

func (b *broker) dial() {
	b.phase, b.dialDue = dialing, 0
	b.link.Open(b.hub.boot.Link.URL)
}

// ask sends a request of the hub itself.
func (b *broker) ask(op protocol.Op, head []byte) (id uint64) {
	b.lastID++
	id = b.lastID<<roomBits | hubRoom
	b.put(protocol.Envelope{Op: op, ID: id, Head: head})
	return id
}

func (b *broker) opened(t *peer.Turn) {
	if b.phase != dialing {
		return
	}
	if b.secret == "" {
		b.secret = b.hub.token()
		t.Out.Put(secretKey, []byte(b.secret), protocol.Body{})
	}
	b.phase = greeting
	hello := protocol.Hello{
		Versions: protocol.Versions(), Kind: protocol.KindHub, Token: b.token, Hub: hubName(b.hub.boot.Hub), Secret: b.secret, Library: "crossframe hub",
	}
	b.ask(protocol.OpHello, hello.AppendJSON(nil))
	b.tell()
}

// greeted takes the broker's first words.
func (b *broker) greeted(t *peer.Turn) {
	var ack protocol.Ack
	switch {
	case t.Msg.Op == protocol.OpRefused, t.Msg.Op == protocol.OpError:
		b.refusedBy(&t.Msg)
	case t.Msg.Op != protocol.OpAck:
	case ack.DecodeJSON(t.Msg.Head) != nil:
		b.lost()
		b.end(protocol.NewFault(protocol.BadHandshake, "the broker's acknowledgement cannot be read"))
	default:
		b.phase, b.failed, b.fault, b.accepted = connected, false, nil, true
		b.identity = ack.Identity
		b.renewBy(ack.ExpiresMs)
		b.bridge.Open()
		b.hub.contexts.Connected(t, &ack)
		b.tellReports()
		b.tell()
	}
}

func faultIn(head []byte) *protocol.Fault {
	var f protocol.Fault
	if err := f.DecodeJSON(head); err != nil || f.Code == "" {
		return protocol.NewFault(protocol.BadMessage, "the broker's message cannot be read")
	}
	return protocol.NewFault(f.Code, f.Message)
}

// refusedBy takes session.refused: the session has ended, or did not begin.
func (b *broker) refusedBy(e *protocol.Envelope) {
	b.lost()
	b.fault, b.refusing = faultIn(e.Head), true
	b.hub.note(b.fault.Code, "", "", "")
}

// end gives up until the page brings another token. One that was accepted before has grown old, and the page is asked at once.
func (b *broker) end(f *protocol.Fault) {
	b.link.Close(stream.CloseNormal, "")
	b.phase, b.refusing, b.fault = asking, false, f
	switch f.Code {
	case protocol.Unauthenticated, protocol.SessionExpired, protocol.SessionRevoked:
		b.askDue = b.hub.turn.Now + askAgainMs
		if b.accepted && f.Code != protocol.SessionRevoked {
			b.fault, b.askDue = nil, 0
			b.askPage()
		}
	}
	b.accepted = false
	b.tell()
}

// lost ends all of the broker's side.
func (b *broker) lost() {
	b.phase, b.failed, b.identity, b.renewal, b.askDue, b.refusing = dialing, true, nil, 0, 0, false
	b.bridge.Close()
	b.hub.contexts.Disconnected(&b.hub.turn)
}

// closedAs says what the code of an end that is final means.
func closedAs(code stream.Code) protocol.Code {
	switch code {
	case stream.CloseSession:
		return protocol.SessionExpired
	case stream.CloseOrigin:
		return protocol.OriginNotAllowed
	case stream.CloseSuperseded:
		return protocol.Superseded
	case stream.CloseNormal:
		return protocol.SessionClosed
	}
	return protocol.BadHandshake
}

func (b *broker) closed(why *stream.Closed) {
	if b.phase == asking {
		return
	}
	if !b.refusing {
		b.lost()
		b.fault = nil
	}
	switch {
	case !why.Code.Final():
		// The link tries again by itself.
		b.phase, b.refusing = dialing, false
		b.tell()
	case b.refusing:
		b.end(b.fault)
	default:
		b.end(protocol.NewFault(closedAs(why.Code), why.Error()))
	}
}

// againMs is how long after such an end the hub connects again: else one that cannot send what it must would do so without pause.
const againMs = 1_000

// restart makes a new connection where the old one took no more.
func (b *broker) restart(t *peer.Turn) {
	b.lost()
	b.link.Close(stream.CloseTryLater, "more waits than may")
	b.phase, b.dialDue = dialing, t.Now+againMs
	b.tell()
}

func (b *broker) sharing(rules []protocol.SharingRule) peer.Sharing {
	return peer.NewSharing(rules).Then(b.platform)
}

func (b *broker) shares(_ *peer.Peer, scope string) *protocol.Fault {
	if b.identity == nil || !ofGroup(scope) || inGroup(b.identity, scope) {
		return nil
	}
	return protocol.NewFault(protocol.ScopeUnavailable, "the user is not of that group")
}
