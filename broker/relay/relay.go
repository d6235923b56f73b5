package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Relay is one broker's part in what hubs and programs share. It may be used concurrently.
type Relay struct {
	options  Options
	node     string
	contexts *contexts.Room
	methods  *methods
	roster   *roster
	nodes    *nodes
	socket   *ws.Server
	counters counters
	stop     context.CancelFunc
	running  sync.WaitGroup
	// lists are what the events of one subscription are put together in.
	lists sync.Pool

	// mu guards the connections that have said who they are, by their hubs.
	mu       sync.Mutex
	closed   bool
	sessions map[hubKey]*session
	blocked  origin.Patterns
}

// hubKey names a hub or program. Ids are of a tenant: no tenant's hub is in another's way.
type hubKey struct{ tenant, hub string }

// New returns a relay that knows who is connected elsewhere. Close ends it; ctx bounds only how long New may take.
func New(ctx context.Context, options Options) (_ *Relay, err error) {
	options = options.orDefault()
	r := &Relay{options: options, node: options.Store.Node(), sessions: make(map[hubKey]*session), blocked: options.Blocked}
	living, stop := context.WithCancel(context.Background())
	r.stop = stop
	defer func() {
		if err != nil {
			_ = r.Close(ctx)
		}
	}()
	r.methods, r.roster, r.nodes = newMethods(r), newRoster(r), newNodes(r)
	c := options.Contexts
	c.Store, c.Sharing, c.Present, c.Lost, c.Tracer, c.Log = options.Store, options.Sharing, r.roster.present, r.lost, options.Tracer, options.Log
	if r.contexts, err = contexts.New(ctx, c); err != nil {
		return nil, err
	}
	if err = r.nodes.listen(); err != nil {
		return nil, fmt.Errorf("listen to other brokers: %w", err)
	}
	if err = r.roster.open(ctx); err != nil {
		return nil, fmt.Errorf("read who is connected: %w", err)
	}
	s := options.Socket
	s.OnOpen, s.OnRefuse, s.Log = r.open, r.refusedRequest, options.Log
	if s.QueueBytes == 0 {
		// Two values of contexts, and what may wait before subscriptions get the newest only.
		s.QueueBytes = 4 << 20
	}
	r.socket = ws.NewServer(s)
	r.running.Go(func() { r.roster.beat(living) })
	r.running.Go(func() { r.nodes.beat(living) })
	return r, nil
}

// ServeHTTP implements http.Handler: the address that hubs and programs connect to.
func (r *Relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.socket.ServeHTTP(w, request)
}

// Contexts returns the room of shared contexts.
func (r *Relay) Contexts() *contexts.Room { return r.contexts }

// Drain ends the connections one after the other, within that time; see ws.Server.Drain. What is shared goes on for those that
// are left. Close does the rest.
func (r *Relay) Drain(ctx context.Context, over time.Duration) { r.socket.Drain(ctx, over) }

// Close ends all connections with CloseRestart, tells the other brokers, and waits until all is gone, or until ctx ends;
// then connections that are left are cut off.
func (r *Relay) Close(ctx context.Context) (err error) {
	r.mu.Lock()
	closed := r.closed
	r.closed = true
	r.mu.Unlock()
	if closed {
		return nil
	}
	if r.socket != nil {
		err = r.socket.Close(ctx)
	}
	r.stop()
	r.running.Wait()
	r.roster.close()
	r.nodes.close()
	if r.contexts != nil {
		r.contexts.Close()
	}
	r.methods.close()
	return err
}

// all returns the connections that have said who they are.
func (r *Relay) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*session, 0, len(r.sessions))
	for _, s := range r.sessions {
		list = append(list, s)
	}
	return list
}

// Block replaces the origins that may not connect. Those of them that are connected are ended.
func (r *Relay) Block(patterns origin.Patterns) {
	r.mu.Lock()
	r.blocked = patterns
	r.mu.Unlock()
	for _, s := range r.all() {
		if r.isBlocked(s.origin) {
			s.refuse(protocol.NewFault(protocol.OriginBlocked, "pages of this origin may no longer connect"))
		}
	}
}

// End ends all connections of this broker for one reason, such as a license that was revoked. Who may connect anew is for Admit
// to say.
func (r *Relay) End(why *protocol.Fault) {
	for _, s := range r.all() {
		s.refuse(why)
	}
}

// isBlocked reports whether pages of the origin may not connect. What is no page has none.
func (r *Relay) isBlocked(o string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return o != "" && r.blocked.Blocks(o)
}

// Revoke ends all connections of a user, at every broker: his session is over. An error says that other brokers could not
// be told.
func (r *Relay) Revoke(tenant, user string) error {
	r.revoke(tenant, user)
	return r.nodes.tellRevoked(tenant, user)
}

func (r *Relay) revoke(tenant, user string) {
	for _, s := range r.all() {
		if who := s.identity(); who.Tenant == tenant && who.User.ID == user {
			s.refuse(protocol.NewFault(protocol.SessionRevoked, "the user's session has ended"))
		}
	}
}

// lost ends all connections: the store is another one, so that hubs must learn its epoch.
func (r *Relay) lost() {
	for _, s := range r.all() {
		s.conn.Close(stream.CloseRestart, "the store is another one")
	}
}

// open takes a WebSocket. It has some time to say who it is.
func (r *Relay) open(c *ws.Conn, request *http.Request) (ws.Receiver, error) {
	s := &session{relay: r, conn: c, origin: request.Header.Get("Origin"), met: make(map[uint32]struct{})}
	if r.isBlocked(s.origin) {
		r.options.Audit.Note(audit.Event{Code: protocol.OriginBlocked, Origin: s.origin})
		return nil, stream.NewClosed(stream.CloseOrigin, "pages of this origin may not connect")
	}
	s.timer = time.AfterFunc(r.options.HelloTimeout, s.late)
	return s, nil
}

var errStopping = errors.New("the broker stops")

// enter makes a connection the one of its hub. It returns the one that it replaces.
func (r *Relay) enter(s *session) (before *session, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errStopping
	}
	before = r.sessions[s.key]
	r.sessions[s.key] = s
	return before, nil
}

// leave reports whether the connection was still the one of its hub.
func (r *Relay) leave(s *session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions[s.key] != s {
		return false
	}
	delete(r.sessions, s.key)
	return true
}

// at returns the connection of a hub at this broker; nil where there is none.
func (r *Relay) at(key hubKey) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[key]
}
