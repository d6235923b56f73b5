package origin

import "strings"

// matchHost compares label by label from the right, so that its time grows with the length of the host and not
// with the number of wildcards. deep asks for at least one more label in front of the pattern.
func matchHost(pattern, host string, deep bool) bool {
	for {
		wanted, patternRest, more := cutLastLabel(pattern)
		label, hostRest, left := cutLastLabel(host)
		if !matchLabel(wanted, label) {
			return false
		}
		if !more || !left {
			return !more && left == deep
		}
		pattern, host = patternRest, hostRest
	}
}

// cutLastLabel splits off what follows the last dot; more is false if there is no dot.
func cutLastLabel(host string) (label, rest string, more bool) {
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 {
		return host, "", false
	}
	return host[dot+1:], host[:dot], true
}

// matchLabel compares one label with a pattern in which "*" stands for any run of characters, or none. Taking the
// leftmost place for each part in the middle is enough, since what is between the stars is free.
func matchLabel(pattern, label string) bool {
	part, pattern, star := strings.Cut(pattern, "*")
	if !star {
		return part == label
	}
	label, ok := strings.CutPrefix(label, part)
	for ok {
		if part, pattern, star = strings.Cut(pattern, "*"); !star {
			return strings.HasSuffix(label, part)
		}
		_, label, ok = strings.Cut(label, part)
	}
	return false
}
