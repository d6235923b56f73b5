package contexts

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// Who is behind a connection, as the authenticator says.
type Who struct {
	Tenant, User  string
	Groups, Roles []string
	// Hub is the hub or program that is connected, Program says which of them. Counter identifies who counts the sequences
	// of its writes.
	Hub, Counter string
	Program      bool
}

// address is where a context is: among whom it is shared, and its name.
type address struct {
	key         store.Key
	tenant      string
	scope, name string
}

// The first element of a key says what the others are: each scope has keys of its own, so that no name and no user can
// reach another's.
const (
	keyEveryone = "e" // name
	keyTenant   = "t" // tenant, name
	keyUser     = "u" // tenant, user, name
	keyGroup    = "g" // tenant, group, name
)

// below returns the key that all contexts of the scope are below, as far as it is who's.
func below(who *Who, scope string) (store.Key, *protocol.Fault) {
	switch scope {
	case protocol.ScopeEveryone:
		return store.KeyOf(keyEveryone), nil
	case protocol.ScopeTenant:
		return store.KeyOf(keyTenant, who.Tenant), nil
	case protocol.ScopeUser:
		return store.KeyOf(keyUser, who.Tenant, who.User), nil
	case protocol.ScopeLocal:
		return store.Key{}, invalid("scope: what is local to a hub is not the broker's")
	}
	group, ok := strings.CutPrefix(scope, protocol.ScopeGroup)
	switch {
	case !ok || !protocol.ValidScope(scope):
		return store.Key{}, invalid(`scope: want "user", "group:" and a name, "tenant" or "everyone"`)
	case !slices.Contains(who.Groups, group):
		return store.Key{}, protocol.NewFault(protocol.ScopeUnavailable, "the user is not of that group")
	}
	return store.KeyOf(keyGroup, who.Tenant, group), nil
}

// scopes returns every scope in which who can share.
func scopes(who *Who) []string {
	list := []string{protocol.ScopeUser, protocol.ScopeTenant, protocol.ScopeEveryone}
	for _, g := range who.Groups {
		if protocol.ValidName(g) {
			list = append(list, protocol.ScopeGroup+g)
		}
	}
	return list
}

// resolve returns the scope to use where a request names none.
func (r *Room) resolve(scope, name string) string {
	if scope != "" {
		return scope
	}
	for _, rule := range r.options.Sharing {
		for _, pattern := range rule.Contexts {
			prefix, open := strings.CutSuffix(pattern, "*")
			if pattern == name || open && strings.HasPrefix(name, prefix) {
				return rule.Scope
			}
		}
	}
	return protocol.ScopeUser
}

// at returns the address that a request means.
func (r *Room) at(who *Who, scope, name string) (address, *protocol.Fault) {
	switch {
	case !protocol.ValidName(name):
		return address{}, protocol.NewFault(protocol.InvalidName, "this cannot be the name of a shared context")
	case strings.IndexByte(name, '*') >= 0:
		return address{}, protocol.NewFault(protocol.PermissionDenied, "wildcards are not supported: name one shared context")
	case who.Program && protocol.Reserved(name):
		// Of a hub, only the main page reaches such a name; the hub sees to that.
		return address{}, protocol.NewFault(protocol.PermissionDenied, "the name belongs to the platform")
	}
	scope = r.resolve(scope, name)
	key, fault := below(who, scope)
	if fault != nil {
		return address{}, fault
	}
	tenant := who.Tenant
	if scope == protocol.ScopeEveryone {
		tenant = ""
	}
	return address{key: key.Join(name), tenant: tenant, scope: scope, name: name}, nil
}

// mayWrite returns why who may not write in the scope, or nil.
func (r *Room) mayWrite(who *Who, scope string) *protocol.Fault {
	if scope != protocol.ScopeEveryone || r.ForEveryone(who.Roles) {
		return nil
	}
	return protocol.NewFault(protocol.PermissionDenied, "the user's roles do not let him write what everyone reads")
}

// ForEveryone reports whether one of the roles lets a user share with all tenants.
func (r *Room) ForEveryone(roles []string) bool {
	return slices.ContainsFunc(r.options.EveryoneRoles, func(role string) bool { return slices.Contains(roles, role) })
}

// tenantOf returns whose quota a stored context is of; empty for everyone's.
func tenantOf(key store.Key) string {
	if e := key.Elements(); len(e) > 2 {
		return e[1]
	}
	return ""
}
