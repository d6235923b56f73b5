package apps

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// List handles apps.list: the definitions that the asking app may start, in the order they were defined. Who has
// the grant "admin" sees all of them, with the parts that concern nobody else.
func (r *Room) List(t *peer.Turn) {
	var list protocol.AppList
	for _, name := range r.order {
		if app := r.apps[name]; t.From.Grants.Admin || t.From.Grants.Start.Has(name) {
			list.Apps = append(list.Apps, visible(app, t.From))
		}
	}
	t.Reply(list.AppendJSON(nil))
}

// visible returns the parts of a definition that p may see.
func visible(app *App, p *peer.Peer) protocol.Definition {
	if p.Grants.Admin {
		return app.Definition
	}
	d := app.Definition
	return protocol.Definition{
		Name: d.Name, Title: d.Title, Description: d.Description, URL: d.URL, Icon: d.Icon, Version: d.Version,
		Categories: d.Categories, Single: d.Single, Hidden: d.Hidden, Custom: d.Custom,
	}
}

// ListInstances handles apps.instances.
func (r *Room) ListInstances(t *peer.Turn) {
	list := r.instanceList()
	t.Reply(list.AppendJSON(nil))
}

// Watch handles apps.watch.
func (r *Room) Watch(t *peer.Turn) {
	w := request{t.From.ID, t.Msg.ID}
	if _, live := r.watches[w]; live {
		t.Fail(protocol.BadMessage, "this watch exists already")
		return
	}
	if int64(r.watchCount(t.From.ID)) >= t.From.Limits.Subscriptions {
		t.Fail(protocol.QuotaExceeded, "too many watches; the limit is "+strconv.FormatInt(t.From.Limits.Subscriptions, 10))
		return
	}
	r.watches[w] = struct{}{}
	t.Out.Put(watchKey(w), nil, protocol.Body{})
	list := r.instanceList()
	t.Reply(list.AppendJSON(nil))
}

// Unwatch handles apps.unwatch.
func (r *Room) Unwatch(t *peer.Turn) {
	w := request{t.From.ID, t.Msg.Ref}
	if _, live := r.watches[w]; !live {
		t.Fail(protocol.NotOwner, "this peer has no such watch")
		return
	}
	r.dropWatch(t, w)
	t.Reply(nil)
}

// Define handles apps.define: all of the definitions, or none.
func (r *Room) Define(t *peer.Turn) {
	if !t.From.Grants.Admin {
		t.Fail(protocol.PermissionDenied, `defining apps needs the grant "admin"`)
		return
	}
	var list protocol.AppList
	if err := list.DecodeJSON(t.Msg.Head); err != nil {
		t.Fail(protocol.InvalidApp, err.Error())
		return
	}
	for i := range list.Apps {
		if _, fault := compile(list.Apps[i]); fault != nil {
			t.FailWith(fault)
			return
		}
	}
	for i := range list.Apps {
		r.Add(list.Apps[i])
		one := protocol.AppList{Apps: list.Apps[i : i+1]}
		t.Out.Put("apps/defined/"+list.Apps[i].Name, one.AppendJSON(nil), protocol.Body{})
	}
	r.tell(t, &protocol.AppChange{Defined: list.Apps})
	t.Reply(nil)
}

// Remove handles apps.remove. Instances of the app run on.
func (r *Room) Remove(t *peer.Turn) {
	if !t.From.Grants.Admin {
		t.Fail(protocol.PermissionDenied, `removing apps needs the grant "admin"`)
		return
	}
	app := r.definitionOrNotFound(t, t.Msg.Name)
	if app == nil {
		return
	}
	r.forget(app.Name)
	t.Out.Put("apps/defined/"+app.Name, nil, protocol.Body{})
	r.tell(t, &protocol.AppChange{Removed: []string{app.Name}})
	t.Reply(nil)
}

func (r *Room) forget(name string) {
	delete(r.apps, name)
	r.order = slices.DeleteFunc(r.order, func(n string) bool { return n == name })
}

func (r *Room) instanceList() protocol.InstanceList {
	var list protocol.InstanceList
	for _, in := range r.instances {
		list.Instances = append(list.Instances, in.Info)
	}
	slices.SortFunc(list.Instances, func(a, b protocol.InstanceInfo) int { return cmp.Compare(a.Instance, b.Instance) })
	return list
}

// tell sends a change to those who watch, in the order in which they began to.
func (r *Room) tell(t *peer.Turn, change *protocol.AppChange) {
	if len(r.watches) == 0 {
		return
	}
	order := make([]request, 0, len(r.watches))
	for w := range r.watches {
		order = append(order, w)
	}
	slices.SortFunc(order, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.peer, b.peer), cmp.Compare(a.id, b.id))
	})
	head := change.AppendJSON(nil)
	for _, w := range order {
		t.Out.Send(w.peer, protocol.Envelope{Op: protocol.OpAppChanged, Ref: w.id, Head: head})
	}
}

func (r *Room) watchCount(p peer.ID) (n int) {
	for w := range r.watches {
		if w.peer == p {
			n++
		}
	}
	return n
}

func (r *Room) dropWatch(t *peer.Turn, w request) {
	delete(r.watches, w)
	t.Out.Drop(watchKey(w))
}

func watchKey(w request) string {
	return "apps/watch/" + strconv.FormatUint(uint64(w.peer), 10) + "/" + strconv.FormatUint(w.id, 10)
}

// Joined does nothing: definitions and instances do not depend on who is connected.
func (r *Room) Joined(*peer.Turn, *peer.Peer) {}

// Left drops what the peer watched and waited for.
func (r *Room) Left(t *peer.Turn, p *peer.Peer) {
	for w := range r.watches {
		if w.peer == p.ID {
			r.dropWatch(t, w)
		}
	}
	for _, in := range r.instances {
		in.waiting = slices.DeleteFunc(in.waiting, func(w request) bool { return w.peer == p.ID })
	}
}

// Gone does nothing: the room itself decided that the instance is gone.
func (r *Room) Gone(*peer.Turn, string) {}

func quoted(name string) string {
	if len(name) > 64 {
		name = strings.ToValidUTF8(name[:64], "") + "…"
	}
	return strconv.Quote(name)
}
