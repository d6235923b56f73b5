package relay

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/interop"
	"github.com/crossframe/crossframe/wasm/peer"
)

// methods runs the room of methods for the peers of all connections, and for the likenesses of those of other brokers.
type methods struct {
	relay   *Relay
	start   time.Time
	sharing peer.Sharing

	// mu makes one turn come after the other. It is taken before the mutex of a session, never after.
	mu        sync.Mutex
	closed    bool
	room      *interop.Room
	parties   map[peer.ID]*party
	instances map[instanceKey]*party
	lastID    peer.ID
	out       peer.Outbox
	// later is what is still to be done of the present call of do.
	later []work
	timer *time.Timer
	// read and readOf are the last change of methods that was read: many hear of the same.
	read   protocol.MethodChange
	readOf *byte

	// here has the numbers of the parties, for whoever does not hold mu. A party that leaves is out of it before anybody is told.
	here sync.Map
}

// instanceKey names an instance. Names are of a tenant; without one, it is the last of that name that joined.
type instanceKey struct{ tenant, instance string }

// party is a peer, and where what the room sends it goes.
type party struct {
	*peer.Peer
	// who it is of; nil for a bridge's own peer, which sees everything.
	who *standing
	out outlet
}

// standing decides who reaches whom.
type standing struct {
	tenant, user string
	groups       []string
	// everyone: the user may offer to all tenants. What a likeness offers, its own broker has let in.
	everyone bool
}

// outlet takes what the room sends to a party.
type outlet interface {
	deliver(to *party, e *protocol.Envelope)
}

// work is a turn, or a message that a turn has led to, or what comes behind those.
type work struct {
	from *peer.Peer
	to   peer.ID
	e    protocol.Envelope
	call func()
}

func newMethods(r *Relay) *methods {
	m := &methods{relay: r, start: time.Now(), parties: make(map[peer.ID]*party), instances: make(map[instanceKey]*party)}
	everything := []string{"*"}
	m.sharing = peer.NewSharing(append(slices.Clone(r.options.Sharing),
		protocol.SharingRule{Scope: protocol.ScopeUser, Contexts: everything, Methods: everything}))
	m.room = interop.New(interop.Options{Peers: (*directory)(m), Shares: m.shares, Reaches: m.reaches})
	m.timer = time.AfterFunc(time.Hour, m.due)
	return m
}

// directory is how the room sees the parties.
type directory methods

// Peer implements interop.Peers.
func (d *directory) Peer(id peer.ID) *peer.Peer {
	if p := d.parties[id]; p != nil {
		return p.Peer
	}
	return nil
}

// ByInstance implements interop.Peers. It is asked only for who was not there when he was named; see session.named.
func (d *directory) ByInstance(instance string) *peer.Peer {
	if p := d.instances[instanceKey{instance: instance}]; p != nil {
		return p.Peer
	}
	return nil
}

// shares says why a peer may not offer in a scope. What a likeness offers, its own broker has let in.
func (m *methods) shares(p *peer.Peer, scope string) *protocol.Fault {
	group, isGroup := strings.CutPrefix(scope, protocol.ScopeGroup)
	switch x := m.parties[p.ID]; {
	case scope == protocol.ScopeLocal:
		return protocol.NewFault(protocol.InvalidArgument, "scope: what is local to a hub is not the broker's")
	case isGroup && !p.Remote && (x == nil || x.who == nil || !slices.Contains(x.who.groups, group)):
		return protocol.NewFault(protocol.ScopeUnavailable, "the user is not of that group")
	case scope == protocol.ScopeEveryone && !p.Remote && (x == nil || x.who == nil || !x.who.everyone):
		// Else anybody of any tenant could answer the calls of all others.
		return protocol.NewFault(protocol.PermissionDenied, "the user's roles do not let him offer to everyone")
	}
	return nil
}

// reaches says whether a peer may know of what another one offers. What a hub's own peers offer one another is not the
// broker's.
func (m *methods) reaches(from, by *peer.Peer, scope string) bool {
	a, b := m.parties[from.ID], m.parties[by.ID]
	switch {
	case a == nil || b == nil || b.who == nil:
		return false
	case a.who == nil:
		return true
	case a != b && a.who.tenant == b.who.tenant && from.Info.Hub == by.Info.Hub:
		return false
	case scope == protocol.ScopeEveryone:
		return true
	case a.who.tenant != b.who.tenant:
		return false
	case scope == protocol.ScopeTenant:
		return true
	case scope == protocol.ScopeUser:
		return a.who.user == b.who.user
	}
	group, isGroup := strings.CutPrefix(scope, protocol.ScopeGroup)
	return isGroup && slices.Contains(a.who.groups, group)
}

// do runs f, which may use the rest of this file, and then what that leads to.
func (m *methods) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	f()
	for i := 0; i < len(m.later); i++ {
		w := m.later[i]
		switch {
		case w.call != nil:
			w.call()
		case w.from != nil:
			m.run(w.from, w.e)
		default:
			if to := m.parties[w.to]; to != nil {
				to.out.deliver(to, &w.e)
			}
		}
	}
	clear(m.later)
	m.later, m.readOf = m.later[:0], nil
	m.relay.nodes.flush()
	wait := time.Hour
	if next := m.room.Deadline(); next != 0 {
		wait = max(time.Duration(next-m.now())*time.Millisecond, 0)
	}
	m.timer.Reset(wait)
}

// now is the room's clock, in milliseconds; it does not begin at 0, which means "never" there.
func (m *methods) now() int64 { return time.Since(m.start).Milliseconds() + 1 }

// turns is the table of the room's operations.
var turns = map[protocol.Op]func(r *interop.Room, t *peer.Turn){
	protocol.OpRegister:   (*interop.Room).Register,
	protocol.OpUnregister: (*interop.Room).Unregister,
	protocol.OpInvoke:     (*interop.Room).Invoke,
	protocol.OpResult:     (*interop.Room).Result,
	protocol.OpError:      (*interop.Room).Error,
	protocol.OpProgress:   (*interop.Room).Progress,
	protocol.OpCancel:     (*interop.Room).Cancel,
	protocol.OpDiscover:   (*interop.Room).Discover,
	protocol.OpWatch:      (*interop.Room).Watch,
	protocol.OpUnwatch:    (*interop.Room).Unwatch,
	protocol.OpAwait:      (*interop.Room).Await,
}

// turn runs a turn behind what waits.
func (m *methods) turn(from *peer.Peer, e protocol.Envelope) {
	m.later = append(m.later, work{from: from, e: e})
}

// run runs one turn and delivers what it sends.
func (m *methods) run(from *peer.Peer, e protocol.Envelope) {
	p, handle := m.parties[from.ID], turns[e.Op]
	switch {
	case p == nil || p.Peer != from:
		return
	case handle == nil:
		p.out.deliver(p, &protocol.Envelope{Op: protocol.OpError, ID: e.ID, Head: unknown().AppendJSON(nil)})
		return
	}
	m.out.Reset()
	handle(m.room, &peer.Turn{Now: m.now(), From: from, Msg: e, Out: &m.out})
	m.relay.counters.turns.Add(1)
	m.sent(p)
}

// sent delivers what a turn has sent; from is whose turn it was, nil for one of the clock. That may lead to turns later; it runs none.
func (m *methods) sent(from *party) {
	for i := range m.out.Messages {
		w := &m.out.Messages[i]
		if to := m.parties[w.To]; to != nil {
			to.out.deliver(to, &w.Envelope)
		}
	}
	for i := range m.out.Audits {
		m.relay.counters.refused(m.out.Audits[i].Code)
		m.relay.options.Audit.Note(eventOf(&m.out.Audits[i], from))
	}
	m.out.Reset()
}

// due does what the clock asks for.
func (m *methods) due() {
	m.do(func() {
		m.out.Reset()
		m.room.Due(&peer.Turn{Now: m.now(), Out: &m.out})
		m.sent(nil)
	})
}

// join gives a party its number, and makes it one.
func (m *methods) join(p *party) {
	m.lastID++
	p.ID = m.lastID
	p.Info.Peer = int64(p.ID)
	m.parties[p.ID] = p
	m.here.Store(p.ID, struct{}{})
	for _, key := range p.keys() {
		m.instances[key] = p
	}
}

// keys are those of the party's instance.
func (p *party) keys() [2]instanceKey {
	return [2]instanceKey{{p.Info.Tenant, p.Info.Instance}, {"", p.Info.Instance}}
}

// leave ends parties. The room hears of it at once; what that leads to is sent later, since a bridge may be amid something.
func (m *methods) leave(list ...*party) {
	var out peer.Outbox
	var ids []peer.ID
	for _, p := range list {
		if m.parties[p.ID] != p {
			continue
		}
		m.room.Left(&peer.Turn{Now: m.now(), Out: &out}, p.Peer)
		delete(m.parties, p.ID)
		m.here.Delete(p.ID)
		for _, key := range p.keys() {
			if m.instances[key] == p {
				delete(m.instances, key)
			}
		}
		ids = append(ids, p.ID)
	}
	for i := range out.Messages {
		m.later = append(m.later, work{to: out.Messages[i].To, e: out.Messages[i].Envelope})
	}
	m.later = append(m.later, work{call: func() {
		for _, s := range m.relay.all() {
			s.forget(ids)
		}
		m.relay.nodes.forget(ids)
	}})
}

// change reads the head of interop.methods.
func (m *methods) change(head []byte) *protocol.MethodChange {
	if len(head) == 0 {
		return &protocol.MethodChange{}
	}
	if m.readOf != &head[0] {
		m.readOf = &head[0]
		if err := m.read.DecodeJSON(head); err != nil {
			m.read = protocol.MethodChange{}
		}
	}
	return &m.read
}

func (m *methods) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.timer.Stop()
}
