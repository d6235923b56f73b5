package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// FuzzAuthenticate: whatever is sent gets one of three codes, unless it is the token that was signed.
func FuzzAuthenticate(f *testing.F) {
	k := newKey(f, "k1", "EdDSA")
	good := k.sign(f, ada())
	head, rest, _ := strings.Cut(good, ".")
	for _, seed := range []string{"", "dev:", good, good + ".", head + "..", rest, part(`{"alg":"none"}`) + "." + rest, part(`{"alg":"EdDSA","crit":["b64"],"b64":false}`) + ".x.y"} {
		f.Add(seed)
	}
	settings := &JWT{Issuer: "https://portal.example.com", Audience: []string{"crossframe"}, Algorithms: algorithmNames(), KeysFile: f.TempDir() + "/keys.json"}
	writeFile(f, settings.KeysFile, setOf(f, k.public()))
	v, err := newVerifier(settings, func() time.Time { return start })
	if err != nil {
		f.Fatal(err)
	}
	c := &Checker{tokens: v}
	f.Fuzz(func(t *testing.T, credential string) {
		id, err := c.Authenticate(t.Context(), credential)
		// Some bits of the last sign of a signature mean nothing.
		if err == nil && credential[:len(credential)-1] != good[:len(good)-1] {
			t.Fatalf("%q is %+v", credential, id)
		}
		if err == nil {
			return
		}
		switch err.(*Error).Code {
		case protocol.Unauthenticated, protocol.SessionExpired, protocol.AuthUnavailable:
		default:
			t.Errorf("%q: %v", credential, err)
		}
	})
}

// FuzzKeySet: what is read holds public keys only.
func FuzzKeySet(f *testing.F) {
	f.Add(setOf(f, newKey(f, "a", "EdDSA").public(), newKey(f, "b", "ES256").public()))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parseKeySet(text)
		if (err == nil) != (len(keys) > 0) || len(keys) > maxKeys {
			t.Errorf("%d keys, %v", len(keys), err)
		}
		for i := range keys {
			if !keys[i].IsPublic() || !keys[i].Valid() {
				t.Errorf("%+v", keys[i])
			}
		}
	})
}
