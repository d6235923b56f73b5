package records

import (
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/protocol"
)

// mayRead reports whether somebody may see records of an owner: his own, those of his roles, those of everyone. An admin
// sees all that is shared, and of the kinds that only admins write, all. What users keep for themselves no admin sees.
func mayRead(who *identity.Identity, kind string, o Owner) bool {
	switch {
	case o.Kind == ownerUser && o.Name == who.User.ID, o.Kind == ownerEveryone, o.Kind == ownerRole && who.HasRole(o.Name):
		return true
	case !who.HasRole(identity.RoleAdmin):
		return false
	}
	return o.Kind == ownerRole || !kinds[kind].own
}

// mayWrite reports whether somebody may write records of an owner.
func mayWrite(who *identity.Identity, kind string, o Owner) bool {
	if kinds[kind].own && o.Kind == ownerUser {
		return o.Name == who.User.ID
	}
	return who.HasRole(identity.RoleAdmin)
}

// Personal reports whether a record is one that the user keeps for himself, which is nobody else's business.
func (ref *Ref) Personal(who *identity.Identity) bool {
	return kinds[ref.Kind].own && ref.Owner == Owner{ownerUser, who.User.ID}
}

var (
	errRead  = protocol.NewFault(protocol.PermissionDenied, "These records are not for you.")
	errWrite = protocol.NewFault(protocol.PermissionDenied, "Users write their own layouts and preferences; everything else is for the role "+identity.RoleAdmin+".")
)

// visible returns the owners whose records somebody sees without asking for them by name, in the order of lists.
func visible(who *identity.Identity) []Owner {
	owners := []Owner{{ownerUser, who.User.ID}}
	for _, role := range who.Roles {
		owners = append(owners, Owner{ownerRole, role})
	}
	return append(owners, Everyone)
}
