package contexts

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/tracing"
	"github.com/crossframe/crossframe/protocol"
)

// entry is an address that is in use.
type entry struct {
	address
	room *Room

	mu sync.Mutex
	// working: a goroutine works for the entry. It alone changes what follows the mutex's own fields then, and changes it with the
	// mutex held, so that whoever holds it sees a state that was stored.
	working bool
	queue   []*operation
	// news are what the store told meanwhile.
	news []news
	// loaded: the state is what the store has, as far as is known; held: it has been, and can be read where the store cannot.
	loaded, held bool
	state        state
	subscribers  []*subscription
	// used is when the last work ended.
	used time.Time
}

// operation is something that waits for its turn at an entry: a write, or else a read.
type operation struct {
	client *Client
	id     uint64
	write  *write
	// begun is when a write arrived, span what is told of it.
	begun time.Time
	span  *tracing.Span
	// subscription is one to begin; known and epoch are what its hub has already.
	subscription *subscription
	known        int64
	epoch        string
	// reload: nobody asks; what the store has is to be looked at.
	reload bool

	// What came of a write.
	revision uint64
	fault    *protocol.Fault
	repeat   bool
}

// do gives an operation to the entry of an address. It reports whether it did: a room that is closed takes none.
func (r *Room) do(a address, op *operation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	e := r.entries[a.key]
	if e == nil {
		e = &entry{address: a, room: r}
		r.entries[a.key] = e
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.enqueue(op)
	return true
}

// enqueue is called with both mutexes held.
func (e *entry) enqueue(op *operation) {
	e.queue = append(e.queue, op)
	if !e.working {
		e.working = true
		e.room.running.Go(e.work)
	}
}

// work does what waits, and returns when nothing does.
func (e *entry) work() {
	for {
		group := e.next()
		switch {
		case group == nil:
			return
		case group[0].write == nil:
			e.read(group[0])
		default:
			e.commit(group)
		}
	}
}

// maxGroup bounds how many writes are stored with one write of the store.
const maxGroup = 256

// next takes one read, or all writes that wait before the next read.
func (e *entry) next() []*operation {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.adoptNews()
	n := 0
	for n < len(e.queue) && n < maxGroup && (n == 0 || e.queue[0].write != nil && e.queue[n].write != nil) {
		n++
	}
	if n == 0 {
		e.queue, e.working, e.used = nil, false, time.Now()
		return nil
	}
	group := e.queue[:n:n]
	e.queue = e.queue[n:]
	return group
}

// maxTries bounds how often a group is applied anew because another broker was faster.
const maxTries = 200

// commit applies writes in their order, stores the result, tells it and acknowledges.
func (e *entry) commit(group []*operation) {
	var saved error
	for try := 0; ; try++ {
		if !e.isLoaded() {
			if err := e.refresh(); err != nil {
				e.refuse(group, notRead(err))
				return
			}
		}
		draft := e.take()
		n, created := e.applyAll(&draft, group)
		if e.doubtful(group[:n]) && try == 0 && !e.room.options.Alone {
			e.forget()
			continue
		}
		if draft.revision == e.state.revision && draft.lifetime == e.state.lifetime {
			e.state.value = draft.value
			e.conclude(group[:n], nil)
		} else if saved = e.save(&draft, created); saved == nil {
			e.conclude(group[:n], &draft)
		} else if lost(saved) && try < maxTries {
			e.room.counters.conflicts.Add(1)
			e.forget()
			continue
		} else if e.forget(); n > 1 && errors.Is(saved, store.ErrTooLarge) {
			// One of them is to blame. The others need not come to nothing for it.
			for i := range group[:n] {
				e.commit(group[i : i+1])
			}
		} else {
			e.unsaved(group[:n], notKept(draft.kind, saved))
		}
		if group = group[n:]; len(group) == 0 {
			return
		}
		try = -1
	}
}

// take returns the state to change; its value is no longer the entry's, since a change that fails leaves it changed.
func (e *entry) take() state {
	draft := e.state
	e.mu.Lock()
	e.state.value = nil
	e.mu.Unlock()
	return draft
}

func (e *entry) isLoaded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.loaded
}

func (e *entry) isHeld() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.held
}

// forget makes the next use of the state look at the store first.
func (e *entry) forget() {
	e.mu.Lock()
	e.loaded = false
	e.mu.Unlock()
}

// lost reports whether another broker was faster.
func lost(err error) bool {
	return errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists)
}

// applyAll applies writes up to the first that ends the context: what comes into being after that may be of another bucket.
// It returns how many it has dealt with, and whether the context was created.
func (e *entry) applyAll(draft *state, group []*operation) (n int, created bool) {
	now := time.Now()
	for _, op := range group {
		existed := draft.exists()
		op.revision, op.repeat, op.fault = e.room.apply(e, draft, op.write, now)
		n++
		created = created || !existed && draft.exists()
		if existed && !draft.exists() {
			break
		}
	}
	return n, created
}

// doubtful reports whether a write was refused for what the context is: in what another broker has just stored, it might not
// be.
func (e *entry) doubtful(group []*operation) bool {
	for _, op := range group {
		if op.fault == nil {
			continue
		}
		switch op.fault.Code {
		case protocol.RevisionConflict, protocol.ContextNotFound, protocol.NotOwner:
			return true
		}
	}
	return false
}

// Lifetimes of the memory that a context was destroyed. After them, revisions of a durable one's name may begin anew. Those of
// volatile ones begin at the clock; what is remembered of them are the writes that may come again.
var graves = [kinds]time.Duration{durable: 30 * 24 * time.Hour, volatile: time.Hour}

// save stores the draft over what it was made from.
func (e *entry) save(s *state, created bool) error {
	if s.exists() {
		s.text = s.value.Append(make([]byte, 0, s.value.Size()))
	}
	rec := s.record
	rec.trim(s.revision - e.state.revision)
	sequence, err := e.put(s.kind, &rec, s.sequences[s.kind])
	if err != nil {
		return err
	}
	s.sequences[s.kind] = sequence
	if created && !e.room.options.Alone {
		return e.yield(s)
	}
	return nil
}

func (e *entry) put(kind int, rec *record, last uint64) (sequence uint64, err error) {
	ctx, cancel := e.room.timeout()
	defer cancel()
	var options []store.WriteOption
	if rec.lifetime == "" {
		options = append(options, store.Lifetime(graves[kind]))
	}
	data := rec.append(make([]byte, 0, len(rec.text)+512))
	begin := time.Now()
	if last == 0 {
		sequence, err = e.room.buckets[kind].Create(ctx, e.key, data, options...)
	} else {
		sequence, err = e.room.buckets[kind].Update(ctx, e.key, data, last, options...)
	}
	if err == nil {
		e.room.counters.stored(time.Since(begin))
		e.room.noted(e.key, kind, sequence, rec)
	}
	return sequence, err
}

// yield gives way where another broker has created the same context in the other bucket at the same time: each looks after
// it has written, so that at least one of them sees the other. Nobody has been told of what is taken back.
func (e *entry) yield(s *state) error {
	other, err := e.fetch(1 - s.kind)
	if err != nil || !other.exists() {
		return err
	}
	grave := record{revision: s.revision, since: s.revision, seen: s.seen}
	if _, err := e.put(s.kind, &grave, s.sequences[s.kind]); err != nil && !lost(err) {
		return err
	}
	time.Sleep(rand.N(20 * time.Millisecond))
	return store.ErrConflict
}

// conclude makes a draft that was stored the state, or keeps the state where there is none, and answers. Subscribers, the
// writer's own among them, are told first: by the time that a writer knows its write done, its subscriptions have shown it.
func (e *entry) conclude(group []*operation, draft *state) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if draft != nil {
		before := e.state
		e.state = *draft
		e.tell(&before)
		e.state.trim(0)
	}
	for _, op := range group {
		op.finish()
	}
}

// unsaved answers writes whose result was not stored, or may not have been. That goes for all from the first on which would have
// changed something: what became of those behind it, such as the same write sent again, was decided on the draft.
func (e *entry) unsaved(group []*operation, fault *protocol.Fault) {
	drafted := false
	for _, op := range group {
		drafted = drafted || op.fault == nil && !op.repeat
		if drafted {
			op.fault = fault
		}
		op.finish()
	}
	e.room.counters.unsaved.Add(1)
	e.room.options.Log.Warn("a shared context was not stored", "code", string(fault.Code))
}

// refuse answers writes that could not be tried.
func (e *entry) refuse(group []*operation, fault *protocol.Fault) {
	for _, op := range group {
		op.fault = fault
		op.finish()
	}
}

// finish answers a write.
func (op *operation) finish() {
	if op.client == nil {
		return
	}
	op.release()
	if op.fault != nil {
		op.span.End(string(op.fault.Code))
		op.client.fail(op.write.by, op.id, op.fault)
		return
	}
	op.span.End("")
	op.client.room.counters.writes.Add(1)
	op.client.room.counters.writeTimes.Observe(time.Since(op.begun))
	op.client.conn.Send(nil, protocol.Envelope{Op: protocol.OpReply, ID: op.id, Ref: op.revision})
}
