package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// signToken makes a token of the portal, without the library that checks it.
func signToken(t *testing.T, key ed25519.PrivateKey, expires time.Time) string {
	t.Helper()
	claims, err := json.Marshal(map[string]any{
		"iss": "https://portal.example.com", "aud": "crossframe", "sub": "ada", "tenant": "acme", "roles": []string{"admin"},
		"iat": time.Now().Add(-2 * time.Hour).Unix(), "exp": expires.Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`)) + "." + encode(claims)
	return text + "." + encode(ed25519.Sign(key, []byte(text)))
}

// TestServeAcceptsTokens: those of the issuer whose keys are at an address, on the API and on the link. What is missing is told, and
// no token is in the log, whatever is logged.
func TestServeAcceptsTokens(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_, _ = w.Write([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","use":"sig","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}]}`))
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer portal.Close()
	serve := func(path string) (out *output, page, ops string, stop func() int) {
		page, ops = freePort(t), freePort(t)
		config := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: 127.0.0.1:"+ops+"\nlog: {level: debug}\nidentity:\n  jwt:\n"+
			"    issuer: https://portal.example.com\n    audience: [crossframe]\n    algorithms: [EdDSA]\n    keysURL: "+portal.URL+path+"\n")
		out, stop = start(t, "serve", "--config", config)
		await(t, out, `(msg=started)`)
		return out, page, ops, stop
	}
	out, page, ops, stop := serve("/keys")
	good, ended := signToken(t, private, time.Now().Add(time.Hour)), signToken(t, private, time.Now().Add(-time.Hour))
	_, strange, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	forged := signToken(t, strange, time.Now().Add(time.Hour))
	me := func(port, token string) (int, string) {
		status, _, body := get(t, "http://127.0.0.1:"+port+"/api/v1/me", "Authorization", "Bearer "+token)
		return status, body
	}
	if status, body := me(page, good); status != 200 || !strings.HasPrefix(body, `{"tenant":"acme","user":{"id":"ada"},"groups":[],"roles":["admin"],"expires":"`) {
		t.Errorf("good: %d %s", status, body)
	}
	if status, body := me(page, ended); status != 401 || !strings.Contains(body, "SESSION_EXPIRED") {
		t.Errorf("ended: %d %s", status, body)
	}
	for _, token := range []string{forged, good + "x", "dev:ada", "canary"} {
		if status, body := me(page, token); status != 401 || !strings.Contains(body, "UNAUTHENTICATED") {
			t.Errorf("%.20s: %d %s", token, status, body)
		}
	}
	if c := connect(t, page, good); c.Identity().User.ID != "ada" {
		t.Errorf("on the link: %+v", c.Identity())
	}
	if status, _, body := get(t, "http://127.0.0.1:"+ops+"/readyz"); status != 200 {
		t.Errorf("readyz: %d %s", status, body)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	for _, secret := range append(strings.Split(good+"."+ended+"."+forged, "."), "canary", "dev:ada") {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if !strings.Contains(out.String(), "the signature is not that of the key") {
		t.Errorf("the log must say why: %s", out)
	}

	out, page, ops, stop = serve("/none")
	if status, body := me(page, good); status != 503 || !strings.Contains(body, "AUTH_UNAVAILABLE") {
		t.Errorf("without keys: %d %s", status, body)
	}
	if status, _, body := get(t, "http://127.0.0.1:"+ops+"/readyz"); status != 503 || !strings.Contains(body, "the keys of identity.jwt: get "+portal.URL+"/none: the server answered 404") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
