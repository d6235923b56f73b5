package interop

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/schema"
	"github.com/crossframe/crossframe/wasm/peer"
)

// maxOfferBytes bounds the heads of all that one peer offers: the hub keeps them and hands them to everybody who
// discovers.
const maxOfferBytes = 4 << 20

// offer is one method of one peer.
type offer struct {
	by           *member
	name         string
	registration uint64
	order        int64
	// scope is among whom it is offered; shared: beyond this side.
	scope   string
	shared  bool
	options protocol.MethodOptions
	// accepts and returns are nil where anything is.
	accepts, returns *schema.Schema
	bytes            int
}

// Register handles interop.register.
func (r *Room) Register(t *peer.Turn) {
	m := r.member(t.From)
	if _, taken := m.offers[t.Msg.ID]; !numbered(t, taken) || !mayOffer(t) {
		return
	}
	o := &offer{by: m, name: t.Msg.Name, registration: t.Msg.ID, order: r.lastOffer + 1, bytes: len(t.Msg.Head)}
	if err := o.options.DecodeJSON(t.Msg.Head); err != nil {
		t.FailWith(fault(err))
		return
	}
	if f := r.setScope(o); f != nil {
		t.FailWith(f)
		return
	}
	if f := r.conflict(o); f != nil {
		t.FailWith(f)
		return
	}
	if int64(len(m.offers)) >= t.From.Limits.Methods || m.offerBytes+o.bytes > maxOfferBytes {
		refuse(t, protocol.QuotaExceeded, "you offer as many methods as you may")
		return
	}
	if f := o.compile(); f != nil {
		t.FailWith(f)
		return
	}
	r.add(o)
	record(t, o, t.Msg.Head)
	t.Reply(nil)
	r.tellAdded(t, o)
	r.wake(t, o.name)
}

// mayOffer checks the name; else it answers.
func mayOffer(t *peer.Turn) bool {
	name := t.Msg.Name
	switch {
	case !protocol.ValidName(name) || strings.HasSuffix(name, "*"):
		// A star at the end means "and everything that begins so" in grants, so no name may end in one.
		t.Fail(protocol.InvalidName, "this cannot be the name of a method")
	case protocol.Reserved(name) && (!t.From.Info.Main || t.From.Info.Hub != ""):
		refuse(t, protocol.PermissionDenied, "the name belongs to the platform")
	case !t.From.Grants.Offer.Has(name):
		refuse(t, protocol.PermissionDenied, "your app's definition does not let it offer this method")
	default:
		return true
	}
	return false
}

// conflict returns why the offer cannot stand beside the present ones.
func (r *Room) conflict(o *offer) *protocol.Fault {
	if o.by.named[o.name] != nil {
		return protocol.NewFault(protocol.MethodExists, "you offer this method already")
	}
	if o.by.peer.Remote {
		// Where it was offered, it was let in.
		return nil
	}
	for _, x := range r.offers[o.name] {
		if x.options.Exclusive && r.reaches(o.by.peer, x) || o.options.Exclusive && r.reaches(x.by.peer, o) {
			return protocol.NewFault(protocol.MethodExists, "another app offers this method, and one of you wants to be the only one")
		}
	}
	return nil
}

// compile checks and compiles the options.
func (o *offer) compile() *protocol.Fault {
	if f := plain(&o.options); f != nil {
		return f
	}
	for _, s := range [...]struct {
		field string
		text  protocol.Raw
		to    **schema.Schema
	}{{"accepts", o.options.Accepts, &o.accepts}, {"returns", o.options.Returns, &o.returns}} {
		if len(s.text) == 0 {
			continue
		}
		compiled, err := schema.Compile(s.text)
		if err != nil {
			return protocol.NewFault(protocol.InvalidSchema, s.field+": "+err.Error())
		}
		*s.to = compiled
	}
	return nil
}

func (r *Room) add(o *offer) {
	r.lastOffer = max(r.lastOffer, o.order)
	o.by.offers[o.registration] = o
	o.by.named[o.name] = o
	o.by.offerBytes += o.bytes
	r.all = insert(r.all, o)
	r.offers[o.name] = insert(r.offers[o.name], o)
}

func (r *Room) remove(t *peer.Turn, o *offer) {
	delete(o.by.offers, o.registration)
	delete(o.by.named, o.name)
	o.by.offerBytes -= o.bytes
	r.all = without(r.all, o)
	if list := without(r.offers[o.name], o); len(list) == 0 {
		delete(r.offers, o.name)
	} else {
		r.offers[o.name] = list
	}
	t.Out.Drop(offerKey(o))
}

// Unregister handles interop.unregister. Calls that are under way can still be answered.
func (r *Room) Unregister(t *peer.Turn) {
	o := r.member(t.From).offers[t.Msg.Ref]
	if o == nil {
		refuse(t, protocol.NotOwner, "ref: this is no registration of yours")
		return
	}
	r.remove(t, o)
	t.Reply(nil)
	r.tellRemoved(t, []*offer{o})
}

// withdrawAll takes back all that a peer offers.
func (r *Room) withdrawAll(t *peer.Turn, m *member) {
	var list []*offer
	for _, id := range ids(m.offers) {
		list = append(list, m.offers[id])
		r.remove(t, m.offers[id])
	}
	r.tellRemoved(t, list)
}

// before reports whether o has its place before x.
func (o *offer) before(x *offer) bool {
	if o.by.peer.Remote != x.by.peer.Remote {
		return x.by.peer.Remote
	}
	return o.order < x.order
}

// insert puts an offer into a list in its place: at the end, but for what Restore brings and where others are remote.
func insert(list []*offer, o *offer) []*offer {
	if n := len(list); n == 0 || list[n-1].before(o) {
		return append(list, o)
	}
	return slices.Insert(list, place(list, o), o)
}

// place returns where in a list an offer has its place.
func place(list []*offer, o *offer) int {
	low, high := 0, len(list)
	for low < high {
		if middle := (low + high) / 2; list[middle].before(o) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// without takes an offer out of a list.
func without(list []*offer, o *offer) []*offer {
	i := place(list, o)
	return slices.Delete(list, i, i+1)
}
