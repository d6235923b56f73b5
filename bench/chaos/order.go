package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// linearizable (T25): clients of two brokers write, plainly and by compare-and-set; the leader of the cluster and the brokers are
// killed meanwhile. What they were told is held against a model of one revision. They also read, to learn what to base writes on,
// but that is no part of the model: while the store does not answer, a broker tells what it has in memory (docs/operations.md), and
// whoever must not act on what is old writes with the revision that he has read.
func linearizable(ctx context.Context, s *rig.Stage, t *tally) error {
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
	h := &history{begin: time.Now()}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	const contexts, clients = 6, 6
	for id := range clients {
		client, err := dial(ctx, brokers[id%2].URL(), "client", nil)
		if err != nil {
			return err
		}
		defer client.Close()
		all.Go(func() { h.play(running, client, id, contexts) })
	}
	err = trouble(ctx, cluster, brokers)
	stop()
	all.Wait()
	if err != nil {
		return err
	}
	return h.judge(t)
}

// trouble kills a broker, the leader, and the other broker.
func trouble(ctx context.Context, cluster *rig.Cluster, brokers []*rig.Broker) error {
	for i := range 3 {
		if err := rig.Pause(ctx, 2*time.Second); err != nil {
			return err
		}
		if i == 1 {
			leader, err := cluster.Leader(ctx, durable)
			if err != nil {
				return err
			}
			leader.Kill()
			if err := rig.Pause(ctx, 8*time.Second); err != nil {
				return err
			}
			if err := leader.Start(ctx); err != nil {
				return err
			}
			continue
		}
		b := brokers[i/2]
		b.Kill()
		if err := b.Start(ctx); err != nil {
			return err
		}
	}
	return rig.Pause(ctx, 3*time.Second)
}

// What a client asks: a read, a plain write, or a write based on a revision.
const (
	reading = iota
	writing
	basing
	kinds
)

type question struct {
	context, kind, value int
	base                 int64
}

type answer struct {
	revision int64
	// conflict: the revision is another one, which is told. unknown: it may have been done, or may be done later.
	conflict, unknown bool
}

// history is what clients asked and were told.
type history struct {
	begin      time.Time
	mu         sync.Mutex
	operations []porcupine.Operation
	done       int
	conflicts  int
}

// play asks until ctx ends.
func (h *history) play(ctx context.Context, client *crossframe.Client, id, contexts int) {
	known := make([]int64, contexts)
	for i := 0; ctx.Err() == nil; i++ {
		q := question{context: i % contexts, kind: (i/contexts + id) % kinds, value: id*1_000_000 + i}
		q.base = known[q.context]
		call := time.Since(h.begin).Nanoseconds()
		a := q.ask(ctx, client)
		back := time.Since(h.begin).Nanoseconds()
		known[q.context] = a.revision
		if a.unknown {
			_ = rig.Pause(ctx, 50*time.Millisecond)
			back = math.MaxInt64
		}
		if q.kind == reading {
			continue
		}
		h.note(porcupine.Operation{ClientId: id, Input: q, Call: call, Output: a, Return: back}, a)
		_ = rig.Pause(ctx, 10*time.Millisecond)
	}
}

func (h *history) note(o porcupine.Operation, a answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, o)
	switch {
	case a.conflict:
		h.conflicts++
	case !a.unknown:
		h.done++
	}
}

// ask asks a broker.
func (q *question) ask(ctx context.Context, client *crossframe.Client) answer {
	// What was begun is waited for, also where the row ends meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tryFor)
	defer cancel()
	name := fmt.Sprint("register", q.context)
	if q.kind == reading {
		snapshot, err := client.Get(ctx, name, "")
		if err != nil {
			return answer{unknown: true}
		}
		return answer{revision: snapshot.Revision}
	}
	var o crossframe.WriteOptions
	if q.kind == basing {
		if o.IfRevision = q.base; q.base == 0 {
			o.IfRevision = -1
		}
	}
	revision, err := client.Set(ctx, name, map[string]any{"v": q.value}, o)
	fault := (*protocol.Fault)(nil)
	switch {
	case err == nil:
		return answer{revision: revision}
	case errors.As(err, &fault) && fault.Code == protocol.RevisionConflict:
		return answer{revision: fault.Revision, conflict: true}
	}
	return answer{unknown: true}
}

// judge holds the history against the model.
func (h *history) judge(t *tally) error {
	t.count(h.done, 0)
	switch porcupine.CheckOperationsTimeout(register, h.operations, 30*time.Second) {
	case porcupine.Illegal:
		t.bad("the history is not linearizable")
	case porcupine.Unknown:
		t.bad("the history could not be checked in 30 s")
	case porcupine.Ok:
		t.note("linearizable")
	}
	t.want(h.conflicts > 0, "%d operations, %d done, %d conflicts", len(h.operations), h.done, h.conflicts)
	return nil
}

// register is the model: each context has a revision, which each write raises by one.
var register = porcupine.Model{
	Partition: func(all []porcupine.Operation) (parts [][]porcupine.Operation) {
		by := map[int][]porcupine.Operation{}
		for _, o := range all {
			c := o.Input.(question).context
			by[c] = append(by[c], o)
		}
		for _, part := range by {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return answer{} },
	Step: func(s, in, out any) (bool, any) {
		state, q, a := s.(answer), in.(question), out.(answer)
		next := answer{revision: state.revision + 1}
		switch {
		case q.kind == basing && q.base != state.revision:
			return a.unknown || a.conflict && a.revision == state.revision, state
		case a.conflict:
			return false, state
		case a.unknown:
			return true, next
		}
		return a.revision == next.revision, next
	},
	Equal: func(a, b any) bool { return a.(answer) == b.(answer) },
}
