package definition

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// maxRules bounds the rules of sharing: each new name is held against all of them.
const maxRules = 256

func checkSharing(d *protocol.Definition) *Problem {
	if len(d.Sharing) > maxRules {
		return &Problem{"sharing", "has more than 256 rules; let one rule name more"}
	}
	for i := range d.Sharing {
		rule := &d.Sharing[i]
		field := at("sharing", i)
		switch {
		case !protocol.ValidScope(rule.Scope):
			return &Problem{field + ".scope", jsontext.Quote(clip(rule.Scope)) + ` is no scope; there are "local", "user", "group:" and a group's name, "tenant" and "everyone"`}
		case len(rule.Contexts)+len(rule.Methods) == 0:
			return &Problem{field, "names nothing: it needs contexts or methods"}
		}
		for j, entry := range rule.Contexts {
			if !validGrant(entry) {
				return notNames(at(field+".contexts", j), entry)
			}
		}
		for j, entry := range rule.Methods {
			if !validGrant(entry) {
				return notNames(at(field+".methods", j), entry)
			}
		}
	}
	return nil
}
