package origin

import (
	"errors"
	"strconv"
	"strings"
)

// MaxBytes bounds candidates and patterns. The longest host name that DNS carries has 253 bytes.
const MaxBytes = 300

// Origin is a parsed serialized origin. Two origins are the same if the structs are equal, but for Rooted, which
// block lists ignore.
type Origin struct {
	// Scheme is lower-case, such as "https"; empty if Opaque.
	Scheme string
	// Host is lower-case and ASCII, without a trailing dot; an IPv6 address is in brackets.
	Host string
	// Port is the effective port; 0 if none is written and the scheme has no default.
	Port uint16
	// Rooted says that the host was written with a trailing dot. A browser treats example.com. and
	// example.com as different origins, though both lead to the same server.
	Rooted bool
	// Opaque is the origin "null" of sandboxed frames and data: documents.
	Opaque bool
}

// What is wrong with a candidate. They are values, so that refusing a candidate allocates nothing.
var (
	errLength = errors.New("origin is empty or longer than 300 bytes")
	errScheme = errors.New("origin does not begin with a lower-case scheme and ://")
	errNever  = errors.New("documents of this scheme have the origin null")
	errHost   = errors.New("host of the origin is not in the form that browsers give it")
	errPort   = errors.New("port of the origin is not a number from 1 to 65535")
)

// Parse reads a serialized origin: "null", or scheme://host[:port] in the form that browsers give it, in lower
// case, in punycode, without a path. Only a redundant default port and one trailing dot are tolerated.
//
// It is stricter than a URL parser on purpose: a candidate that no browser would send is an attempt to be read in
// two ways, and the caller must block it.
func Parse(s string) (Origin, error) {
	if s == "null" {
		return Origin{Opaque: true}, nil
	}
	if s == "" || len(s) > MaxBytes {
		return Origin{}, errLength
	}
	scheme, authority, ok := strings.Cut(s, "://")
	if !ok || !validScheme(scheme) {
		return Origin{}, errScheme
	}
	if neverOrigin(scheme) {
		return Origin{}, errNever
	}
	host, portText, hasPort := splitPort(authority)
	o := Origin{Scheme: scheme, Port: defaultPort(scheme)}
	o.Host, o.Rooted = strings.CutSuffix(host, ".")
	if !canonicalHost(o.Host, o.Rooted) {
		return Origin{}, errHost
	}
	if hasPort {
		if o.Port, ok = parsePort(portText); !ok {
			return Origin{}, errPort
		}
	}
	return o, nil
}

// Web reports whether the origin's scheme is http or https.
func (o Origin) Web() bool { return o.Scheme == "http" || o.Scheme == "https" }

// String returns the serialized origin: "null", or scheme://host[:port] without the scheme's default port.
func (o Origin) String() string {
	if o.Opaque {
		return "null"
	}
	s := o.Scheme + "://" + o.Host
	if o.Rooted {
		s += "."
	}
	if o.Port != defaultPort(o.Scheme) {
		s += ":" + strconv.Itoa(int(o.Port))
	}
	return s
}

// Loopback reports whether the origin is of this very machine: localhost, a name below it, 127.0.0.0/8 or [::1].
// Browsers resolve those names without asking the network.
func (o Origin) Loopback() bool {
	if o.Host == "localhost" || strings.HasSuffix(o.Host, ".localhost") || o.Host == "[::1]" {
		return true
	}
	return strings.HasPrefix(o.Host, "127.") && canonicalIPv4(o.Host)
}

// validScheme reports whether s is a lower-case URL scheme.
func validScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c >= 'a' && c <= 'z'
		other := c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return s != ""
}

// neverOrigin reports whether documents of the scheme are opaque, so that no origin is ever written with it.
func neverOrigin(scheme string) bool {
	switch scheme {
	case "file", "blob", "data", "javascript", "about", "filesystem":
		return true
	}
	return false
}

// defaultPort returns the port that a scheme means where none is written, 0 if there is no such port.
func defaultPort(scheme string) uint16 {
	switch scheme {
	case "http", "ws":
		return 80
	case "https", "wss":
		return 443
	}
	return 0
}

// splitPort cuts host[:port]. The colons of a bracketed IPv6 address do not count.
func splitPort(authority string) (host, port string, hasPort bool) {
	from := 0
	if strings.HasPrefix(authority, "[") {
		from = strings.IndexByte(authority, ']') + 1
	}
	colon := strings.IndexByte(authority[from:], ':')
	if colon < 0 {
		return authority, "", false
	}
	return authority[:from+colon], authority[from+colon+1:], true
}

// parsePort reads a port from 1 to 65535 without leading zeros.
func parsePort(s string) (uint16, bool) {
	n, ok := decimal(s, 5)
	if !ok || n == 0 || n > 65535 {
		return 0, false
	}
	return uint16(n), true
}

// decimal reads up to max digits without leading zeros.
func decimal(s string, max int) (n int, ok bool) {
	if s == "" || len(s) > max || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
