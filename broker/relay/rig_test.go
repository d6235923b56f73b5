package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/store/storetest"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/link"
)

const page = "https://desk.test"

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

var quiet = slog.New(slog.DiscardHandler)

// people are development users, but for those whose token ends.
type people struct {
	*identity.Checker
	mu      sync.Mutex
	changed map[string]identity.Identity
	// slow is how long it takes to check a credential.
	slow time.Duration
}

// Authenticate implements identity.Authenticator. A token "NAME until TIME" is NAME's until then.
func (p *people) Authenticate(ctx context.Context, token string) (identity.Identity, error) {
	time.Sleep(p.slow)
	name, until, ends := strings.Cut(token, " until ")
	id, err := p.Checker.Authenticate(ctx, identity.Credential(name))
	if err == nil && ends {
		id.Expires, err = time.Parse(time.RFC3339Nano, until)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other, ok := p.changed[name]; ok {
		other.Expires = id.Expires
		id = other
	}
	return id, err
}

func newPeople(t testing.TB) *people {
	t.Helper()
	checker, err := identity.New(&identity.Settings{Development: identity.Development{Users: []identity.DevelopmentUser{
		{ID: "anna", Tenant: "acme", Groups: []string{"desk"}},
		{ID: "ben", Tenant: "acme", Groups: []string{"desk"}},
		{ID: "carl", Tenant: "acme"},
		{ID: "mal", Tenant: "evil", Groups: []string{"desk"}, Roles: []string{"publisher"}},
		{ID: "root", Tenant: "acme", Roles: []string{"admin"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(checker.Close)
	return &people{Checker: checker, changed: map[string]identity.Identity{}}
}

// broker is a relay that listens on loopback.
type broker struct {
	*Relay
	t      testing.TB
	url    string
	people *people
}

// start starts a broker on a store.
func start(t testing.TB, s *store.Store, o Options) *broker {
	t.Helper()
	patterns, _, err := origin.NewPatterns(origin.ExactList, []string{page})
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, people: newPeople(t)}
	o.Store, o.Authenticator, o.Log = s, b.people, quiet
	o.Socket.Origins, o.Socket.DangerouslyAllowMissingOrigin = &patterns, true
	if b.Relay, err = New(within(t), o); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: b.Relay, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		b.stop()
		_ = server.Close()
	})
	b.url = "ws://" + listener.Addr().String() + "/"
	return b
}

func (b *broker) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = b.Close(ctx)
}

// single is a broker with an engine of its own.
func single(t testing.TB, o Options) *broker {
	t.Helper()
	o.Contexts.Alone = true
	return start(t, openStore(t, store.Options{}), o)
}

func openStore(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.Log = quiet
	s, err := store.Open(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// pair are two brokers of one cluster, which know each other.
func pair(t testing.TB, o Options) (a, b *broker, cluster *storetest.Cluster) {
	t.Helper()
	cluster = storetest.Start(t, storetest.Options{Quick: true})
	a = start(t, openStore(t, store.Options{URLs: cluster.URLs()}), o)
	b = start(t, openStore(t, store.Options{URLs: cluster.URLs()}), o)
	until(t, "the brokers know each other", func() bool { return a.Snapshot().Nodes == 1 && b.Snapshot().Nodes == 1 })
	return a, b, cluster
}

// until waits for what other goroutines make true.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: still not so", what)
		}
	}
}

// program connects a Go client.
func (b *broker) program(user, app string) *crossframe.Client {
	b.t.Helper()
	c, err := crossframe.Connect(within(b.t), crossframe.Options{URL: b.url, Token: crossframe.StaticToken(user), App: app})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(c.Close)
	return c
}

// wire is a connection at the level of messages.
type wire struct {
	t    testing.TB
	link *link.Link
	ack  protocol.Ack

	mu       sync.Mutex
	change   sync.Cond
	got      []protocol.Envelope
	ended    *stream.Closed
	finished chan struct{}
	lastID   uint64
}

// dial connects, with an Origin header or without one.
func (b *broker) dial(from string) *wire {
	b.t.Helper()
	w := &wire{t: b.t, finished: make(chan struct{})}
	w.change.L = &w.mu
	o := link.Options{}
	if from != "" {
		o.Header = map[string][]string{"Origin": {from}}
	}
	var err error
	if w.link, err = link.Dial(within(b.t), b.url, o); err != nil {
		b.t.Fatal(err)
	}
	go func() {
		defer close(w.finished)
		err := w.link.Run(context.Background(), func(messages []protocol.Envelope) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.got = append(w.got, messages...)
			w.change.Broadcast()
		})
		w.mu.Lock()
		defer w.mu.Unlock()
		_ = errors.As(err, &w.ended)
		w.change.Broadcast()
	}()
	b.t.Cleanup(func() {
		w.link.Close(stream.CloseNormal, "")
		<-w.finished
	})
	return w
}

// hubSecret is the secret of every hub in the tests that says no other.
const hubSecret = "0123456789abcdef"

// hello returns the head of a hello.
func hello(kind, token, hub string) *protocol.Hello {
	return &protocol.Hello{Versions: protocol.Versions(), Kind: kind, Token: token, Hub: hub, Secret: hubSecret}
}

// hub connects a hub with peers, which are numbered from 1.
func (b *broker) hub(user, id string, peers ...string) *wire {
	b.t.Helper()
	w := b.dial(page)
	w.greet(hello(protocol.KindHub, user, id))
	for i, name := range peers {
		info := protocol.PeerInfo{Instance: name, App: name, Tenant: "claimed", UserID: "claimed", Hub: "claimed"}
		w.send(protocol.Envelope{Op: protocol.OpPeer, Peer: uint32(i + 1), Head: info.AppendJSON(nil)})
	}
	return w
}

func (w *wire) greet(h *protocol.Hello) {
	w.t.Helper()
	m := w.answer(w.ask(protocol.Envelope{Op: protocol.OpHello, Head: h.AppendJSON(nil)}))
	if m.Op != protocol.OpAck {
		w.t.Fatalf("hello: %d %s", m.Op, m.Head)
	}
	if err := w.ack.DecodeJSON(m.Head); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) send(e protocol.Envelope) {
	if err := w.link.Send(e); err != nil && !errors.As(err, new(*stream.Closed)) {
		w.t.Fatal(err)
	}
}

// ask sends a request under the next id, which it returns.
func (w *wire) ask(e protocol.Envelope) uint64 {
	w.lastID++
	e.ID = w.lastID
	w.send(e)
	return e.ID
}

// await returns the next message that satisfies f, wherever it is among those that were not returned.
func (w *wire) await(what string, f func(*protocol.Envelope) bool) protocol.Envelope {
	w.t.Helper()
	timer := time.AfterFunc(patience, w.change.Broadcast)
	defer timer.Stop()
	deadline := time.Now().Add(patience - time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for i := range w.got {
			if m := w.got[i]; m.Op != 0 && f(&m) {
				w.got[i].Op = 0
				return m
			}
		}
		if w.ended != nil || time.Now().After(deadline) {
			w.t.Fatalf("%s never came; ended: %v; got %v", what, w.ended, describe(w.got))
		}
		w.change.Wait()
	}
}

func describe(messages []protocol.Envelope) (text string) {
	for _, m := range messages {
		if m.Op != 0 {
			text += fmt.Sprintf("\n\top %d id %d ref %d peer %d %s %s", m.Op, m.ID, m.Ref, m.Peer, m.Head, m.Body.Bytes())
		}
	}
	return text
}

func (w *wire) answer(id uint64) protocol.Envelope {
	w.t.Helper()
	return w.await(fmt.Sprint("the answer to ", id), func(m *protocol.Envelope) bool {
		return m.ID == id && m.Op != protocol.OpContextEvent && m.Op != protocol.OpCall || m.Op == protocol.OpRefused
	})
}

func (w *wire) next(op protocol.Op) protocol.Envelope {
	w.t.Helper()
	return w.await(fmt.Sprint("a message ", op), func(m *protocol.Envelope) bool { return m.Op == op })
}

// end waits for the end of the connection.
func (w *wire) end() (code stream.Code, refusal protocol.Code) {
	w.t.Helper()
	select {
	case <-w.finished:
	case <-time.After(patience):
		w.t.Fatal("the connection does not end")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.got {
		if m.Op == protocol.OpRefused {
			refusal = codeOf(&m)
		}
	}
	return w.ended.Code, refusal
}

func codeOf(m *protocol.Envelope) protocol.Code {
	var f protocol.Fault
	_ = f.DecodeJSON(m.Head)
	return f.Code
}

// register offers a method of a hub's peer.
func (w *wire) register(peer uint32, name, head string) uint64 {
	w.t.Helper()
	id := w.ask(protocol.Envelope{Op: protocol.OpRegister, Peer: peer, Name: name, Head: []byte(head)})
	if m := w.answer(id); m.Op != protocol.OpReply {
		w.t.Fatalf("register %s: %s", name, m.Head)
	}
	return id
}
