package origin

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	rows := map[string]Origin{
		"null":                   {Opaque: true},
		"https://a.example":      {Scheme: "https", Host: "a.example", Port: 443},
		"https://a.example:443":  {Scheme: "https", Host: "a.example", Port: 443},
		"https://a.example.:443": {Scheme: "https", Host: "a.example", Port: 443, Rooted: true},
		"http://a:81":            {Scheme: "http", Host: "a", Port: 81},
		"http://[2001:db8::1]:8": {Scheme: "http", Host: "[2001:db8::1]", Port: 8},
		"app://x":                {Scheme: "app", Host: "x"},
	}
	for text, want := range rows {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "NULL", "https", "https:", "https:/a", "https://", "://a", "1a://b", "https://a/", "https://.", "https://.a",
		"https://a:b", "https://a:-1", "https://a: 1", "https://[::1", "https://::1", "https://[::1]a", "https://[::1].",
		"https://[1::]1", "https://1.2.3", "https://1.2.3.256", "https://1.2.3.04", "https://a.0x", "https://a.09",
		"https://a*b", "javascript://a", "about://blank", "https://" + strings.Repeat("a", MaxBytes),
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", text, got)
		}
	}
}

func TestIPv6(t *testing.T) {
	// What the URL Standard's serializer makes of each address.
	for text, want := range map[string]string{
		"[0:0:0:0:0:0:0:0]":      "[::]",
		"[0:0:0:0:0:0:0:1]":      "[::1]",
		"[1:0:0:0:0:0:0:0]":      "[1::]",
		"[1:0:0:2:0:0:0:3]":      "[1:0:0:2::3]",
		"[1:0:0:2:3:0:0:4]":      "[1::2:3:0:0:4]",
		"[1:0:2:3:4:5:6:7]":      "[1:0:2:3:4:5:6:7]",
		"[::FFFF:255.255.0.1]":   "[::ffff:ffff:1]",
		"[::0001]":               "[::1]",
		"[1:2:3:4:5:6:7::]":      "[1:2:3:4:5:6:7:0]",
		"[1:2:3:4:5:6:1.2.3.4]":  "[1:2:3:4:5:6:102:304]",
		"[abcd:ef01::a0b0:0:cd]": "[abcd:ef01::a0b0:0:cd]",
	} {
		groups, ok := parseIPv6(text)
		if got := string(appendIPv6(nil, groups)); !ok || got != want {
			t.Errorf("%s is written %s (%v), want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"[]", "[:]", "[1]", "[:::]", "[1::2::3]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[12345::]", "[g::]",
		"[::1.2.3]", "[1.2.3.4::]", "[1:2:3:4:5:6:7:1.2.3.4]", "[::1%25lo]", "[:1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:]",
	} {
		if groups, ok := parseIPv6(text); ok {
			t.Errorf("%s is read as %x", text, groups)
		}
	}
}

func TestLoopback(t *testing.T) {
	for text, want := range map[string]bool{
		"http://localhost": true, "https://localhost:8443": true, "http://app.localhost:1": true,
		"http://127.0.0.1": true, "http://127.9.8.7:80": true, "http://[::1]:4000": true,
		"http://localhost.example.com": false, "http://notlocalhost": false, "http://127.example": false,
		"http://128.0.0.1": false, "http://[::2]": false, "null": false,
	} {
		o, err := Parse(text)
		if err != nil || o.Loopback() != want {
			t.Errorf("%s: loopback %v, %v; want %v", text, o.Loopback(), err, want)
		}
	}
}

func TestPatternErrorsNameThePlace(t *testing.T) {
	rows := []struct {
		pattern string
		kind    ListKind
		offset  int
		problem string
	}{
		{"https://example.com/app/*", BlockList, 20, "no path"},
		{"https://user@example.com", BlockList, 12, "user name"},
		{"https://a.{b,c}.com", BlockList, 10, "alternatives"},
		{"https://a.example.com:30*", BlockList, 22, "a port is"},
		{"https://a.[bc].com", BlockList, 10, "[ ] holds"},
		{"https://[a-c].com", BlockList, 8, "[ ] holds"},
		{"ht*p://a", BlockList, 0, "no scheme"},
		{"app://*.b", BlockList, 6, "http and https only"},
		{"https://b*.a.com", ExactList, 9, "one origin"},
		{"https://a.bücher.de", BlockList, 11, "punycode"},
		{"a.example.com", AllowList, 0, "*://"},
		{strings.Repeat("a", 301), BlockList, 300, "300 bytes"},
	}
	for _, row := range rows {
		_, err := ParsePattern(row.pattern, row.kind)
		var fault *PatternError
		if !errors.As(err, &fault) || fault.Offset != row.offset || !strings.Contains(fault.Problem, row.problem) {
			t.Errorf("%q: %v, want offset %d and %q", row.pattern, err, row.offset, row.problem)
		}
	}
}

func TestPatternString(t *testing.T) {
	for pattern, want := range map[string]string{
		"*":                       "*://*:*",
		"Example.com":             "*://example.com:*",
		"https://example.com:443": "https://example.com",
		"*://*.b.com:8443/":       "*://*.b.com:8443",
		"https://**.b.com./*":     "https://*.b.com.",
		"http://[0::1]:*":         "http://[::1]:*",
		"null":                    "null",
	} {
		p, err := ParsePattern(pattern, BlockList)
		if err != nil || p.String() != want {
			t.Errorf("%q is written %q (%v), want %q", pattern, p.String(), err, want)
		}
	}
}

func TestCSP(t *testing.T) {
	for pattern, want := range map[string]string{
		"https://a.example.com":      "https://a.example.com",
		"https://*.example.com":      "https://*.example.com",
		"https://*.example.com:8443": "https://*.example.com:8443",
		"http://localhost:*":         "http://localhost:*",
		"*://a.example.com":          "http://a.example.com",
		"*://*:*":                    "http://*:*",
		"https://*":                  "https://*",
		"https://bücher.example":     "https://xn--bcher-kva.example",
		"https://app-*.example.com":  "",
		"https://*.b*.com":           "",
		"https://a.*.com":            "",
		"https://*.*":                "",
		"http://[::1]":               "",
		"https://a_b.com":            "",
		"https://a.com.":             "",
		"null":                       "",
	} {
		p, err := withIDN.ParsePattern(pattern, AllowList)
		got, ok := p.CSP()
		if err != nil || got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v, %v; want %q", pattern, got, ok, err, want)
		}
	}
}
