package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/crossframe/crossframe/protocol"
)

// start is when the tests are.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// key is a pair of keys of one algorithm.
type key struct {
	id, algorithm string
	private       crypto.Signer
}

// oneRSA makes one key for all tests: it takes a second.
var oneRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, minRSABits) })

func newKey(t testing.TB, id, algorithm string) key {
	t.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = oneRSA()
	}
	if err != nil {
		t.Fatal(err)
	}
	return key{id, algorithm, private}
}

// public is the key as a key set has it.
func (k key) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Use: "sig"}
}

// setOf is the text of a key set.
func setOf(t testing.TB, keys ...jose.JSONWebKey) []byte {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign makes a token of the claims; header fields are added to its header.
func (k key) sign(t testing.TB, claims map[string]any, header ...string) string {
	t.Helper()
	options := new(jose.SignerOptions)
	if k.id != "" {
		options.WithHeader("kid", k.id)
	}
	for i := 0; i+1 < len(header); i += 2 {
		options.WithHeader(jose.HeaderKey(header[i]), header[i+1])
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.algorithm), Key: k.private}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// ada are the claims of a token that is accepted, with changes: a nil value removes a claim.
func ada(changes ...any) map[string]any {
	claims := map[string]any{
		"iss": "https://portal.example.com", "aud": "crossframe", "sub": "ada",
		"iat": start.Add(-time.Minute).Unix(), "nbf": start.Add(-time.Minute).Unix(), "exp": start.Add(time.Hour).Unix(),
		"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com", "tenant": "acme",
		"groups": []string{"traders", "london", "traders"}, "roles": "admin",
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(claims, changes[i].(string))
			continue
		}
		claims[changes[i].(string)] = changes[i+1]
	}
	return claims
}

func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// settingsOf accept what ada is signed with by the keys.
func settingsOf(t *testing.T, set []byte) *JWT {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	writeFile(t, path, set)
	return &JWT{
		Issuer: "https://portal.example.com", Audience: []string{"other", "crossframe"},
		Algorithms: []string{"RS256", "PS256", "ES256", "EdDSA"}, KeysFile: path,
	}
}

// checkerOf is a checker whose clock is at start.
func checkerOf(t *testing.T, settings *JWT) *Checker {
	t.Helper()
	if p := (&Settings{JWT: settings}).First(); p != nil {
		t.Fatalf("%+v", p)
	}
	v, err := newVerifier(settings, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	c := &Checker{tokens: v}
	t.Cleanup(c.Close)
	return c
}

// codeOf asks the checker and returns the code and the reason of its refusal.
func codeOf(t *testing.T, c *Checker, credential string) (protocol.Code, string) {
	t.Helper()
	id, err := c.Authenticate(t.Context(), credential)
	if err == nil {
		return "", ""
	}
	if id.Tenant != "" || id.User.ID != "" || id.Roles != nil {
		t.Errorf("beside the error there is somebody: %+v", id)
	}
	fault, ok := err.(*Error)
	if !ok {
		t.Fatalf("%T is no *Error", err)
	}
	return fault.Code, fault.Reason
}

// part is a part of a token of the given JSON.
func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
