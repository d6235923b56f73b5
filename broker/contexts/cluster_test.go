package contexts

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossframe/crossframe/protocol"
)

// TestTwoBrokers: one order of writes, whatever broker they come by; followers of the other broker get the changes.
func TestTwoBrokers(t *testing.T) {
	ra, rb, _ := two(t, Options{})
	a, b := connect(t, ra, "a"), connect(t, rb, "b")
	s := b.ask(subscribe, "c", tenant, "")
	answer := b.answer(s)
	b.expect(textOf(&answer), "0 ")
	for i, step := range []struct {
		op          protocol.Op
		head, body  string
		want, event string
	}{
		{set, tenant, `{"a":1}`, "1", `1 {"kind":"set"} {"a":1}`},
		{update, tenant, `{"b":2}`, "2", `2  {"b":2}`},
		{patch, `{"scope":"tenant","set":[["c","d"]]}`, `[3]`, "3", `3 {"kind":"patch","set":[["c","d"]]} [3]`},
		{update, `{"scope":"tenant","ifRevision":3,"remove":["a"]}`, `{}`, "4", `4 {"removed":["a"]} {}`},
		{destroy, tenant, ``, "5", `5 {"kind":"destroyed"} `},
		{set, tenant, `{"n":1}`, "6", `6 {"kind":"set"} {"n":1}`},
	} {
		a.expect(a.do(step.op, "c", step.head, step.body), step.want)
		m := b.event(s)
		if got := textOf(&m); got != step.event {
			t.Errorf("step %d: %s, want %s", i, got, step.event)
		}
	}
	w := connect(t, rb, "w")
	w.expect(w.do(update, "c", `{"scope":"tenant","ifRevision":6}`, `{"n":2}`), "7")
	a.expect(a.do(get, "c", tenant, ``), `7 {"n":2}`)
	a.expect(a.do(update, "c", `{"scope":"tenant","ifRevision":6}`, `{"n":2}`), "REVISION_CONFLICT")
	// The same write by the other broker is the same write.
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":3}`, `{"n":3}`), "8")
	again := connect(t, rb, "a")
	again.expect(again.do(update, "c", `{"scope":"tenant","sequence":3}`, `{"n":3}`), "8")
}

// TestTwoBrokersManyWriters: no merge is lost, and subscribers of both see revisions rise, with a gap only where it is told.
func TestTwoBrokersManyWriters(t *testing.T) {
	ra, rb, _ := two(t, Options{})
	const writers, each = 6, 15
	subscribers := []*conn{connect(t, ra, "sa"), connect(t, rb, "sb")}
	var subscriptions []uint64
	for _, c := range subscribers {
		id := c.ask(subscribe, "c", tenant, "")
		c.answer(id)
		subscriptions = append(subscriptions, id)
	}
	var running sync.WaitGroup
	for w := range writers {
		c := connect(t, []*Room{ra, rb}[w%2], fmt.Sprint("w", w))
		running.Go(func() {
			for i := range each {
				if got := c.do(update, "c", fmt.Sprintf(`{"scope":"tenant","sequence":%d}`, i+1), fmt.Sprintf(`{"w%d_%d":1}`, w, i)); strings.Contains(got, "_") {
					t.Errorf("write %d of %d: %s", i, w, got)
				}
			}
		})
	}
	running.Wait()
	for i, c := range subscribers {
		value, revision := map[string]any{}, uint64(0)
		for revision < writers*each {
			m := c.event(subscriptions[i])
			var change protocol.ContextChange
			if err := change.DecodeJSON(m.Head); err != nil {
				t.Fatal(err)
			}
			switch {
			case change.Kind == protocol.ChangeSet:
				value = map[string]any{}
				if m.ID != revision+1 && change.Gap != protocol.GapSkipped {
					t.Errorf("revision %d comes behind %d without a word", m.ID, revision)
				}
			case m.ID != revision+1:
				t.Fatalf("revision %d comes behind %d", m.ID, revision)
			}
			for k, v := range asMap(t, m.Body.Bytes()) {
				value[k] = v
			}
			revision = m.ID
		}
		if len(value) != writers*each || revision != writers*each {
			t.Errorf("subscriber %d has %d members at revision %d", i, len(value), revision)
		}
	}
	t.Logf("brokers lost races: %d and %d", ra.Snapshot().Conflicts, rb.Snapshot().Conflicts)
}

// TestOneContextInTwoBuckets: two brokers create the same context at the same time, one of them durable and one of them not;
// there is one context, and both writes are in its history.
func TestOneContextInTwoBuckets(t *testing.T) {
	ra, rb, _ := two(t, Options{})
	for i := range 20 {
		name := fmt.Sprint("c", i)
		a, b := connect(t, ra, "a"), connect(t, rb, "b")
		var running sync.WaitGroup
		var got [2]string
		running.Go(func() { got[0] = a.do(update, name, `{"scope":"tenant","lifetime":"durable"}`, `{"a":1}`) })
		running.Go(func() { got[1] = b.do(update, name, `{"scope":"tenant","lifetime":"session"}`, `{"b":1}`) })
		running.Wait()
		for _, c := range []*conn{a, b} {
			if value := c.do(get, name, tenant, ""); !strings.Contains(value, `"a":1`) || !strings.Contains(value, `"b":1`) {
				t.Fatalf("%s: answers %v, value %s", name, got, value)
			}
		}
	}
}

// TestCompareAndSetIsLinearizable holds a history of writes with ifRevision, of plain writes and of reads, by two brokers
// with the writers at both, against a model, while a node of the cluster is ended.
func TestCompareAndSetIsLinearizable(t *testing.T) {
	ra, rb, cluster := two(t, Options{StoreTimeout: 20 * time.Second})
	const clients, each = 6, 25
	var mu sync.Mutex
	var history []porcupine.Operation
	begin := time.Now()
	var running sync.WaitGroup
	for id := range clients {
		c := connect(t, []*Room{ra, rb}[id%2], fmt.Sprint("h", id))
		running.Go(func() {
			var known uint64
			for i := range each {
				in := input{kind: i % 3, value: id*1000 + i, base: known}
				call := time.Since(begin).Nanoseconds()
				out := in.do(c)
				done := time.Since(begin).Nanoseconds()
				if known = out.revision; out.unknown {
					// It may have been done, or may be done later: it ends when everything has.
					done = int64(time.Hour)
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: id, Input: in, Call: call, Output: out, Return: done})
				mu.Unlock()
			}
		})
	}
	running.Go(func() {
		time.Sleep(100 * time.Millisecond)
		leader := cluster.Leader("KV_cf_contexts")
		if leader >= 0 {
			cluster.Kill(leader)
			cluster.Restart(leader)
		}
	})
	running.Wait()
	switch porcupine.CheckOperationsTimeout(register, history, time.Minute) {
	case porcupine.Illegal:
		t.Error("the history is not linearizable")
	case porcupine.Unknown:
		t.Error("the history could not be checked in a minute")
	}
	ok, conflicts := 0, 0
	for _, o := range history {
		switch out := o.Output.(output); {
		case out.conflict:
			conflicts++
		case !out.unknown:
			ok++
		}
	}
	if ok == 0 || conflicts == 0 {
		t.Errorf("the history shows nothing: %d done, %d conflicts", ok, conflicts)
	}
	t.Logf("%d operations: %d done, %d conflicts, %d races lost", len(history), ok, conflicts, ra.Snapshot().Conflicts+rb.Snapshot().Conflicts)
}

// What a client asks: a read, a plain write, or a write based on a revision.
type input struct {
	kind  int
	value int
	base  uint64
}

const (
	reading = iota
	writing
	basing
)

type output struct {
	revision uint64
	value    int
	conflict bool
	unknown  bool
}

func (in input) do(c *conn) (out output) {
	var id uint64
	switch in.kind {
	case reading:
		id = c.ask(get, "c", tenant, "")
	case writing:
		id = c.ask(set, "c", tenant, fmt.Sprintf(`{"v":%d}`, in.value))
	case basing:
		base := int64(in.base)
		if base == 0 {
			base = -1
		}
		id = c.ask(set, "c", fmt.Sprintf(`{"scope":"tenant","ifRevision":%d}`, base), fmt.Sprintf(`{"v":%d}`, in.value))
	}
	m := c.answer(id)
	switch m.Op {
	case protocol.OpContextValue:
		out.revision = m.Ref
		if m.Ref > 0 {
			out.value = int(asMap(c.t, m.Body.Bytes())["v"].(float64))
		}
	case protocol.OpReply:
		out.revision = m.Ref
	default:
		var f protocol.Fault
		_ = f.DecodeJSON(m.Head)
		out.conflict, out.revision = f.Code == protocol.RevisionConflict, uint64(f.Revision)
		out.unknown = !out.conflict
	}
	return out
}

// register is the model: a value and its revision.
var register = porcupine.Model{
	Init: func() any { return output{} },
	Step: func(s, in, out any) (bool, any) {
		state, i, o := s.(output), in.(input), out.(output)
		next := output{revision: state.revision + 1, value: i.value}
		switch {
		case i.kind == reading:
			return o.unknown || o.revision == state.revision && o.value == state.value, state
		case i.kind == basing && i.base != state.revision:
			return o.unknown || o.conflict && o.revision == state.revision, state
		case o.conflict:
			return false, state
		case o.unknown:
			return true, next
		}
		return o.revision == next.revision, next
	},
	Equal: func(a, b any) bool { return a.(output) == b.(output) },
}

// TestWithoutMajority: what cannot be stored is refused with a code, what is held is read, and when the cluster is there again,
// so is everything that was acknowledged.
func TestWithoutMajority(t *testing.T) {
	r, other, cluster := two(t, Options{StoreTimeout: 2 * time.Second})
	c := connect(t, r, "a")
	c.expect(c.do(set, "c", tenant, `{"n":1}`), "1")
	s := c.ask(subscribe, "c", tenant, "")
	c.answer(s)
	cluster.Kill(0)
	cluster.Kill(1)
	for i := range 3 {
		got := c.do(update, "c", fmt.Sprintf(`{"scope":"tenant","sequence":%d}`, i+1), `{"n":2}`)
		if got != "NOT_DURABLE" && got != "STORAGE_UNAVAILABLE" {
			t.Errorf("write without a majority: %s", got)
		}
		c.expect(c.do(get, "c", tenant, ""), `1 {"n":1}`)
	}
	// The node that is left may still take itself for the leader, and answers reads; then there is nothing of that name.
	if got := c.do(get, "unknown", tenant, ""); got != "STORAGE_UNAVAILABLE" && got != "0 " {
		t.Errorf("what is not held: %s", got)
	}
	cluster.Restart(0)
	cluster.Restart(1)
	w := connect(t, other, "b")
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if got := w.do(update, "c", `{"scope":"tenant","sequence":9}`, `{"m":3}`); !strings.Contains(got, "_") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no write succeeds after the nodes are back")
		}
	}
	m := c.await("the other broker's write", func(m *protocol.Envelope) bool {
		return m.Op == protocol.OpContextEvent && strings.Contains(string(m.Body.Bytes()), `"m":3`)
	})
	c.expect(c.do(get, "c", tenant, ""), w.do(get, "c", tenant, ""))
	if m.ID < 2 {
		t.Errorf("revision %d", m.ID)
	}
}

// TestDurableWithoutVolatile: while the bucket of what is volatile does not answer, as in a cluster whose nodes died one after the
// other, durable contexts can be read and written.
func TestDurableWithoutVolatile(t *testing.T) {
	ra, rb, cluster := two(t, Options{})
	a, b := connect(t, ra, "a"), connect(t, rb, "b")
	a.expect(a.do(set, "c", tenant, `{"a":1}`), "1")
	conn, err := nats.Connect(cluster.URL(0))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err == nil {
		err = js.DeleteStream(t.Context(), "KV_cf_volatile")
	}
	if err != nil {
		t.Fatal(err)
	}
	b.expect(b.do(update, "c", tenant, `{"b":2}`), "2")
	a.expect(a.do(get, "c", tenant, ``), `2 {"a":1,"b":2}`)
	a.expect(a.do(update, "c", `{"scope":"tenant","ifRevision":2}`, `{"c":3}`), "3")
}
