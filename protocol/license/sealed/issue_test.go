package sealed

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"aidanwoods.dev/go-paseto"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

func TestIssueRefuses(t *testing.T) {
	for what, change := range map[string]func(*license.License){
		"no origin":      func(l *license.License) { l.Origins = nil },
		"too many":       func(l *license.License) { l.Origins = manyOrigins(license.MaxOrigins + 1) },
		"every origin":   func(l *license.License) { l.Origins = []string{"https://*"} },
		"any scheme":     func(l *license.License) { l.Origins = []string{"*://a.example.com"} },
		"no scheme":      func(l *license.License) { l.Origins = []string{"a.example.com"} },
		"whole suffix":   func(l *license.License) { l.Origins = []string{"https://*.com"} },
		"rooted suffix":  func(l *license.License) { l.Origins = []string{"https://*.com."} },
		"inner wildcard": func(l *license.License) { l.Origins = []string{"https://a-*.example.com"} },
		"null":           func(l *license.License) { l.Origins = []string{"null"} },
		"path":           func(l *license.License) { l.Origins = []string{"https://example.com/app"} },
		"no subject":     func(l *license.License) { l.Subject = "" },
		"no id":          func(l *license.License) { l.ID = "" },
		"expired before": func(l *license.License) { l.Expires = l.IssuedAt },
		"never begins":   func(l *license.License) { l.NotBefore = l.Expires },
		"milliseconds":   func(l *license.License) { l.Expires *= 1000 },
		"grace":          func(l *license.License) { l.GraceDays = 1000 },
		"limit":          func(l *license.License) { l.Limits = map[string]int64{"apps": -1} },
		"no text":        func(l *license.License) { l.Limits = map[string]int64{"\xff": 1} },
		"empty feature":  func(l *license.License) { l.Features = []string{""} },
		"too much":       func(l *license.License) { l.Features = manyOrigins(256) },
	} {
		l := sample()
		change(&l)
		if key, err := Issue(l, signer(t)); err == nil {
			t.Errorf("%s: issued %s", what, key)
		}
	}
	if _, err := Issue(sample(), SigningKey{ID: "a"}); err == nil {
		t.Error("issued without a signing key")
	}
	if _, err := NewSigningKey("not an id"); err == nil {
		t.Error("a signing key may have any id")
	}
}

func manyOrigins(n int) (list []string) {
	for i := range n {
		list = append(list, "https://"+strings.Repeat("a", i%100+1)+"."+strings.Repeat("b", i/100+1)+".example.com")
	}
	return list
}

func TestIssueAtTheBounds(t *testing.T) {
	l := sample()
	l.Origins = manyOrigins(license.MaxOrigins)
	l.NotBefore = 0
	key := issue(t, l)
	for _, o := range l.Origins {
		if got, fault := Open(key, o, trusted(t), now); fault != nil || got.NotBefore != l.IssuedAt {
			t.Errorf("%s: %+v, %v", o, got, fault)
		}
	}
	l.Origins = []string{"HTTPS://A.Example.com:443/", "https://a.example.com"}
	if seal, fault := Inspect(issue(t, l)); fault != nil || seal.Origins != 1 {
		t.Errorf("one origin in two spellings: %+v, %v", seal, fault)
	}
}

// TestTokenIsPaseto holds the token against another implementation of PASETO v4.public, both ways.
func TestTokenIsPaseto(t *testing.T) {
	l := sample()
	ours := appendClaims(nil, &l)
	secret, err := paseto.NewV4AsymmetricSecretKeyFromBytes(signer(t).Private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := paseto.NewParserWithoutExpiryCheck().ParseV4Public(secret.Public(), forLicenses.sign(ours, signer(t)), []byte(assertion))
	if err != nil || !sameJSON(t, parsed.ClaimsJSON(), ours) || string(parsed.Footer()) != `{"kid":"2026a"}` {
		t.Errorf("our token is to them %s, %s, %v", parsed.ClaimsJSON(), parsed.Footer(), err)
	}
	theirs, err := paseto.NewTokenFromClaimsJSON(ours, []byte(`{"kid":"2026a"}`))
	if err != nil {
		t.Fatal(err)
	}
	claims, key, fault := forLicenses.verify(theirs.V4Sign(secret, []byte(assertion)), trusted(t))
	if fault != nil || key.ID != "2026a" || !sameJSON(t, claims, ours) {
		t.Errorf("their token is to us %s, %v, %v", claims, key, fault)
	}
	if _, _, fault := forLicenses.verify(theirs.V4Sign(secret, nil), trusted(t)); codeOf(fault) != protocol.LicenseInvalid {
		t.Errorf("their token for another purpose: %v", fault)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	normal := func(text []byte) string {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	return normal(a) == normal(b)
}

// TestFormat opens a key that was issued when the format was made: keys outlive the programs that read them.
func TestFormat(t *testing.T) {
	key, err := os.ReadFile("testdata/cf1.txt")
	if err != nil {
		t.Fatal(err)
	}
	l, fault := Open(string(key), "https://a.b.desk.example.org:8443", trusted(t), now)
	if fault != nil || l.Subject != sample().Subject || l.Limits["users"] != 1000 {
		t.Errorf("%+v, %v", l, fault)
	}
}
