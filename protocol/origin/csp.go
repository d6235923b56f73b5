package origin

import (
	"strconv"
	"strings"
)

// CSP returns the pattern as a source expression for frame-src and frame-ancestors. ok is false where there is none:
// wildcards inside the name, IPv6 addresses, names with "_" or a trailing dot, and "null".
//
// Two things follow from the policy language itself: an http source also admits https (which is how http and https
// together are written), and the specification, not the browsers, knows no IPv4 address but 127.0.0.1.
func (p *Pattern) CSP() (source string, ok bool) {
	if p.null || p.rooted || p.host == "" || strings.ContainsAny(p.host, "[_") {
		return "", false
	}
	if strings.Contains(p.host, "*") && (p.deep || p.host != anyHost) {
		return "", false
	}
	source = p.scheme
	if source == "" {
		source = "http"
	}
	source += "://"
	if p.deep {
		source += "*."
	}
	source += p.host
	switch {
	case p.anyPort:
		source += ":*"
	case p.port != 0:
		source += ":" + strconv.Itoa(int(p.port))
	}
	return source, true
}
