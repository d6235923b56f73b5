package store

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// quiet is a log for tests that provoke what would be logged.
var quietLog = slog.New(slog.DiscardHandler)

// within bounds what a test waits for; nothing depends on how long it takes.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// open opens a store that ends with the test.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Log == nil {
		o.Log = quietLog
	}
	s, err := Open(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// privateDir returns a new directory that only this user reads.
func privateDir(t testing.TB) string {
	return t.TempDir() + "/store"
}

// must returns the value of a call that may not fail.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// diary is what a follower was told.
type diary struct {
	mu     sync.Mutex
	change sync.Cond
	events []Event
	now    map[Key]string
	synced int
	wrong  []string
	last   map[Key]uint64
}

func newDiary() *diary {
	d := &diary{now: make(map[Key]string), last: make(map[Key]uint64)}
	d.change.L = &d.mu
	return d
}

func (d *diary) tell(e Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.change.Broadcast()
	if e.Synced {
		d.synced++
		return
	}
	d.events = append(d.events, e)
	if e.Deleted {
		if _, ok := d.now[e.Key]; !ok {
			d.wrong = append(d.wrong, "deletion of what was not told: "+e.Key.String())
		}
		delete(d.now, e.Key)
	} else {
		if e.Sequence <= d.last[e.Key] {
			d.wrong = append(d.wrong, "told twice or backwards: "+e.Key.String())
		}
		d.now[e.Key] = string(e.Value)
	}
	d.last[e.Key] = e.Sequence
}

// await waits until what was told satisfies f.
func (d *diary) await(t testing.TB, what string, f func(now map[Key]string) bool) {
	t.Helper()
	pulse := time.NewTicker(100 * time.Millisecond)
	defer pulse.Stop()
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case <-pulse.C:
				d.change.Broadcast()
			case <-over:
				return
			}
		}
	}()
	deadline := time.Now().Add(59 * time.Second)
	d.mu.Lock()
	defer d.mu.Unlock()
	for !f(d.now) {
		if time.Now().After(deadline) {
			t.Fatalf("a follower was never told of %s: %v", what, d.now)
		}
		d.change.Wait()
	}
	for _, w := range d.wrong {
		t.Error(w)
	}
}

// streamPurger empties the log's stream, as nobody may.
type streamPurger struct{ stream jetstream.Stream }

func (p streamPurger) Purge(ctx context.Context) error { return p.stream.Purge(ctx) }

func purger(ctx context.Context, s *Store) (interface{ Purge(context.Context) error }, error) {
	stream, err := s.js.Stream(ctx, auditStream)
	return streamPurger{stream}, err
}
