package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/link"
)

// updates (P11): the time from a write at one connection until another one has it, less that of an echo of the same size by a plain
// WebSocket server. Writers, followers and the echo's client are Go programs.
func updates(ctx context.Context, b *bench) error {
	s, err := rig.NewStage(b.programs)
	if err != nil {
		return err
	}
	defer s.Close()
	variants := map[string]func(context.Context) (time.Duration, error){}
	if variants["echo"], err = echoing(ctx, s); err != nil {
		return err
	}
	alone, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(s.Dir, "store")})
	if err != nil {
		return err
	}
	for _, lifetime := range []string{protocol.LifetimeSession, protocol.LifetimeDurable} {
		if variants[lifetime], err = updating(ctx, s, alone, alone, lifetime); err != nil {
			return err
		}
	}
	cluster, err := s.Cluster(ctx, rig.ClusterOptions{})
	if err != nil {
		return err
	}
	var pair [2]*rig.Broker
	for i := range pair {
		if pair[i], err = s.Broker(ctx, rig.BrokerOptions{NATS: cluster.URLs()}); err != nil {
			return err
		}
	}
	for _, lifetime := range []string{protocol.LifetimeSession, protocol.LifetimeDurable} {
		if variants["across "+lifetime], err = updating(ctx, s, pair[0], pair[1], lifetime); err != nil {
			return err
		}
	}
	medians, err := inTurns(ctx, variants)
	if err != nil {
		return err
	}
	b.add("P11", "echo of the same size, p50, ms", "", medians["echo"], noLimit)
	for _, v := range []struct {
		name, what string
		l          limit
	}{
		{protocol.LifetimeSession, "update, one broker, volatile", atMost(1)},
		{protocol.LifetimeDurable, "update, one broker, durable", atMost(1)},
		{"across " + protocol.LifetimeSession, "update, two brokers, volatile", noLimit},
		{"across " + protocol.LifetimeDurable, "update, two brokers, durable", noLimit},
	} {
		added := make([]float64, len(medians[v.name]))
		for i, m := range medians[v.name] {
			added[i] = m - medians["echo"][i]
		}
		b.add("P11", v.what+", added p50, ms", "echo", added, v.l)
	}
	return nil
}

// inTurns measures blocks of each variant, one after the other, and returns the median of each block in milliseconds.
func inTurns(ctx context.Context, variants map[string]func(context.Context) (time.Duration, error)) (medians map[string][]float64, err error) {
	const blocks, each = 15, 60
	medians = map[string][]float64{}
	for block := range blocks + 1 {
		for name, once := range variants {
			took := make([]float64, each)
			for i := range took {
				d, err := once(ctx)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				took[i] = float64(d.Microseconds()) / 1000
			}
			// The first block warms up.
			if block > 0 {
				medians[name] = append(medians[name], median(took))
			}
		}
	}
	return medians, nil
}

// body has some 250 bytes, as it travels.
func body(n int) string { return fmt.Sprintf(`{"n":%d,"text":"%s"}`, n, strings.Repeat("x", 230)) }

// echoing returns the round trip of a frame.
func echoing(ctx context.Context, s *rig.Stage) (func(context.Context) (time.Duration, error), error) {
	_, address, err := runTextbook(ctx, s)
	if err != nil {
		return nil, err
	}
	l, err := link.Dial(ctx, "ws://"+address+"/echo", link.Options{})
	if err != nil {
		return nil, err
	}
	back, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.Run(context.WithoutCancel(ctx), func([]protocol.Envelope) { back <- struct{}{} })
	}()
	s.Defer(func() { l.Close(stream.CloseNormal, ""); <-ended })
	n := 0
	return func(ctx context.Context) (time.Duration, error) {
		n++
		begin := time.Now()
		e := protocol.Envelope{Op: protocol.OpContextUpdate, ID: uint64(n), Name: "c", Head: []byte(`{"scope":"tenant"}`), Body: protocol.TextBody([]byte(body(n)))}
		if err := l.Send(e); err != nil {
			return 0, err
		}
		select {
		case <-back:
			return time.Since(begin), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}, nil
}

func connect(ctx context.Context, s *rig.Stage, b *rig.Broker, app string) (*crossframe.Client, error) {
	c, err := crossframe.Connect(ctx, crossframe.Options{URL: b.URL(), Token: crossframe.StaticToken(rig.Token), App: app})
	if err == nil {
		s.Defer(c.Close)
	}
	return c, err
}

// updating returns the time from a write until a follower has it.
func updating(ctx context.Context, s *rig.Stage, from, to *rig.Broker, lifetime string) (func(context.Context) (time.Duration, error), error) {
	writer, err := connect(ctx, s, from, "writer")
	if err != nil {
		return nil, err
	}
	follower, err := connect(ctx, s, to, "follower")
	if err != nil {
		return nil, err
	}
	came := make(chan time.Time, 16)
	if _, err := follower.Subscribe(ctx, "update "+lifetime, "", func(c crossframe.Change) {
		if c.Revision > 0 {
			came <- time.Now()
		}
	}); err != nil {
		return nil, err
	}
	n := 0
	return func(ctx context.Context) (time.Duration, error) {
		n++
		begin := time.Now()
		value := map[string]any{"n": n, "text": strings.Repeat("x", 230)}
		if _, err := writer.Update(ctx, "update "+lifetime, value, crossframe.WriteOptions{Lifetime: lifetime}); err != nil {
			return 0, err
		}
		select {
		case at := <-came:
			return at.Sub(begin), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}, nil
}

// durableWrites (T7): acknowledged writes a second, of one writer and of 64, each to a context of its own; and what syncing costs,
// with one node of NATS that syncs each write and one that does so every two minutes.
func durableWrites(ctx context.Context, b *bench) error {
	s, err := rig.NewStage(b.programs)
	if err != nil {
		return err
	}
	defer s.Close()
	alone, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(s.Dir, "store")})
	if err != nil {
		return err
	}
	brokers := map[string]*rig.Broker{"embedded": alone}
	for name, lazy := range map[string]bool{"always": false, "default": true} {
		node, err := s.Cluster(ctx, rig.ClusterOptions{Nodes: 1, Lazy: lazy})
		if err != nil {
			return err
		}
		if brokers[name], err = s.Broker(ctx, rig.BrokerOptions{NATS: node.URLs(), Replicas: 1}); err != nil {
			return err
		}
	}
	const rounds, most = 5, 64
	clients := map[string][]*crossframe.Client{}
	for name, broker := range brokers {
		for range most {
			c, err := connect(ctx, s, broker, "writer")
			if err != nil {
				return err
			}
			clients[name] = append(clients[name], c)
		}
	}
	rates := map[string][]float64{}
	for round := range rounds + 1 {
		for name := range brokers {
			for _, writers := range []int{1, most} {
				rate, err := writing(ctx, clients[name][:writers])
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				// The first round warms up.
				if key := fmt.Sprint(name, writers); round > 0 {
					rates[key] = append(rates[key], rate)
				}
			}
		}
	}
	b.add("T7", "durable writes/s, 1 writer", "", rates["embedded1"], atLeast(300))
	b.add("T7", "durable writes/s, 64 writers", "", rates["embedded64"], atLeast(1500))
	b.add("T7", "durable writes/s, 1 writer, sync always", "NATS's default", ratios(rates["always1"], rates["default1"]), noLimit)
	b.add("T7", "durable writes/s, 64 writers, sync always", "NATS's default", ratios(rates["always64"], rates["default64"]), noLimit)
	b.add("T7", "durable writes/s, 64 writers, embedded", "NATS, sync always", ratios(rates["embedded64"], rates["always64"]), noLimit)
	return nil
}

// writing returns how many writes a second are acknowledged, over two seconds.
func writing(ctx context.Context, clients []*crossframe.Client) (float64, error) {
	end := time.Now().Add(2 * time.Second)
	var all sync.WaitGroup
	var mu sync.Mutex
	var count int
	var failed error
	begin := time.Now()
	for i, c := range clients {
		all.Go(func() {
			n := 0
			var err error
			for ; err == nil && time.Now().Before(end); n++ {
				_, err = c.Set(ctx, fmt.Sprint("rate", i), map[string]any{"n": n, "text": strings.Repeat("x", 480)}, crossframe.WriteOptions{})
			}
			mu.Lock()
			defer mu.Unlock()
			count += n
			if err != nil {
				failed = err
			}
		})
	}
	all.Wait()
	return float64(count) / time.Since(begin).Seconds(), failed
}
