package relay

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/peer"
)

// session is one WebSocket of a hub or a program.
type session struct {
	relay *Relay
	conn  *ws.Conn
	// origin is that of the page; empty for what is no page.
	origin string

	// What came of the hello. It is set before anybody else knows of the session. me is nil until then.
	id     string
	key    hubKey
	record hubRecord
	// claimed is the place of the record in the store, 0 where that did not take it; the roster's.
	claimed uint64
	shared  *contexts.Client
	me      *party

	// peers are those of a hub, by its numbers. The goroutine that reads changes them, holding the mutex of the methods.
	peers map[uint32]*party
	// calls are those that this side has to answer, and lists what it asked that is answered with methods; of the methods.
	calls map[uint64]*party
	lists map[uint64]struct{}
	// asked are the calls of this side that are not answered yet; of the methods.
	asked map[uint64]question
	// pace is that of what costs all others time; of the goroutine that reads.
	pace pace

	// refused: why the connection ends has been said. Only the first reason counts.
	refused atomic.Bool

	mu  sync.Mutex
	who identity.Identity
	// release gives the seat back; nil where there is none.
	release func()
	closed  bool
	// timer is when the hello is late, and then when the token has ended.
	timer *time.Timer
	// met are the peers that the other side has been introduced to.
	met map[uint32]struct{}
}

// identity returns who the connection is of.
func (s *session) identity() identity.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.who
}

// isHub: the connection speaks for peers.
func (s *session) isHub() bool { return s.record.Kind == protocol.KindHub }

// late ends a connection that did not say who it is.
func (s *session) late() {
	f := protocol.NewFault(protocol.Unauthenticated, "there was no hello in time")
	// Nobody is known yet; what is may just be found out.
	if !s.refused.Swap(true) {
		s.relay.options.Audit.Note(audit.Event{Code: f.Code, Origin: s.origin})
		s.end(f)
	}
}

// closes is the table of what ends a connection: where it says nothing, trying again is of no use.
var closes = map[protocol.Code]stream.Code{
	protocol.Unauthenticated: stream.CloseSession,
	protocol.SessionExpired:  stream.CloseSession,
	protocol.SessionRevoked:  stream.CloseSession,
	protocol.OriginBlocked:   stream.CloseOrigin,
	protocol.Superseded:      stream.CloseSuperseded,
	protocol.AuthUnavailable: stream.CloseTryLater,
	protocol.HubNotReady:     stream.CloseTryLater,
	// A new key mends these.
	protocol.LicenseLimit:      stream.CloseTryLater,
	protocol.LicenseRevoked:    stream.CloseTryLater,
	protocol.LicenseExpired:    stream.CloseTryLater,
	protocol.LicenseUnverified: stream.CloseTryLater,
}

// refuse says why a connection ends, to the audit too, and ends it.
func (s *session) refuse(f *protocol.Fault) {
	if !s.refused.Swap(true) {
		s.note(f.Code)
		s.end(f)
	}
}

// end says why a connection ends, and ends it.
func (s *session) end(f *protocol.Fault) {
	s.relay.counters.refused(f.Code)
	code, ok := closes[f.Code]
	switch {
	case ok:
	case f.Retryable:
		code = stream.CloseTryLater
	default:
		code = stream.ClosePolicy
	}
	_ = s.conn.Send(protocol.Envelope{Op: protocol.OpRefused, Head: f.AppendJSON(nil)})
	s.conn.Close(code, f.Message)
}

// misuse ends a connection whose other side does not keep to the protocol.
func (s *session) misuse(what string) { s.refuse(protocol.NewFault(protocol.BadMessage, what)) }

// fail answers a request that the session itself does not serve.
func (s *session) fail(id uint64, f *protocol.Fault) {
	s.note(f.Code)
	_ = s.conn.Send(protocol.Envelope{Op: protocol.OpError, ID: id, Head: f.AppendJSON(nil)})
}

// Receive implements ws.Receiver.
func (s *session) Receive(_ *ws.Conn, messages []protocol.Envelope) {
	for i := range messages {
		m := &messages[i]
		if s.conn.Ended() {
			return
		}
		if s.me != nil {
			s.handle(m)
		} else if !s.hello(m) {
			return
		}
	}
}

// handle does what a message asks of a connection that has said who it is.
func (s *session) handle(m *protocol.Envelope) {
	info, known := m.Op.Info()
	switch {
	case !known || info.From&(protocol.FromApp|protocol.ToBroker) == 0:
		s.fail(m.ID, unknown())
	case len(m.Head) > protocol.MaxHeadBytes:
		s.fail(m.ID, protocol.NewFault(protocol.TooLarge, "the head is too large"))
	case info.Room == "contexts":
		s.handleContext(m)
	case info.Room == "interop" || m.Op == protocol.OpError:
		s.handleMethod(m)
	case m.Op == protocol.OpPeer:
		s.introduced(m)
	case m.Op == protocol.OpGone:
		s.gone(m.Peer)
	case m.Op == protocol.OpAuditReport && s.isHub():
		s.reported(m)
	case m.Op == protocol.OpRenew:
		s.renew(m)
	case m.Op == protocol.OpBye:
		s.conn.Close(stream.CloseNormal, "")
	default:
		s.fail(m.ID, unknown())
	}
}

func unknown() *protocol.Fault {
	return protocol.NewFault(protocol.UnknownOperation, "there is no such operation here")
}

// writes are the operations of contexts whose ref says who asks.
var writes = map[protocol.Op]bool{
	protocol.OpContextSet: true, protocol.OpContextUpdate: true, protocol.OpContextPatch: true, protocol.OpContextDestroy: true,
}

// handleContext finds out which peer writes. What reads, reads for the whole hub.
func (s *session) handleContext(m *protocol.Envelope) {
	by := s.me
	if s.isHub() && m.Ref != 0 && writes[m.Op] {
		if by = s.peers[wireOf(m.Ref)]; by == nil {
			s.fail(m.ID, protocol.NewFault(protocol.BadMessage, "ref: the writer was not introduced"))
			return
		}
	}
	s.shared.Handle(&by.Info, m)
}

// wireOf returns the number of a peer that a ref holds; 0 where it is none.
func wireOf(ref uint64) uint32 {
	if ref > 1<<32-1 {
		return 0
	}
	return uint32(ref)
}

// Send implements contexts.Conn. A hub is told nothing of its own peers: it knows them by other numbers.
func (s *session) Send(by *protocol.PeerInfo, m protocol.Envelope) {
	if m.Op == protocol.OpError {
		s.denied(by, &m)
	} else if by != nil && by.Peer != 0 && !s.own(by) && s.introduce(by) {
		m.Peer = uint32(by.Peer)
	}
	_ = s.conn.Send(m)
}

// Tell implements contexts.Conn.
func (s *session) Tell(subscription uint64, events []contexts.Event) {
	kept, _ := s.relay.lists.Get().(*[]protocol.Envelope)
	if kept == nil {
		kept = new([]protocol.Envelope)
	}
	list := (*kept)[:0]
	for i := range events {
		m, by := events[i].Message, events[i].By
		if m.Ref = subscription; by != nil && by.Peer != 0 && !s.own(by) {
			s.introduce(by)
			m.Peer = uint32(by.Peer)
		}
		list = append(list, m)
	}
	_ = s.conn.Send(list...)
	clear(list)
	*kept = list
	s.relay.lists.Put(kept)
}

func (s *session) own(p *protocol.PeerInfo) bool {
	return s.isHub() && p.Hub == s.key.hub && p.Tenant == s.key.tenant
}

// Waiting implements contexts.Conn.
func (s *session) Waiting() int { return s.conn.Waiting() }

// introduce makes sure that the other side knows a peer, and reports whether it does. Who has left by now, as the writer of a
// change that took its time may have, is not introduced: nobody would say when he is gone.
func (s *session) introduce(p *protocol.PeerInfo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := uint32(p.Peer)
	if _, met := s.met[id]; met {
		return true
	}
	if _, here := s.relay.methods.here.Load(id); !here {
		return false
	}
	s.met[id] = struct{}{}
	_ = s.conn.Send(protocol.Envelope{Op: protocol.OpPeer, Peer: id, Head: p.AppendJSON(nil)})
	return true
}

// forget says that peers are gone, to who has met them.
func (s *session) forget(ids []peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if _, met := s.met[id]; met {
			delete(s.met, id)
			_ = s.conn.Send(protocol.Envelope{Op: protocol.OpGone, Peer: id})
		}
	}
}

// Closed implements ws.Receiver.
func (s *session) Closed(_ *ws.Conn, why *stream.Closed) {
	s.mu.Lock()
	s.timer.Stop()
	release := s.release
	s.release, s.closed = nil, true
	s.mu.Unlock()
	if release != nil {
		defer release()
	}
	if s.me == nil {
		return
	}
	s.ended(why)
	s.shared.Close()
	s.relay.methods.do(func() {
		s.abandon(nil)
		s.relay.methods.leave(s.parties()...)
	})
	if s.relay.leave(s) {
		s.relay.roster.left(s)
	}
}
