package origin

import "strings"

// canonicalHost reports whether a browser would write the host so. Host names are held to letters, digits, "-" and
// "_"; browsers let a few more signs pass, among them "*", and no honest server needs them.
func canonicalHost(host string, rooted bool) bool {
	if strings.HasPrefix(host, "[") {
		return !rooted && canonicalIPv6(host)
	}
	label := 0
	for i := 0; i < len(host); i++ {
		switch {
		case host[i] == '.':
			if i == label {
				return false
			}
			label = i + 1
		case !hostByte(host[i]):
			return false
		}
	}
	if label == len(host) {
		return false
	}
	if endsInNumber(host[label:]) {
		return !rooted && canonicalIPv4(host)
	}
	return true
}

// hostByte reports whether c may stand in a label.
func hostByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// endsInNumber reports whether a host with this last label is an IPv4 address to a browser, in whatever form
// (URL Standard, "ends in a number checker").
func endsInNumber(last string) bool {
	digits, hex := strings.CutPrefix(last, "0x")
	for i := 0; i < len(digits); i++ {
		c := digits[i]
		if !(c >= '0' && c <= '9' || hex && c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// canonicalIPv4 reports whether the host is four decimal numbers from 0 to 255.
func canonicalIPv4(host string) bool {
	for part := 1; ; part++ {
		number, rest, more := strings.Cut(host, ".")
		n, ok := decimal(number, 3)
		if !ok || n > 255 || more != (part < 4) {
			return false
		}
		if !more {
			return true
		}
		host = rest
	}
}
