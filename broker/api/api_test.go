package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/fault"
)

func TestMe(t *testing.T) {
	g := newRig(t)
	got := g.get(t, "/api/v1/me")
	want := `{"tenant":"acme","user":{"id":"ada","firstName":"Ada"},"groups":["traders"],"roles":["admin","trader"]}`
	if got.StatusCode != 200 || got.body != want || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, got.body)
	}
	if got := g.do(t, ask{"HEAD", "/api/v1/me", nil, []string{"Authorization", "bearer ada"}}); got.StatusCode != 200 || got.body != "" {
		t.Errorf("HEAD, and the scheme in lower case: %d %q", got.StatusCode, got.body)
	}
}

// TestWhoIsNotLetIn: the same text for every credential that is not accepted.
func TestWhoIsNotLetIn(t *testing.T) {
	g := newRig(t)
	for name, test := range map[string]struct {
		lines  []string
		status int
		code   string
	}{
		"nobody":          {nil, 401, "UNAUTHENTICATED"},
		"a stranger":      {[]string{"As", "mallory"}, 401, "UNAUTHENTICATED"},
		"an empty token":  {[]string{"Authorization", "Bearer "}, 401, "UNAUTHENTICATED"},
		"a password":      {[]string{"Authorization", "Basic YWRhOmFkYQ=="}, 401, "UNAUTHENTICATED"},
		"two credentials": {[]string{"Authorization", "Bearer mallory", "Authorization", "Bearer ada"}, 401, "UNAUTHENTICATED"},
		"a cookie":        {[]string{"Cookie", "token=ada"}, 401, "UNAUTHENTICATED"},
		"an ended one":    {[]string{"As", "ended"}, 401, "SESSION_EXPIRED"},
		"nobody can tell": {[]string{"As", "down"}, 503, "AUTH_UNAVAILABLE"},
	} {
		got := g.do(t, ask{"GET", "/api/v1/me", nil, test.lines})
		f := got.fault(t)
		if got.StatusCode != test.status || f.Code != test.code || f.Retryable != (test.status == 503) || f.ID != got.Header.Get("X-Request-Id") || f.ID == "" {
			t.Errorf("%s: %d %+v", name, got.StatusCode, f)
		}
		if (got.Header.Get("WWW-Authenticate") != "") != (test.status == 401) {
			t.Errorf("%s: WWW-Authenticate %q", name, got.Header.Get("WWW-Authenticate"))
		}
		if strings.Contains(got.body, "keys") || test.code == "UNAUTHENTICATED" && f.Message != "The credential was not accepted." {
			t.Errorf("%s: it tells why: %s", name, got.body)
		}
	}
	if log := g.log.String(); !strings.Contains(log, "reason=unknown") || strings.Contains(log, "mallory") || strings.Contains(log, "YWRh") {
		t.Errorf("the log must have the reason, and nothing of the credential: %s", log)
	}
	quiet := New(Options{Log: g.api.options.Log}, Me())
	r, _ := http.NewRequest("GET", "/api/v1/me", nil)
	r.Header.Set("Authorization", "Bearer ada")
	w := &discard{header: http.Header{}}
	if quiet.ServeHTTP(w, r); w.status != 401 {
		t.Errorf("without an authenticator: %d", w.status)
	}
}

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// TestNamesInPaths: a name may have every sign but slashes.
func TestNamesInPaths(t *testing.T) {
	g := newRig(t)
	for path, want := range map[string]string{
		"a@b.example":   `{"name":"a@b.example"}`,
		"two%20words":   `{"name":"two words"}`,
		"%c3%a4rger":    `{"name":"ärger"}`,
		"100%25":        `{"name":"100%"}`,
		"a%2fb":         fault.BadPath,
		"a%5cb":         fault.BadPath,
		"..%2f..%2fetc": fault.BadPath,
		"%2e%2e":        fault.BadPath,
		"a%00":          fault.BadPath,
		"a%0d%0aX:%20y": fault.BadPath,
		"%c0%ae":        fault.BadPath,
		"%e2%80%ae":     fault.BadPath,
		"a//b":          fault.BadPath,
		"a/b":           fault.NotFound,
		"a/":            fault.NotFound,
	} {
		if got := g.get(t, "/api/v1/echo/"+path); !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s, want %s", path, got.StatusCode, got.body, want)
		}
	}
}

func TestUsersAreHeldToARate(t *testing.T) {
	g := newRig(t)
	limited := 0
	for range 2 * callBurst {
		if got := g.get(t, "/api/v1/me"); got.StatusCode == http.StatusTooManyRequests {
			limited++
			if f := got.fault(t); f.Code != "RATE_LIMITED" || !f.Retryable || got.Header.Get("Retry-After") != "1" {
				t.Fatalf("%+v %v", f, got.Header)
			}
		}
	}
	if limited == 0 {
		t.Error("nobody was limited")
	}
	if got := g.do(t, ask{"GET", "/api/v1/me", nil, []string{"As", "bob"}}); got.StatusCode != 200 {
		t.Errorf("another user: %d", got.StatusCode)
	}
	if got := g.do(t, ask{"GET", "/api/v1/me", nil, []string{"As", "eve"}}); got.StatusCode != 200 {
		t.Errorf("a user of the same id in another tenant: %d", got.StatusCode)
	}
}

func TestErrorsTellNothingOfTheInside(t *testing.T) {
	g := newRig(t)
	got := g.do(t, ask{"DELETE", "/api/v1/echo/x", nil, []string{"As", "ada"}})
	if f := got.fault(t); got.StatusCode != 500 || f.Code != fault.Internal || strings.Contains(got.body, "EOF") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if log := g.log.String(); !strings.Contains(log, "unexpected EOF") || !strings.Contains(log, fmt.Sprint("id=", got.Header.Get("X-Request-Id"))) {
		t.Errorf("the log must have the cause and the id: %s", log)
	}
}
