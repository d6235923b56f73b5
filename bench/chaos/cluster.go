package main

import (
	"context"
	"errors"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// durable is what keeps durable contexts in a cluster.
const durable = "KV_cf_contexts"

// desk is a cluster of three nodes with two brokers and writers at both.
type desk struct {
	*rig.Cluster
	brokers []*rig.Broker
	crowd   *crowd
}

// newDesk starts them. The brokers know all nodes.
func newDesk(ctx context.Context, s *rig.Stage, writers int) (d *desk, err error) {
	d = new(desk)
	if d.Cluster, err = s.Cluster(ctx, rig.ClusterOptions{}); err != nil {
		return nil, err
	}
	var urls []string
	for range 2 {
		b, err := s.Broker(ctx, rig.BrokerOptions{NATS: d.URLs()})
		if err != nil {
			return nil, err
		}
		d.brokers, urls = append(d.brokers, b), append(urls, b.URL())
	}
	if d.crowd, err = startCrowd(ctx, s, writers, urls...); err != nil {
		return nil, err
	}
	return d, d.crowd.more(ctx, 100)
}

// conclude reads through a broker that was not there before, and has nothing in its memory.
func (d *desk) conclude(ctx context.Context, s *rig.Stage, t *tally) error {
	d.crowd.end()
	b, err := s.Broker(ctx, rig.BrokerOptions{NATS: d.URLs()})
	if err != nil {
		return err
	}
	t.note("longest time without an acknowledgement %s", round(d.crowd.pause))
	return d.crowd.conclude(ctx, t, b.URL())
}

// killLeaders (C01): whoever leads is killed, every 6.5 s, or later where the writes have not gone on by then.
func killLeaders(ctx context.Context, s *rig.Stage, t *tally) error {
	d, err := newDesk(ctx, s, writers)
	if err != nil {
		return err
	}
	const rounds = 6
	var longest time.Duration
	for range rounds {
		leader, err := d.Leader(ctx, durable)
		if err != nil {
			return err
		}
		begin := time.Now()
		leader.Kill()
		if err := d.crowd.more(ctx, 10); err != nil {
			return err
		}
		longest = max(longest, time.Since(begin))
		if err := rig.Pause(ctx, 3500*time.Millisecond-time.Since(begin)); err != nil {
			return err
		}
		if err := leader.Start(ctx); err != nil {
			return err
		}
		if err := rig.Pause(ctx, 6500*time.Millisecond-time.Since(begin)); err != nil {
			return err
		}
	}
	t.want(longest <= writeGap, "%d leaders killed, writes went on after %s at most", rounds, round(longest))
	return d.conclude(ctx, s, t)
}

// writeGap is how long writes may wait for a new leader.
const writeGap = 10 * time.Second

// rollOver (C02): nodes and brokers are asked to stop and started again, one after the other.
func rollOver(ctx context.Context, s *rig.Stage, t *tally) error {
	d, err := newDesk(ctx, s, writers)
	if err != nil {
		return err
	}
	for _, n := range d.Nodes {
		if err := d.Healthy(ctx); err != nil {
			return err
		}
		if !n.Stop(20 * time.Second) {
			t.note("node %s had to be killed", n.Name)
		}
		if err := n.Start(ctx); err != nil {
			return err
		}
		if err := d.crowd.more(ctx, 50); err != nil {
			return err
		}
	}
	for _, b := range d.brokers {
		if !b.Stop(20 * time.Second) {
			t.bad("a broker did not stop by itself: %s", b.Said())
		}
		if err := b.Start(ctx); err != nil {
			return err
		}
		if err := d.crowd.more(ctx, 50); err != nil {
			return err
		}
	}
	return d.conclude(ctx, s, t)
}

// partition (C03): one node and the broker that knows only it are cut off. Nothing is acknowledged there, no compare-and-set
// succeeds by an old revision, and all is well by itself when the network is whole again.
func partition(ctx context.Context, s *rig.Stage, t *tally) error {
	c, err := s.Cluster(ctx, rig.ClusterOptions{Gated: true})
	if err != nil {
		return err
	}
	majority, err := s.Broker(ctx, rig.BrokerOptions{NATS: []string{c.Nodes[0].URL(), c.Nodes[1].URL()}})
	if err != nil {
		return err
	}
	const alone = 2
	minority, err := s.Broker(ctx, rig.BrokerOptions{NATS: []string{c.Nodes[alone].URL()}})
	if err != nil {
		return err
	}
	crowd, err := startCrowd(ctx, s, 4, majority.URL())
	if err != nil {
		return err
	}
	here, err := dial(ctx, minority.URL(), "alone", nil)
	if err != nil {
		return err
	}
	defer here.Close()
	base, err := here.Set(ctx, "disputed", map[string]any{"n": 0}, crossframe.WriteOptions{})
	if err != nil {
		return err
	}
	if err := crowd.more(ctx, 100); err != nil {
		return err
	}
	c.Isolate(alone, true)
	begin := time.Now()
	_, err = here.Set(ctx, "disputed", map[string]any{"n": 1}, crossframe.WriteOptions{IfRevision: base})
	t.want(err != nil && expected(err) && time.Since(begin) <= 10*time.Second, "the minority answers %v after %s", err, round(time.Since(begin)))
	there, err := dial(ctx, majority.URL(), "other", nil)
	if err != nil {
		return err
	}
	defer there.Close()
	won, err := overwrite(ctx, there)
	if err != nil {
		return err
	}
	_, err = here.Set(ctx, "disputed", map[string]any{"n": 3}, crossframe.WriteOptions{IfRevision: base})
	t.want(err != nil && expected(err), "then %v", err)
	if err := crowd.more(ctx, 100); err != nil {
		return err
	}
	c.Isolate(alone, false)
	healed := time.Now()
	var fault *protocol.Fault
	err = rig.Await(ctx, "the minority to come back", func() bool {
		_, err := here.Set(ctx, "disputed", map[string]any{"n": 4}, crossframe.WriteOptions{IfRevision: base})
		return err == nil || errors.As(err, &fault) && fault.Code == protocol.RevisionConflict
	})
	if err != nil {
		return err
	}
	t.want(fault != nil && fault.Revision >= won, "an old revision conflicts with revision %d, %s after the network is whole", revisionOf(fault), round(time.Since(healed)))
	fresh, err := s.Broker(ctx, rig.BrokerOptions{NATS: []string{c.Nodes[alone].URL()}})
	if err != nil {
		return err
	}
	if err := c.Current(ctx, durable); err != nil {
		return err
	}
	return crowd.conclude(ctx, t, fresh.URL())
}

func revisionOf(f *protocol.Fault) int64 {
	if f == nil {
		return 0
	}
	return f.Revision
}

// overwrite writes what the minority would like to write too.
func overwrite(ctx context.Context, c *crossframe.Client) (revision int64, err error) {
	waited := rig.Await(ctx, "the majority to go on", func() bool {
		revision, err = c.Set(ctx, "disputed", map[string]any{"n": 2}, crossframe.WriteOptions{})
		return err == nil || !expected(err)
	})
	if err == nil {
		err = waited
	}
	return revision, err
}

// stopLeader (C04): the leader is stopped for longer than an election takes. What it acknowledges when it goes on is not its own to
// acknowledge.
func stopLeader(ctx context.Context, s *rig.Stage, t *tally) error {
	d, err := newDesk(ctx, s, writers)
	if err != nil {
		return err
	}
	for range 2 {
		leader, err := d.Leader(ctx, durable)
		if err != nil {
			return err
		}
		leader.Freeze()
		if err := rig.Pause(ctx, 12*time.Second); err != nil {
			return err
		}
		leader.Thaw()
		if err := d.crowd.more(ctx, 100); err != nil {
			return err
		}
	}
	return d.conclude(ctx, s, t)
}

// loseDisk (C06): a node comes back with nothing. It gets everything from the others, and then it is one of those that have it.
func loseDisk(ctx context.Context, s *rig.Stage, t *tally) error {
	d, err := newDesk(ctx, s, writers)
	if err != nil {
		return err
	}
	n, err := d.Leader(ctx, durable)
	if err != nil {
		return err
	}
	n.Kill()
	if err := n.Lose(); err != nil {
		return err
	}
	if err := n.Start(ctx); err != nil {
		return err
	}
	if err := d.crowd.more(ctx, 100); err != nil {
		return err
	}
	begin := time.Now()
	for _, wait := range []func() error{func() error { return d.Healthy(ctx) }, func() error { return d.Current(ctx, durable) }} {
		if err := wait(); err != nil {
			return err
		}
	}
	t.note("it has all of it after %s", round(time.Since(begin)))
	// Of the other two, one ends: the majority needs the node that had nothing.
	for _, other := range d.Nodes {
		if other != n {
			other.Kill()
			break
		}
	}
	if err := d.crowd.more(ctx, 100); err != nil {
		return err
	}
	return d.conclude(ctx, s, t)
}

// jumpClock (C08) would need a clock of its own for a process.
func jumpClock(context.Context, *rig.Stage, *tally) error {
	return impossible("processes of one machine share its clock, and setting that would break what else runs; the tests of lifetimes use synctest")
}
