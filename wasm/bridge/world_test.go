package bridge

import (
	"strconv"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/interop"
	"github.com/crossframe/crossframe/wasm/peer"
)

// side is a room of methods with its peers, and a bridge to another one. What it sends waits until the test delivers it.
type side struct {
	t      testing.TB
	name   string
	room   *interop.Room
	bridge *Bridge
	peers  map[peer.ID]*peer.Peer
	lastID peer.ID
	now    int64

	// later are turns that others have led to.
	later []turn
	// sent waits to be delivered to the other side.
	sent []protocol.Envelope
	// refuse says why a message cannot be sent.
	refuse func(e protocol.Envelope) *protocol.Fault
	notes  []protocol.Code
	// hear takes what the room sends to a peer of this side.
	hear func(to *peer.Peer, e protocol.Envelope)
}

type turn struct {
	from *peer.Peer
	e    protocol.Envelope
}

func newSide(t testing.TB, name string, options Options) *side {
	s := &side{t: t, name: name, peers: make(map[peer.ID]*peer.Peer), now: 1000, hear: func(*peer.Peer, protocol.Envelope) {}}
	s.room = interop.New(interop.Options{Peers: s, FirstCall: 1000, Shares: func(*peer.Peer, string) *protocol.Fault { return nil }})
	options.Host = host{s}
	s.bridge = New(options)
	return s
}

// join connects a peer of this side.
func (s *side) join() *peer.Peer {
	s.lastID++
	n := strconv.Itoa(int(s.lastID))
	p := &peer.Peer{ID: s.lastID, Ready: true, Grants: peer.DefaultGrants(), Limits: protocol.DefaultLimits(),
		Info: protocol.PeerInfo{Peer: int64(s.lastID), Instance: "i" + n, App: "app" + n, Origin: "https://" + s.name + ".example", Hub: s.name}}
	s.peers[p.ID] = p
	return p
}

// leave ends a peer of this side.
func (s *side) leave(p *peer.Peer) {
	s.Leave(p)
	s.run()
	s.bridge.Left(p.ID)
}

// do plays a message of a peer, and what it leads to.
func (s *side) do(from *peer.Peer, e protocol.Envelope) {
	s.Turn(from, e)
	s.run()
}

// receive takes a message of the other side.
func (s *side) receive(messages ...protocol.Envelope) {
	for _, e := range messages {
		s.bridge.Receive(e)
		s.run()
	}
}

// pass lets time go by.
func (s *side) pass(ms int64) {
	s.now += ms
	var out peer.Outbox
	s.room.Due(&peer.Turn{Now: s.now, Out: &out})
	s.deliver(&out)
	s.run()
}

var handlers = map[protocol.Op]func(*interop.Room, *peer.Turn){
	protocol.OpRegister: (*interop.Room).Register, protocol.OpUnregister: (*interop.Room).Unregister, protocol.OpInvoke: (*interop.Room).Invoke,
	protocol.OpResult: (*interop.Room).Result, protocol.OpError: (*interop.Room).Error, protocol.OpProgress: (*interop.Room).Progress,
	protocol.OpCancel: (*interop.Room).Cancel, protocol.OpDiscover: (*interop.Room).Discover, protocol.OpWatch: (*interop.Room).Watch,
}

// run plays the turns that wait.
func (s *side) run() {
	for len(s.later) > 0 {
		next := s.later[0]
		s.later = s.later[1:]
		if s.peers[next.from.ID] != next.from {
			continue
		}
		var out peer.Outbox
		handlers[next.e.Op](s.room, &peer.Turn{Now: s.now, From: next.from, Msg: next.e, Out: &out})
		s.deliver(&out)
	}
}

func (s *side) deliver(out *peer.Outbox) {
	for _, m := range out.Messages {
		switch p := s.peers[m.To]; {
		case p == nil:
		case p.Remote:
			s.bridge.Deliver(m.To, m.Envelope)
		default:
			s.hear(p, m.Envelope)
		}
	}
}

// Join implements Host.
func (s *side) Join(p peer.Peer) *peer.Peer {
	s.lastID++
	p.ID = s.lastID
	p.Info.Peer = int64(p.ID)
	s.peers[p.ID] = &p
	return &p
}

// Leave implements Host.
func (s *side) Leave(p *peer.Peer) {
	if s.peers[p.ID] != p {
		s.t.Fatalf("%s: peer %d leaves, and is not here", s.name, p.ID)
	}
	delete(s.peers, p.ID)
	var out peer.Outbox
	s.room.Left(&peer.Turn{Now: s.now, Out: &out}, p)
	s.deliver(&out)
}

// Peer implements Host and interop.Peers, of which only the room may see what is remote.
func (s *side) Peer(id peer.ID) *peer.Peer { return s.peers[id] }

// ByInstance implements interop.Peers.
func (s *side) ByInstance(instance string) *peer.Peer {
	for _, p := range s.peers {
		if p.Instance() == instance {
			return p
		}
	}
	return nil
}

// Turn implements Host.
func (s *side) Turn(from *peer.Peer, e protocol.Envelope) { s.later = append(s.later, turn{from, e}) }

// Send implements Host.
func (s *side) Send(e protocol.Envelope) *protocol.Fault {
	if s.refuse != nil {
		if f := s.refuse(e); f != nil {
			return f
		}
	}
	s.sent = append(s.sent, e)
	return nil
}

// Note implements Host.
func (s *side) Note(code protocol.Code, _ *protocol.PeerInfo) { s.notes = append(s.notes, code) }

// host is a side as its bridge sees it: its own peers only.
type host struct{ *side }

// Peer implements Host.
func (h host) Peer(id peer.ID) *peer.Peer {
	if p := h.peers[id]; p != nil && !p.Remote {
		return p
	}
	return nil
}
