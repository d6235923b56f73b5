package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
)

// sizes are how many connections are held.
var sizes = []int{1000, 5000, 10_000}

// memory (P10): what an idle connection costs the server, and how long it takes until all are there. Each server is a new process in
// each round.
func memory(ctx context.Context, b *bench) error {
	const rounds = 2
	each, storms := map[string][][]float64{}, map[string][]float64{}
	for round := range rounds {
		list := b.servers()
		for i := range list {
			s := list[(i+round)%len(list)]
			perConn, storm, err := b.hold(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			each[s.name] = append(each[s.name], perConn)
			storms[s.name] = append(storms[s.name], storm)
		}
	}
	for i, size := range sizes {
		b.add("P10", fmt.Sprintf("memory a connection, %d idle, kB", size), "", column(each[ours], i), noLimit)
		for _, s := range b.servers()[1:] {
			l := noLimit
			if s.name == centrifugo {
				l = atMost(0.25)
			}
			b.add("P10", fmt.Sprintf("memory a connection, %d idle", size), s.name, ratios(column(each[ours], i), column(each[s.name], i)), l)
		}
	}
	b.add("T8", "10,000 connections at once until all follow, s", "", storms[ours], atMost(15))
	for _, s := range b.servers()[1:] {
		b.add("T8", "10,000 connections at once until all follow", s.name, ratios(storms[ours], storms[s.name]), noLimit)
	}
	return nil
}

func column(table [][]float64, i int) (list []float64) {
	for _, line := range table {
		list = append(list, line[i])
	}
	return list
}

// hold connects followers step by step, and measures at each size; and then all of them at once.
func (b *bench) hold(ctx context.Context, s server) (perConn []float64, storm float64, err error) {
	stage, r, err := b.begin(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	defer stage.Close()
	before, err := settled(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	a := &audience{running: r}
	defer a.close()
	begin := time.Now()
	for _, size := range sizes {
		if err := a.grow(ctx, size); err != nil {
			return nil, 0, err
		}
		storm += time.Since(begin).Seconds()
		now, err := settled(ctx, r)
		if err != nil {
			return nil, 0, err
		}
		perConn = append(perConn, float64(now-before)/float64(size)/1000)
		begin = time.Now()
	}
	return perConn, storm, nil
}

// begin starts a server on a stage of its own.
func (b *bench) begin(ctx context.Context, s server) (*rig.Stage, *running, error) {
	stage, err := rig.NewStage(b.programs)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.start(ctx, b, stage)
	if err != nil {
		stage.Close()
		return nil, nil, err
	}
	return stage, r, nil
}

// settled returns the memory of a server that has had some time to tidy up.
func settled(ctx context.Context, r *running) (int64, error) {
	if err := rig.Pause(ctx, 3*time.Second); err != nil {
		return 0, err
	}
	return r.Memory()
}

// audience are followers of one server.
type audience struct {
	*running
	taps []*rig.Tap
	pub  *rig.Tap
	// sent are the messages that all that are there must have got.
	sent int
}

// grow connects more followers, some at a time, and returns when all of them follow: they have got a message.
func (a *audience) grow(ctx context.Context, size int) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, 64)
	old := len(a.taps)
	for i := old; i < size; i++ {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			t, err := a.follow(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = err
			} else {
				a.taps = append(a.taps, t)
			}
		})
	}
	all.Wait()
	if failed != nil {
		return failed
	}
	fresh := a.taps[old:]
	return a.until(ctx, func() error { return a.publish(ctx, 1) }, func() bool {
		for _, t := range fresh {
			if t.Count() == 0 {
				return false
			}
		}
		return true
	})
}

// until publishes again and again until all have heard: what is published before somebody follows, he does not get.
func (a *audience) until(ctx context.Context, publish func() error, heard func() bool) error {
	for {
		if err := publish(); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		err := rig.Await(short, "all followers", heard)
		cancel()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// filling makes a message of some 250 bytes.
var filling = strings.Repeat("x", 200)

func (a *audience) publish(ctx context.Context, n int) (err error) {
	if a.pub == nil {
		if a.pub, err = a.publisher(ctx); err != nil {
			return err
		}
	}
	messages := make([][]byte, n)
	for i := range messages {
		messages[i] = a.message(a.sent, rig.Stamp(time.Now())+filling)
		a.sent++
	}
	return a.pub.Send(a.frame, messages...)
}

func (a *audience) close() {
	for _, t := range a.taps {
		t.Close()
	}
	if a.pub != nil {
		a.pub.Close()
	}
}

func (a *audience) count() (sum int64, gone bool) {
	for _, t := range a.taps {
		sum += t.Count()
		select {
		case <-t.Ended():
			gone = true
		default:
		}
	}
	return sum, gone
}

// burst (P10): a publisher sends many messages at once, each to a thousand followers. All servers run all along, and take turns.
func burst(ctx context.Context, b *bench) error {
	const followers, messages, rounds = 1000, 300, 11
	list := b.servers()
	audiences := map[string]*audience{}
	for _, s := range list {
		stage, r, err := b.begin(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		defer stage.Close()
		a := &audience{running: r}
		defer a.close()
		if err := a.grow(ctx, followers); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		audiences[s.name] = a
	}
	rates, costs := map[string][]float64{}, map[string][]float64{}
	for round := range rounds {
		for i := range list {
			name := list[(i+round)%len(list)].name
			rate, cost, err := audiences[name].burst(ctx, messages)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			// The first round warms up.
			if round > 0 {
				rates[name], costs[name] = append(rates[name], rate), append(costs[name], cost)
			}
		}
	}
	b.add("P10", "burst to 1,000: deliveries/s", "", rates[ours], noLimit)
	b.add("P10", "burst to 1,000: processor time a delivery, µs", "", costs[ours], noLimit)
	for _, s := range list[1:] {
		fast, lean := noLimit, noLimit
		if s.name == centrifugo {
			fast, lean = atLeast(1.4), atMost(0.7)
		}
		b.add("P10", "burst to 1,000: deliveries/s", s.name, ratios(rates[ours], rates[s.name]), fast)
		b.add("P10", "burst to 1,000: processor time a delivery", s.name, ratios(costs[ours], costs[s.name]), lean)
	}
	return nil
}

// burst returns deliveries a second, and the processor time of one in microseconds.
func (a *audience) burst(ctx context.Context, messages int) (rate, cost float64, err error) {
	before, _ := a.count()
	cpu, err := a.CPU()
	if err != nil {
		return 0, 0, err
	}
	want := before + int64(messages*len(a.taps))
	begin := time.Now()
	if err := a.publish(ctx, messages); err != nil {
		return 0, 0, err
	}
	short, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	gone := false
	err = rig.Await(short, "all deliveries", func() bool {
		sum, cut := a.count()
		gone = cut
		return sum >= want || cut
	})
	took := time.Since(begin)
	if gone {
		return 0, 0, errGone
	}
	if err != nil {
		return 0, 0, err
	}
	after, err := a.CPU()
	deliveries := float64(messages * len(a.taps))
	return deliveries / took.Seconds(), float64((after - cpu).Microseconds()) / deliveries, err
}
