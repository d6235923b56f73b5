package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Store is an open engine. It may be used concurrently.
type Store struct {
	options Options
	// engine is nil where the engine is a cluster elsewhere.
	engine  *embedded
	conn    *nats.Conn
	js      jetstream.JetStream
	node    string
	record  storeRecord
	buckets map[Class]*Bucket
	// committers are those of the embedded engine's durable streams.
	committers map[string]*committer
	bus        Bus
	audit      Log

	// gaps and slow are counted for Snapshot.
	gaps, slow atomic.Uint64

	// mend asks for volatile buckets to be made anew.
	mend chan struct{}
	// life ends with the store; running counts what has to end before it is closed.
	life    context.Context
	end     context.CancelFunc
	running sync.WaitGroup
	// endMu keeps things from beginning while the store is closed.
	endMu sync.Mutex
	ended bool

	watchMu  sync.Mutex
	state    State
	watchers map[int]func(State)
	watched  int
}

// State says whether the store can be used.
type State struct {
	// Connected: there is a connection to the engine. Without one, every call fails with ErrUnavailable at once.
	Connected bool
	// Resumed: the connection was lost and is there again. Followers tell what they missed by themselves; who keeps
	// anything else of what the Bus brought asks for it anew.
	Resumed bool
}

// Open opens the engine and makes what is missing in it. In a cluster that is still forming it tries until ctx ends.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Dir != "" && len(o.URLs) > 0 {
		return nil, errors.New("open store: there are both a directory and a cluster\n  fix: keep one of them")
	}
	s := &Store{options: o.orDefault(), node: random(), mend: make(chan struct{}, 1), watchers: make(map[int]func(State)), state: State{Connected: true}}
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.abandon())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if len(s.options.URLs) == 0 {
		if s.engine, err = startEmbedded(s.options); err != nil {
			return err
		}
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	if s.js, err = jetstream.New(s.conn); err != nil {
		return err
	}
	s.bus = Bus{store: s}
	s.audit = Log{store: s}
	s.buckets = make(map[Class]*Bucket, len(traits))
	for _, t := range traits {
		s.buckets[t.class] = &Bucket{trait: t, store: s}
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if s.engine != nil && s.engine.dir != nil {
		s.committers = map[string]*committer{auditStream: newCommitter(s, auditStream)}
		for _, t := range traits[1:] {
			if !t.memory {
				s.committers[t.class.stream()] = newCommitter(s, t.class.stream())
			}
		}
	}
	s.running.Add(1)
	go s.tend()
	return nil
}

// tend looks after the engine until the store is closed.
func (s *Store) tend() {
	defer s.running.Done()
	for {
		select {
		case <-s.life.Done():
			return
		case <-s.mend:
			s.remake()
		case <-time.After(time.Second):
			if s.engine != nil {
				s.engine.tend()
			}
		}
	}
}

// remake makes the volatile buckets that an engine which started anew does not have any more.
func (s *Store) remake() {
	ctx, cancel := context.WithTimeout(s.life, 30*time.Second)
	defer cancel()
	for _, t := range traits {
		if !t.memory {
			continue
		}
		if err := s.ensure(ctx, s.configOf(t), false); err != nil && !s.closing() {
			s.options.Log.Warn("could not make a bucket anew", "bucket", t.class, "error", err)
			s.remakeLater()
			return
		}
	}
}

// remakeLater has tend call remake; it does not wait.
func (s *Store) remakeLater() {
	select {
	case s.mend <- struct{}{}:
	default:
	}
}

// abandon takes back what a failed open has begun. Files are left as they are, so that the next open checks them again.
func (s *Store) abandon() error {
	s.end()
	if s.conn != nil {
		s.conn.Close()
	}
	if s.engine != nil {
		s.engine.halt()
		s.engine.release()
	}
	return nil
}

// Close ends followers and subscriptions, waits for them, and closes the engine. It may be called twice.
func (s *Store) Close() error {
	s.endMu.Lock()
	again := s.ended
	s.ended = true
	s.endMu.Unlock()
	s.end()
	s.running.Wait()
	if again {
		return nil
	}
	s.conn.Close()
	if s.engine != nil {
		if err := s.engine.close(); err != nil {
			return fmt.Errorf("close store: %w", err)
		}
	}
	return nil
}

// begin counts something in that Close waits for. It reports whether the store is open.
func (s *Store) begin() bool {
	s.endMu.Lock()
	defer s.endMu.Unlock()
	if s.ended {
		return false
	}
	s.running.Add(1)
	return true
}

func (s *Store) closing() bool { return s.life.Err() != nil }

// Epoch identifies the data. It is made with the store and kept in it; it is another one after an import, and after a
// damaged store was opened all the same. Whoever remembers sequences remembers it beside them: they mean nothing in
// another epoch.
func (s *Store) Epoch() string { return s.record.Epoch }

// Durable reports whether anything outlives the engine: not where everything is in memory.
func (s *Store) Durable() bool { return !s.volatile() }

// Node identifies this open store. It is random, and another one each time.
func (s *Store) Node() string { return s.node }

// Watch calls f with the state now and with each later one, one after the other. It returns a function that ends that; f is
// not called after it has returned. f must neither block nor end it.
func (s *Store) Watch(f func(State)) (stop func()) {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	id := s.watched
	s.watched++
	s.watchers[id] = f
	f(State{Connected: s.state.Connected})
	return func() {
		s.watchMu.Lock()
		defer s.watchMu.Unlock()
		delete(s.watchers, id)
	}
}

// Bucket returns a bucket; a class that is none of the constants panics.
func (s *Store) Bucket(c Class) *Bucket {
	b := s.buckets[c]
	if b == nil {
		panic("store: there is no bucket " + string(c))
	}
	return b
}

// Bus returns the messages between brokers.
func (s *Store) Bus() *Bus { return &s.bus }

// Audit returns the log of what was done, for each tenant.
func (s *Store) Audit() *Log { return &s.audit }

// Missing says what keeps the store from working, and what to do about it. It asks the engine, for at most as long as ctx
// lasts. Nothing missing is nil.
func (s *Store) Missing(ctx context.Context) (missing []string) {
	if s.engine != nil {
		if err := s.engine.state(); err != nil {
			return []string{"store: " + err.Error()}
		}
	}
	if s.closing() || !s.conn.IsConnected() {
		return []string{"store: there is no connection to it"}
	}
	var lock sync.Mutex
	var all sync.WaitGroup
	for _, name := range s.streamNames() {
		all.Go(func() {
			info, err := s.info(ctx, name)
			if err == nil && !info.majority() {
				err = fmt.Errorf("%w: only %d of its %d nodes answer", ErrUnavailable, info.heard, info.nodes)
			}
			if err != nil {
				lock.Lock()
				defer lock.Unlock()
				missing = append(missing, "store: "+name+": "+err.Error())
			}
		})
	}
	all.Wait()
	return missing
}

// random returns an identifier that nobody else has.
func random() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(id[:])
}
