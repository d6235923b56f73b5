package origin

import "strings"

// Browsers write IPv6 addresses in one way only (URL Standard, "IPv6 serializer"): lower-case hexadecimal without
// leading zeros, the first longest run of at least two zero groups as "::", never a dotted tail. net/netip would
// read them, but it writes IPv4-mapped addresses in another way.

// canonicalIPv6 reports whether host is a bracketed IPv6 address in the form that browsers write.
func canonicalIPv6(host string) bool {
	groups, ok := parseIPv6(host)
	if !ok {
		return false
	}
	var room [maxIPv6Text]byte
	return string(appendIPv6(room[:0], groups)) == host
}

// maxIPv6Text is the longest bracketed address: eight groups of four, seven colons, two brackets.
const maxIPv6Text = 8*4 + 7 + 2

// parseIPv6 reads a bracketed IPv6 address without a zone. A dotted IPv4 tail is understood.
func parseIPv6(host string) (groups [8]uint16, ok bool) {
	s, open := strings.CutPrefix(host, "[")
	s, shut := strings.CutSuffix(s, "]")
	if !open || !shut || len(s) < 2 {
		return groups, false
	}
	before, after, gap := strings.Cut(s, "::")
	n, ok := parseGroups(before, groups[:], !gap)
	if !ok || !gap {
		return groups, ok && n == 8
	}
	var tail [8]uint16
	m, ok := parseGroups(after, tail[:], true)
	if !ok || n+m > 7 {
		return groups, false
	}
	copy(groups[8-m:], tail[:m])
	return groups, true
}

// parseGroups reads colon-separated groups into dst and returns how many there were; none is fine.
func parseGroups(s string, dst []uint16, dotted bool) (n int, ok bool) {
	for more := s != ""; more; {
		var group string
		group, s, more = strings.Cut(s, ":")
		if dotted && !more && strings.IndexByte(group, '.') >= 0 {
			return parseTail(group, dst, n)
		}
		v, ok := hexadecimal(group)
		if !ok || n == len(dst) {
			return n, false
		}
		dst[n] = v
		n++
	}
	return n, true
}

// parseTail reads a dotted IPv4 address as two groups.
func parseTail(s string, dst []uint16, n int) (int, bool) {
	if n+2 > len(dst) || !canonicalIPv4(s) {
		return n, false
	}
	for i := 0; i < 4; i++ {
		var number string
		number, s, _ = strings.Cut(s, ".")
		v, _ := decimal(number, 3)
		dst[n+i/2] = dst[n+i/2]<<8 | uint16(v)
	}
	return n + 2, true
}

// hexadecimal reads one to four hexadecimal digits of either case.
func hexadecimal(s string) (v uint16, ok bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		switch {
		case s[i] >= '0' && s[i] <= '9':
			v = v<<4 | uint16(s[i]-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint16(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

// appendIPv6 appends the address in brackets as browsers write it.
func appendIPv6(dst []byte, groups [8]uint16) []byte {
	from, to := longestZeros(groups)
	dst = append(dst, '[')
	for i := 0; i < 8; i++ {
		if i == from {
			dst = append(dst, "::"...)
			i = to - 1
			continue
		}
		if i > 0 && i != to {
			dst = append(dst, ':')
		}
		dst = appendHex(dst, groups[i])
	}
	return append(dst, ']')
}

// longestZeros returns the first longest run of at least two zero groups; -1, -1 if there is none.
func longestZeros(groups [8]uint16) (from, to int) {
	from, to = -1, -1
	for i := 0; i < 8; i++ {
		j := i
		for j < 8 && groups[j] == 0 {
			j++
		}
		if j-i > 1 && j-i > to-from {
			from, to = i, j
		}
		i = max(i, j-1)
	}
	return from, to
}

// appendHex appends v in hexadecimal without leading zeros.
func appendHex(dst []byte, v uint16) []byte {
	const digits = "0123456789abcdef"
	written := false
	for shift := 12; shift >= 0; shift -= 4 {
		d := v >> shift & 0xf
		if d != 0 || written || shift == 0 {
			dst = append(dst, digits[d])
			written = true
		}
	}
	return dst
}
