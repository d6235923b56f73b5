package seats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

func open(t *testing.T) (*store.Store, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	s, err := store.Open(ctx, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, ctx
}

// as is the presence of another broker at the same store.
func as(p *Presence, node string) *Presence {
	return &Presence{bucket: p.bucket, node: node, held: make(map[store.Key]uint64)}
}

// TestOrder: who came first stays first, however often each one says that he is there.
func TestOrder(t *testing.T) {
	s, ctx := open(t)
	one := New(s)
	two := as(one, "two")
	hold := func(p *Presence, user string, order uint64) uint64 {
		t.Helper()
		order, err := p.Hold(ctx, licensing.Seat{Tenant: "acme", User: user, Order: order})
		if err != nil || order == 0 {
			t.Fatal(order, err)
		}
		return order
	}
	ada, bob := hold(one, "ada", 0), hold(two, "bob.>*", 0)
	if again := hold(one, "ada", ada); again != ada || bob <= ada {
		t.Errorf("ada %d, then %d; bob %d", ada, again, bob)
	}
	// An order of another life, or of another broker, is none.
	if order := hold(two, "ada", ada); order <= bob {
		t.Errorf("%d is believed", order)
	}
	if _, err := one.Hold(ctx, licensing.Seat{Tenant: "other", User: "eve"}); err != nil {
		t.Fatal(err)
	}
	list, err := one.Seats(ctx, "acme")
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	for _, seat := range list {
		if seat.Tenant != "acme" || seat.User == "bob.>*" && seat.Order != bob || seat.User == "ada" && seat.Order == bob {
			t.Errorf("%+v", seat)
		}
	}
	if err := two.Drop(ctx, licensing.Seat{Tenant: "acme", User: "bob.>*"}); err != nil {
		t.Fatal(err)
	}
	if err := two.Drop(ctx, licensing.Seat{Tenant: "acme", User: "nobody"}); err != nil {
		t.Fatal(err)
	}
	if list, err := two.Seats(ctx, "acme"); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestEpoch: after the bucket was made anew, orders of before are given anew.
func TestEpoch(t *testing.T) {
	s, ctx := open(t)
	p := New(s)
	order, err := p.Hold(ctx, licensing.Seat{Tenant: "acme", User: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	p.epoch = "another"
	if again, err := p.Hold(ctx, licensing.Seat{Tenant: "acme", User: "ada", Order: order}); err != nil || again <= order {
		t.Errorf("%d after %d, %v", again, order, err)
	}
}

// TestLimitOverBrokers: of many users who come at once to two brokers of one real store, as many get in as there are seats.
func TestLimitOverBrokers(t *testing.T) {
	s, ctx := open(t)
	key, err := sealed.NewSigningKey("a")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	text, err := sealed.Issue(license.License{
		Subject: "x", ID: "x", IssuedAt: now, Expires: now + 1e6, Origins: []string{"https://desk.example.com"}, Limits: map[string]int64{license.LimitUsers: 4},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := licensing.NewChecker(licensing.Options{Key: text, Keys: []protocol.TrustedKey{key.Trusted()}, Origins: []string{"https://desk.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	one := New(s)
	brokers := []*licensing.Seats{licensing.NewSeats(checker, one), licensing.NewSeats(checker, as(one, "two"))}
	running, stop := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	for _, b := range brokers {
		tasks.Go(func() { b.Run(running) })
	}
	var mu sync.Mutex
	in := make(map[string][]func())
	var coming sync.WaitGroup
	for i := range 60 {
		coming.Go(func() {
			user := fmt.Sprint("u", i%30)
			release, err := brokers[i/13%2].Take(ctx, "acme", user)
			var fault *protocol.Fault
			if err != nil && (!errors.As(err, &fault) || fault.Code != protocol.LicenseLimit) {
				t.Errorf("%s: %v", user, err)
			}
			if err == nil {
				mu.Lock()
				in[user] = append(in[user], release)
				mu.Unlock()
			}
		})
	}
	coming.Wait()
	if len(in) == 0 || len(in) > 4 {
		t.Errorf("%d users are in", len(in))
	}
	// The others get in when these have gone; that they have is told at once.
	for _, releases := range in {
		for _, release := range releases {
			release()
		}
	}
	for {
		release, err := brokers[0].Take(ctx, "acme", "late")
		if err == nil {
			release()
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	stop()
	tasks.Wait()
}
