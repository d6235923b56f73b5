package origin

import (
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Options are the settings for reading patterns. The zero value reads ASCII patterns.
type Options struct {
	// ToASCII turns a host name with Unicode labels into punycode; names come without wildcards. If nil, such names
	// are errors that ask for punycode. In the browser the page has done it with new URL() before the hub sees the
	// patterns; on the server it is broker/idn.
	ToASCII func(host string) (string, error)
}

// PatternError says what is wrong with a pattern, and where.
type PatternError struct {
	Pattern string
	// Offset is the byte in Pattern at which the problem begins.
	Offset  int
	Problem string
}

// Error quotes the pattern and counts bytes from 1.
func (e *PatternError) Error() string {
	return "origin pattern " + jsontext.Quote(e.Pattern) + ", position " + strconv.Itoa(e.Offset+1) + ": " + e.Problem
}

// ParsePattern reads one ASCII pattern; the error is a *PatternError.
func ParsePattern(s string, kind ListKind) (Pattern, error) { return Options{}.ParsePattern(s, kind) }

// ParsePattern reads [scheme://]host[:port][/ | /* | /**] as docs/origin-patterns.md describes it; the error is a
// *PatternError.
func (opt Options) ParsePattern(s string, kind ListKind) (Pattern, error) {
	r := reader{text: s, toASCII: opt.ToASCII, p: Pattern{kind: kind}}
	if err := r.read(); err != nil {
		return Pattern{}, err
	}
	return r.p, nil
}

// reader reads one pattern. Its methods get a piece of the text and the offset at which it begins.
type reader struct {
	text    string
	toASCII func(string) (string, error)
	p       Pattern
}

//go:noinline
func (r *reader) fail(at int, problem string) error {
	return &PatternError{Pattern: r.text, Offset: at, Problem: problem}
}

func (r *reader) read() error {
	switch {
	case r.text == "":
		return r.fail(0, "it is empty")
	case len(r.text) > MaxBytes:
		return r.fail(MaxBytes, "it is longer than 300 bytes")
	case r.text == "null":
		if r.p.kind == ExactList {
			return r.fail(0, `"null" is shared by all opaque origins; name one origin`)
		}
		r.p.null = true
		return nil
	}
	scheme, rest, hasScheme := strings.Cut(r.text, "://")
	at := len(r.text) - len(rest)
	if !hasScheme {
		rest, at, scheme = r.text, 0, ""
	}
	if err := r.readScheme(scheme, hasScheme); err != nil {
		return err
	}
	authority, err := r.cutPath(rest, at)
	if err != nil {
		return err
	}
	host, port, hasPort := splitPort(authority)
	if err := r.readHost(host, at); err != nil {
		return err
	}
	if hasPort {
		return r.readPort(port, at+len(host)+1)
	}
	r.p.anyPort = !hasScheme
	return nil
}

// readScheme refuses a missing scheme where guessing it would admit more than was meant.
func (r *reader) readScheme(scheme string, written bool) error {
	lower := LowerASCII(scheme)
	switch {
	case !written && r.p.kind == BlockList:
		return nil
	case !written && r.p.kind == AllowList:
		return r.fail(0, "the scheme is missing; an allow list needs https://, or *:// for http and https")
	case !written:
		return r.fail(0, "the scheme is missing; write it out, such as https://")
	case scheme == "*" && r.p.kind == ExactList:
		return r.fail(0, "wildcards are not allowed here; name one origin")
	case scheme == "*":
		return nil
	case !validScheme(lower):
		return r.fail(0, "this is no scheme; write http, https, or * for both")
	case neverOrigin(lower):
		return r.fail(0, "documents of this scheme have the origin null; the pattern would never match")
	}
	r.p.scheme = lower
	return nil
}

// cutPath takes off a path that says nothing. A path that says something cannot be enforced: an origin has none.
func (r *reader) cutPath(rest string, at int) (authority string, err error) {
	authority, path, found := strings.Cut(rest, "/")
	if !found {
		return authority, nil
	}
	switch {
	case path == "":
		return authority, nil
	case (path == "*" || path == "**") && r.p.kind != ExactList:
		return authority, nil
	}
	return "", r.fail(at+len(authority)+1, "an origin has no path; only a / at the end may follow the host")
}

func (r *reader) readPort(port string, at int) error {
	if port == "*" {
		if r.p.kind == ExactList {
			return r.fail(at, "wildcards are not allowed here; name one origin")
		}
		r.p.anyPort = true
		return nil
	}
	n, ok := parsePort(port)
	if !ok {
		return r.fail(at, "a port is a number from 1 to 65535, or * for any")
	}
	if n != defaultPort(r.p.scheme) {
		r.p.port = n
	}
	return nil
}

// LowerASCII folds A to Z and nothing else: Unicode folding turns the Kelvin sign into k.
func LowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
