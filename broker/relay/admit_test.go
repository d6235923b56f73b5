package relay_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/seats"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// TestSeatsOfConnections: a connection has its user's seat until it closes; the one that finds no seat is told so, and a license
// that is revoked ends those that are there.
func TestSeatsOfConnections(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	quiet := slog.New(slog.DiscardHandler)
	engine, err := store.Open(ctx, store.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	who, err := identity.New(&identity.Settings{Development: identity.Development{Users: []identity.DevelopmentUser{{ID: "ada"}, {ID: "bob"}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer who.Close()
	places := licensing.NewSeats(limited(t, 1), seats.New(engine))
	var telling sync.WaitGroup
	running, stop := context.WithCancel(ctx)
	telling.Go(func() { places.Run(running) })
	defer telling.Wait()
	defer stop()
	r, err := relay.New(ctx, relay.Options{Store: engine, Authenticator: who, Log: quiet, Socket: ws.Options{DangerouslyAllowMissingOrigin: true}, Admit: func(ctx context.Context, p relay.Presence) (func(), *protocol.Fault) {
		release, err := places.Take(ctx, p.Tenant, p.User)
		var fault *protocol.Fault
		if err != nil && !errors.As(err, &fault) {
			fault = protocol.NewFault(protocol.HubNotReady, err.Error())
		}
		return release, fault
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close(ctx) }()
	server := httptest.NewServer(r)
	defer server.Close()
	connect := func(user string, state func(error)) (*crossframe.Client, error) {
		return crossframe.Connect(ctx, crossframe.Options{
			URL: "ws" + strings.TrimPrefix(server.URL, "http"), Token: crossframe.StaticToken(identity.Credential(user)), OnState: state,
		})
	}
	var ofAda [2]*crossframe.Client // One user with two connections has one seat.
	for i := range ofAda {
		if ofAda[i], err = connect("ada", nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, ada := range ofAda {
		if _, err := connect("bob", nil); !is(err, protocol.LicenseLimit) {
			t.Fatalf("a second user: %v", err)
		}
		ada.Close()
	}
	revoked := make(chan struct{}, 1)
	state := func(err error) {
		if is(err, protocol.LicenseRevoked) {
			revoked <- struct{}{}
		}
	}
	bob, err := connect("bob", state)
	for is(err, protocol.LicenseLimit) && ctx.Err() == nil { // The broker has not seen ada leave.
		bob, err = connect("bob", state)
	}
	if err != nil {
		t.Fatalf("the seat is not given back: %v", err)
	}
	defer bob.Close()
	r.End(protocol.NewFault(protocol.LicenseRevoked, "the license was revoked"))
	select {
	case <-revoked:
	case <-ctx.Done():
		t.Fatal("the connection goes on")
	}
}

func is(err error, code protocol.Code) bool {
	var fault *protocol.Fault
	return errors.As(err, &fault) && fault.Code == code
}

// limited checks a license for so many users.
func limited(t *testing.T, users int64) *licensing.Checker {
	t.Helper()
	key, err := sealed.NewSigningKey("a")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	const page = "https://desk.example.com"
	text, err := sealed.Issue(license.License{
		Subject: "x", ID: "x", IssuedAt: now, Expires: now + 1e6, Origins: []string{page}, Limits: map[string]int64{license.LimitUsers: users},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := licensing.NewChecker(licensing.Options{Key: text, Keys: []protocol.TrustedKey{key.Trusted()}, Origins: []string{page}})
	if err != nil {
		t.Fatal(err)
	}
	return checker
}
