package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// portal signs tokens for users, as an embedding application does.
type portal struct{ key ed25519.PrivateKey }

func newPortal(t *testing.T) portal {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return portal{key}
}

// keys is the portal's key set.
func (p portal) keys() string {
	return `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"p","alg":"EdDSA","x":"` + base64.RawURLEncoding.EncodeToString(p.key.Public().(ed25519.PublicKey)) + `"}]}`
}

func (p portal) token(user string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64([]byte(`{"alg":"EdDSA","kid":"p"}`)) + "." +
		b64(fmt.Appendf(nil, `{"iss":"portal","aud":"crossframe","sub":%q,"tenant":"acme","exp":%d}`, user, time.Now().Add(time.Hour).Unix()))
	return signed + "." + b64(ed25519.Sign(p.key, []byte(signed)))
}

// TestServeCountsUsers: whoever connects to the broker that serve starts needs a seat of its license.
func TestServeCountsUsers(t *testing.T) {
	port, users := freePort(t), newPortal(t)
	origin := "http://desk.example.com:" + port
	key, err := sealed.NewSigningKey("a")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	text, err := sealed.Issue(license.License{
		Subject: "x", ID: "lic-1", IssuedAt: now, Expires: now + 1e7, Origins: []string{origin}, Limits: map[string]int64{license.LimitUsers: 1},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := json.Marshal([]protocol.TrustedKey{key.Trusted()})
	if err != nil {
		t.Fatal(err)
	}
	out, stop := start(t, "serve", "--config", write(t, "crossframe.yaml", "listen: 127.0.0.1:"+port+"\nopsListen: \"\"\npublicOrigins: [\""+origin+
		"\"]\nlicense: {key: "+text+", trustedKeysFile: "+write(t, "trusted.json", string(trusted))+"}\nidentity: {jwt: {issuer: portal, audience: [crossframe], algorithms: [EdDSA], keysFile: "+write(t, "keys.json", users.keys())+"}}\n"))
	await(t, out, `(msg=started)`)
	connect(t, port, users.token("ada"))
	connect(t, port, users.token("ada"))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := crossframe.Connect(ctx, crossframe.Options{URL: "ws://localhost:" + port + "/link", Token: crossframe.StaticToken(users.token("bob"))})
	var fault *protocol.Fault
	if !errors.As(err, &fault) || fault.Code != protocol.LicenseLimit {
		t.Errorf("a second user: %v, %v", c, err)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
