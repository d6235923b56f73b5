package licensing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// board is what brokers tell each other, in memory: a broker's own entries end when it does not repeat them.
type board struct {
	mu      sync.Mutex
	broken  error
	last    uint64
	asked   int
	entries map[string]entry
}

type entry struct {
	Seat
	until time.Time
}

// view is the board as one broker sees it.
type boardView struct {
	*board
	broker string
}

func newBoard() *board { return &board{entries: make(map[string]entry)} }

func (v boardView) key(s Seat) string { return v.broker + "|" + s.Tenant + "|" + s.User }

func (v boardView) Hold(_ context.Context, s Seat) (uint64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.Order == 0 {
		v.last++
		s.Order = v.last
	}
	v.entries[v.key(s)] = entry{s, time.Now().Add(3 * HoldEvery)}
	return s.Order, v.broken
}

func (v boardView) Drop(_ context.Context, s Seat) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.entries, v.key(s))
	return v.broken
}

func (v boardView) Seats(_ context.Context, tenant string) (list []Seat, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	for _, e := range v.entries {
		if e.Tenant == tenant && time.Now().Before(e.until) {
			list = append(list, e.Seat)
		}
	}
	return list, v.broken
}

func wantCode(t *testing.T, err error, code protocol.Code) {
	t.Helper()
	var fault *protocol.Fault
	if errors.As(err, &fault); codeOf(fault) != code {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func TestSeats(t *testing.T) {
	b := newBench(t, "--limit=users=2")
	c := b.checker()
	s := NewSeats(c, nil)
	take := func(tenant, user string, code protocol.Code) func() {
		t.Helper()
		release, err := s.Take(t.Context(), tenant, user)
		wantCode(t, err, code)
		return release
	}
	ada, again := take("acme", "ada", ""), take("acme", "ada", "")
	take("acme", "bob", "")
	take("acme", "eve", protocol.LicenseLimit)
	take("acme", "bob", "") // Who is there may connect once more.
	take("other", "eve", "")
	ada()
	ada() // Once is enough.
	take("acme", "eve", protocol.LicenseLimit)
	again()
	eve := take("acme", "eve", "")
	take("acme", "ada", protocol.LicenseLimit)
	eve()
	take("acme", "ada", "")()
	// What ends the license ends no seat, and gives none.
	b.days(200)
	c.Check()
	take("acme", "bob", protocol.LicenseExpired)
	b.write("key.txt", b.issue("--origin", pageOrigin))
	c.Check()
	for i := range 100 {
		take("acme", fmt.Sprint(i), "") // No limit.
	}
}

func TestSeatsNeedTheFeature(t *testing.T) {
	b := newBench(t, "--feature=layouts")
	_, err := NewSeats(b.checker(), nil).Take(t.Context(), "acme", "ada")
	wantCode(t, err, protocol.LicenseLimit)
	b = newBench(t, "--feature=layouts", "--feature=broker")
	_, err = NewSeats(b.checker(), nil).Take(t.Context(), "acme", "ada")
	wantCode(t, err, "")
	b.options.Origins = []string{"http://localhost:8080"}
	b.options.KeyFile = ""
	_, err = NewSeats(b.checker(), nil).Take(t.Context(), "acme", "ada")
	wantCode(t, err, "")
}

// TestSeatsOfSeveralBrokers: the limit is that of all of them, a user counts once, and a broker that died gives its seats back.
func TestSeatsOfSeveralBrokers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "--limit=users=2")
		b.bubble()
		all := newBoard()
		one, two := NewSeats(b.checker(), boardView{all, "one"}), NewSeats(b.checker(), boardView{all, "two"})
		ctx, stop := context.WithCancel(t.Context())
		dying, die := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { one.Run(dying) })
		running.Go(func() { two.Run(ctx) })
		take := func(s *Seats, user string, code protocol.Code) func() {
			t.Helper()
			time.Sleep(time.Millisecond)
			release, err := s.Take(ctx, "acme", user)
			wantCode(t, err, code)
			return release
		}
		take(one, "ada", "")
		bob := take(two, "bob", "")
		take(one, "eve", protocol.LicenseLimit)
		take(two, "eve", protocol.LicenseLimit)
		take(two, "ada", "")()
		time.Sleep(10 * HoldEvery) // They go on telling.
		take(two, "eve", protocol.LicenseLimit)
		bob()
		synctest.Wait()
		eve := take(one, "eve", "")
		take(two, "bob", protocol.LicenseLimit)
		eve()
		synctest.Wait()
		die()
		take(two, "bob", "")
		take(two, "eve", protocol.LicenseLimit)
		time.Sleep(3*HoldEvery + 1)
		take(two, "eve", "") // Nobody has heard of ada for long.
		all.mu.Lock()
		all.broken = errors.New("no connection")
		all.mu.Unlock()
		take(two, "ada", protocol.LicenseLimit) // Its own seats a broker counts always.
		take(one, "joe", "")                    // Those of others where it can.
		stop()
		running.Wait()
	})
}

// TestLastSeatIsGivenOnce: of many users who come at once at two brokers, as many get in as there are seats.
func TestLastSeatIsGivenOnce(t *testing.T) {
	b := newBench(t, "--limit=users=3")
	all := newBoard()
	brokers := []*Seats{NewSeats(b.checker(), boardView{all, "one"}), NewSeats(b.checker(), boardView{all, "two"})}
	var mu sync.Mutex
	in := map[string]bool{}
	var coming sync.WaitGroup
	for i := range 40 {
		coming.Go(func() {
			user := fmt.Sprint("u", i%20) // Each one twice, at one broker or at both.
			if _, err := brokers[i/7%2].Take(context.Background(), "acme", user); err == nil {
				mu.Lock()
				in[user] = true
				mu.Unlock()
			}
		})
	}
	coming.Wait()
	if len(in) == 0 || len(in) > 3 {
		t.Errorf("%d users are in: %v", len(in), in)
	}
}

// TestManyUsersAskRarely: far below the limit most users come in without a question, and near it none does.
func TestManyUsersAskRarely(t *testing.T) {
	b := newBench(t, "--limit=users=1000")
	all := newBoard()
	c := b.checker()
	brokers := []*Seats{NewSeats(c, boardView{all, "one"}), NewSeats(c, boardView{all, "two"}), NewSeats(c, boardView{all, "three"})}
	in := 0
	for i := range 1100 {
		if _, err := brokers[i%3].Take(t.Context(), "acme", fmt.Sprint(i)); err == nil {
			in++
		}
		if i == 700 && all.asked > 150 {
			t.Errorf("700 users took %d questions", all.asked)
		}
	}
	if in != 1000 {
		t.Errorf("%d users are in", in)
	}
}
