package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// slowConsumers (T10): a tenth of those who follow a context stop reading. The others hear of changes as before.
func slowConsumers(ctx context.Context, s *rig.Stage, t *tally) error {
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: s.Dir + "/store"})
	if err != nil {
		return err
	}
	const many, slow = 1000, 100
	a := new(audience)
	for i := range many {
		o := rig.TapOptions{On: a.heard}
		if i < slow {
			// The network keeps little for who does not read.
			o.On, o.ReceiveBuffer = nil, 4<<10
		}
		tap, err := rig.Follow(ctx, b.Address, fmt.Sprint("follower", i), "ticks", o)
		if err != nil {
			return err
		}
		a.taps = append(a.taps, tap)
		s.Defer(tap.Close)
	}
	writer, err := dial(ctx, b.URL(), "writer", nil)
	if err != nil {
		return err
	}
	defer writer.Close()
	n := 0
	tick := func(times int) error {
		for range times {
			if err := rig.Pause(ctx, 50*time.Millisecond); err != nil {
				return err
			}
			value := map[string]any{"n": n, "at": rig.Stamp(time.Now()), "filling": strings.Repeat("x", 8000)}
			if _, err := writer.Set(ctx, "ticks", value, crossframe.WriteOptions{Lifetime: protocol.LifetimeSession}); err != nil {
				return err
			}
			n++
		}
		return nil
	}
	if err := tick(1); err != nil {
		return err
	}
	if err := rig.Await(ctx, "all followers to follow", func() bool { return a.all(1) }); err != nil {
		return err
	}
	const ticks = 200
	if err := tick(ticks); err != nil {
		return err
	}
	before := a.p99()
	memory, err := b.Memory()
	if err != nil {
		return err
	}
	for _, tap := range a.taps[:slow] {
		tap.Pause()
	}
	err = tick(ticks)
	after := a.p99()
	grown, memoryErr := b.Memory()
	for _, tap := range a.taps[:slow] {
		tap.Resume()
	}
	if err == nil {
		err = memoryErr
	}
	if err != nil {
		return err
	}
	ratio := after.Seconds() / before.Seconds()
	t.want(ratio <= 2, "p99 of the others %s before and %s while: %.2f times", before.Round(time.Millisecond), after.Round(time.Millisecond), ratio)
	t.want(grown-memory <= slow<<20, "memory grew by %d kB for each that does not read", max(0, grown-memory)/slow>>10)
	wanted := int64(n)
	lost := 0
	err = rig.Await(ctx, "the others to have everything", func() bool {
		lost = 0
		for _, tap := range a.taps[slow:] {
			lost += int(max(0, wanted-tap.Count()))
		}
		return lost == 0
	})
	t.count(n, lost)
	return err
}

// audience are followers, and how long changes took to those that count.
type audience struct {
	taps []*rig.Tap
	mu   sync.Mutex
	took []time.Duration
}

func (a *audience) heard(sent, came time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.took = append(a.took, came.Sub(sent))
}

// p99 returns what was measured since the last call.
func (a *audience) p99() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	took := a.took
	a.took = nil
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

func (a *audience) all(n int64) bool {
	return !slices.ContainsFunc(a.taps, func(t *rig.Tap) bool { return t.Count() < n })
}
