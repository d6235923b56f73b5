package origin

import (
	"testing"

	"golang.org/x/net/idna"
)

// withIDN reads Unicode patterns as the server does.
var withIDN = Options{ToASCII: idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false)).ToASCII}

// verdict is what a pattern in a block list says of a candidate.
type verdict byte

const (
	match   verdict = 'y'
	differ  verdict = 'n'
	refused verdict = 'e' // the pattern is a configuration error
	invalid verdict = 'i' // the candidate is no origin: blocked, never allowed
)

// blockRows is what people mean by a pattern, against what browsers send. Raw globs get about half of it wrong.
var blockRows = []struct {
	pattern, candidate string
	want               verdict
}{
	{`https://example.com/`, `https://example.com`, match},
	{`https://example.com/`, `https://example.com/`, invalid},
	{`https://example.com`, `https://example.com`, match},
	{`https://example.com/*`, `https://example.com`, match},
	{`https://example.com/**`, `https://example.com`, match},
	{`*.another-example.com/*`, `https://app.another-example.com`, match},
	{`*.another-example.com/*`, `https://a.b.another-example.com`, match},
	{`*.another-example.com/*`, `http://app.another-example.com`, match},
	{`*.another-example.com/*`, `https://another-example.com`, differ},
	{`*.another-example.com/*`, `https://evil.org/.another-example.com/`, invalid},
	{`*.another-example.com/*`, `https://evil-another-example.com`, differ},
	{`*.another-example.com/*`, `https://app.another-example.com.evil.test`, differ},
	{`*another-example.com`, `https://evil-another-example.com`, match},
	{`*.example.com`, `https://evil-example.com`, differ},
	{`*.example.com`, `https://example.com.evil.org`, differ},
	{`*.example.com`, `https://x.example.com.evil.org`, differ},
	{`https://*.example.com`, `https://evil.org/x.example.com`, invalid},
	{`https://*.example.com`, `https://evil.org:443@x.example.com`, invalid},
	{`https://*.example.com`, `https://a.example.com`, match},
	{`https://*.example.com`, `https://a.b.example.com`, match},
	{`https://*.example.com`, `http://a.example.com`, differ},
	{`https://*.example.com*`, `https://a.example.com.evil.org`, differ},
	{`https://example.com*`, `https://example.com.evil.org`, differ},
	{`https://example.*`, `https://example.evil.org`, differ},
	{`https://app-*.example.com`, `https://app-1.example.com`, match},
	{`https://app-*.example.com`, `https://app-1.evil.example.com`, differ},
	{`https://EXAMPLE.com`, `https://example.com`, match},
	{`HTTPS://EXAMPLE.COM`, `https://example.com`, match},
	{`https://example.com`, `https://EXAMPLE.com`, invalid},
	{`https://example.com:443`, `https://example.com`, match},
	{`https://example.com`, `https://example.com:443`, match},
	{`https://example.com`, `https://example.com:8443`, differ},
	{`https://example.com/*`, `https://example.com:8443`, differ},
	{`https://example.com/*`, `http://example.com`, differ},
	{`https://example.com:*`, `https://example.com:8443`, match},
	{`https://example.com:8443`, `https://example.com:8443`, match},
	{`http://localhost:*`, `http://localhost:4200`, match},
	{`http://localhost:3000`, `http://localhost:30001`, differ},
	{`http://localhost:300*`, `http://localhost:3000`, refused},
	{`localhost:*`, `http://localhost:4200`, match},
	{`localhost:4200`, `http://localhost:4200`, match},
	{`localhost:4200`, `http://localhost:4201`, differ},
	{`https://bücher.example`, `https://xn--bcher-kva.example`, match},
	{`https://*.bücher.example`, `https://a.xn--bcher-kva.example`, match},
	{`https://app-*.bücher.example`, `https://app-1.xn--bcher-kva.example`, match},
	{`https://xn--bcher-kva.example`, `https://xn--bcher-kva.example`, match},
	{`https://аррle.com`, `https://apple.com`, differ},
	{`https://apple.com`, `https://xn--le-6kc0aa.com`, differ},
	{`https://user:pw@example.com`, `https://example.com`, refused},
	{`https://example.com`, `https://user@example.com`, invalid},
	{`*`, `https://example.com`, match},
	{`*`, `https://example.com:8443`, match},
	{`https://*`, `https://example.com:8443`, differ},
	// Neither scheme nor port in a block list is any port: blocking more is the safe side.
	{`*.another-example.com/*`, `https://app.another-example.com:8443`, match},
	{`*.another-example.com:*`, `https://app.another-example.com:8443`, match},
	{`*://app.example.com`, `http://app.example.com`, match},
	{`*://app.example.com`, `https://app.example.com:8443`, differ},
	{`*.com`, `https://example.com`, match},
	{`https://example.com`, `https://example.com%2eevil.org`, invalid},
	{`https://example.com`, `https://example.com:443:443`, invalid},
	{`https://example.com`, `https://example.com:`, invalid},
	{`https://example.com`, `https://example.com:0443`, invalid},
	{`https://example.com`, `https://example.com:65536`, invalid},
	{`https://example.com`, `https://example。com`, invalid},
	{`https://example。com`, `https://example.com`, match},
	{`https://ｅｘａｍｐｌｅ.com`, `https://example.com`, match},
	{`https://＊.example.com`, `https://a.example.com`, refused},
	{`http://0x7f.1`, `http://127.0.0.1`, differ},
	{`http://127.0.0.1`, `http://0x7f.1`, invalid},
	{`http://127.0.0.1`, `http://127.0.0.1.`, invalid},
	{`https://127.0.0.1`, `https://127.0.0.1`, match},
	{`https://my_app.example.com`, `https://my_app.example.com`, match},
	{`*:*`, `https://example.com:8443`, match},
	{`*`, `null`, differ},
	{`**`, `null`, differ},
	{`**`, `https://example.com`, match},
	{`null`, `null`, match},
	{`null`, `https://null`, differ},
	{`*`, ``, invalid},
	{`*`, `file://`, invalid},
	{`*`, `file://host`, invalid},
	{`*`, `blob:https://example.com/9115d58c`, invalid},
	{`https://example.com`, `blob:https://example.com/9115d58c`, invalid},
	{`*`, `data:text/html,x`, invalid},
	{`*`, `chrome-extension://abcdefghijklmnop`, differ},
	{`chrome-extension://abcdefghijklmnop`, `chrome-extension://abcdefghijklmnop`, match},
	{`chrome-extension://*`, `chrome-extension://abcdefghijklmnop`, refused},
	{`app://shell`, `app://shell`, match},
	{`file://*`, `null`, refused},
	{`http://[::1]:8080`, `http://[::1]:8080`, match},
	// A character class would match this; browsers would write it http://0.0.0.1:8080.
	{`http://[::1]:8080`, `http://1:8080`, invalid},
	{`http://[0:0:0:0:0:0:0:1]:8080`, `http://[::1]:8080`, match},
	{`http://[::1]:8080`, `http://[0:0:0:0:0:0:0:1]:8080`, invalid},
	{`http://[2001:DB8::1]`, `http://[2001:db8::1]`, match},
	{`http://[::ffff:1.2.3.4]`, `http://[::ffff:102:304]`, match},
	{`*`, `http://[::1]:8080`, match},
	{`http://[::1%eth0]`, `http://[::1]`, refused},
	{`http://127.0.0.1:*`, `http://127.0.0.1:8080`, match},
	{`http://127.0.0.*`, `http://127.0.0.1.evil.org`, differ},
	{`http://127.0.0.*`, `http://127.0.0.7`, match},
	{`https://example.com.`, `https://example.com`, match},
	{`https://example.com`, `https://example.com.`, match},
	{`*.example.com`, `https://a.example.com.`, match},
	{`https://example.com`, `https://example.com..`, invalid},
	{`https://example.com/app/*`, `https://example.com`, refused},
	{`https://example.com?`, `https://example.com1`, refused},
	{`https://{a,b}.example.com`, `https://a.example.com`, refused},
	{`https://[ab].example.com`, `https://a.example.com`, refused},
	{`!https://example.com`, `https://example.com`, refused},
	{`https://exa\mple.com`, `https://example.com`, refused},
	{`https://example.com#x`, `https://example.com`, refused},
	{` https://example.com`, `https://example.com`, refused},
	{`https://a..example.com`, `https://a.example.com`, refused},
	{`https://*.`, `https://a.`, refused},
	{`https://`, `https://a`, refused},
	{``, `https://a`, refused},
	{`https://example.com`, "https://example.com\n", invalid},
	{`https://example.com`, "https://example.com\x00.evil.org", invalid},
	{`https://*`, `https://example.com`, match},
	{`https://*`, `http://example.com`, differ},
	{`//example.com`, `https://example.com`, refused},
	{`http*://example.com`, `https://example.com`, refused},
	{`*.*.example.com`, `https://a.example.com`, differ},
	{`*.*.example.com`, `https://a.b.example.com`, match},
	{`a.*.example.com`, `https://a.b.example.com`, match},
	{`a.*.example.com`, `https://a.b.c.example.com`, differ},
	{`x*y*z.example.com`, `https://xyz.example.com`, match},
	{`x*y*z.example.com`, `https://xayybz.example.com`, match},
	{`x*y*z.example.com`, `https://xz.example.com`, differ},
	{`ab*ba.example.com`, `https://aba.example.com`, differ},
}

func TestBlockList(t *testing.T) {
	for _, row := range blockRows {
		if got := blockVerdict(row.pattern, row.candidate); got != row.want {
			t.Errorf("block %q against %q: %c, want %c", row.pattern, row.candidate, got, row.want)
		}
	}
}

// blockVerdict decides through the same functions as callers do.
func blockVerdict(pattern, candidate string) verdict {
	list, _, err := withIDN.NewPatterns(BlockList, []string{pattern})
	_, bad := Parse(candidate)
	switch {
	case err != nil:
		return refused
	case bad != nil && list.Blocks(candidate):
		return invalid
	case list.Blocks(candidate):
		return match
	}
	return differ
}

func TestAllowList(t *testing.T) {
	rows := []struct {
		pattern, candidate string
		want               verdict
	}{
		{`https://example.com`, `https://example.com`, match},
		{`https://example.com/*`, `https://example.com`, match},
		{`https://example.com`, `https://example.com:443`, match},
		{`https://example.com`, `https://example.com:8443`, differ},
		{`https://example.com`, `http://example.com`, differ},
		{`https://example.com`, `https://example.com.`, differ},
		{`https://example.com.`, `https://example.com`, differ},
		{`https://example.com.`, `https://example.com.`, match},
		{`https://*.example.com`, `https://a.example.com.`, differ},
		{`https://*.example.com`, `https://a.b.example.com`, match},
		{`https://*.example.com`, `https://example.com`, differ},
		{`https://*`, `https://a.`, differ},
		{`*://*:*`, `http://a:99`, match},
		{`*://*:*`, `app://a`, differ},
		{`*://*:*`, `null`, differ},
		{`*://example.com`, `http://example.com`, match},
		{`example.com`, `https://example.com`, refused},
		{`*`, `https://example.com`, refused},
		{`*.example.com`, `https://a.example.com`, refused},
		{`localhost:*`, `http://localhost:1`, refused},
		{`null`, `null`, match},
		{`https://example.com`, `null`, differ},
		{`https://example.com`, `https://EXAMPLE.com`, differ},
		{`https://example.com`, `https://example.com/`, differ},
		{`https://example.com`, ``, differ},
	}
	for _, row := range rows {
		list, _, err := NewPatterns(AllowList, []string{row.pattern})
		got := differ
		if err != nil {
			got = refused
		} else if list.Allows(row.candidate) {
			got = match
		}
		if got != row.want {
			t.Errorf("allow %q against %q: %c, want %c", row.pattern, row.candidate, got, row.want)
		}
	}
}

func TestExactList(t *testing.T) {
	for pattern, want := range map[string]string{
		"https://hub.example.com":      "https://hub.example.com",
		"https://HUB.example.com:443/": "https://hub.example.com",
		"http://localhost:8080":        "http://localhost:8080",
		"app://hub":                    "app://hub",
	} {
		p, err := ParsePattern(pattern, ExactList)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		if o, ok := p.Origin(); !ok || o.String() != want {
			t.Errorf("%q names %v, %v; want %s", pattern, o, ok, want)
		}
	}
	for _, pattern := range []string{
		"null", "hub.example.com", "*", "*://hub.example.com", "https://*.example.com", "https://hub.example.com:*",
		"https://hub.example.com/*", "https://hub-*.example.com",
	} {
		if _, err := ParsePattern(pattern, ExactList); err == nil {
			t.Errorf("%q is accepted as exact", pattern)
		}
	}
}
