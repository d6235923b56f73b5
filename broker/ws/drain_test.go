package ws

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// TestDrainSpreads: connections end one after the other; those that have not ended are served, and no new ones are taken.
func TestDrainSpreads(t *testing.T) {
	const n = 40
	r := start(t, Options{})
	var clients []*raw
	for range n {
		clients = append(clients, r.dial(t))
		<-r.opened
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var times []time.Time
	for _, c := range clients {
		all.Go(func() {
			if code := c.ending(); code != stream.CloseRestart {
				t.Errorf("closed with %d", code)
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
		})
	}
	r.Drain(context.Background(), time.Minute)
	all.Wait()
	// 40 connections at 200 a second take 200 ms; a slow machine makes it longer, never shorter.
	slices.SortFunc(times, time.Time.Compare)
	if spread := times[n-1].Sub(times[0]); spread < 100*time.Millisecond {
		t.Errorf("all of them within %s", spread)
	}
	if _, response := r.ask(t, "/", "Origin: "+page); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("afterwards: %s", response.Status)
	}
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestDrainServesMeanwhile: those that are not at the end yet are served as before.
func TestDrainServesMeanwhile(t *testing.T) {
	const n = 150
	r := start(t, Options{})
	for range n {
		r.dial(t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.Drain(ctx, time.Minute)
	served := 0
	for range n {
		if c := <-r.opened; c.Send(protocol.Envelope{Op: 2}) == nil {
			served++
		}
	}
	if served == 0 || served == n {
		t.Errorf("%d of %d are served", served, n)
	}
}

func TestDrainPace(t *testing.T) {
	if few, many := drainTime(2, 10*time.Second), drainTime(10_000, 10*time.Second); few != 10*time.Millisecond || many != 10*time.Second {
		t.Errorf("2 take %s, 10,000 take %s", few, many)
	}
	for _, test := range []struct {
		n             int
		elapsed, over time.Duration
		due           int
	}{
		{10_000, 0, 10 * time.Second, 1}, {10_000, time.Second, 10 * time.Second, 1001}, {10_000, 10 * time.Second, 10 * time.Second, 10_000},
		{10_000, time.Hour, 10 * time.Second, 10_000}, {3, 0, 0, 3}, {0, 0, 0, 0}, {1, 0, 5 * time.Millisecond, 1},
	} {
		if due := drainDue(test.n, test.elapsed, test.over); due != test.due {
			t.Errorf("%d after %s of %s: %d, want %d", test.n, test.elapsed, test.over, due, test.due)
		}
	}
}
