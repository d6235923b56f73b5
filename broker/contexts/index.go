package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// index knows what exists in the store, without the values. The room's mutex guards it.
type index struct {
	places map[store.Key]*place
	// tenants counts what exists of each tenant, names that and what is remembered of what was destroyed.
	tenants, names map[string]int
	// owned are the contexts that end with their owners.
	owned map[store.Key]Owner
}

// place is one address that the store has something of.
type place struct {
	sequences [kinds]uint64
	found     [kinds]brief
}

// brief is what the index keeps of a record.
type brief struct {
	revision uint64
	lifetime string
	owner    Owner
	bytes    int
}

func newIndex() index {
	return index{places: make(map[store.Key]*place), tenants: make(map[string]int), names: make(map[string]int), owned: make(map[store.Key]Owner)}
}

// note takes what one bucket has under a key; rec is nil where there is nothing.
func (x *index) note(key store.Key, kind int, sequence uint64, rec *record) {
	p := x.places[key]
	if p == nil {
		if rec == nil {
			return
		}
		p = new(place)
		x.places[key] = p
		add(x.names, tenantOf(key), 1)
	}
	if sequence != 0 && sequence < p.sequences[kind] {
		return
	}
	before := p.live()
	p.sequences[kind], p.found[kind] = sequence, brief{}
	if rec != nil {
		p.found[kind] = brief{rec.revision, rec.lifetime, rec.owner, len(rec.text)}
	}
	after := p.live()
	add(x.tenants, tenantOf(key), count(after)-count(before))
	if delete(x.owned, key); after != nil && after.lifetime == protocol.LifetimeOwner {
		x.owned[key] = after.owner
	}
	if p.found == ([kinds]brief{}) {
		delete(x.places, key)
		add(x.names, tenantOf(key), -1)
	}
}

// add counts for a tenant; what is everyone's is nobody's to count.
func add(counts map[string]int, tenant string, n int) {
	if tenant == "" || n == 0 {
		return
	}
	if counts[tenant] += n; counts[tenant] == 0 {
		delete(counts, tenant)
	}
}

func count(b *brief) int {
	if b == nil {
		return 0
	}
	return 1
}

// live returns what exists; nil where that is nothing.
func (p *place) live() *brief {
	for kind := range p.found {
		if p.found[kind].lifetime != "" {
			return &p.found[kind]
		}
	}
	return nil
}

// remembered is how many names of a tenant, for each context that it may have, are remembered, those of what was destroyed among
// them. Else a tenant that creates and destroys fills store and memory.
const remembered = 20

// room reports whether the tenant of an address may have one more context there.
func (r *Room) room(a *address) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.tenant == "" {
		return true
	}
	known, most := r.index.places[a.key] != nil, r.options.TenantContexts
	return r.index.tenants[a.tenant] < most && (known || r.index.names[a.tenant] < remembered*most)
}

// Count returns how many contexts exist.
func (r *Room) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, p := range r.index.places {
		n += count(p.live())
	}
	return n
}

// list answers contexts.list with what exists in the scope, or in every scope that is the connection's, by name.
func (c *Client) list(_ *protocol.PeerInfo, m *protocol.Envelope) *protocol.Fault {
	var o protocol.ContextOptions
	if err := o.DecodeJSON(m.Head); err != nil {
		return protocol.FaultOf(err)
	}
	of := []string{o.Scope}
	if o.Scope == "" {
		of = scopes(&c.who)
	}
	var answer protocol.ContextList
	for _, scope := range of {
		prefix, fault := below(&c.who, scope)
		if fault != nil {
			return fault
		}
		answer.Contexts = append(answer.Contexts, c.room.below(prefix, scope, c.who.Program)...)
	}
	sort.Slice(answer.Contexts, func(i, j int) bool {
		a, b := &answer.Contexts[i], &answer.Contexts[j]
		return a.Name < b.Name || a.Name == b.Name && a.Scope < b.Scope
	})
	c.conn.Send(nil, protocol.Envelope{Op: protocol.OpReply, ID: m.ID, Head: answer.AppendJSON(nil)})
	return nil
}

// below returns what exists below a key, which is that of the scope.
func (r *Room) below(prefix store.Key, scope string, program bool) (list []protocol.ContextInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, p := range r.index.places {
		b := p.live()
		if b == nil || !key.Below(prefix) {
			continue
		}
		elements := key.Elements()
		name := elements[len(elements)-1]
		if program && protocol.Reserved(name) {
			continue
		}
		i := protocol.ContextInfo{Name: name, Scope: scope, Revision: int64(b.revision), Lifetime: b.lifetime, Bytes: int64(b.bytes)}
		if b.lifetime == protocol.LifetimeOwner {
			i.Owner = b.owner.Instance
		}
		list = append(list, i)
	}
	return list
}
