package apps

import (
	"slices"
	"sort"
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// List handles apps.list: the definitions that the asking app may start, in the order they were defined. Who has
// the grant "admin" sees all of them, with the parts that concern nobody else.
func (r *Room) List(t *peer.Turn) {
	var list protocol.AppList
	for _, name := range r.order {
		if sees(t.From, name) {
			list.Apps = append(list.Apps, visible(&r.apps[name].Definition, t.From))
		}
	}
	t.Reply(list.AppendJSON(nil))
}

// sees reports whether p may know that there is such an app.
func sees(p *peer.Peer, name string) bool { return p.Grants.Admin || p.Grants.Start.Has(name) }

// visible returns the parts of a definition that p may see.
func visible(d *protocol.Definition, p *peer.Peer) protocol.Definition {
	if p.Grants.Admin {
		return *d
	}
	return protocol.Definition{
		Name: d.Name, Title: d.Title, Description: d.Description, URL: d.URL, Icon: d.Icon, Version: d.Version,
		Categories: d.Categories, Single: d.Single, Hidden: d.Hidden, Custom: d.Custom,
	}
}

// ListInstances handles apps.instances.
func (r *Room) ListInstances(t *peer.Turn) {
	list := r.instanceList(t.From)
	t.Reply(list.AppendJSON(nil))
}

// Watch handles apps.watch.
func (r *Room) Watch(t *peer.Turn) {
	w := request{t.From.ID, t.Msg.ID}
	if _, live := r.watches[w]; live {
		refuse(t, protocol.BadMessage, "this watch exists already")
		return
	}
	if int64(r.watchCount(t.From.ID)) >= t.From.Limits.Subscriptions {
		refuse(t, protocol.QuotaExceeded, "too many watches; the limit is "+strconv.FormatInt(t.From.Limits.Subscriptions, 10))
		return
	}
	r.watches[w] = struct{}{}
	t.Out.Put(watchKey(w), nil, protocol.Body{})
	list := r.instanceList(t.From)
	t.Reply(list.AppendJSON(nil))
}

// Unwatch handles apps.unwatch.
func (r *Room) Unwatch(t *peer.Turn) {
	w := request{t.From.ID, t.Msg.Ref}
	if _, live := r.watches[w]; !live {
		refuse(t, protocol.NotOwner, "this peer has no such watch")
		return
	}
	r.dropWatch(t, w)
	t.Reply(nil)
}

// Define handles apps.define: all of the definitions, or none. It reports whether they stand.
func (r *Room) Define(t *peer.Turn) bool {
	if !t.From.Grants.Admin {
		denied(t, `defining apps needs the grant "admin"`)
		return false
	}
	var list protocol.AppList
	if err := list.DecodeJSON(t.Msg.Head); err != nil {
		t.Fail(protocol.InvalidApp, fault(err).Message)
		return false
	}
	for i := range list.Apps {
		if _, fault := compile(list.Apps[i]); fault != nil {
			t.FailWith(fault)
			return false
		}
	}
	for i := range list.Apps {
		r.Add(list.Apps[i])
		t.Out.Put(definedKey(list.Apps[i].Name), oneApp(list.Apps[i]), protocol.Body{})
	}
	for _, in := range r.instances {
		if app := r.apps[in.Info.App]; app != nil {
			in.App = app
		}
	}
	r.tell(t, func(p *peer.Peer) (change protocol.AppChange) {
		for i := range list.Apps {
			if sees(p, list.Apps[i].Name) {
				change.Defined = append(change.Defined, visible(&list.Apps[i], p))
			}
		}
		return change
	})
	t.Reply(nil)
	return true
}

// Remove handles apps.remove. Instances of the app run on under the definition that they had.
func (r *Room) Remove(t *peer.Turn) {
	if !t.From.Grants.Admin {
		denied(t, `removing apps needs the grant "admin"`)
		return
	}
	app := r.definitionOrNotFound(t, t.Msg.Name)
	if app == nil {
		return
	}
	r.forget(app.Name)
	t.Out.Put(definedKey(app.Name), oneApp(app.Definition), removedBody)
	r.tell(t, func(p *peer.Peer) (change protocol.AppChange) {
		if sees(p, app.Name) {
			change.Removed = []string{app.Name}
		}
		return change
	})
	t.Reply(nil)
}

func definedKey(app string) string { return "apps/defined/" + app }

func oneApp(d protocol.Definition) []byte {
	list := protocol.AppList{Apps: []protocol.Definition{d}}
	return list.AppendJSON(nil)
}

func (r *Room) forget(name string) {
	delete(r.apps, name)
	r.order = slices.DeleteFunc(r.order, func(n string) bool { return n == name })
}

func (r *Room) instanceList(p *peer.Peer) protocol.InstanceList {
	var list protocol.InstanceList
	for _, in := range r.instances {
		list.Instances = append(list.Instances, in.told(p))
	}
	sort.Slice(list.Instances, func(i, j int) bool { return list.Instances[i].Instance < list.Instances[j].Instance })
	return list
}

// told returns what p may know of the instance: everybody sees what runs, but the words of a reason name origins and
// parts of definitions, which are for those who started it and for the administration.
func (in *Instance) told(p *peer.Peer) protocol.InstanceInfo {
	info := in.Info
	if info.Reason != nil && !p.Grants.Admin && p.Instance() != info.StartedBy {
		info.Reason = protocol.NewFault(info.Reason.Code, "")
	}
	return info
}

// tellInstance tells that an instance came, changed or stopped.
func (r *Room) tellInstance(t *peer.Turn, in *Instance, stopped bool) {
	r.tell(t, func(p *peer.Peer) (change protocol.AppChange) {
		if info := []protocol.InstanceInfo{in.told(p)}; stopped {
			change.Stopped = info
		} else {
			change.Instances = info
		}
		return change
	})
}

// tell sends a change to those who watch: to each what it may know, and nothing where that is nothing.
func (r *Room) tell(t *peer.Turn, change func(p *peer.Peer) protocol.AppChange) {
	for _, w := range r.sortedWatches() {
		p := r.opts.Peers.Peer(w.peer)
		if p == nil {
			continue
		}
		c := change(p)
		if len(c.Defined)+len(c.Removed)+len(c.Instances)+len(c.Stopped) > 0 {
			t.Out.Send(w.peer, protocol.Envelope{Op: protocol.OpAppChanged, Ref: w.id, Head: c.AppendJSON(nil)})
		}
	}
}

// sortedWatches returns the watches in an order that does not depend on chance.
func (r *Room) sortedWatches() []request {
	order := make([]request, 0, len(r.watches))
	for w := range r.watches {
		order = append(order, w)
	}
	sort.Slice(order, func(i, j int) bool {
		a, b := order[i], order[j]
		return a.peer < b.peer || a.peer == b.peer && a.id < b.id
	})
	return order
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
	for _, w := range r.sortedWatches() {
		if w.peer == p.ID {
			r.dropWatch(t, w)
		}
	}
	for _, in := range r.instances {
		in.waiting = slices.DeleteFunc(in.waiting, func(w request) bool { return w.peer == p.ID })
	}
}

// Regranted tells the watches of a peer which definitions it may start no longer, and which it may start now.
func (r *Room) Regranted(t *peer.Turn, p *peer.Peer, before *peer.Grants) {
	change := r.regranted(p, before)
	if len(change.Defined)+len(change.Removed) == 0 {
		return
	}
	head := change.AppendJSON(nil)
	for _, w := range r.sortedWatches() {
		if w.peer == p.ID {
			t.Out.Send(w.peer, protocol.Envelope{Op: protocol.OpAppChanged, Ref: w.id, Head: head})
		}
	}
}

// regranted returns what new grants make of the definitions that there are.
func (r *Room) regranted(p *peer.Peer, before *peer.Grants) (change protocol.AppChange) {
	for _, name := range r.order {
		saw := before.Admin || before.Start.Has(name)
		switch {
		case !sees(p, name) && saw:
			change.Removed = append(change.Removed, name)
		case sees(p, name) && (!saw || before.Admin != p.Grants.Admin):
			// Who administers sees more of a definition than others.
			change.Defined = append(change.Defined, visible(&r.apps[name].Definition, p))
		}
	}
	return change
}

// Gone does nothing: the room itself decided that the instance is gone.
func (r *Room) Gone(*peer.Turn, string) {}
