package records

import (
	"sync"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
)

// Change is what became of one record.
type Change struct {
	Ref
	// Revision is the new one; empty where Deleted.
	Revision string
	Deleted  bool
}

// watcher is somebody who wants to know.
type watcher struct {
	who  identity.Identity
	kind string

	mu     sync.Mutex
	f      func(Change)
	closed bool
}

// Watch calls f with every change from now on of records that somebody may read, one after the other, until the function
// that it returns is called; after that, f is not called any more. If kind is empty, all kinds are meant. F must neither
// block nor end it.
func (r *Records) Watch(who identity.Identity, kind string, f func(Change)) (stop func(), err error) {
	if kind != "" {
		if err := checkKind(kind); err != nil {
			return nil, err
		}
	}
	w := &watcher{who: who, kind: kind, f: f}
	r.mu.Lock()
	r.watchers[w] = struct{}{}
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		delete(r.watchers, w)
		r.mu.Unlock()
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
	}, nil
}

// tell passes an event of the store on.
func (r *Records) tell(e store.Event) {
	tenant, ref, ok := refOf(e.Key)
	if e.Synced || !ok {
		return
	}
	change := Change{Ref: ref, Deleted: e.Deleted}
	if !e.Deleted {
		change.Revision = revisionOf(r.bucket.Epoch(), e.Sequence)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		if w.who.Tenant == tenant && (w.kind == "" || w.kind == ref.Kind) && mayRead(&w.who, ref.Kind, ref.Owner) {
			w.tell(change)
		}
	}
}

func (w *watcher) tell(c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.f(c)
	}
}
