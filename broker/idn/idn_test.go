package idn

import (
	"testing"

	"github.com/crossframe/crossframe/protocol/origin"
)

// TestToASCII pins what new URL("https://" + host).hostname gives in a browser.
func TestToASCII(t *testing.T) {
	for host, want := range map[string]string{
		"bücher.example":      "xn--bcher-kva.example",
		"BÜCHER.example":      "xn--bcher-kva.example",
		"bu\u0308cher.ex":     "xn--bcher-kva.ex",
		"straße.example":      "xn--strae-oqa.example",
		"a。b．c｡d":             "a.b.c.d",
		"ｅｘａｍｐｌｅ.com":         "example.com",
		"my_app.é.example":    "my_app.xn--9ca.example",
		"a--b.é.example":      "a--b.xn--9ca.example",
		"пример.испытание":    "xn--e1afmkfd.xn--80akhbyknj4f",
		"exam\u00adple.com":   "example.com",
		"xn--bcher-kva.com":   "xn--bcher-kva.com",
		"نامه\u200cای.com":    "xn--mgba3gch31f060k.com",
		"faß.de":              "xn--fa-hia.de",
		"１２７.０.０.１":           "127.0.0.1",
		"\U0001F4A9.la":       "xn--ls8h.la",
		"日本語.example":         "xn--wgv71a119e.example",
		"\u0131stanbul.local": "xn--stanbul-qfb.local",
	} {
		if got, err := ToASCII(host); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", host, got, err, want)
		}
	}
	for _, host := range []string{"a\u202eb", "xn--a.com", "א1a.com", "a\u200cb.com", "\ufffd"} {
		if got, err := ToASCII(host); err == nil {
			t.Errorf("%q is %q, want an error", host, got)
		}
	}
}

// TestPatterns: signs that hide in full-width characters do not become part of a pattern.
func TestPatterns(t *testing.T) {
	opt := origin.Options{ToASCII: ToASCII}
	for _, pattern := range []string{"https://＊.example.com", "https://a／b.example.com", "https://a：80", "https://a＠b.com", "https://。.a"} {
		if p, err := opt.ParsePattern(pattern, origin.BlockList); err == nil {
			t.Errorf("%q is read as %v", pattern, p.String())
		}
	}
	list, _, err := opt.NewPatterns(origin.AllowList, []string{"https://*.bücher。example:8443"})
	if err != nil || !list.Allows("https://a.xn--bcher-kva.example:8443") {
		t.Errorf("a Unicode pattern does not admit its origin: %v", err)
	}
}
