package protocol

import "strings"

// Scopes say among whom a context or a method is shared. Beside these there is "group:" and the name of a group.
const (
	// ScopeLocal: the apps of one hub. It is the default, and needs no broker.
	ScopeLocal = "local"
	// ScopeUser: all that one user has open, wherever.
	ScopeUser = "user"
	// ScopeTenant: all users of one tenant.
	ScopeTenant = "tenant"
	// ScopeEveryone: all users of all tenants of a broker. Who may write there is for the broker's configuration to say.
	ScopeEveryone = "everyone"
	// ScopeGroup and the name of a group: the users of a tenant that are of that group.
	ScopeGroup = "group:"
)

// ValidScope reports whether s is a scope.
func ValidScope(s string) bool {
	switch s {
	case ScopeLocal, ScopeUser, ScopeTenant, ScopeEveryone:
		return true
	}
	group, ok := strings.CutPrefix(s, ScopeGroup)
	return ok && ValidName(group)
}

// SharingRule says in which scope names are shared. The lists hold names, or beginnings of names that end in "*".
type SharingRule struct {
	Scope    string   `json:"scope"`
	Contexts []string `json:"contexts,omitempty"`
	Methods  []string `json:"methods,omitempty"`
}
