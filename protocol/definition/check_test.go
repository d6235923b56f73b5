package definition

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

func valid() protocol.Definition {
	return protocol.Definition{Name: "crm", URL: "https://crm.example.com/start?x=1#y"}
}

func TestCheckNamesTheField(t *testing.T) {
	tokens := strings.Join(sandboxTokens[:], ", ")
	for _, test := range []struct {
		name string
		edit func(d *protocol.Definition)
		want string
	}{
		{"valid", func(*protocol.Definition) {}, ""},
		{"valid, everything", func(d *protocol.Definition) {
			d.Icon, d.Categories = "data:image/png;base64,AA==", []string{"crm"}
			d.Origins, d.AllowNested, d.NestedOrigins = []string{"https://*.example.com", "*://b.example"}, true, []string{"https://c.example"}
			d.Frame = protocol.Frame{Sandbox: []string{"allow-scripts", "allow-same-origin"}, Allow: []string{"clipboard-write"}}
			d.Limits, d.Grants = protocol.DefaultLimits(), &protocol.Grants{Offer: []string{"*"}, Invoke: []string{"crm.*", "crm get *", "x"}}
		}, ""},
		{"no name", func(d *protocol.Definition) { d.Name = "" }, "apps[].name: is missing; it is how other apps call this one"},
		{"bad name", func(d *protocol.Definition) { d.Name = "a\n" }, "apps[a\n].name: must be 1 to 256 printable characters below U+0300, without a space at either end"},
		{"long name", func(d *protocol.Definition) { d.Name = strings.Repeat("ä", 300) }, "apps[" + strings.Repeat("ä", 32) + "…].name: must be 1 to 256 printable characters below U+0300, without a space at either end"},
		{"no url", func(d *protocol.Definition) { d.URL = "" }, "apps[crm].url: is missing; it is where the app lives"},
		{"relative url", func(d *protocol.Definition) { d.URL = "/crm" }, "apps[crm].url: " + errURLForm.Error()},
		{"script url", func(d *protocol.Definition) { d.URL = "javascript:alert(1)//https://x" }, "apps[crm].url: " + errURLForm.Error()},
		{"icon", func(d *protocol.Definition) { d.Icon = "crm.png" }, "apps[crm].icon: " + errURLForm.Error() + `; or a "data:image/…" URL`},
		{"icon that breaks out", func(d *protocol.Definition) { d.Icon = `data:image/png,"><script>` }, "apps[crm].icon: " + errURLForm.Error() + `; or a "data:image/…" URL`},
		{"category", func(d *protocol.Definition) { d.Categories = []string{"a", ""} }, "apps[crm].categories[1]: is empty"},
		{"null origin", func(d *protocol.Definition) { d.Origins = []string{"null"} }, `apps[crm].origins[0]: "null" is every opaque origin; write allowOpaque: true for a sandboxed document`},
		{"origin with a path", func(d *protocol.Definition) { d.Origins = []string{"https://a.example", "https://b.example/x"} }, `apps[crm].origins[1]: origin pattern "https://b.example/x", position 19: an origin has no path; only a / at the end may follow the host`},
		{"nested without permission", func(d *protocol.Definition) { d.NestedOrigins = []string{"https://b.example"} }, "apps[crm].nestedOrigins: has no effect without allowNested: true"},
		{"nested", func(d *protocol.Definition) { d.AllowNested, d.NestedOrigins = true, []string{"b.example"} }, `apps[crm].nestedOrigins[0]: origin pattern "b.example", position 1: the scheme is missing; an allow list needs https://, or *:// for http and https`},
		{"top navigation", func(d *protocol.Definition) {
			d.Frame.Sandbox = []string{"allow-scripts", "allow-Top-navigation-by-user-activation"}
		}, `apps[crm].frame.sandbox[1]: "allow-Top-navigation-by-user-activation" is refused: the app could navigate the main page away`},
		{"unknown token", func(d *protocol.Definition) { d.Frame.Sandbox = []string{"allow-all"} }, `apps[crm].frame.sandbox[0]: "allow-all" is no sandbox token; there are ` + tokens},
		{"two tokens in one", func(d *protocol.Definition) { d.Frame.Sandbox = []string{"allow-scripts allow-forms"} }, `apps[crm].frame.sandbox[0]: "allow-scripts allow-forms" is no sandbox token; there are ` + tokens},
		{"feature", func(d *protocol.Definition) { d.Frame.Allow = []string{"camera *; microphone"} }, `apps[crm].frame.allow[0]: "camera *; microphone" is no feature name such as "clipboard-write"; name the feature alone, it is granted to the app's own origin`},
		{"limit", func(d *protocol.Definition) { d.Limits.Burst = -1 }, "apps[crm].limits.burst: must be above 0; leave it out for the platform's limit"},
		{"grant", func(d *protocol.Definition) { d.Grants = &protocol.Grants{WriteContexts: []string{"a*b"}} }, `apps[crm].grants.writeContexts[0]: "a*b" is neither a name nor the beginning of names with one "*" at its end`},
		{"sharing", func(d *protocol.Definition) {
			d.Sharing = []protocol.SharingRule{{Scope: "group:london desk", Contexts: []string{"customer", "desk.*"}}, {Scope: "local", Methods: []string{"*"}}}
		}, ""},
		{"no scope", func(d *protocol.Definition) { d.Sharing = []protocol.SharingRule{{Contexts: []string{"x"}}} }, `apps[crm].sharing[0].scope: "" is no scope; there are "local", "user", "group:" and a group's name, "tenant" and "everyone"`},
		{"a scope of nobody", func(d *protocol.Definition) {
			d.Sharing = []protocol.SharingRule{{Scope: "user", Methods: []string{"x"}}, {Scope: "group:", Contexts: []string{"x"}}}
		}, `apps[crm].sharing[1].scope: "group:" is no scope; there are "local", "user", "group:" and a group's name, "tenant" and "everyone"`},
		{"a rule about nothing", func(d *protocol.Definition) { d.Sharing = []protocol.SharingRule{{Scope: "user"}} }, "apps[crm].sharing[0]: names nothing: it needs contexts or methods"},
		{"a rule with a pattern", func(d *protocol.Definition) {
			d.Sharing = []protocol.SharingRule{{Scope: "user", Methods: []string{"x", "*.y"}}}
		}, `apps[crm].sharing[0].methods[1]: "*.y" is neither a name nor the beginning of names with one "*" at its end`},
		{"too many rules", func(d *protocol.Definition) { d.Sharing = make([]protocol.SharingRule, 257) }, "apps[crm].sharing: has more than 256 rules; let one rule name more"},
		{"empty grant", func(d *protocol.Definition) { d.Grants = &protocol.Grants{Start: []string{"*", ""}} }, `apps[crm].grants.start[1]: "" is neither a name nor the beginning of names with one "*" at its end`},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := valid()
			test.edit(&d)
			fault := Check(&d)
			if test.want == "" {
				if fault != nil {
					t.Fatalf("refused: %v", fault)
				}
				return
			}
			if fault == nil || fault.Code != protocol.InvalidApp || fault.Message != test.want {
				t.Errorf("got  %v\nwant %s", fault, test.want)
			}
		})
	}
}

func TestOriginOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://a.example":                   "https://a.example",
		"HTTPS://A.Example:443/x":             "https://a.example",
		"http://127.0.0.1:8081?x":             "http://127.0.0.1:8081",
		"http://[::1]:8080/":                  "http://[::1]:8080",
		"https://a.example/?next=https://b@c": "https://a.example",
		"https://a.example#@evil.example":     "https://a.example",
		"https://a.example\\@evil.example":    errURLSigns.Error(),
		"https://user:pw@a.example":           errURLUser.Error(),
		"https://bücher.example":              errURLSigns.Error(),
		"https://a.example/a b":               errURLSigns.Error(),
		"https://a.example:99999":             errURLHostPort.Error(),
		"https://0x7f.1":                      errURLHostPort.Error(),
		"https://":                            errURLHostPort.Error(),
		"ftp://a.example":                     errURLForm.Error(),
		"//a.example":                         errURLForm.Error(),
		"https://a.example/" + longPath(2048): errURLLength.Error(),
		"https://a.example%2eevil.example/":   errURLHostPort.Error(),
	} {
		got := ""
		if o, err := OriginOf(url); err != nil {
			got = err.Error()
		} else {
			got = o.String()
		}
		if got != want {
			t.Errorf("OriginOf(%.80q) = %q, want %q", url, got, want)
		}
	}
}

func longPath(n int) string { return strings.Repeat("a", n) }

func TestOriginPatterns(t *testing.T) {
	d := valid()
	own, err := OriginPatterns(&d)
	if err != nil || !own.Allows("https://crm.example.com") || own.Allows("https://other.example.com") {
		t.Errorf("without origins, the origin of the url must be the only one (%v)", err)
	}
	if nested, err := NestedOriginPatterns(&d); err != nil || nested.Allows("https://crm.example.com") {
		t.Errorf("nested documents must not be admitted without allowNested (%v)", err)
	}
	d.Origins, d.AllowNested = []string{"https://*.example.com"}, true
	own, _ = OriginPatterns(&d)
	nested, _ := NestedOriginPatterns(&d)
	if !own.Allows("https://other.example.com") || !nested.Allows("https://other.example.com") {
		t.Error("origins must replace the url's origin, also for nested documents")
	}
	d.NestedOrigins = []string{"https://n.example"}
	if nested, _ = NestedOriginPatterns(&d); nested.Allows("https://other.example.com") || !nested.Allows("https://n.example") {
		t.Error("nestedOrigins must replace the app's own origins")
	}
}

// FuzzCheck: whatever is accepted is safe to write into the frame's attributes, and has an origin.
func FuzzCheck(f *testing.F) {
	f.Add("crm", "https://a.example", "allow-scripts", "camera", "x*", "https://*.a.example")
	f.Add("", "https://a@b", "allow-top-navigation", "camera;", "*", "null")
	f.Fuzz(func(t *testing.T, name, url, token, feature, grant, pattern string) {
		d := protocol.Definition{Name: name, URL: url, Origins: []string{pattern},
			Frame:  protocol.Frame{Sandbox: []string{token}, Allow: []string{feature}},
			Grants: &protocol.Grants{Offer: []string{grant}}}
		if Check(&d) != nil {
			return
		}
		if strings.ContainsAny(token+feature, " ;'\"<>") || strings.Contains(token, "top-navigation") {
			t.Fatalf("accepted %q, %q", token, feature)
		}
		if _, err := OriginOf(url); err != nil {
			t.Fatalf("accepted %q: %v", url, err)
		}
		if _, err := OriginPatterns(&d); err != nil {
			t.Fatalf("accepted %q: %v", pattern, err)
		}
	})
}
