package interop

import (
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
)

// Bounds of what a method says of itself to people, in characters.
const (
	maxTitleRunes       = 256
	maxDescriptionRunes = 4096
	maxTags             = 16
	maxTagRunes         = 64
)

// plain checks the texts that other apps and the platform show to people.
func plain(o *protocol.MethodOptions) *protocol.Fault {
	switch {
	case !isPlain(o.DisplayName, maxTitleRunes):
		return notPlain("displayName")
	case !isPlain(o.Description, maxDescriptionRunes):
		return notPlain("description")
	case len(o.Tags) > maxTags:
		return protocol.NewFault(protocol.InvalidArgument, "tags: more than 16")
	}
	for _, tag := range o.Tags {
		if !isPlain(tag, maxTagRunes) {
			return notPlain("tags")
		}
	}
	return nil
}

func notPlain(field string) *protocol.Fault {
	return protocol.NewFault(protocol.InvalidArgument, field+": too long, or has control characters")
}

// isPlain reports whether s is a text that cannot play tricks on what stands beside it: it has no control
// characters but line ends and tabs, and nothing that changes the direction of writing.
func isPlain(s string, runes int) bool {
	if utf8.RuneCountInString(s) > runes {
		return false
	}
	for _, c := range s {
		switch {
		case c == '\n' || c == '\t':
		case c < 0x20, c >= 0x7f && c <= 0x9f,
			c == 0x61c, c == 0x200e, c == 0x200f, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069:
			return false
		}
	}
	return true
}
