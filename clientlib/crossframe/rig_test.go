package crossframe

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// broker is a real one on the loopback, at an address that stays the same when it is stopped and started again.
type broker struct {
	t       *testing.T
	address string
	dir     string
	store   *store.Store
	relay   *relay.Relay
	server  *http.Server
}

// startBroker starts a broker with the users anna and ben of one tenant, and olga of another.
func startBroker(t *testing.T) *broker {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, address: listener.Addr().String(), dir: filepath.Join(t.TempDir(), "store")}
	b.start(listener)
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start(listener net.Listener) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	who, err := identity.New(&identity.Settings{Development: identity.Development{Users: []identity.DevelopmentUser{
		{ID: "anna", Tenant: "acme", Groups: []string{"claims"}}, {ID: "ben", Tenant: "acme"}, {ID: "olga", Tenant: "other"},
	}}})
	if err != nil {
		b.t.Fatal(err)
	}
	if b.store, err = store.Open(ctx, store.Options{Dir: b.dir, Log: slog.New(slog.DiscardHandler)}); err != nil {
		b.t.Fatal(err)
	}
	b.relay, err = relay.New(ctx, relay.Options{
		Store: b.store, Authenticator: passing{who}, Socket: ws.Options{DangerouslyAllowMissingOrigin: true}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.server = &http.Server{Handler: b.relay, ReadHeaderTimeout: patience}
	go func(server *http.Server) { _ = server.Serve(listener) }(b.server)
}

// passing has credentials that end: "dev:anna until" and a time.
type passing struct{ *identity.Checker }

// Authenticate implements identity.Authenticator.
func (p passing) Authenticate(ctx context.Context, credential string) (identity.Identity, error) {
	name, until, ends := strings.Cut(credential, " until ")
	id, err := p.Checker.Authenticate(ctx, name)
	if err == nil && ends {
		id.Expires, err = time.Parse(time.RFC3339Nano, until)
	}
	return id, err
}

func (b *broker) stop() {
	if b.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = b.server.Close()
	_ = b.relay.Close(ctx)
	_ = b.store.Close()
	b.server = nil
}

// again starts the broker anew at the same address.
func (b *broker) again() {
	b.t.Helper()
	for {
		listener, err := net.Listen("tcp", b.address)
		if err == nil {
			b.start(listener)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// connect connects a program of a user.
func (b *broker) connect(user, app string) *Client {
	b.t.Helper()
	client, err := Connect(b.ctx(), Options{URL: "ws://" + b.address + "/link", Token: StaticToken("dev:" + user), App: app})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(client.Close)
	return client
}

func (b *broker) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	b.t.Cleanup(cancel)
	return ctx
}

func wantCode(t *testing.T, err error, code protocol.Code) {
	t.Helper()
	fault := (*protocol.Fault)(nil)
	if !errors.As(err, &fault) || fault.Code != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

// take returns what comes next on a channel.
func take[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
