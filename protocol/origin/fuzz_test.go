package origin

import (
	"math/rand/v2"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gobwas/glob"
)

// naive decides as slowly and as differently as possible: net/url takes the candidate apart, a regular expression the
// pattern, and gobwas/glob matches the host with "." as separator. It gets only what the real parsers accept.
type naive struct {
	scheme, port string
	host         *glob.Pattern
	any          bool
}

var patternParts = regexp.MustCompile(`^(?:([a-zA-Z][a-zA-Z0-9+.-]*|\*)://)?(\[[^\]]*\]|[^:/\[]*)(?::([0-9]+|\*))?(?:/\**)?$`)

func newNaive(pattern string) naive {
	parts := patternParts.FindStringSubmatch(strings.ToLower(pattern))
	if parts == nil {
		panic("the pattern was accepted: " + pattern)
	}
	n := naive{scheme: parts[1], port: parts[3]}
	if n.port == "" && n.scheme == "" {
		n.port = "*"
	}
	host := strings.TrimSuffix(parts[2], ".")
	if text, v6 := strings.CutPrefix(host, "["); v6 {
		address := netip.MustParseAddr(strings.TrimSuffix(text, "]"))
		n.host = glob.MustCompile(glob.QuoteMeta(address.StringExpanded()))
		return n
	}
	for strings.Contains(host, "**") {
		host = strings.ReplaceAll(host, "**", "*")
	}
	n.any = host == "*"
	if rest, deep := strings.CutPrefix(host, "*."); deep {
		host = "**." + rest
	}
	n.host = glob.MustCompile(host, '.')
	return n
}

func (n naive) matches(candidate string) bool {
	u, err := url.Parse(candidate)
	if err != nil {
		panic("the candidate was accepted: " + candidate)
	}
	web := u.Scheme == "http" || u.Scheme == "https"
	if (n.scheme == "" || n.scheme == "*") && !web || n.scheme != "" && n.scheme != "*" && n.scheme != u.Scheme {
		return false
	}
	defaults := map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443"}
	port, want := u.Port(), n.port
	if port == "" {
		port = defaults[u.Scheme]
	}
	if want == "" {
		want = defaults[u.Scheme]
	}
	if want != "*" && want != port {
		return false
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if address, err := netip.ParseAddr(host); err == nil && address.Is6() {
		host = address.StringExpanded()
	}
	return n.any || n.host.Match(host)
}

// compare holds the matcher against the naive one for a block list, where both read a trailing dot alike.
func compare(t *testing.T, pattern, candidate string) {
	t.Helper()
	list, _, err := NewPatterns(BlockList, []string{pattern})
	if err != nil || pattern == "null" {
		return
	}
	if _, bad := Parse(candidate); bad != nil {
		if !list.Blocks(candidate) {
			t.Fatalf("%q is no origin and is not blocked", candidate)
		}
		return
	}
	want := candidate != "null" && newNaive(pattern).matches(candidate)
	if got := list.Blocks(candidate); got != want {
		t.Fatalf("block %q against %q: %v, the naive matcher says %v", pattern, candidate, got, want)
	}
}

func FuzzMatch(f *testing.F) {
	for _, row := range blockRows {
		f.Add(row.pattern, row.candidate)
	}
	f.Fuzz(compare)
}

// TestMatchRandom is the fuzz test with a grammar, so that nearly every pair is valid and many match.
func TestMatchRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	label := func(letters string) string {
		b := make([]byte, 1+random.IntN(4))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	host := func(letters string, labels int) string {
		parts := make([]string, labels)
		for i := range parts {
			parts[i] = label(letters)
		}
		return strings.Join(parts, ".")
	}
	for range 30_000 {
		pattern := pick("", "*://", "http://", "https://", "HTTPS://") + pick("", "", "*.") +
			host("aab*", 1+random.IntN(3)) + pick("", ".") + pick("", ":*", ":443", ":8") + pick("", "/", "/*")
		candidate := pick("http://", "https://") + host("aab", 1+random.IntN(4)) + pick("", ".") + pick("", ":443", ":80", ":8")
		compare(t, pattern, candidate)
	}
}

func FuzzParse(f *testing.F) {
	for _, row := range blockRows {
		f.Add(row.candidate)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(o.String())
		if err != nil || again != o {
			t.Fatalf("%q is %+v, written %q is %+v, %v", text, o, o.String(), again, err)
		}
		// What is an origin is also a pattern for itself, in any kind of list.
		for _, kind := range []ListKind{BlockList, AllowList, ExactList} {
			p, err := ParsePattern(text, kind)
			if o.Opaque && kind == ExactList {
				continue
			}
			if named, ok := p.Origin(); err != nil || !ok || named != o || !p.Matches(o) {
				t.Fatalf("%q as a pattern: %+v, %v", text, p, err)
			}
		}
		if u, err := url.Parse(text); !o.Opaque && (err != nil || u.Scheme != o.Scheme || u.Path != "" || u.User != nil) {
			t.Fatalf("%q is read as %+v and by net/url as %v, %v", text, o, u, err)
		}
	})
}

func FuzzParsePattern(f *testing.F) {
	for _, row := range blockRows {
		f.Add(row.pattern, uint8(BlockList))
		f.Add(row.pattern, uint8(AllowList))
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		list := ListKind(kind % 3)
		p, err := withIDN.ParsePattern(text, list)
		if err != nil {
			if fault := err.(*PatternError); fault.Offset < 0 || fault.Offset > len(text) {
				t.Fatalf("%v points outside of the pattern", fault)
			}
			return
		}
		canonical := p.String()
		if len(canonical) > MaxBytes {
			return // the scheme and port written out are what is too much
		}
		again, err := ParsePattern(canonical, list)
		again.stars = p.stars
		if err != nil || again != p {
			t.Fatalf("%q is %+v, written %q is %+v, %v", text, p, canonical, again, err)
		}
		if source, ok := p.CSP(); ok && !regexp.MustCompile(`^[a-z][a-z0-9+.-]*://(\*|(\*\.)?[a-z0-9.-]+)(:\*|:[0-9]+)?$`).MatchString(source) {
			t.Fatalf("%q is the policy source %q", text, source)
		}
		if o, ok := p.Origin(); ok && !neverWritten(o) {
			if parsed, err := Parse(o.String()); err != nil || parsed != o || !p.Matches(o) {
				t.Fatalf("%q names %v, which is read as %v, %v", text, o, parsed, err)
			}
		}
	})
}

// neverWritten reports whether a pattern names a host that no browser writes, which is only a warning.
func neverWritten(o Origin) bool {
	last, _, _ := cutLastLabel(o.Host)
	return endsInNumber(last)
}
