package contexts

import (
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// idleAfter is how long an entry stays in memory that nobody uses.
const idleAfter = time.Minute

// sweep lets go of what nobody uses, and ends what belonged to who is gone, until the room closes.
func (r *Room) sweep() {
	every := time.NewTicker(max(r.options.OwnerGrace/6, 10*time.Millisecond))
	defer every.Stop()
	absent := make(map[Owner]time.Time)
	for {
		select {
		case <-r.ctx.Done():
			return
		case now := <-every.C:
			r.evict(now.Add(-idleAfter))
			r.endOwned(now, absent)
		}
	}
}

// evict lets go of the entries that were last used before then. What they know is in the store.
func (r *Room) evict(before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, e := range r.entries {
		e.mu.Lock()
		if !e.working && len(e.queue) == 0 && len(e.subscribers) == 0 && e.used.Before(before) {
			delete(r.entries, key)
		}
		e.mu.Unlock()
	}
}

// endOwned destroys the contexts whose owners have been away for longer than Options.OwnerGrace. Every broker does it,
// since the one that the owner was connected to may be gone too; the first one's write counts.
func (r *Room) endOwned(now time.Time, absent map[Owner]time.Time) {
	r.mu.Lock()
	owned := make(map[store.Key]Owner, len(r.index.owned))
	for key, owner := range r.index.owned {
		owned[key] = owner
	}
	r.mu.Unlock()
	asked := make(map[Owner]bool)
	for key, owner := range owned {
		here, known := asked[owner]
		if !known {
			here = r.options.Present(owner)
			asked[owner] = here
		}
		since, away := absent[owner]
		switch {
		case here:
			delete(absent, owner)
		case !away:
			absent[owner] = now
		case now.Sub(since) >= r.options.OwnerGrace:
			w := &write{op: protocol.OpContextDestroy, force: true, hub: owner.Hub, by: &protocol.PeerInfo{Instance: owner.Instance}}
			r.do(addressOf(key), &operation{write: w})
		}
	}
	for owner := range absent {
		if _, still := asked[owner]; !still {
			delete(absent, owner)
		}
	}
}

// addressOf returns the address that a key is of.
func addressOf(key store.Key) address {
	e := key.Elements()
	a := address{key: key, tenant: tenantOf(key), name: e[len(e)-1]}
	switch e[0] {
	case keyEveryone:
		a.scope = protocol.ScopeEveryone
	case keyTenant:
		a.scope = protocol.ScopeTenant
	case keyUser:
		a.scope = protocol.ScopeUser
	case keyGroup:
		a.scope = protocol.ScopeGroup + e[2]
	}
	return a
}
