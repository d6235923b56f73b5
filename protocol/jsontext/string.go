package jsontext

import (
	"math/bits"
	"unicode/utf8"
)

// str takes the string that opens at offset i; escaped tells whether it has escapes.
func (r *Reader) str(i int) (end int, escaped bool) {
	text := r.text
	i++
	for {
		// Eight bytes at once, to the first that is not plain.
		for len(text)-i >= 8 {
			m := notPlain(load64(text[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		switch c := peek(text, i); {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			n := r.escape(i)
			if n == 0 {
				return -1, false
			}
			i += n
		case c >= utf8.RuneSelf:
			_, n := utf8.DecodeRune(text[i:])
			if n == 1 {
				return r.failAt(i, Unicode, "invalid UTF-8"), false
			}
			i += n
		case c >= ' ':
			i++ // one of the last few bytes of the text
		case i >= len(text):
			return r.failAt(i, Malformed, `want '"'`), false
		default:
			return r.failAt(i, Malformed, "control character in a string"), false
		}
	}
}

// member takes the member name at offset i and the colon behind it. It returns the name, unescaped, and the offsets
// behind both, colon being -1 after an error.
func (r *Reader) member(i int, s *seen) (name []byte, end, colon int) {
	if peek(r.text, i) != '"' {
		return nil, 0, r.failAt(i, Malformed, "want a member name")
	}
	end, escaped := r.str(i)
	if end < 0 {
		return nil, 0, -1
	}
	name = r.text[i+1 : end-1 : end-1]
	if escaped {
		name = unescape(make([]byte, 0, len(name)), name)
	}
	if !s.add(&r.names, name) {
		return nil, 0, r.failAt(i, Duplicate, "duplicate member")
	}
	colon = gap(r.text, end)
	if peek(r.text, colon) != ':' {
		return nil, 0, r.failAt(colon, Malformed, "want ':'")
	}
	return name, end, colon + 1
}

// escape checks the escape at offset i and returns its length; 0 where it is not one. Both halves of a
// surrogate pair count as one escape.
func (r *Reader) escape(i int) int {
	rest := r.text[i:]
	if len(rest) > 1 {
		switch rest[1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return 2
		case 'u':
			switch c := hex4(rest); {
			case c < 0:
			case c < 0xd800 || c > 0xdfff:
				return 6
			case c < 0xdc00 && isLow(hex4(rest[6:])):
				return 12
			default:
				r.failAt(i, Unicode, "half of a surrogate pair")
				return 0
			}
		}
	}
	r.failAt(i, Malformed, "unknown escape")
	return 0
}

func isLow(c rune) bool { return c >= 0xdc00 && c <= 0xdfff }

// hex4 returns the code unit of the escape \uXXXX that text begins with, or -1.
func hex4(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	var unit rune
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		unit = unit<<4 | rune(c)
	}
	return unit
}

// unescape appends to dst what is between the quotes of a string that has been checked.
func unescape(dst, inner []byte) []byte {
	for i := 0; i < len(inner); {
		c := inner[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		switch c = inner[i+1]; c {
		case 'u':
			unit := hex4(inner[i:])
			if unit >= 0xd800 && unit <= 0xdfff {
				unit = (unit-0xd800)<<10 + hex4(inner[i+6:]) - 0xdc00 + 0x10000
				i += 6
			}
			dst = utf8.AppendRune(dst, unit)
			i += 6
			continue
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		}
		dst = append(dst, c)
		i += 2
	}
	return dst
}
