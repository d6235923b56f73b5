package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of an identity.
const (
	maxNameRunes = 256
	// maxNames bounds the groups and the roles of one user, each.
	maxNames = 256
)

// validName reports whether a text can name a tenant, a user, a group or a role: 1 to 256 printable characters with no
// space at either end.
func validName(s string) bool { return s != "" && validText(s) }

// validText reports whether a text can be shown as a person's name; it may be empty.
func validText(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxNameRunes || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// distinct returns the names in order, each once.
func distinct(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
