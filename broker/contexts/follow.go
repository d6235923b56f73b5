package contexts

import (
	"github.com/crossframe/crossframe/broker/store"
)

// news are what the store told of an entry.
type news struct {
	kind     int
	sequence uint64
	// rec is nil where there is nothing any more.
	rec *record
}

// maxNews bounds what waits for an entry that is being worked for; beyond it, the entry looks at the store.
const maxNews = 256

// follower takes what one bucket tells.
type follower struct {
	room  *Room
	kind  int
	epoch string
}

// take is called with one event after the other.
func (f *follower) take(ev store.Event) {
	if ev.Synced {
		f.synced(ev.Epoch)
		return
	}
	n := news{kind: f.kind, sequence: ev.Sequence}
	if !ev.Deleted {
		rec, err := readRecord(ev.Value)
		if err != nil {
			f.room.options.Log.Error("a stored context cannot be read", "key", ev.Key.String(), "error", err)
			return
		}
		n.rec = rec
	}
	if e := f.room.noted(ev.Key, n.kind, n.sequence, n.rec); e != nil {
		e.hear(n)
	}
}

// synced follows a snapshot. In another epoch, sequences begin anew: all that is known of them is worth nothing.
func (f *follower) synced(epoch string) {
	before := f.epoch
	f.epoch = epoch
	if before == "" || before == epoch {
		return
	}
	f.room.options.Log.Warn("the store is another one than before", "durable", f.kind == durable)
	if f.kind == durable {
		f.room.options.Lost()
	}
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	if f.room.closed {
		return
	}
	for _, e := range f.room.entries {
		e.mu.Lock()
		e.loaded = false
		e.enqueue(&operation{reload: true})
		e.mu.Unlock()
	}
}

// noted puts what is stored into the index. It returns the entry, if there is one.
func (r *Room) noted(key store.Key, kind int, sequence uint64, rec *record) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index.note(key, kind, sequence, rec)
	return r.entries[key]
}

// hear takes news: at once, or where somebody works for the entry, when he comes to it.
func (e *entry) hear(n news) {
	e.mu.Lock()
	if len(e.news) < maxNews {
		e.news = append(e.news, n)
	} else {
		e.loaded = false
	}
	reload := false
	if !e.working {
		e.adoptNews()
		reload = !e.loaded && len(e.subscribers) > 0
	}
	e.mu.Unlock()
	if reload {
		e.room.do(e.address, &operation{reload: true})
	}
}

// adoptNews makes the state what the store told. The entry's mutex is held, and nobody works with the state.
func (e *entry) adoptNews() {
	for _, n := range e.news {
		e.adopt(n)
	}
	e.news = nil
}

func (e *entry) adopt(n news) {
	s := &e.state
	// What is older than what is known was on its way while the entry wrote or read. A deletion may be without number.
	if n.sequence != 0 && n.sequence <= s.sequences[n.kind] {
		return
	}
	next := *s
	next.sequences[n.kind] = n.sequence
	own := n.kind == s.kind || !s.exists()
	switch {
	case n.rec == nil:
		next.sequences[n.kind] = 0
		if s.exists() && n.kind == s.kind {
			// Nobody destroyed it: the bucket that it was in is gone.
			next.record = record{revision: s.revision, since: s.revision}
			next.value = nil
		}
	case own && (n.rec.lifetime != "" || n.rec.revision >= s.revision):
		next.record, next.value, next.kind = *n.rec, nil, n.kind
	case n.rec.lifetime != "":
		// It exists in both buckets, for the moment that two brokers need to agree.
		e.loaded = false
		return
	}
	e.become(next)
}
