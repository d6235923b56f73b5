package jsontext

import "unicode/utf8"

// quoted takes the string ahead and returns what is between its quotes, and whether that has escapes.
func (r *Reader) quoted() (inner []byte, escaped bool) {
	text, i := r.text, r.pos+1
	for i < len(text) {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		switch {
		case c == '"':
			inner = text[r.pos+1 : i : i]
			r.pos = i + 1
			return inner, escaped
		case c == '\\':
			escaped = true
			n := r.escape(i)
			if n == 0 {
				return nil, false
			}
			i += n
		case c < ' ':
			r.pos = i
			r.Fail(Malformed, "control character in a string")
			return nil, false
		default:
			_, n := utf8.DecodeRune(text[i:])
			if n == 1 {
				r.pos = i
				r.Fail(Unicode, "invalid UTF-8")
				return nil, false
			}
			i += n
		}
	}
	r.pos = len(text)
	r.Fail(Malformed, "want '\"'")
	return nil, false
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
				r.pos = i
				r.Fail(Unicode, "half of a surrogate pair")
				return 0
			}
		}
	}
	r.pos = i
	r.Fail(Malformed, "unknown escape")
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
