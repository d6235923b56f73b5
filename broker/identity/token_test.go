package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/crossframe/crossframe/protocol"
)

func TestATokenSaysWhoItIs(t *testing.T) {
	for _, algorithm := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			k := newKey(t, "k1", algorithm)
			got, err := checkerOf(t, settingsOf(t, setOf(t, k.public()))).Authenticate(t.Context(), k.sign(t, ada()))
			want := Identity{
				Tenant: "acme", User: protocol.User{ID: "ada", FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
				Groups: []string{"london", "traders"}, Roles: []string{"admin"}, Expires: start.Add(time.Hour + time.Minute).Local(),
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
			if !got.HasRole(RoleAdmin) || got.HasRole("adm") {
				t.Error("roles are whole names")
			}
		})
	}
}

func TestClaimsHaveTheNamesOfTheSettings(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	settings := settingsOf(t, setOf(t, k.public()))
	settings.Tenant = "bank"
	settings.Claims = Claims{User: "oid", FirstName: "name.first", Groups: "https://example.com/groups", Roles: "realm_access.roles"}
	token := k.sign(t, ada("oid", "u-1", "name", map[string]any{"first": "Countess"}, "https://example.com/groups", []string{"g"},
		"realm_access", map[string]any{"roles": []string{"viewer"}}, "tenant", "ignored"))
	got, err := checkerOf(t, settings).Authenticate(t.Context(), token)
	if err != nil || got.Tenant != "bank" || got.User.ID != "u-1" || got.User.FirstName != "Countess" || got.User.LastName != "Lovelace" ||
		fmt.Sprint(got.Groups, got.Roles) != "[g] [viewer]" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestClaimsThatAreRefused: the signature is right in every case.
func TestClaimsThatAreRefused(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	c := checkerOf(t, settingsOf(t, setOf(t, k.public())))
	many := make([]string, maxNames+1)
	for i := range many {
		many[i] = fmt.Sprint("g", i)
	}
	unix := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for _, test := range []struct {
		name    string
		changes []any
		code    protocol.Code
		reason  string
	}{
		{"nothing wrong", nil, "", ""},
		{"several audiences", []any{"aud", []string{"a", "crossframe"}}, "", ""},
		{"ended within the leeway", []any{"exp", unix(-59 * time.Second)}, "", ""},
		{"begins within the leeway", []any{"nbf", unix(59 * time.Second), "iat", unix(59 * time.Second)}, "", ""},
		{"no groups and roles", []any{"groups", nil, "roles", nil, "given_name", nil, "nbf", nil, "iat", nil}, "", ""},
		{"ended", []any{"exp", unix(-time.Minute)}, protocol.SessionExpired, "has ended"},
		{"ended, of another issuer", []any{"exp", unix(-time.Hour), "iss", "https://portal.example.com/"}, protocol.Unauthenticated, "issuer"},
		{"ended, of another audience", []any{"exp", unix(-time.Hour), "aud", "x"}, protocol.Unauthenticated, "audience"},
		{"no end", []any{"exp", nil}, protocol.Unauthenticated, "no end"},
		{"an end that is a text", []any{"exp", "2030"}, protocol.Unauthenticated, "cannot be read"},
		{"an end beyond all time", []any{"exp", 1e300}, protocol.Unauthenticated, "cannot be read"},
		{"not valid yet", []any{"nbf", unix(2 * time.Minute)}, protocol.Unauthenticated, "not valid yet"},
		{"issued in the future", []any{"iat", unix(2 * time.Minute)}, protocol.Unauthenticated, "in the future"},
		{"no issuer", []any{"iss", nil}, protocol.Unauthenticated, "issuer"},
		{"issuer of another case", []any{"iss", "https://PORTAL.example.com"}, protocol.Unauthenticated, "issuer"},
		{"no audience", []any{"aud", nil}, protocol.Unauthenticated, "audience"},
		{"audience that holds ours", []any{"aud", "crossframe2"}, protocol.Unauthenticated, "audience"},
		{"audience that is a mapping", []any{"aud", map[string]any{"crossframe": true}}, protocol.Unauthenticated, "cannot be read"},
		{"no user", []any{"sub", nil}, protocol.Unauthenticated, "user"},
		{"empty user", []any{"sub", ""}, protocol.Unauthenticated, "user"},
		{"user with a line break", []any{"sub", "a\nb"}, protocol.Unauthenticated, "user"},
		{"user that is a number", []any{"sub", 7}, protocol.Unauthenticated, "cannot be read"},
		{"long user", []any{"sub", strings.Repeat("ä", maxNameRunes+1)}, protocol.Unauthenticated, "user"},
		{"no tenant", []any{"tenant", nil}, protocol.Unauthenticated, "tenant"},
		{"tenant that is a list", []any{"tenant", []string{"acme"}}, protocol.Unauthenticated, "tenant"},
		{"tenant with a space", []any{"tenant", "acme "}, protocol.Unauthenticated, "tenant"},
		{"email that turns the text around", []any{"email", "a\u202eb"}, protocol.Unauthenticated, "user"},
		{"groups of numbers", []any{"groups", []any{"a", 7}}, protocol.Unauthenticated, "groups"},
		{"too many groups", []any{"groups", many}, protocol.Unauthenticated, "groups"},
		{"roles that are a mapping", []any{"roles", map[string]any{"admin": true}}, protocol.Unauthenticated, "roles"},
		{"an empty role", []any{"roles", []string{""}}, protocol.Unauthenticated, "roles"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, reason := codeOf(t, c, k.sign(t, ada(test.changes...)))
			if code != test.code || !strings.Contains(reason, test.reason) || (reason == "") != (test.reason == "") {
				t.Errorf("%s %q, want %s %q", code, reason, test.code, test.reason)
			}
		})
	}
}

// TestTokensThatAreRefused: whoever has no private key of the set gets nowhere.
func TestTokensThatAreRefused(t *testing.T) {
	k, other, rs := newKey(t, "k1", "EdDSA"), newKey(t, "k1", "EdDSA"), newKey(t, "r1", "RS256")
	set := setOf(t, k.public(), rs.public())
	c := checkerOf(t, settingsOf(t, set))
	good := k.sign(t, ada())
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	// The classic attack: the public key as the secret of a MAC.
	der, err := x509.MarshalPKIXPublicKey(rs.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	mac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, (&jose.SignerOptions{}).WithHeader("kid", "r1"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := mac.Sign([]byte(`{"sub":"ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	confused, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: other.private, KeyID: "k1"}}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	own, err := embedded.Sign([]byte(`{"sub":"ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	brought, err := own.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"nothing":                         "",
		"a word":                          "token",
		"a development user":              "dev:ada",
		"two parts":                       head + "." + body,
		"no signature":                    head + "." + body + ".",
		"four parts":                      good + ".x",
		"not signed":                      part(`{"alg":"none"}`) + "." + body + ".",
		"not signed, in capitals":         part(`{"alg":"NONE","kid":"k1"}`) + "." + body + "." + signature,
		"a shared secret":                 confused,
		"no algorithm":                    part(`{"kid":"k1"}`) + "." + body + "." + signature,
		"an algorithm that is not pinned": rs2(t, rs, "RS512"),
		"the algorithm of another key":    part(`{"alg":"RS256","kid":"k1"}`) + "." + body + "." + signature,
		"another's signature":             other.sign(t, ada()),
		"a key that it brings":            brought,
		"an address of keys":              other.sign(t, ada(), "jku", "http://127.0.0.1:1/keys"),
		"an unknown key":                  key{"k9", "EdDSA", k.private}.sign(t, ada()),
		"unknown and critical":            part(`{"alg":"EdDSA","kid":"k1","crit":["x"],"x":1}`) + "." + body + "." + signature,
		"no JSON":                         part(`{"alg":"EdDSA"`) + "." + body + "." + signature,
		"the JSON form":                   `{"payload":"` + body + `","protected":"` + head + `","signature":"` + signature + `"}`,
		"padding":                         good + "=",
		"a space":                         good + " ",
		"a line break":                    head + ".\n" + rest,
		"too large":                       good + strings.Repeat("A", MaxCredentialBytes),
	} {
		t.Run(name, func(t *testing.T) {
			if code, reason := codeOf(t, c, token); code != protocol.Unauthenticated || reason == "" {
				t.Errorf("%s %q", code, reason)
			}
		})
	}
	if code, reason := codeOf(t, c, good); code != "" {
		t.Errorf("the good one: %s %q", code, reason)
	}
}

func rs2(t *testing.T, k key, algorithm string) string {
	k.algorithm = algorithm
	return k.sign(t, ada())
}

// TestEverySignCounts: a token with one sign changed is another token. The last sign is left out: some of its bits mean
// nothing.
func TestEverySignCounts(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	c := checkerOf(t, settingsOf(t, setOf(t, k.public())))
	token := k.sign(t, ada())
	for i := range len(token) - 1 {
		for _, sign := range []byte{'A', '7'} {
			changed := token[:i] + string(sign) + token[i+1:]
			if sign == token[i] {
				continue
			}
			if code, _ := codeOf(t, c, changed); code != protocol.Unauthenticated {
				t.Fatalf("changed at %d: %q", i, code)
			}
		}
	}
}

func TestATokenWithoutAKeyIDIsHeldAgainstEachKey(t *testing.T) {
	one, two, es := newKey(t, "a", "EdDSA"), newKey(t, "b", "EdDSA"), newKey(t, "c", "ES256")
	c := checkerOf(t, settingsOf(t, setOf(t, es.public(), one.public(), two.public())))
	two.id = ""
	if code, reason := codeOf(t, c, two.sign(t, ada())); code != "" {
		t.Errorf("%s %q", code, reason)
	}
	if code, _ := codeOf(t, c, newKey(t, "", "EdDSA").sign(t, ada())); code != protocol.Unauthenticated {
		t.Errorf("of a key that is not in the set: %q", code)
	}
}

// TestNothingOfACredentialIsTold: neither an error nor its reason repeats what was sent, also where it is logged whole.
func TestNothingOfACredentialIsTold(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	c := checkerOf(t, settingsOf(t, setOf(t, k.public())))
	log := new(strings.Builder)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	token := k.sign(t, ada("exp", start.Add(-time.Hour).Unix()))
	parts := strings.Split(token, ".")
	for _, credential := range []string{
		token, parts[0] + "." + parts[1] + ".canary", "dev:canary", "canary", "canary canary", strings.Repeat("canary", 5000),
		k.sign(t, ada("sub", "canary\n")), k.sign(t, ada("iss", "canary")), k.sign(t, ada("aud", "canary")), k.sign(t, ada("groups", map[string]any{"canary": 1})),
		key{"canary", "EdDSA", k.private}.sign(t, ada()), part(`{"alg":"canary"}`) + ".canary.canary",
	} {
		_, err := c.Authenticate(t.Context(), credential)
		if err == nil {
			t.Fatalf("accepted: %q", credential)
		}
		logger.Warn("refused", "err", err, "whole", fmt.Sprintf("%+v %#v", err, err), "reason", err.(*Error).Reason)
		if want := (&Error{Code: err.(*Error).Code}).Error(); err.Error() != want {
			t.Errorf("the text is %q, but for others %q", err.Error(), want)
		}
	}
	for _, secret := range append(parts, "canary") {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func TestSmallKeysAreNoKeys(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	k := key{"k1", "RS256", small}
	c := checkerOf(t, settingsOf(t, setOf(t, k.public())))
	if code, reason := codeOf(t, c, k.sign(t, ada())); code != protocol.Unauthenticated {
		t.Errorf("%q %q", code, reason)
	}
}
