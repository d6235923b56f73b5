package protocol

import "unicode/utf8"

// ValidName reports whether s may name a method, a context, an app or a channel: 1 to MaxNameRunes printable
// characters below U+0300, no control characters, no space at either end, and neither "." nor "..".
//
// The upper bound is what keeps two spellings of one name apart for good: below U+0300 every character is its
// own NFC form, so the hub needs no normalisation tables to tell equal names from different ones.
func ValidName(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 2*MaxNameRunes || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	n := 0
	for _, r := range s {
		n++
		if r < 0x20 || (r >= 0x7f && r <= 0xa0) || r == 0xad || r >= 0x300 || r == utf8.RuneError {
			return false
		}
	}
	return n <= MaxNameRunes
}

// reservedPrefixes are the name spaces of the platform and its dialects: apps may neither offer methods nor
// create contexts in them.
var reservedPrefixes = [...]string{"Hub.", "T42.", "___channel___"}

// Reserved reports whether the name lies in a name space of the platform.
func Reserved(name string) bool {
	for _, p := range reservedPrefixes {
		if len(name) >= len(p) && name[:len(p)] == p {
			return true
		}
	}
	return false
}
