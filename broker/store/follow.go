package store

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// follower tells one receiver what happens below a key. It hears of changes by the news that the stream's leader publishes
// as it stores them, which is fast and may lose some: when a leader dies, while a connection is down, when they are
// not taken in time. So it counts them, and compares with a snapshot whenever the count is not right.
type follower struct {
	bucket *Bucket
	below  Key
	f      func(Event)
	news   *nats.Subscription
	live   context.Context
	end    context.CancelFunc
	over   chan struct{}
	synced chan struct{}
	once   sync.Once
	heard  chan *nats.Msg
	// wake interrupts the wait for news, and lost says that there may be a gap.
	wake chan struct{}
	lost atomic.Bool
	// fault is why it is not in sync.
	faultMu sync.Mutex
	fault   error

	// What only run uses.

	// known is what was told: of deleted keys too, until the next comparison.
	known map[Key]told
	// seen is up to where everything in the stream was seen, below the key or not.
	seen uint64
	// asked is how far the stream was when it was last asked, and not seen yet.
	asked uint64
	// born is which stream was seen.
	born    int64
	dropped int
}

// told is what was told of one key.
type told struct {
	sequence uint64
	deleted  bool
}

func newFollower(b *Bucket, below Key, f func(Event)) *follower {
	fo := &follower{bucket: b, below: below, f: f, known: make(map[Key]told), heard: make(chan *nats.Msg), over: make(chan struct{}), synced: make(chan struct{}), wake: make(chan struct{}, 1)}
	fo.live, fo.end = context.WithCancel(b.store.life)
	return fo
}

// start subscribes first, so that nothing falls between snapshot and news.
func (fo *follower) start() (err error) {
	s := fo.bucket.store
	if !s.begin() {
		return ErrClosed
	}
	if fo.news, err = s.conn.Subscribe(fo.bucket.class.news()+pattern(fo.below), fo.receive); err == nil {
		_ = fo.news.SetPendingLimits(pendingMessages, pendingBytes)
		err = s.flush()
	}
	if err != nil {
		fo.end()
		s.running.Done()
		return s.broken(err)
	}
	unwatch := s.Watch(func(state State) {
		if state.Resumed {
			fo.resync()
		}
	})
	go func() {
		defer s.running.Done()
		defer close(fo.over)
		defer unwatch()
		fo.run()
		_ = fo.news.Unsubscribe()
	}()
	return nil
}

// receive hands news to run; what waits does so in the subscription, which is bounded.
func (fo *follower) receive(m *nats.Msg) {
	select {
	case fo.heard <- m:
	case <-fo.live.Done():
	}
}

func (fo *follower) stop() {
	fo.end()
	<-fo.over
}

// resync has run compare with a snapshot. It does not wait.
func (fo *follower) resync() {
	fo.lost.Store(true)
	select {
	case fo.wake <- struct{}{}:
	default:
	}
}

func (fo *follower) failure() error {
	fo.faultMu.Lock()
	defer fo.faultMu.Unlock()
	return fo.fault
}

// soon is when a follower asks for the first time whether it missed anything: in a cluster the news of a change that was
// made just after the snapshot may have gone astray, because not every node knew of the subscription yet.
const soon = time.Second

// run is the follower's goroutine.
func (fo *follower) run() {
	fo.lost.Store(true)
	timer := time.NewTimer(soon)
	defer timer.Stop()
	for pause := retryEvery; fo.live.Err() == nil; {
		if dropped, _ := fo.news.Dropped(); dropped != fo.dropped {
			fo.dropped = dropped
			fo.lost.Store(true)
		}
		if fo.lost.Swap(false) {
			if !fo.compare() {
				fo.lost.Store(true)
				sleep(fo.live, pause)
				pause = min(2*pause, 20*retryEvery)
				continue
			}
			pause = retryEvery
			timer.Reset(soon)
		}
		select {
		case m := <-fo.heard:
			fo.hear(m)
		case <-timer.C:
			timer.Reset(fo.check())
		case <-fo.wake:
		case <-fo.live.Done():
		}
	}
}

// hear takes one piece of news.
func (fo *follower) hear(m *nats.Msg) {
	r, err := directRecord(m)
	if err != nil {
		fo.lost.Store(true)
		return
	}
	previous := sequenceIn(m.Header, "Nats-Last-Sequence")
	e, err := fo.bucket.entry(r)
	if err != nil {
		fo.damaged(err)
		return
	}
	before := fo.known[e.Key]
	if r.sequence <= before.sequence {
		return
	}
	if !fo.durable(r) {
		fo.lost.Store(true)
		return
	}
	if fo.gap(r.sequence, previous, before) {
		fo.bucket.store.gaps.Add(1)
		fo.lost.Store(true)
	}
	fo.seen = max(fo.seen, r.sequence)
	fo.tell(Event{Entry: e, Deleted: r.deleted(), Previous: previous})
}

// durable waits until what was written in a batch is on disk: the engine tells of it a moment before. Nobody should know
// what a power cut could take back.
func (fo *follower) durable(r record) bool {
	s := fo.bucket.store
	if fo.bucket.memory || s.engine == nil || r.header.Get(batchHeader) == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(fo.live, callTimeout)
	defer cancel()
	return s.engine.marks.await(ctx, fo.bucket.class.stream(), r.sequence)
}

// gap reports whether something must have happened of which there was no news. Who follows the whole bucket hears of every
// sequence; others hear of every sequence of their keys.
func (fo *follower) gap(sequence, previous uint64, before told) bool {
	if fo.below == (Key{}) {
		return sequence > fo.seen+1
	}
	// The mark of a deletion ends without news.
	return previous > before.sequence || previous == 0 && before.sequence != 0 && !before.deleted
}

// tell calls the receiver, unless a deletion is of what was never told.
func (fo *follower) tell(e Event) {
	before, was := fo.known[e.Key]
	fo.known[e.Key] = told{e.Sequence, e.Deleted}
	if e.Deleted {
		e.Value = nil
		if !was || before.deleted {
			return
		}
	}
	fo.f(e)
}

// failed notes why the follower is not in sync. It returns false.
func (fo *follower) failed(err error) bool {
	fo.faultMu.Lock()
	fo.fault = err
	fo.faultMu.Unlock()
	if errors.Is(err, ErrCorrupt) {
		fo.damaged(err)
	}
	return false
}

// damaged says that a value cannot be told.
func (fo *follower) damaged(err error) {
	fo.bucket.store.options.Log.Error("a follower met a damaged value", "bucket", fo.bucket.class, "error", err)
}

func sequenceIn(h nats.Header, name string) uint64 {
	n := uint64(0)
	for _, c := range h.Get(name) {
		if c < '0' || c > '9' || n > math.MaxUint64/10-1 {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}
