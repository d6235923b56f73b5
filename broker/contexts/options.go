package contexts

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/tracing"
	"github.com/crossframe/crossframe/protocol"
)

// Options of a Room. Store must be set.
type Options struct {
	Store *store.Store
	// Alone: no other broker uses the store. Then what this one remembers needs no asking.
	Alone bool
	// Sharing says in which scope a program shares what it names without one.
	Sharing []protocol.SharingRule
	// EveryoneRoles are the roles that may share with all tenants; if nil, "admin" and "publisher".
	EveryoneRoles []string
	// Present reports whether the peer that owns contexts is connected somewhere; if nil, it always is. It may be called from
	// any goroutine.
	Present func(owner Owner) bool
	// Lost is called when the store is another one than before, so that what is acknowledged may be gone; if nil, nobody is told.
	Lost func()

	// ValueBytes bounds a value's JSON text; if zero, 900 KiB, which a store that takes messages of 1 MiB keeps.
	ValueBytes int
	// TenantContexts bounds the contexts of one tenant; if zero, 10,000.
	TenantContexts int
	// Subscriptions bounds those of one connection; if zero, 10,000.
	Subscriptions int
	// Writes bounds what of one connection waits to be stored; if zero, 1,024. Who sends more is not read meanwhile.
	Writes int
	// SoftBytes is how much may wait to be written to a connection before its subscriptions get the newest value in place of
	// each change; if zero, 256 KiB.
	SoftBytes int
	// OwnerGrace is how long an owner may be away before its contexts end; if zero, 30 s.
	OwnerGrace time.Duration
	// StoreTimeout bounds each call of the store; if zero, 5 s.
	StoreTimeout time.Duration
	// Tracer gets a span of each write; if nil, nobody does.
	Tracer *tracing.Tracer
	// Log gets what operators should know; if nil, slog.Default().
	Log *slog.Logger
}

func (o Options) orDefault() Options {
	number := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	number(&o.ValueBytes, 900<<10)
	number(&o.TenantContexts, 10_000)
	number(&o.Subscriptions, 10_000)
	number(&o.Writes, 1024)
	number(&o.SoftBytes, 256<<10)
	if o.OwnerGrace == 0 {
		o.OwnerGrace = 30 * time.Second
	}
	if o.StoreTimeout == 0 {
		o.StoreTimeout = 5 * time.Second
	}
	if o.EveryoneRoles == nil {
		o.EveryoneRoles = []string{"admin", "publisher"}
	}
	if o.Present == nil {
		o.Present = func(Owner) bool { return true }
	}
	if o.Lost == nil {
		o.Lost = func() {}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Room holds the shared contexts of a broker. It may be used concurrently.
type Room struct {
	options  Options
	buckets  [kinds]*store.Bucket
	counters counters
	// outages are those of the buckets.
	outages [kinds]atomic.Pointer[outage]
	// ctx ends with the room; running counts the goroutines that work for entries.
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	unhook  []func()

	// mu is taken before the mutex of an entry, never after.
	mu      sync.Mutex
	closed  bool
	entries map[store.Key]*entry
	index   index
}

// kinds of buckets.
const (
	durable = iota
	volatile
	kinds
)

// New returns a room that knows what is in the store. It returns when it does, or when ctx ends.
func New(ctx context.Context, options Options) (*Room, error) {
	options = options.orDefault()
	r := &Room{
		options: options,
		buckets: [kinds]*store.Bucket{options.Store.Bucket(store.Contexts), options.Store.Bucket(store.Volatile)},
		entries: make(map[store.Key]*entry),
		index:   newIndex(),
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	for kind, bucket := range r.buckets {
		f := follower{room: r, kind: kind}
		unhook, err := bucket.Follow(ctx, store.Key{}, f.take)
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("follow shared contexts: %w", err)
		}
		r.unhook = append(r.unhook, unhook)
	}
	r.running.Go(r.sweep)
	return r, nil
}

// Epoch identifies the store: in another one, revisions begin anew.
func (r *Room) Epoch() string { return r.buckets[durable].Epoch() }

// Close ends the room: what waits to be stored is stored, later requests are refused, and subscribers hear nothing more.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	for _, unhook := range r.unhook {
		unhook()
	}
	r.stop()
	r.running.Wait()
}
