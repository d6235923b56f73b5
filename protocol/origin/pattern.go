package origin

import (
	"strconv"
	"strings"
)

// ListKind says what a list of patterns is for. It decides how a pattern that leaves something open is read: a
// block list reads it widely, the others narrowly.
type ListKind uint8

const (
	// BlockList refuses what it matches. A pattern without a scheme means http and https, and without a port then
	// any port; example.com. and example.com are one host.
	BlockList ListKind = iota
	// AllowList admits what it matches. A pattern without a scheme is an error; example.com. and example.com are
	// two hosts, as they are to a browser.
	AllowList
	// ExactList is an allow list without wildcards and without "null", for the origins of hubs.
	ExactList
)

// Pattern is one parsed pattern. The zero value matches nothing.
type Pattern struct {
	kind ListKind
	// null: the literal pattern "null", which matches opaque origins and nothing else.
	null bool
	// scheme is "" for http and https.
	scheme string
	// host is in canonical form and may hold "*"; deep says that "*." stood in front of it. It is "*" where any
	// host matches.
	host string
	deep bool
	// rooted: the host was written with a trailing dot.
	rooted bool
	// port is 0 for the scheme's default port.
	port    uint16
	anyPort bool
	// stars: a "**" was written, which is read as "*".
	stars bool
}

// anyHost is the host of patterns that match every host.
const anyHost = "*"

// Matches reports whether the pattern names the origin. Decide about a candidate with Patterns, which also handles
// candidates that are no origins.
func (p *Pattern) Matches(o Origin) bool {
	if p.null || o.Opaque || p.host == "" {
		return p.null && o.Opaque
	}
	if p.scheme != o.Scheme && (p.scheme != "" || !o.Web()) {
		return false
	}
	if !p.anyPort && o.Port != p.effectivePort(o.Scheme) {
		return false
	}
	if p.rooted != o.Rooted && p.kind != BlockList {
		return false
	}
	return p.host == anyHost && !p.deep || matchHost(p.host, o.Host, p.deep)
}

func (p *Pattern) effectivePort(scheme string) uint16 {
	if p.port == 0 {
		return defaultPort(scheme)
	}
	return p.port
}

// Origin returns the one origin that the pattern names; ok is false if it names more than one.
func (p *Pattern) Origin() (o Origin, ok bool) {
	if p.null {
		return Origin{Opaque: true}, true
	}
	if p.scheme == "" || p.anyPort || p.wild() {
		return Origin{}, false
	}
	return Origin{Scheme: p.scheme, Host: p.host, Port: p.effectivePort(p.scheme), Rooted: p.rooted}, true
}

// wild reports whether the host has a wildcard.
func (p *Pattern) wild() bool { return p.deep || strings.Contains(p.host, "*") }

// String returns the pattern in canonical form: lower case, punycode, no path, no default port, the scheme "*" and the
// port "*" written out. Patterns that mean the same have the same canonical form.
func (p *Pattern) String() string {
	if p.null {
		return "null"
	}
	scheme, host, port := p.scheme, p.host, ""
	if scheme == "" {
		scheme = "*"
	}
	if p.deep {
		host = "*." + host
	}
	if p.rooted {
		host += "."
	}
	switch {
	case p.anyPort:
		port = ":*"
	case p.port != 0:
		port = ":" + strconv.Itoa(int(p.port))
	}
	return scheme + "://" + host + port
}
