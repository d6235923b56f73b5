package peer

import "github.com/crossframe/crossframe/protocol"

// Kind says what a name is of.
type Kind uint8

// The kinds of names that have a scope.
const (
	Contexts Kind = iota
	Methods
)

// Sharing are compiled rules that give names their scope. The zero value has none: everything is local.
type Sharing struct{ rules []sharingRule }

type sharingRule struct {
	scope string
	// names are by Kind.
	names [2]Names
}

// NewSharing compiles rules. They are checked by protocol/definition.
func NewSharing(rules []protocol.SharingRule) Sharing {
	var s Sharing
	for i := range rules {
		s.rules = append(s.rules, sharingRule{rules[i].Scope, [...]Names{Contexts: NewNames(rules[i].Contexts), Methods: NewNames(rules[i].Methods)}})
	}
	return s
}

// Then returns the rules of s, and those of next for what has none in s.
func (s Sharing) Then(next Sharing) Sharing {
	if len(s.rules) == 0 {
		return next
	}
	return Sharing{append(s.rules[:len(s.rules):len(s.rules)], next.rules...)}
}

// scope returns the scope of a name: the first rule that has it counts. The platform's own methods are each hub's, whatever
// a rule says.
func (s Sharing) scope(kind Kind, name string) string {
	if len(s.rules) > 0 && !(kind == Methods && protocol.Reserved(name)) {
		for i := range s.rules {
			if s.rules[i].names[kind].Has(name) {
				return s.rules[i].scope
			}
		}
	}
	return protocol.ScopeLocal
}
