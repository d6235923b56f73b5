package contexts

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// canonical returns the value with sorted members, so that texts can be compared; "" where there is none.
func canonical(c *shared) string {
	if c.value == nil {
		return ""
	}
	var v map[string]any
	if err := json.Unmarshal(c.value.Append(nil), &v); err != nil {
		return "not JSON: " + err.Error()
	}
	return marshal(v)
}

// raw returns the value's text as it is.
func raw(c *shared) string {
	if c.value == nil {
		return ""
	}
	return string(c.value.Append(nil))
}

func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// model does what the room does, with encoding/json and no cleverness.
type model struct {
	values    map[string]map[string]any
	revisions map[string]uint64
	owners    map[string]string // of contexts of lifetime "owner"
	floor     uint64
}

func (m *model) write(name, instance, lifetime string, change func(old map[string]any) (map[string]any, bool)) (uint64, bool) {
	next, ok := change(clone(m.values[name]))
	if !ok {
		return 0, false
	}
	if m.values[name] == nil {
		m.revisions[name] = m.floor
		if lifetime == protocol.LifetimeOwner {
			m.owners[name] = instance
		}
	}
	m.values[name] = next
	m.revisions[name]++
	return m.revisions[name], true
}

func (m *model) destroy(name string) {
	m.floor = max(m.floor, m.revisions[name]+1)
	delete(m.values, name)
	delete(m.revisions, name)
	delete(m.owners, name)
}

func clone(v map[string]any) map[string]any {
	next := map[string]any{}
	if v != nil {
		if err := json.Unmarshal([]byte(marshal(v)), &next); err != nil {
			panic(err)
		}
	}
	return next
}

// setPath reports false where the path runs through something other than an object.
func setPath(v map[string]any, path []string, leaf any) bool {
	for _, name := range path[:len(path)-1] {
		if _, ok := v[name]; !ok {
			v[name] = map[string]any{}
		}
		next, ok := v[name].(map[string]any)
		if !ok {
			return false
		}
		v = next
	}
	v[path[len(path)-1]] = leaf
	return true
}

func removePath(v map[string]any, path []string) {
	for _, name := range path[:len(path)-1] {
		next, ok := v[name].(map[string]any)
		if !ok {
			return
		}
		v = next
	}
	delete(v, path[len(path)-1])
}

// imitation follows a context by its events alone, as a client app does.
type imitation struct {
	value    map[string]any
	revision uint64
}

func (p *imitation) take(t *testing.T, m peer.Message) {
	var head protocol.ContextChange
	if err := head.DecodeJSON(m.Head); err != nil {
		t.Fatal(err)
	}
	whole := head.Kind == protocol.ChangeSet || head.Kind == protocol.ChangeDestroyed
	if m.ID != p.revision+1 && !(head.Kind == protocol.ChangeSet && p.value == nil && m.ID > p.revision) {
		t.Fatalf("event %d follows revision %d (%s)", m.ID, p.revision, m.Head)
	}
	if !whole && p.value == nil {
		t.Fatalf("a change of nothing: %s", m.Head)
	}
	p.revision = m.ID
	var body any
	if m.Body.Kind != protocol.BodyNone {
		if err := json.Unmarshal(m.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
	}
	switch head.Kind {
	case protocol.ChangeSet:
		p.value = body.(map[string]any)
	case protocol.ChangeDestroyed:
		p.value = nil
	case protocol.ChangePatch:
		for _, path := range head.Remove {
			removePath(p.value, path)
		}
		for i, path := range head.Set {
			setPath(p.value, path, body.([]any)[i])
		}
	default:
		maps.Copy(p.value, body.(map[string]any))
		for _, name := range head.Removed { // after the merge, so that the order cannot matter
			delete(p.value, name)
		}
	}
}

var (
	modelNames   = []string{"trade", "a/b", "x.y"}
	modelMembers = []string{"a", "b", "__proto__", "é\n", "d", "", "toJSON", "constructor", "i", "j", "k"}
)

func randomValue(rng *dice, depth int) any {
	switch n := rng.IntN(8); {
	case n < 3 && depth > 0:
		return randomObject(rng, depth-1)
	case n == 3:
		return []any{float64(rng.IntN(9)), "x"}
	case n == 4:
		return nil
	case n == 5:
		return strings.Repeat("€\"", rng.IntN(40))
	}
	return float64(rng.IntN(1000)) / 4
}

func randomObject(rng *dice, depth int) map[string]any {
	v := map[string]any{}
	for range rng.IntN(6) {
		v[modelMembers[rng.IntN(len(modelMembers))]] = randomValue(rng, depth)
	}
	return v
}

func randomPath(rng *dice) []string {
	path := make([]string, 1+rng.IntN(3))
	for i := range path {
		path[i] = modelMembers[rng.IntN(4)]
	}
	return path
}

// TestModel lets random requests of several apps run through the room and through a naive model beside it. The room
// crashes at random points. Replicas follow by events alone.
func TestModel(t *testing.T) {
	for seed := range uint64(12) {
		rng := &dice{Rand: rand.New(rand.NewPCG(seed, 1)), life: []int{1, 20}[seed%2]}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runModel(t, rng) })
	}
}

// dice also says how long values live: the longer, the more changes are journaled behind them.
type dice struct {
	*rand.Rand
	life int
}

func runModel(t *testing.T, rng *dice) {
	d := newDesk(t, Options{})
	m := &model{values: map[string]map[string]any{}, revisions: map[string]uint64{}, owners: map[string]string{}}
	apps := []*peer.Peer{app(1, "a"), app(2, "b"), app(3, "c")}
	apps[2].Info.Main = true
	follower := app(9, "f")
	replicas := map[uint64]*imitation{}
	for i, name := range modelNames {
		d.do(follower, subscribe(uint64(i+1), name))
		replicas[uint64(i+1)] = &imitation{}
	}
	for id := uint64(1); id <= 250; id++ {
		name := modelNames[rng.IntN(len(modelNames))]
		from := apps[rng.IntN(len(apps))]
		out := step(d, m, rng, from, name, id)
		for _, message := range out.Messages {
			if message.Op == protocol.OpContextEvent {
				replicas[message.Ref].take(t, message)
			}
		}
		if rng.IntN(20) == 0 {
			before := d.state()
			d.crash(everything)
			if after := d.state(); after != before {
				t.Fatalf("a crash changed\n%s\nto\n%s", before, after)
			}
		}
		compare(t, d, m, replicas)
		if t.Failed() {
			t.Fatalf("at step %d: %v", id, render(out))
		}
	}
}

// step does one random thing to room and model, and compares the answer.
func step(d *desk, m *model, rng *dice, from *peer.Peer, name string, id uint64) *peer.Outbox {
	if rng.IntN(60*rng.life) == 0 {
		for owned, instance := range m.owners {
			if instance == from.Instance() {
				m.destroy(owned)
			}
		}
		return d.gone(from.Instance())
	}
	exists := m.values[name] != nil
	if rng.IntN(25*rng.life) == 0 {
		owner, owned := m.owners[name]
		out := d.do(from, destroy(id, name))
		ok := exists && (!owned || owner == from.Instance() || from.Info.Main)
		if ok {
			m.destroy(name)
		}
		expect(d.t, out, ok, 0)
		return out
	}
	var revision int64
	switch rng.IntN(5) {
	case 0:
		revision = int64(m.revisions[name])
	case 1:
		revision = int64(rng.IntN(4)) - 1
	}
	lifetime := []string{"", protocol.LifetimeSession, protocol.LifetimeOwner}[rng.IntN(3)]
	may := revision == 0 || revision == -1 && !exists || exists && uint64(revision) == m.revisions[name]

	request, change := randomWrite(rng, revision, lifetime)
	request.ID, request.Name = id, name
	out := d.do(from, request)
	var want uint64
	if may {
		want, may = m.write(name, from.Instance(), lifetime, change)
	}
	expect(d.t, out, may, want)
	return out
}

// randomWrite returns a request and what it makes of a value.
func randomWrite(rng *dice, revision int64, lifetime string) (protocol.Envelope, func(map[string]any) (map[string]any, bool)) {
	body := randomObject(rng, 3)
	if rng.IntN(8*rng.life) == 0 {
		o := protocol.WriteOptions{IfRevision: revision, Lifetime: lifetime}
		return protocol.Envelope{Op: protocol.OpContextSet, Head: o.AppendJSON(nil), Body: text(marshal(body))},
			func(map[string]any) (map[string]any, bool) { return clone(body), true }
	}
	if rng.IntN(2) == 0 {
		o := protocol.PatchOptions{IfRevision: revision, Lifetime: lifetime}
		values := []any{}
		for range rng.IntN(4) {
			o.Set = append(o.Set, randomPath(rng))
			values = append(values, randomValue(rng, 2))
		}
		for range rng.IntN(3) {
			o.Remove = append(o.Remove, randomPath(rng))
		}
		return protocol.Envelope{Op: protocol.OpContextPatch, Head: o.AppendJSON(nil), Body: text(marshal(values))},
			func(old map[string]any) (map[string]any, bool) {
				for _, path := range o.Remove {
					removePath(old, path)
				}
				for i, path := range o.Set {
					if !setPath(old, path, clone(map[string]any{"v": values[i]})["v"]) {
						return nil, false
					}
				}
				return old, true
			}
	}
	o := protocol.WriteOptions{IfRevision: revision, Lifetime: lifetime}
	for range rng.IntN(3) {
		o.Remove = append(o.Remove, modelMembers[rng.IntN(len(modelMembers))])
	}
	return protocol.Envelope{Op: protocol.OpContextUpdate, Head: o.AppendJSON(nil), Body: text(marshal(body))},
		func(old map[string]any) (map[string]any, bool) {
			for _, name := range o.Remove {
				delete(old, name)
			}
			maps.Copy(old, clone(body))
			return old, true
		}
}

// expect compares the answer, which is the last message; a revision of 0 is not compared.
func expect(t *testing.T, out *peer.Outbox, ok bool, revision uint64) {
	t.Helper()
	answer := out.Messages[len(out.Messages)-1]
	if (answer.Op == protocol.OpReply) != ok || ok && revision != 0 && answer.Ref != revision {
		t.Errorf("answer: %s, want ok %t at revision %d", render(out), ok, revision)
	}
}

func compare(t *testing.T, d *desk, m *model, replicas map[uint64]*imitation) {
	t.Helper()
	if d.room.live != len(m.values) || d.room.floor != m.floor {
		t.Errorf("%d contexts and floor %d, want %d and %d", d.room.live, d.room.floor, len(m.values), m.floor)
	}
	for i, name := range modelNames {
		c := d.room.at(name)
		want := ""
		if m.values[name] != nil {
			want = marshal(m.values[name])
		}
		if got := canonical(c); got != want || c.revision != m.revisions[name] {
			t.Errorf("%s: revision %d %s\nwant %d %s", name, c.revision, got, m.revisions[name], want)
		}
		p := replicas[uint64(i+1)]
		followed := ""
		if p.value != nil {
			followed = marshal(p.value)
		}
		if followed != want {
			t.Errorf("%s: a subscriber has %s\nwant %s", name, followed, want)
		}
	}
}
