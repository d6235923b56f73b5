package interop

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// setScope sets in which scope a method is offered: what the call says, or else the rules for its peer. It returns why the
// method cannot be offered there.
func (r *Room) setScope(o *offer) *protocol.Fault {
	p := o.by.peer
	if o.scope = o.options.Scope; o.scope == "" {
		o.scope = p.Scope(peer.Methods, o.name)
	}
	o.shared = o.scope != protocol.ScopeLocal
	switch {
	case !protocol.ValidScope(o.scope), p.Remote && !o.shared:
		return protocol.NewFault(protocol.InvalidArgument, `scope: want "local", "user", "group:" and a name, "tenant" or "everyone"`)
	case p.Remote:
		return nil
	case o.shared && protocol.Reserved(o.name):
		return protocol.NewFault(protocol.PermissionDenied, "the platform's own methods are not shared")
	case r.shares != nil:
		return r.shares(p, o.scope)
	case o.shared:
		return protocol.NewFault(protocol.ScopeUnavailable, "there is no broker here, so that a method can be offered to the apps of this page only")
	}
	return nil
}

// reaches reports whether p may know of an offer. What is local is for this side; what is remote is not handed on.
func (r *Room) reaches(p *peer.Peer, o *offer) bool {
	switch by := o.by.peer; {
	case !o.shared:
		return !p.Remote
	case p.Remote && by.Remote:
		return false
	default:
		return r.hook == nil || p.ID == by.ID || r.hook(p, by, o.scope)
	}
}

// near reports whether p may know that another peer is there: one of another tenant is, to p, as one that is not.
func (r *Room) near(p, other *peer.Peer) bool {
	return r.hook == nil || p.ID == other.ID || r.hook(p, other, protocol.ScopeTenant)
}

// reachable returns the offers of a list that p may know of, without those of without, which may be nil. Most often that is
// the list itself.
func (r *Room) reachable(p *peer.Peer, list []*offer, without *offer) []*offer {
	for i, o := range list {
		if o != without && r.reaches(p, o) {
			continue
		}
		kept := append([]*offer(nil), list[:i]...)
		for _, o := range list[i+1:] {
			if o != without && r.reaches(p, o) {
				kept = append(kept, o)
			}
		}
		return kept
	}
	return list
}

// first returns the first offer of a list that p may know of, or nil.
func (r *Room) first(p *peer.Peer, list []*offer) *offer {
	for _, o := range list {
		if r.reaches(p, o) {
			return o
		}
	}
	return nil
}
