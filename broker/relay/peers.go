package relay

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/bridge"
	"github.com/crossframe/crossframe/wasm/peer"
)

// maxText bounds each text that a hub says of a peer.
const maxText = 1 << 10

// introduced takes a peer of a hub. Hub, user and tenant are what is known here, whatever the hub says of them.
func (s *session) introduced(m *protocol.Envelope) {
	var info protocol.PeerInfo
	err := info.DecodeJSON(m.Head)
	switch {
	case !s.isHub():
		s.misuse("session.peer: a program is one peer")
	case err != nil || m.Peer == 0 || info.Instance == "" || max(len(info.Instance), len(info.App), len(info.Title), len(info.Origin)) > maxText:
		s.misuse("session.peer: this describes no peer")
	case s.peers[m.Peer] != nil:
		// It has been introduced already; what it is does not change.
	case len(s.peers) >= s.relay.options.Peers:
		s.misuse("session.peer: the hub has more peers than it may")
	default:
		p := s.newParty(protocol.PeerInfo{
			Instance: bridge.Instance(info.Instance, s.key.hub), App: info.App, Title: info.Title, Origin: info.Origin, Main: info.Main,
		})
		s.relay.methods.do(func() {
			s.relay.methods.join(p)
			s.peers[m.Peer] = p
		})
	}
}

// gone takes the end of a hub's peer.
func (s *session) gone(wire uint32) {
	p := s.peers[wire]
	if p == nil {
		return
	}
	s.relay.methods.do(func() {
		delete(s.peers, wire)
		s.abandon(p)
		s.relay.methods.leave(p)
	})
}

// newParty returns a peer of this connection, with what the broker knows of it.
func (s *session) newParty(info protocol.PeerInfo) *party {
	who := s.identity()
	info.Hub, info.UserID, info.Tenant = s.key.hub, who.User.ID, who.Tenant
	return &party{
		out: s, who: &standing{who.Tenant, who.User.ID, who.Groups, s.relay.contexts.ForEveryone(who.Roles)},
		Peer: &peer.Peer{
			Info: info, ConnectionID: s.id, Grants: peer.DefaultGrants(), Limits: protocol.DefaultLimits(),
			Sharing: s.relay.methods.sharing, Ready: true,
		},
	}
}

// parties returns all peers of the connection, in their order. The mutex of the methods is held.
func (s *session) parties() []*party {
	list := []*party{s.me}
	for _, p := range s.peers {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *party) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// asker returns which peer asks for something; nil where it was not introduced. A program is one peer, and numbers none.
func (s *session) asker(wire uint32) *party {
	if !s.isHub() {
		return s.me
	}
	return s.peers[wire]
}

// handleMethod hands a message to the room of methods, as of the peer that it is of.
func (s *session) handleMethod(m *protocol.Envelope) {
	if costly[m.Op] {
		time.Sleep(s.pace.wait(time.Now()))
	}
	e := *m
	s.relay.methods.do(func() {
		from := s.sender(&e)
		switch {
		case from != nil:
			s.relay.methods.turn(from.Peer, e)
		case answers[e.Op] || e.Op == protocol.OpCancel:
			// The call has ended meanwhile.
		default:
			s.fail(e.ID, protocol.NewFault(protocol.BadMessage, "the peer was not introduced"))
		}
	})
}

// answers are the operations that end a call, or tell of it; true where they end it.
var answers = map[protocol.Op]bool{protocol.OpResult: true, protocol.OpError: true, protocol.OpProgress: true}

// sender returns which peer a message is of, and makes of it what the room reads: what is said to a broker only goes.
// What the room may keep is copied.
func (s *session) sender(e *protocol.Envelope) (from *party) {
	switch e.Op {
	case protocol.OpRegister:
		from = s.asker(e.Peer)
		e.Peer, e.Head = 0, slices.Clone(e.Head)
	case protocol.OpUnregister:
		from = s.asker(e.Peer)
		e.Peer = 0
	case protocol.OpInvoke:
		if from = s.asker(wireOf(e.Ref)); e.Ref == 0 {
			from = s.me
		}
		e.Ref, e.Head, e.Body = 0, slices.Clone(e.Head), cloned(e.Body)
		s.named(e)
		if from != nil && e.ID != 0 {
			s.asks(from, e)
		}
	case protocol.OpCancel:
		if from = s.asker(wireOf(e.Ref)); e.Ref == 0 {
			from = s.me
		}
		e.Ref = 0
	case protocol.OpResult, protocol.OpError, protocol.OpProgress:
		from = s.calls[e.ID]
		if e.Peer = 0; e.Op != protocol.OpProgress {
			delete(s.calls, e.ID)
		}
	case protocol.OpWatch, protocol.OpDiscover:
		from = s.me
		e.Head = slices.Clone(e.Head)
		s.lists[e.ID] = struct{}{}
	default:
		from = s.me
	}
	return from
}

// named finds the instance that a call names among those of the caller's own tenant: another tenant may have one of the same
// name.
func (s *session) named(e *protocol.Envelope) {
	if e.Peer != 0 || !bytes.Contains(e.Head, []byte(`"instance"`)) {
		return
	}
	var o protocol.InvokeOptions
	if o.DecodeJSON(e.Head) != nil || o.Instance == "" {
		return
	}
	if p := s.relay.methods.instances[instanceKey{s.key.tenant, o.Instance}]; p != nil {
		e.Peer = p.ID
	}
}

// cloned returns a body that outlives the frame that brought it.
func cloned(b protocol.Body) protocol.Body {
	switch b.Kind {
	case protocol.BodyText:
		return protocol.TextBody(slices.Clone(b.Bytes()))
	case protocol.BodyBinary:
		return protocol.BinaryBody(slices.Clone(b.Bytes()))
	}
	return b
}

// deliver implements outlet: it sends what the room says to a peer of this connection.
func (s *session) deliver(to *party, e *protocol.Envelope) {
	s.settled(e)
	switch e.Op {
	case protocol.OpCall:
		s.calls[e.ID] = to
	case protocol.OpCancel:
		delete(s.calls, e.ID)
	case protocol.OpMethods:
		s.meetMethods(e)
	case protocol.OpReply:
		if _, list := s.lists[e.ID]; list {
			delete(s.lists, e.ID)
			s.meetList(e)
		}
	case protocol.OpError:
		delete(s.lists, e.ID)
	}
	if e.Peer != 0 {
		if p := s.relay.methods.parties[e.Peer]; p != nil {
			s.introduce(&p.Info)
		}
	}
	if f := s.conn.Send(*e); f != nil {
		s.unsent(to, e, f)
	}
}

// unsent answers a call that cannot be sent because of what it holds. A connection that has ended answers all its calls when
// it leaves.
func (s *session) unsent(to *party, e *protocol.Envelope, err error) {
	f, ok := err.(*protocol.Fault)
	if !ok || e.Op != protocol.OpCall {
		return
	}
	delete(s.calls, e.ID)
	s.relay.methods.turn(to.Peer, protocol.Envelope{Op: protocol.OpError, ID: e.ID, Head: f.AppendJSON(nil)})
}

// meetMethods notes the peers that a change of methods names: who hears of them so is told when they are gone.
func (s *session) meetMethods(e *protocol.Envelope) {
	change := s.relay.methods.change(e.Head)
	s.meet(change.Added)
}

func (s *session) meetList(e *protocol.Envelope) {
	var list protocol.MethodList
	if list.DecodeJSON(e.Head) == nil {
		s.meet(list.Methods)
	}
}

func (s *session) meet(methods []protocol.MethodInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range methods {
		s.met[uint32(methods[i].Peer.Peer)] = struct{}{}
	}
}
