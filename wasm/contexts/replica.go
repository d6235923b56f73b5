package contexts

import (
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// address tells the contexts beyond this hub apart.
type address struct{ scope, name string }

func (a address) before(b address) bool {
	return a.scope < b.scope || a.scope == b.scope && a.name < b.name
}

// key returns the address as one string. Neither scopes nor names have control characters.
func (a address) key() string { return a.scope + "\n" + a.name }

// replica is a context that the broker orders, as this hub knows it. It is held while it is followed or has writes.
type replica struct {
	address
	// base is what the broker last said, of that revision and epoch, if it is known. A context that is known not to exist
	// keeps its revision, which what follows goes on from.
	base     document
	known    bool
	revision uint64
	epoch    string
	// weight is what base counts for the bound of bytes.
	weight int
	// appends and appended are those of shared.
	appends, appended int

	// queue are the writes in their order; the first of them are those that are pending.
	queue []*write
	// view is base with the pending writes, where there are any; it is made when it is asked for. While pending writes are
	// sent, base moves and view does not.
	view      *document
	viewKnown bool

	followers []*follower
	// subscription is the id by which the broker tells changes, or 0; confirmed: it has answered, and base is current.
	subscription uint64
	confirmed    bool
	// absent: the broker has answered that there is no such context, and with that not said how far revisions went.
	absent bool
	// resting: what is pending is not sent until the broker may be able to take it; inBacklog: it waits for its turn.
	resting, inBacklog bool
	// moved: base is another one than the followers know of, because the view stands still.
	moved bool
	// lost: what the followers know is of another epoch.
	lost bool
	// unsure: the followers may know another view than the one that was made again after a restart.
	unsure bool
}

// follower is a subscription of a peer.
type follower struct {
	peer peer.ID
	id   uint64
	of   *replica
	// waiting: the subscription has not been answered yet.
	waiting bool
}

// has reports whether the followers' base has a write that the broker has done.
func (r *replica) has(w *write) bool {
	return r.confirmed && (w.revision <= r.revision || r.absent)
}

// pendings returns how many writes are pending.
func (r *replica) pendings() int {
	n := 0
	for n < len(r.queue) && r.queue[n].pending {
		n++
	}
	return n
}

// seen returns what this hub's apps see, and whether that is known.
func (r *replica) seen() (*document, bool) {
	n := r.pendings()
	if n == 0 {
		return &r.base, r.known
	}
	if r.view == nil {
		r.look(r.queue[:n])
	}
	return r.view, r.viewKnown
}

// look makes the view anew.
func (r *replica) look(pending []*write) {
	d := r.base.copy()
	r.view, r.viewKnown = &d, r.known
	for _, w := range pending {
		if w.fault == nil && r.decides(w) {
			// What does not fit any more is for the broker to refuse.
			_ = w.apply(r.view, w.ceiling)
			r.viewKnown = true
		}
	}
}

// decides reports whether the view is known after the write: what is merged into something unknown is unknown.
func (r *replica) decides(w *write) bool {
	return r.viewKnown || w.op == protocol.OpContextSet || w.op == protocol.OpContextDestroy
}

// info describes the context to apps.
func (r *replica) info() protocol.ContextInfo {
	d, _ := r.seen()
	i := protocol.ContextInfo{Name: r.name, Scope: r.scope, Bytes: int64(d.size()), Pending: r.pendings() > 0}
	if d.exists() {
		i.Revision, i.Lifetime = int64(r.revision), d.lifetime
		if d.lifetime == protocol.LifetimeOwner {
			i.Owner = d.owner
		}
	}
	return i
}

// reply answers a request with the value.
func (r *replica) reply(out *peer.Outbox, to asker) {
	d, _ := r.seen()
	info := r.info()
	out.Send(to.peer, protocol.Envelope{
		Op: protocol.OpContextValue, ID: to.id, Ref: uint64(info.Revision), Head: info.AppendJSON(nil), Body: d.body(),
	})
}

// tell sends a change to every follower who knows the value before it. They share head and body.
func (r *replica) tell(out *peer.Outbox, writer peer.ID, head []byte, body protocol.Body) {
	m := protocol.Envelope{Op: protocol.OpContextEvent, ID: r.revision, Peer: writer, Head: head, Body: body}
	for _, f := range r.followers {
		if !f.waiting {
			m.Ref = f.id
			out.Send(f.peer, m)
		}
	}
}

// told is what followers know before something happens that is not told change by change.
type told struct {
	known, exists, pending bool
	revision               uint64
	text                   []byte
}

func (r *replica) told() told {
	d, known := r.seen()
	return told{known, d.exists(), r.pendings() > 0, r.revision, d.encoded()}
}

// catchUp tells the followers what they see now, where that is not what they were told: the whole value where it differs,
// else only the revision.
func (r *replica) catchUp(out *peer.Outbox, was told) {
	is := r.told()
	if !is.known {
		return
	}
	same := was.known && was.exists == is.exists && slices.Equal(was.text, is.text) && !r.unsure
	if same && was.revision == is.revision && was.pending == is.pending && !r.lost && !r.moved {
		return
	}
	change := protocol.ContextChange{Pending: is.pending, Gap: protocol.GapSkipped}
	if r.lost {
		change.Gap = protocol.GapLost
	}
	body := protocol.TextBody([]byte("{}"))
	switch d, _ := r.seen(); {
	case !is.exists:
		change.Kind, body = protocol.ChangeDestroyed, protocol.Body{}
	case !same || r.lost:
		change.Kind, body = protocol.ChangeSet, d.body()
	}
	r.moved, r.lost, r.unsure = false, false, false
	r.tell(out, 0, change.AppendJSON(nil), body)
}
