//go:build !js

package link_test

import (
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
	"github.com/crossframe/crossframe/wasm/link"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// users names who the tokens of the tests stand for.
type users map[string]identity.Identity

// Authenticate implements identity.Authenticator.
func (u users) Authenticate(_ context.Context, credential string) (identity.Identity, error) {
	who, known := u[credential]
	if !known {
		return who, &identity.Error{Code: protocol.Unauthenticated, Reason: "nobody"}
	}
	return who, nil
}

var everybody = users{
	"ada":  {Tenant: "acme", User: protocol.User{ID: "ada"}, Groups: []string{"sales"}, Roles: []string{"publisher"}},
	"bob":  {Tenant: "acme", User: protocol.User{ID: "bob"}},
	"carl": {Tenant: "other", User: protocol.User{ID: "carl"}, Groups: []string{"sales"}},
}

// rig is a broker that listens, and can cut its connections.
type rig struct {
	t       *testing.T
	address string

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newRig(t *testing.T) *rig {
	quiet := slog.New(slog.DiscardHandler)
	kept, err := store.Open(t.Context(), store.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	broker, err := relay.New(t.Context(), relay.Options{Store: kept, Authenticator: everybody, Log: quiet, Socket: ws.Options{DangerouslyAllowMissingOrigin: true}})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, conns: make(map[net.Conn]struct{})}
	server := httptest.NewUnstartedServer(broker)
	server.Listener = &listener{server.Listener, r}
	server.Start()
	t.Cleanup(func() {
		if err := broker.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	r.address = "ws" + strings.TrimPrefix(server.URL, "http") + "/"
	return r
}

// listener remembers the connections that it accepts.
type listener struct {
	net.Listener
	rig *rig
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.rig.mu.Lock()
		l.rig.conns[c] = struct{}{}
		l.rig.mu.Unlock()
	}
	return c, err
}

// cut cuts all connections, as a network does.
func (r *rig) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = c.Close()
	}
	clear(r.conns)
}

// page is a hub with its link, as the Worker drives it.
type page struct {
	*hubtest.Desk
	driver *link.Driver
	wake   chan struct{}
	start  time.Time
	main   *hubtest.Client
	// apps are connected, by the name of their definition.
	apps map[string]*hubtest.Client
}

// open opens a page of a user's, with two apps.
func (r *rig) open(user, hub string) *page {
	r.t.Helper()
	p := &page{wake: make(chan struct{}, 1), start: time.Now(), apps: make(map[string]*hubtest.Client)}
	p.driver = link.NewDriver(link.Options{}, func() {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	})
	r.t.Cleanup(func() { p.driver.Close(stream.CloseNormal, "") })
	p.Desk = hubtest.New(r.t, hubtest.Options{Link: p.driver, Boot: protocol.Boot{
		Hub: hub, Link: &protocol.LinkConfig{URL: r.address}, Apps: []protocol.Definition{
			{Name: "crm", URL: "https://crm.example", Sharing: []protocol.SharingRule{{Scope: "user", Methods: []string{"mine.*"}}}},
			{Name: "chart", URL: "https://chart.example"},
		},
	}})
	p.main = p.Main()
	p.apps["crm"], p.apps["chart"] = p.Connect(p.main, "crm", "https://crm.example"), p.Connect(p.main, "chart", "https://chart.example")
	p.token(user)
	p.until(r.t, "connected", func() bool { return p.state().State == protocol.LinkConnected })
	return p
}

func (p *page) token(user string) {
	head := protocol.Token{Token: user}
	p.ToHub(protocol.Envelope{Op: protocol.OpPageToken, Head: head.AppendJSON(nil)})
}

// state returns how the hub says that it stands with the broker.
func (p *page) state() (s protocol.LinkState) {
	for i := len(p.PageLog) - 1; i >= 0; i-- {
		if e := p.PageLog[i]; e.Op == protocol.OpPageLink {
			if err := s.DecodeJSON(e.Head); err != nil {
				p.T.Fatal(err)
			}
			return s
		}
	}
	return s
}

// turn takes what has happened, and lets the time pass that has passed.
func (p *page) turn() {
	h := p.Linked()
	p.Pass(max(time.Since(p.start).Milliseconds()+1000-p.Now, 0))
	p.driver.Take(func(e link.Event) {
		switch {
		case e.Opened:
			h.LinkOpened(p.Now)
		case e.Closed != nil:
			h.LinkClosed(p.Now, e.Closed)
		default:
			h.LinkReceived(p.Now, e.Messages)
		}
	})
}

// until runs the page until something is so.
func (p *page) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	end := time.After(patience)
	for p.turn(); !so(); p.turn() {
		select {
		case <-p.wake:
		case <-time.After(10 * time.Millisecond):
		case <-end:
			t.Fatalf("%s: not within %s; the link is %+v", what, patience, p.state())
		}
	}
}

func together(pages ...*page) func(t *testing.T, what string, so func() bool) {
	return func(t *testing.T, what string, so func() bool) {
		t.Helper()
		pages[0].until(t, what, func() bool {
			for _, p := range pages[1:] {
				p.turn()
			}
			return so()
		})
	}
}

func named(op protocol.Op, name, head string) protocol.Envelope {
	return protocol.Envelope{Op: op, Name: name, Head: []byte(head)}
}

func register(t *testing.T, c *hubtest.Client, name, head string) {
	t.Helper()
	if answer := c.Ask(named(protocol.OpRegister, name, head)); answer.Op != protocol.OpReply {
		t.Fatalf("register %s: %s", name, answer.Head)
	}
}

// sees reports whether an app can discover a method, and returns who offers it.
func sees(c *hubtest.Client, name string) (who protocol.PeerInfo, ok bool) {
	var list protocol.MethodList
	if err := list.DecodeJSON(c.Ask(named(protocol.OpDiscover, "", `{"name":"`+name+`"}`)).Head); err != nil || len(list.Methods) == 0 {
		return who, false
	}
	return list.Methods[0].Peer, true
}

func last(c *hubtest.Client, op protocol.Op, id uint64) (e protocol.Envelope, ok bool) {
	for _, e := range c.All(op) {
		if id == 0 || e.ID == id {
			return e, true
		}
	}
	return e, false
}
