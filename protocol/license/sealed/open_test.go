package sealed

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

const (
	page = "https://desk.example.com"
	// now is in 2026; sample begins a day before and lasts a year.
	now = 1_780_000_000
)

// signer is a key that everybody knows.
func signer(t testing.TB) SigningKey {
	t.Helper()
	return SigningKey{ID: "2026a", Private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
}

func trusted(t testing.TB) []protocol.TrustedKey {
	t.Helper()
	return []protocol.TrustedKey{{ID: "2025z", Public: strict.EncodeToString(make([]byte, 32))}, signer(t).Trusted()}
}

func sample() license.License {
	return license.License{
		Issuer: "Crossframe", Subject: "Müller & Söhne", ID: "lic-1",
		IssuedAt: now - day, NotBefore: now - day, Expires: now + 364*day, GraceDays: 14,
		Origins:  []string{page, "https://*.desk.example.org:8443"},
		Features: []string{"broker", "layouts"}, Limits: map[string]int64{"apps": 20, "users": 1000},
	}
}

func issue(t testing.TB, l license.License) string {
	t.Helper()
	key, err := Issue(l, signer(t))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// packed seals a token as a careless issuer or an attacker might.
func packed(t *testing.T, labels []string, token string) string {
	t.Helper()
	key, err := pack(make([]byte, saltBytes+keyBytes), labels, token)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func codeOf(fault *protocol.Fault) protocol.Code {
	if fault == nil {
		return ""
	}
	return fault.Code
}

func TestOpen(t *testing.T) {
	want := sample()
	want.KeyID, want.State = "2026a", license.StateValid
	key := issue(t, sample())
	got, fault := Open(key, page, trusted(t), now)
	if fault != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("opened %+v, %v; want %+v", got, fault, want)
	}
	if !got.Has("broker") || got.Has("proxy") {
		t.Error("Has does not follow the features")
	}
	for _, around := range []string{" " + key, key + "\n", "\r\n\t" + key + "  "} {
		if _, fault := Open(around, page, trusted(t), now); fault != nil {
			t.Errorf("white space around the key: %v", fault)
		}
	}
	if len(key) > 900 {
		t.Errorf("a key with two origins has %d characters", len(key))
	}
}

func TestOpenOrigins(t *testing.T) {
	l := sample()
	l.Origins = []string{
		"https://exact.example.com", "https://*.wild.example.com", "https://HTTP.example.com:8443/", "http://any.example.com:*",
		"https://*.port.example.com:*", "http://[2001:db8::1]:*", "https://rooted.example.com.", "app://shell", "http://10.0.0.7",
	}
	key := issue(t, l)
	for candidate, ok := range map[string]bool{
		"https://exact.example.com":               true,
		"https://exact.example.com:443":           true,
		"https://exact.example.com:444":           false,
		"http://exact.example.com":                false,
		"https://exact.example.com.":              false,
		"https://a.exact.example.com":             false,
		"https://exact.example.com.evil.org":      false,
		"https://evil-exact.example.com":          false,
		"https://wild.example.com":                false,
		"https://a.wild.example.com":              true,
		"https://a.b.c.wild.example.com":          true,
		"https://a.evil-wild.example.com":         false,
		"https://a.wild.example.com.evil.org":     false,
		"https://a.wild.example.com:8443":         false,
		"https://http.example.com:8443":           true,
		"https://http.example.com":                false,
		"http://any.example.com":                  true,
		"http://any.example.com:1":                true,
		"https://any.example.com":                 false,
		"https://a.port.example.com:9":            true,
		"http://[2001:db8::1]:5":                  true,
		"http://[2001:db8::2]:5":                  false,
		"https://rooted.example.com.":             true,
		"https://rooted.example.com":              false,
		"app://shell":                             true,
		"http://10.0.0.7":                         true,
		"http://1.10.0.0.7":                       false,
		"http://10.0.0.7.evil.org":                false,
		"null":                                    false,
		"":                                        false,
		"https://EXACT.example.com":               false,
		"https://exact.example.com/":              false,
		"https://*.wild.example.com":              false,
		"https://evil.org#https://a.wild.example": false,
	} {
		_, fault := Open(key, candidate, trusted(t), now)
		want := protocol.LicenseOrigin
		if ok {
			want = ""
		}
		if codeOf(fault) != want {
			t.Errorf("%s: %v, want %q", candidate, fault, want)
		}
	}
}

func TestInspect(t *testing.T) {
	key := issue(t, sample())
	got, fault := Inspect(" " + key + "\n")
	if want := (Seal{Format: "CF1", Origins: 2, Bytes: len(key)}); fault != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, fault, want)
	}
	for text, want := range map[string]protocol.Code{"": protocol.LicenseMissing, "CF1.abc": protocol.LicenseInvalid} {
		if _, fault := Inspect(text); codeOf(fault) != want {
			t.Errorf("%q: %v, want %s", text, fault, want)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	key, keys := issue(b, sample()), trusted(b)
	for b.Loop() {
		Open(key, page, keys, now)
	}
}
