package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/crossframe/crossframe/broker/store"
)

// Appender is where the trail is kept: a store.Log. When Append returns nil, the record is safe.
type Appender interface {
	Append(ctx context.Context, tenant string, data []byte) error
}

// NoTenant is the tenant under which events are kept that are nobody's, where Options.Operators names none. It cannot be the name
// of a tenant.
const NoTenant = " broker"

// Options of a Log. To must be set.
type Options struct {
	To Appender
	// Node is how this broker is named in events.
	Node string
	// Operators is the tenant that runs the broker: in its trail is what has no tenant, such as credentials that were refused. If
	// empty, that is kept under NoTenant, and read by who has the store.
	Operators string
	// Waiting bounds the events that wait to be written; if zero, 10,000.
	Waiting int
	// TellEvery is how long what was dropped may go untold where no other event of its kind comes; if zero, 10 s.
	TellEvery time.Duration
	// RetryAfter is the pause after the store did not take a record; if zero, 1 s.
	RetryAfter time.Duration
	// Log gets what operators should know; if nil, slog.Default().
	Log *slog.Logger
}

// Log takes events and writes them. It may be used concurrently. A nil Log takes none.
type Log struct {
	options Options
	// wake has a value when there is something new; closing is closed when nothing more comes, and done when all is written.
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}
	// cut ends what is still being written.
	life context.Context
	cut  context.CancelFunc

	mu     sync.Mutex
	closed bool
	number uint64
	queue  []Event
	// pending are the events that were taken out of the queue and are not written yet.
	pending int
	rates   rates
	counts  Snapshot
}

// Snapshot is what a Log has counted.
type Snapshot struct {
	// Waiting are not written yet.
	Waiting int
	// Written events are in the store; Dropped ones never will be. Failed counts how often the store did not take a record.
	Written, Dropped, Failed uint64
}

// New returns a Log. Close ends it.
func New(o Options) *Log {
	if o.Waiting == 0 {
		o.Waiting = 10_000
	}
	if o.TellEvery == 0 {
		o.TellEvery = 10 * time.Second
	}
	if o.RetryAfter == 0 {
		o.RetryAfter = time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Log{
		options: o, wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
		rates: rates{table: make(map[kind]*rate)},
	}
	l.life, l.cut = context.WithCancel(context.Background())
	go l.run()
	return l
}

// Note takes an event. It never waits.
func (l *Log) Note(e Event) {
	if l == nil {
		return
	}
	e.bound()
	if e.Source == "" {
		e.Source = SourceBroker
	}
	now := time.Now().UTC()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	second := now.Unix()
	r := l.rates.of(kind{e.Tenant, e.Source, e.Code}, second)
	if !r.take(e.Code, second) || !l.push(e, now, r.dropped) {
		r.dropped += 1 + e.Dropped
		l.counts.Dropped++
		return
	}
	r.dropped = 0
}

// push puts an event into the queue, and reports whether there was room.
func (l *Log) push(e Event, now time.Time, dropped uint64) bool {
	if len(l.queue)+l.pending >= l.options.Waiting {
		return false
	}
	l.number++
	e.Time, e.Node, e.Number, e.Dropped = now, l.options.Node, l.number, e.Dropped+dropped
	l.queue = append(l.queue, e)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// Snapshot returns the counters.
func (l *Log) Snapshot() Snapshot {
	if l == nil {
		return Snapshot{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.counts
	s.Waiting = len(l.queue) + l.pending
	return s
}

// Close takes no more events, and returns when what waits is written, or when ctx ends: then the rest is lost. It may be called
// twice.
func (l *Log) Close(ctx context.Context) {
	if l == nil {
		return
	}
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		l.tellDropped(time.Now().UTC().Add(time.Hour))
		close(l.closing)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		l.cut()
		<-l.done
	}
}

// tellDropped queues an event for each kind of which something was dropped and nothing came since. The mutex is held.
func (l *Log) tellDropped(now time.Time) {
	l.rates.sweep(now.Unix(), func(k kind, dropped uint64) bool {
		return l.push(Event{Tenant: k.tenant, Source: k.source, Code: k.code}, time.Now().UTC(), dropped)
	})
	if s := &l.rates.shared; s.dropped > 0 && s.second < now.Unix()-1 && l.push(Event{Source: SourceBroker, Code: otherCode}, time.Now().UTC(), s.dropped) {
		s.dropped = 0
	}
}

// otherCode is the code of what was dropped of kinds that had no room in the table.
const otherCode = "AUDIT_DROPPED"

// run writes until there is nothing left after Close.
func (l *Log) run() {
	defer close(l.done)
	defer l.cut()
	tick := time.NewTicker(l.options.TellEvery)
	defer tick.Stop()
	for last := false; ; {
		events := l.take()
		if len(events) == 0 && last {
			return
		}
		l.write(events)
		select {
		case <-l.wake:
		case <-tick.C:
			l.mu.Lock()
			l.tellDropped(time.Now())
			l.mu.Unlock()
		case <-l.closing:
			last = true
		}
	}
}

// take takes everything out of the queue.
func (l *Log) take() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.queue
	l.queue, l.pending = nil, len(events)
	return events
}

// Bounds of one record of the store, and of how many tenants' records are written at a time.
const (
	recordEvents = 200
	parallel     = 32
)

// write writes events, those of each tenant in their order.
func (l *Log) write(events []Event) {
	var tenants []string
	of := make(map[string][]Event)
	for _, e := range events {
		tenant := l.keeper(e.Tenant)
		if of[tenant] == nil {
			tenants = append(tenants, tenant)
		}
		of[tenant] = append(of[tenant], e)
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for _, tenant := range tenants {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for rest := of[tenant]; len(rest) > 0; {
				n := min(len(rest), recordEvents)
				l.settle(n, l.append(tenant, rest[:n]))
				rest = rest[n:]
			}
		})
	}
	all.Wait()
}

// keeper is the tenant in whose trail an event is.
func (l *Log) keeper(tenant string) string {
	switch {
	case tenant != "":
		return tenant
	case l.options.Operators != "":
		return l.options.Operators
	}
	return NoTenant
}

// append writes events as one record, however long that takes: the queue fills meanwhile, and what does not fit is counted.
func (l *Log) append(tenant string, events []Event) error {
	var data []byte
	for i := range events {
		data = events[i].append(data)
	}
	for tried := false; ; tried = true {
		err := l.options.To.Append(l.life, tenant, data)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, store.ErrInvalidKey), errors.Is(err, store.ErrTooLarge):
			l.options.Log.Error("audit events cannot be kept", "events", len(events), "error", err)
			return err
		case !tried:
			l.options.Log.Error("audit events wait for the store", "events", len(events), "error", err)
		}
		l.mu.Lock()
		l.counts.Failed++
		l.mu.Unlock()
		select {
		case <-time.After(l.options.RetryAfter):
		case <-l.life.Done():
			l.options.Log.Error("audit events were lost: the broker stopped before the store took them", "events", len(events))
			return l.life.Err()
		}
	}
}

// settle counts events that are written, or never will be.
func (l *Log) settle(n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending -= n
	if err != nil {
		l.counts.Dropped += uint64(n)
		return
	}
	l.counts.Written += uint64(n)
}
