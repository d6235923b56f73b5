package interop

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// watch tells a peer which methods come and go.
type watch struct {
	by    *member
	id    uint64
	query protocol.MethodQuery
}

// sees reports whether the offer is one that m asks for and may call.
func (r *Room) sees(m *member, q *protocol.MethodQuery, o *offer) bool {
	return asks(q, o) && m.peer.Grants.Invoke.Has(o.name) && r.reaches(m.peer, o)
}

func asks(q *protocol.MethodQuery, o *offer) bool {
	return (q.Name == "" || q.Name == o.name) &&
		strings.HasPrefix(o.name, q.Prefix) &&
		(q.App == "" || q.App == o.by.peer.Info.App)
}

// Discover handles interop.discover.
func (r *Room) Discover(t *peer.Turn) {
	if q, ok := query(t); ok {
		t.Reply(r.list(r.member(t.From), &q))
	}
}

// Watch handles interop.watch.
func (r *Room) Watch(t *peer.Turn) {
	m := r.member(t.From)
	if _, taken := m.watches[t.Msg.ID]; !numbered(t, taken) {
		return
	}
	q, ok := query(t)
	if !ok {
		return
	}
	if int64(len(m.watches)) >= t.From.Limits.Subscriptions {
		refuse(t, protocol.QuotaExceeded, "you have as many watches as you may")
		return
	}
	w := &watch{by: m, id: t.Msg.ID, query: q}
	r.addWatch(w)
	if !t.From.Remote {
		t.Out.Put(watchKey(w), t.Msg.Head, protocol.Body{})
	}
	t.Reply(r.list(m, &q))
}

// query reads the head of the turn's message; where it cannot be used, query answers.
func query(t *peer.Turn) (q protocol.MethodQuery, ok bool) {
	if err := q.DecodeJSON(t.Msg.Head); err != nil {
		t.FailWith(fault(err))
		return q, false
	}
	if strings.HasSuffix(q.Prefix, "*") {
		refuse(t, protocol.PermissionDenied, "prefix: there are no wildcards; every name that begins so is meant")
		return q, false
	}
	return q, q.Name == "" || oneName(t, q.Name)
}

// Unwatch handles interop.unwatch.
func (r *Room) Unwatch(t *peer.Turn) {
	w := r.member(t.From).watches[t.Msg.Ref]
	if w == nil {
		refuse(t, protocol.NotOwner, "ref: this is no watch of yours")
		return
	}
	r.dropWatch(t, w)
	t.Reply(nil)
}

func (r *Room) addWatch(w *watch) {
	w.by.watches[w.id] = w
	r.watches[w.query.Name] = append(r.watches[w.query.Name], w)
}

func (r *Room) dropWatch(t *peer.Turn, w *watch) {
	delete(w.by.watches, w.id)
	list := r.watches[w.query.Name]
	if len(list) == 1 {
		delete(r.watches, w.query.Name)
	} else {
		i := slices.Index(list, w)
		r.watches[w.query.Name] = slices.Delete(list, i, i+1)
	}
	if !w.by.peer.Remote {
		t.Out.Drop(watchKey(w))
	}
}

func (r *Room) dropWatches(t *peer.Turn, m *member) {
	for _, id := range ids(m.watches) {
		r.dropWatch(t, m.watches[id])
	}
}

// list returns the MethodList of what m asks for and may call, the oldest offer first.
func (r *Room) list(m *member, q *protocol.MethodQuery) []byte {
	offers := r.all
	if q.Name != "" {
		offers = r.offers[q.Name]
	}
	var methods protocol.MethodList
	for _, o := range offers {
		if r.sees(m, q, o) {
			methods.Methods = append(methods.Methods, o.info())
		}
	}
	return methods.AppendJSON(nil)
}

// info is what those learn who may call the method.
func (o *offer) info() protocol.MethodInfo {
	info := protocol.MethodInfo{
		Name: o.name, Peer: o.by.peer.Info, DisplayName: o.options.DisplayName, Description: o.options.Description,
		Accepts: o.options.Accepts, Returns: o.options.Returns, Tags: o.options.Tags, Exclusive: o.options.Exclusive,
	}
	if o.shared {
		info.Scope = o.scope
	}
	return info
}

// watching calls f for each watch that sees the offer.
func (r *Room) watching(o *offer, f func(w *watch)) {
	for _, list := range [...][]*watch{r.watches[o.name], r.watches[""]} {
		for _, w := range list {
			if r.sees(w.by, &w.query, o) {
				f(w)
			}
		}
	}
}

func (w *watch) tell(t *peer.Turn, head []byte) {
	t.Out.Send(w.by.peer.ID, protocol.Envelope{Op: protocol.OpMethods, Ref: w.id, Head: head})
}

// tellAdded tells a new offer. The text is the same for all, so it is written once.
func (r *Room) tellAdded(t *peer.Turn, o *offer) {
	var head []byte
	r.watching(o, func(w *watch) {
		if head == nil {
			change := protocol.MethodChange{Added: []protocol.MethodInfo{o.info()}}
			head = change.AppendJSON(nil)
		}
		w.tell(t, head)
	})
}

// tellRemoved tells each watch in one message which offers are gone, by name and peer.
func (r *Room) tellRemoved(t *peer.Turn, offers []*offer) {
	changes := make(map[*watch]*protocol.MethodChange)
	var order []*watch
	for _, o := range offers {
		r.watching(o, func(w *watch) {
			if changes[w] == nil {
				changes[w] = &protocol.MethodChange{}
				order = append(order, w)
			}
			changes[w].Removed = append(changes[w].Removed, o.gone())
		})
	}
	for _, w := range order {
		w.tell(t, changes[w].AppendJSON(nil))
	}
}

// tellRegranted tells the watches of a peer what its new grants make of the methods that there are. To who may no longer
// call a method, it is gone.
func (r *Room) tellRegranted(t *peer.Turn, m *member, before *peer.Grants) {
	for _, id := range ids(m.watches) {
		w := m.watches[id]
		var change protocol.MethodChange
		for _, o := range r.all {
			saw, sees := before.Invoke.Has(o.name), m.peer.Grants.Invoke.Has(o.name)
			switch {
			case saw == sees || !asks(&w.query, o) || !r.reaches(m.peer, o):
			case sees:
				change.Added = append(change.Added, o.info())
			default:
				change.Removed = append(change.Removed, o.gone())
			}
		}
		if len(change.Added)+len(change.Removed) > 0 {
			w.tell(t, change.AppendJSON(nil))
		}
	}
}

// gone names the method and its peer, which is all that there is to say of an offer that is gone.
func (o *offer) gone() protocol.MethodInfo {
	return protocol.MethodInfo{Name: o.name, Peer: o.by.peer.Info}
}
