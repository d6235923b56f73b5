package peer

import (
	"strings"

	"github.com/crossframe/crossframe/protocol"
)

// Names is a compiled list of names and of beginnings of names ("crm.*" or "crm*"; "*" is every name).
type Names struct {
	all      bool
	exact    map[string]struct{}
	prefixes []string
}

// NewNames compiles a list of a definition's grants.
func NewNames(list []string) Names {
	var n Names
	for _, s := range list {
		switch prefix, ok := strings.CutSuffix(s, "*"); {
		case ok && prefix == "":
			n.all = true
		case ok:
			n.prefixes = append(n.prefixes, prefix)
		default:
			if n.exact == nil {
				n.exact = make(map[string]struct{})
			}
			n.exact[s] = struct{}{}
		}
	}
	return n
}

// Has reports whether the list names s.
func (n *Names) Has(s string) bool {
	if n.all {
		return true
	}
	if _, ok := n.exact[s]; ok {
		return true
	}
	for _, p := range n.prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// Grants are the compiled protocol.Grants of one peer.
type Grants struct {
	Offer, Invoke, ReadContexts, WriteContexts, Start Names
	Admin                                             bool
}

// DefaultGrants returns what an app may do whose definition says nothing: everything among apps, nothing of
// the administration.
func DefaultGrants() Grants {
	all := []string{"*"}
	return NewGrants(protocol.Grants{Offer: all, Invoke: all, ReadContexts: all, WriteContexts: all, Start: all})
}

// NewGrants compiles a definition's grants. What it does not list is not granted.
func NewGrants(g protocol.Grants) Grants {
	return Grants{
		Offer:         NewNames(g.Offer),
		Invoke:        NewNames(g.Invoke),
		ReadContexts:  NewNames(g.ReadContexts),
		WriteContexts: NewNames(g.WriteContexts),
		Start:         NewNames(g.Start),
		Admin:         g.Admin,
	}
}

// Withdrawn is why something ends that a peer had begun under other grants.
func Withdrawn() *protocol.Fault {
	return protocol.NewFault(protocol.PermissionDenied, "the definition of this app has changed, and does not grant this any more")
}
