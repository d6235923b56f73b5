package identity

import (
	"strings"
)

// read makes an identity of a token's claims. The reason is empty where it can.
func (c *Claims) read(claims map[string]any, tenant string) (id Identity, reason string) {
	id.Tenant = tenant
	for _, field := range [...]struct {
		claim    string
		to       *string
		required bool
	}{
		{c.User, &id.User.ID, true},
		{c.FirstName, &id.User.FirstName, false},
		{c.LastName, &id.User.LastName, false},
		{c.Email, &id.User.Email, false},
		{c.Tenant, &id.Tenant, true},
	} {
		if field.to == &id.Tenant && tenant != "" {
			continue
		}
		text, ok := textOf(find(claims, field.claim))
		if !ok || field.required && text == "" {
			return Identity{}, "the claim for the user, his names or his tenant is missing or is no name"
		}
		*field.to = text
	}
	var groups, roles bool
	id.Groups, groups = namesOf(find(claims, c.Groups))
	id.Roles, roles = namesOf(find(claims, c.Roles))
	if !groups || !roles {
		return Identity{}, "the claim for groups or roles is no list of names, or has too many"
	}
	return id, ""
}

// find returns the claim: the member of that name, or else the one that the path leads to. A member comes first, because
// some issuers name claims by addresses, which have dots.
func find(claims map[string]any, name string) any {
	if value, ok := claims[name]; ok {
		return value
	}
	first, rest, more := strings.Cut(name, ".")
	below, isMapping := claims[first].(map[string]any)
	if !more || !isMapping {
		return nil
	}
	return find(below, rest)
}

// textOf reads a claim that may be absent.
func textOf(claim any) (text string, ok bool) {
	if claim == nil {
		return "", true
	}
	text, ok = claim.(string)
	return text, ok && validText(text)
}

// namesOf reads a claim that is a list of names, or one name, or absent.
func namesOf(claim any) (names []string, ok bool) {
	var list []any
	switch claim := claim.(type) {
	case nil:
		return nil, true
	case string:
		list = []any{claim}
	case []any:
		list = claim
	default:
		return nil, false
	}
	if len(list) > maxNames {
		return nil, false
	}
	for _, item := range list {
		name, isText := item.(string)
		if !isText || !validName(name) {
			return nil, false
		}
		names = append(names, name)
	}
	return distinct(names), true
}
