package relay

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/bridge"
	"github.com/crossframe/crossframe/wasm/peer"
)

// node is another broker, and the link to it. The bus may lose messages, so that those of a link are numbered: after a gap,
// and after silence, the link is made anew, and with it everything that goes over it. It is the host of its bridge.
type node struct {
	relay *Relay
	id    string
	// calls: this side opens the link.
	calls bool
	// link is its number, 0 where there is none. The bridge is nil until both sides know the number.
	link   uint64
	bridge *bridge.Bridge
	// sent and got count the messages of the link.
	sent, got uint64
	heard     time.Time
	// waiting is what is to be sent, bytes how long it is.
	waiting []protocol.Envelope
	bytes   int
	// groups are those of the peer that is being introduced; opening is true while the bridge's own peer joins.
	groups  []string
	opening bool
}

// Kinds of messages between brokers.
const (
	// kindOpen and kindAccept begin a link.
	kindOpen = iota + 1
	kindAccept
	// kindData carries a frame of protocol/stream.
	kindData
	// kindBeat says how many messages were sent.
	kindBeat
	// kindReset asks the side that opens to open anew.
	kindReset
	// kindBye: the broker stops.
	kindBye
)

// nodeMessage is what one broker sends to another: the kind, the link, a count, the sender, and a frame.
type nodeMessage struct {
	kind        byte
	link, count uint64
	from        string
	frame       []byte
}

func (m *nodeMessage) append(dst []byte) []byte {
	dst = binary.AppendUvarint(append(dst, m.kind), m.link)
	dst = binary.AppendUvarint(dst, m.count)
	dst = append(binary.AppendUvarint(dst, uint64(len(m.from))), m.from...)
	return append(dst, m.frame...)
}

func readNodeMessage(data []byte) (m nodeMessage, ok bool) {
	if len(data) == 0 {
		return m, false
	}
	m.kind, data = data[0], data[1:]
	var numbers [3]uint64
	for i := range numbers {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return m, false
		}
		numbers[i], data = v, data[n:]
	}
	m.link, m.count = numbers[0], numbers[1]
	if numbers[2] == 0 || numbers[2] > uint64(len(data)) {
		return m, false
	}
	m.from, m.frame = string(data[:numbers[2]]), data[numbers[2]:]
	return m, true
}

// call opens the link anew.
func (n *node) call() {
	n.end()
	n.link = newLink()
	n.heard = time.Now()
	n.send(kindOpen, 0, nil)
}

// lost follows a gap: whoever opens the link opens it anew.
func (n *node) lost() {
	n.relay.counters.relinked.Add(1)
	if n.calls {
		n.call()
		return
	}
	link := n.link
	n.end()
	n.link = link
	n.send(kindReset, 0, nil)
}

// begin joins the two rooms.
func (n *node) begin() {
	n.sent, n.got, n.waiting, n.bytes = 0, 0, nil, 0
	n.bridge = bridge.New(bridge.Options{
		Host: n, Self: protocol.PeerInfo{Instance: "broker " + n.id, App: "broker"}, Peers: 1_000_000, Calls: 100_000,
		Limits: protocol.Limits{Methods: 1000, Subscriptions: 1000, PendingCalls: 100_000},
	})
	n.opening = true
	n.bridge.Open()
	n.opening = false
}

// end ends all that goes over the link.
func (n *node) end() {
	n.link, n.waiting, n.bytes = 0, nil, 0
	if b := n.bridge; b != nil {
		b.Close()
		n.bridge = nil
	}
}

// take takes a message.
func (n *node) take(m *nodeMessage) {
	switch {
	case m.kind == kindOpen && !n.calls:
		n.end()
		n.link, n.heard = m.link, time.Now()
		n.begin()
		n.send(kindAccept, 0, nil)
	case m.kind == kindAccept && n.calls && m.link == n.link && n.bridge == nil:
		n.heard = time.Now()
		n.begin()
	case m.kind == kindReset && n.calls && m.link == n.link:
		n.call()
	case m.kind != kindData && m.kind != kindBeat:
	case m.link != n.link || n.bridge == nil:
		// Of an older link, or of one that this side does not know, perhaps because it started anew.
		if !n.calls {
			n.tell(nodeMessage{kind: kindReset, link: m.link})
		}
	case m.kind == kindBeat && m.count != n.got, m.kind == kindData && m.count != n.got+1:
		n.lost()
	default:
		n.heard = time.Now()
		if m.kind == kindData {
			n.got++
			n.takeFrame(m.frame)
		}
	}
}

// takeFrame hands what arrived to the bridge.
func (n *node) takeFrame(frame []byte) {
	_, messages, f := stream.Read(nil, frame, stream.Limits{HeadBytes: nodeBytes, BodyBytes: nodeBytes})
	if f != nil {
		n.relay.options.Log.Error("another broker sent what cannot be read", "node", n.id, "error", f)
		return
	}
	for i := range messages {
		e := messages[i]
		if e.Op == protocol.OpPeer {
			n.groups = nil
			_ = json.Unmarshal(e.Body.Bytes(), &n.groups) // without groups it is of none
			e.Body = protocol.Body{}
		}
		if n.bridge == nil {
			return
		}
		n.bridge.Receive(e)
	}
}

// beat keeps a link alive, and notices one that is not.
func (n *node) beat(now time.Time) {
	switch silent := now.Sub(n.heard) > n.relay.options.LinkSilence; {
	case n.bridge == nil && n.calls:
		n.call()
	case n.bridge != nil && silent:
		n.lost()
	case n.bridge != nil:
		n.flush()
		n.send(kindBeat, n.sent, nil)
	}
}

func (n *node) send(kind byte, count uint64, frame []byte) {
	n.tell(nodeMessage{kind: kind, link: n.link, count: count, frame: frame})
}

func (n *node) tell(m nodeMessage) {
	m.from = n.relay.node
	data := m.append(make([]byte, 0, len(m.frame)+64))
	if err := n.relay.options.Store.Bus().Publish(store.KeyOf(subjectNode, n.id), data); err != nil {
		n.relay.options.Log.Debug("another broker was not told", "node", n.id, "error", err)
	}
}

// nodeBytes bounds what goes to another broker with one message of the bus.
const nodeBytes = 960 << 10

// flush sends what waits, as one message.
func (n *node) flush() {
	if len(n.waiting) == 0 || n.bridge == nil {
		return
	}
	n.sent++
	n.send(kindData, n.sent, stream.Append(make([]byte, 0, n.bytes), "", n.waiting))
	clear(n.waiting)
	n.waiting, n.bytes = n.waiting[:0], 0
}

// deliver implements outlet.
func (n *node) deliver(to *party, e *protocol.Envelope) {
	if n.bridge != nil {
		n.bridge.Deliver(to.ID, *e)
	}
}

// Join implements bridge.Host.
func (n *node) Join(p peer.Peer) *peer.Peer {
	x := &party{Peer: &p, out: n}
	if !n.opening || n.bridge == nil {
		x.who = &standing{tenant: p.Info.Tenant, user: p.Info.UserID, groups: n.groups}
		n.groups = nil
	}
	n.opening = false
	n.relay.methods.join(x)
	return x.Peer
}

// Leave implements bridge.Host.
func (n *node) Leave(p *peer.Peer) {
	if x := n.relay.methods.parties[p.ID]; x != nil && x.Peer == p {
		n.relay.methods.leave(x)
	}
}

// Peer implements bridge.Host.
func (n *node) Peer(id peer.ID) *peer.Peer {
	if x := n.relay.methods.parties[id]; x != nil && !x.Remote {
		return x.Peer
	}
	return nil
}

// Turn implements bridge.Host.
func (n *node) Turn(from *peer.Peer, e protocol.Envelope) { n.relay.methods.turn(from, e) }

// Send implements bridge.Host. What introduces a peer says too of which groups its user is.
func (n *node) Send(e protocol.Envelope) *protocol.Fault {
	if x := n.relay.methods.parties[e.Peer]; e.Op == protocol.OpPeer && x != nil && x.who != nil {
		if groups, err := json.Marshal(x.who.groups); err == nil {
			e.Body = protocol.TextBody(groups)
		}
	}
	size := len(e.Name) + len(e.Head) + e.Body.Size + 64
	if size > nodeBytes {
		return protocol.NewFault(protocol.TooLarge, "this is longer than one broker can send to another")
	}
	if n.bytes+size > nodeBytes || len(n.waiting) == protocol.MaxTuplesPerFrame {
		n.flush()
	}
	if len(n.waiting) == 0 {
		n.relay.nodes.dirty = append(n.relay.nodes.dirty, n)
	}
	// Bodies may be those of a frame that is read into the same memory next.
	e.Body = cloned(e.Body)
	n.waiting, n.bytes = append(n.waiting, e), n.bytes+size
	return nil
}

// Note implements bridge.Host.
func (n *node) Note(code protocol.Code, who *protocol.PeerInfo) {
	n.relay.counters.refused(code)
	e := audit.Event{Code: code, Subject: "broker " + n.id}
	if who != nil {
		e.Tenant, e.User, e.Hub, e.App, e.Instance, e.Origin = who.Tenant, who.UserID, who.Hub, who.App, who.Instance, who.Origin
	}
	n.relay.options.Audit.Note(e)
}
