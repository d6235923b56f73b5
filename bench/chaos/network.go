package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
)

// changeBrokers (T13): writers reach two brokers by one address, as by a load balancer; the brokers are killed in turns.
func changeBrokers(ctx context.Context, s *rig.Stage, t *tally) error {
	cluster, err := s.Cluster(ctx, rig.ClusterOptions{})
	if err != nil {
		return err
	}
	var brokers []*rig.Broker
	for range 2 {
		b, err := s.Broker(ctx, rig.BrokerOptions{NATS: cluster.URLs()})
		if err != nil {
			return err
		}
		brokers = append(brokers, b)
	}
	balancer, err := s.Gate(brokers[0].Address, brokers[1].Address)
	if err != nil {
		return err
	}
	c, err := startCrowd(ctx, s, writers, rig.LinkURL(balancer.Address))
	if err != nil {
		return err
	}
	for i := range 4 {
		if err := c.more(ctx, 150); err != nil {
			return err
		}
		b := brokers[i%2]
		b.Kill()
		if err := c.more(ctx, 50); err != nil {
			return err
		}
		if err := b.Start(ctx); err != nil {
			return err
		}
	}
	c.end()
	fresh, err := s.Broker(ctx, rig.BrokerOptions{NATS: cluster.URLs()})
	if err != nil {
		return err
	}
	t.note("longest time without an acknowledgement %s", round(c.pause))
	return c.conclude(ctx, t, fresh.URL())
}

// halfOpen (T11): what is sent arrives nowhere, and nothing ends. Clients notice within 15 s, and come back when the network does.
func halfOpen(ctx context.Context, s *rig.Stage, t *tally) error {
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: s.Dir + "/store"})
	if err != nil {
		return err
	}
	gate, err := s.Gate(b.Address)
	if err != nil {
		return err
	}
	c, err := startCrowd(ctx, s, 4, rig.LinkURL(gate.Address))
	if err != nil {
		return err
	}
	const idlers = 20
	down, up := make(chan struct{}, 100), make(chan struct{}, 100)
	for range idlers {
		client, err := dial(ctx, rig.LinkURL(gate.Address), "idler", func(err error) {
			if err != nil {
				down <- struct{}{}
			} else {
				up <- struct{}{}
			}
		})
		if err != nil {
			return err
		}
		defer client.Close()
	}
	drain(ctx, up, idlers)
	if err := c.more(ctx, 200); err != nil {
		return err
	}
	begin := time.Now()
	gate.Freeze(true)
	if got := drain(ctx, down, idlers); got < idlers {
		return fmt.Errorf("only %d of %d idle clients noticed", got, idlers)
	}
	t.want(time.Since(begin) <= 15*time.Second, "all noticed after %s", round(time.Since(begin)))
	gate.Freeze(false)
	begin = time.Now()
	if got := drain(ctx, up, idlers); got < idlers {
		return fmt.Errorf("only %d of %d idle clients came back", got, idlers)
	}
	t.note("all back %s after the network", round(time.Since(begin)))
	if err := c.more(ctx, 200); err != nil {
		return err
	}
	return c.conclude(ctx, t, b.URL())
}

// drain takes so many, and returns how many came before ctx ended.
func drain(ctx context.Context, from <-chan struct{}, n int) (got int) {
	for ; got < n; got++ {
		select {
		case <-from:
		case <-ctx.Done():
			return got
		}
	}
	return got
}

// storm (T12): all clients lose their broker at once. All are back within 30 s of its start, not at once, and have the newest value.
func storm(ctx context.Context, s *rig.Stage, t *tally) error {
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: s.Dir + "/store"})
	if err != nil {
		return err
	}
	writer, err := dial(ctx, b.URL(), "writer", nil)
	if err != nil {
		return err
	}
	defer writer.Close()
	acknowledged := 0
	write := func() (revision int64, err error) {
		err = rig.Await(ctx, "the write", func() bool {
			revision, err = writer.Set(ctx, "news", map[string]any{"n": acknowledged}, crossframe.WriteOptions{})
			return err == nil || !expected(err)
		})
		acknowledged++
		return revision, err
	}
	if _, err := write(); err != nil {
		return err
	}
	const many = 2000
	q := &quorum{s: s, latest: make([]atomic.Int64, many)}
	if err := q.connect(ctx, b.URL(), many); err != nil {
		return err
	}
	b.Kill()
	if err := rig.Pause(ctx, 2*time.Second); err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	begin := time.Now()
	newest, err := write()
	if err != nil {
		return err
	}
	if err := rig.Await(ctx, "all clients", func() bool { return q.have(newest) == many }); err != nil {
		return fmt.Errorf("%d of %d clients are back: %w", q.have(newest), many, err)
	}
	t.want(time.Since(begin) <= 30*time.Second, "all have the newest value %s after the start", round(time.Since(begin)))
	spread := q.spread()
	t.want(spread >= 500*time.Millisecond, "the first and the last tenth of them came %s apart", round(spread))
	t.note("%d connections lost again", q.again.Load()-many)
	c := snapshotOf(ctx, b.URL(), "news")
	t.count(acknowledged, max(0, int(newest-c)))
	return nil
}

// snapshotOf returns the revision of a context as a new connection sees it; 0 where it cannot.
func snapshotOf(ctx context.Context, url, name string) int64 {
	client, err := dial(ctx, url, "reader", nil)
	if err != nil {
		return 0
	}
	defer client.Close()
	snapshot, err := read(ctx, client, name)
	if err != nil {
		return 0
	}
	return snapshot.Revision
}

// quorum are many clients that follow one context.
type quorum struct {
	s      *rig.Stage
	latest []atomic.Int64
	again  atomic.Int64

	mu   sync.Mutex
	came []time.Time
}

// connect connects clients, some at a time.
func (q *quorum) connect(ctx context.Context, url string, n int) error {
	var all sync.WaitGroup
	failed := make(chan error, n)
	slots := make(chan struct{}, 50)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := q.one(ctx, url, i); err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func (q *quorum) one(ctx context.Context, url string, i int) error {
	client, err := dial(ctx, url, "follower", func(err error) {
		if err != nil {
			q.again.Add(1)
			return
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		q.came = append(q.came, time.Now())
	})
	if err != nil {
		return err
	}
	q.s.Defer(client.Close)
	stop, err := client.Subscribe(ctx, "news", "", func(c crossframe.Change) { q.latest[i].Store(c.Revision) })
	if err == nil {
		q.s.Defer(stop)
	}
	return err
}

// have returns how many have a revision.
func (q *quorum) have(revision int64) (n int) {
	for i := range q.latest {
		if q.latest[i].Load() >= revision {
			n++
		}
	}
	return n
}

// spread is the time between the first and the last tenth of those who came back.
func (q *quorum) spread() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	back := q.came[min(len(q.latest), len(q.came)):]
	if len(back) < 10 {
		return 0
	}
	return back[len(back)*9/10].Sub(back[len(back)/10])
}
