package contexts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
)

// ledger is a broker with no store, no network and no cleverness. It does what is asked of the real one: an order of
// writes, events before answers, writes known by their numbers.
type ledger struct {
	rng      *dice
	epoch    int
	contexts map[string]*entry
	floor    uint64
	conns    map[string]*conn
	// applied counts how often each mark was written, over all epochs that still count.
	applied map[string]int
	saved   *ledger
}

type entry struct {
	value    map[string]any
	revision uint64
	// seen holds the last writes of each hub, with the revisions that they led to.
	seen map[string][]seen
}

type seen struct {
	first, sequence int64
	revision        uint64
}

// window is how many writes of a hub a context remembers: as many as a hub has under way.
const window = maxSent

// repeated reports whether the context has a write already. One may be missing among later ones: where it failed, and the
// connection ended before its hub heard so.
func (e *entry) repeated(hub string, sequence int64) (revision uint64, ok bool) {
	list := e.seen[hub]
	for _, s := range list {
		if s.first <= sequence && sequence <= s.sequence {
			return s.revision, true
		}
	}
	return e.revision, len(list) == window && sequence < list[0].sequence
}

func (e *entry) remember(hub string, first, sequence int64) {
	list := append(slices.Clone(e.seen[hub]), seen{first, sequence, e.revision})
	slices.SortFunc(list, func(a, b seen) int { return int(a.sequence - b.sequence) })
	e.seen[hub] = list[max(0, len(list)-window):]
}

// conn is a hub's connection, with what is under way on it.
type conn struct {
	hub       string
	up        bool
	in, out   []protocol.Envelope
	following map[uint64]string
	// behind are subscriptions that get the next value and not the next changes.
	behind map[uint64]bool
}

func newLedger(rng *dice) *ledger {
	return &ledger{rng: rng, contexts: map[string]*entry{}, conns: map[string]*conn{}, applied: map[string]int{}}
}

func (l *ledger) epochName() string { return fmt.Sprint("epoch ", l.epoch) }

func (l *ledger) connect(hub string) *conn {
	c := &conn{hub: hub, up: true, following: map[uint64]string{}, behind: map[uint64]bool{}}
	l.conns[hub] = c
	return c
}

func (l *ledger) at(name string) *entry {
	if l.contexts[name] == nil {
		l.contexts[name] = &entry{seen: map[string][]seen{}}
	}
	return l.contexts[name]
}

// save remembers the store as it is; lose goes back to it, which is another store from then on.
func (l *ledger) save() {
	l.saved = &ledger{contexts: map[string]*entry{}, floor: l.floor, applied: maps.Clone(l.applied)}
	for name, e := range l.contexts {
		c := &entry{revision: e.revision, seen: maps.Clone(e.seen)}
		if e.value != nil {
			c.value = clone(e.value)
		}
		l.saved.contexts[name] = c
	}
}

func (l *ledger) lose() {
	if l.saved == nil {
		l.save()
	}
	l.contexts, l.floor, l.applied = l.saved.contexts, l.saved.floor, l.saved.applied
	l.saved = nil
	l.epoch++
}

// take does what the next message of a connection asks.
func (l *ledger) take(c *conn) {
	m := c.in[0]
	c.in = c.in[1:]
	var o protocol.ContextOptions
	if err := o.DecodeJSON(m.Head); err != nil {
		panic(err)
	}
	switch m.Op {
	case protocol.OpContextUnsubscribe:
		delete(c.following, m.Ref)
		c.out = append(c.out, protocol.Envelope{Op: protocol.OpReply, ID: m.ID})
	case protocol.OpContextSubscribe, protocol.OpContextGet:
		if l.rng.IntN(20) == 0 {
			c.out = append(c.out, failed(m.ID, protocol.StorageDown))
			return
		}
		if m.Op == protocol.OpContextSubscribe {
			c.following[m.ID] = m.Name
		}
		c.out = append(c.out, l.value(m, &o))
	default:
		l.write(c, &m)
	}
}

func (l *ledger) value(m protocol.Envelope, o *protocol.ContextOptions) protocol.Envelope {
	e := l.at(m.Name)
	info := protocol.ContextInfo{Name: m.Name, Scope: o.Scope}
	v := protocol.Envelope{Op: protocol.OpContextValue, ID: m.ID}
	if e.value != nil {
		info.Revision, info.Lifetime = int64(e.revision), protocol.LifetimeDurable
		v.Ref = e.revision
		info.Unchanged = o.Epoch == l.epochName() && o.Revision == info.Revision
		if !info.Unchanged {
			v.Body = text(marshal(e.value))
		}
	}
	v.Head = info.AppendJSON(nil)
	return v
}

// write applies a write, tells and answers.
func (l *ledger) write(c *conn, m *protocol.Envelope) {
	w := &write{op: m.Op, body: m.Body.Bytes()}
	if err := w.readHead(m.Head); err != nil {
		panic(err)
	}
	e, sequence := l.at(m.Name), w.options.Sequence
	if sequence == 0 {
		panic("a write without a number")
	}
	if revision, ok := e.repeated(c.hub, sequence); ok {
		c.out = append(c.out, acked(m.ID, revision))
		return
	}
	switch base := w.options.IfRevision; {
	case l.rng.IntN(12) == 0:
		c.out = append(c.out, failed(m.ID, []protocol.Code{protocol.StorageDown, protocol.RateLimited}[l.rng.IntN(2)]))
		return
	case l.rng.IntN(30) == 0:
		c.out = append(c.out, failed(m.ID, protocol.QuotaExceeded))
		return
	case base == -1 && e.value != nil, base > 0 && (e.value == nil || uint64(base) != e.revision):
		c.out = append(c.out, failed(m.ID, protocol.RevisionConflict))
		return
	case m.Op == protocol.OpContextDestroy && e.value == nil:
		c.out = append(c.out, failed(m.ID, protocol.ContextNotFound))
		return
	}
	change, body := l.apply(e, w)
	first := int64(w.first)
	if first == 0 {
		first = sequence
	}
	e.remember(c.hub, first, sequence)
	l.tell(m.Name, e, protocol.Envelope{Op: protocol.OpContextEvent, ID: e.revision, Head: change.AppendJSON(nil), Body: body})
	c.out = append(c.out, acked(m.ID, e.revision))
}

// apply changes a context with plain maps.
func (l *ledger) apply(e *entry, w *write) (change protocol.ContextChange, told protocol.Body) {
	var body any
	if len(w.body) > 0 {
		if err := json.Unmarshal(w.body, &body); err != nil {
			panic(err)
		}
		told = text(string(w.body))
	}
	l.count(body)
	for _, path := range w.options.Set {
		l.count(map[string]any{path[len(path)-1]: nil})
	}
	if e.value == nil {
		e.revision = max(e.revision, l.floor)
	}
	e.revision++
	switch {
	case w.op == protocol.OpContextDestroy:
		e.value = nil
		l.floor = max(l.floor, e.revision)
		return protocol.ContextChange{Kind: protocol.ChangeDestroyed}, told
	case w.op == protocol.OpContextPatch:
		fresh := e.value == nil
		if fresh {
			e.value = map[string]any{}
		}
		for _, path := range w.options.Remove {
			removePath(e.value, path)
		}
		for i, path := range w.options.Set {
			setPath(e.value, path, body.([]any)[i])
		}
		if fresh {
			return protocol.ContextChange{Kind: protocol.ChangeSet}, text(marshal(e.value))
		}
		return protocol.ContextChange{Kind: protocol.ChangePatch, Set: w.options.Set, Remove: w.options.Remove}, told
	case w.op == protocol.OpContextSet || e.value == nil:
		e.value = body.(map[string]any)
		return protocol.ContextChange{Kind: protocol.ChangeSet}, told
	}
	for _, name := range w.remove {
		if _, ok := e.value[name]; ok && body.(map[string]any)[name] == nil {
			change.Removed = append(change.Removed, name)
		}
		delete(e.value, name)
	}
	maps.Copy(e.value, body.(map[string]any))
	return change, told
}

// count notes the marks that a body brings.
func (l *ledger) count(body any) {
	switch v := body.(type) {
	case map[string]any:
		for name, value := range v {
			if strings.HasPrefix(name, "mark") {
				l.applied[name]++
			}
			l.count(value)
		}
	case []any:
		for _, value := range v {
			l.count(value)
		}
	}
}

// tell tells every follower, some of them later.
func (l *ledger) tell(name string, e *entry, m protocol.Envelope) {
	for _, hub := range slices.Sorted(maps.Keys(l.conns)) {
		c := l.conns[hub]
		if !c.up {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(c.following)) {
			if c.following[id] != name {
				continue
			}
			if c.behind[id] || l.rng.IntN(15) == 0 {
				c.behind[id] = true
				continue
			}
			m.Ref = id
			c.out = append(c.out, m)
			if l.rng.IntN(15) == 0 {
				c.out = append(c.out, m)
			}
		}
	}
}

// catchUp tells the values to those who are behind.
func (l *ledger) catchUp(c *conn) {
	for _, id := range slices.Sorted(maps.Keys(c.behind)) {
		if name, ok := c.following[id]; ok {
			e := l.at(name)
			change, body := protocol.ContextChange{Kind: protocol.ChangeDestroyed}, ""
			if e.value != nil {
				change, body = protocol.ContextChange{Kind: protocol.ChangeSet, Gap: protocol.GapSkipped}, marshal(e.value)
			}
			c.out = append(c.out, event(id, e.revision, 0, string(change.AppendJSON(nil)), body))
		}
		delete(c.behind, id)
	}
}
