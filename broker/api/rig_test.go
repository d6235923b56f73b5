package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/proxies"
	"github.com/crossframe/crossframe/broker/server"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// The pages of the tests: one on the list, one that is not.
const (
	portal = "https://portal.example.com"
	evil   = "https://evil.example"
	own    = "https://desk.example.com"
)

// users are who the tests authenticate as, by credential.
type users map[string]identity.Identity

func (u users) Authenticate(_ context.Context, credential string) (identity.Identity, error) {
	if who, ok := u[credential]; ok {
		return who, nil
	}
	if credential == "ended" {
		return identity.Identity{}, &identity.Error{Code: protocol.SessionExpired, Reason: "the token has ended"}
	}
	if credential == "down" {
		return identity.Identity{}, &identity.Error{Code: protocol.AuthUnavailable, Reason: "no keys"}
	}
	return identity.Identity{}, &identity.Error{Code: protocol.Unauthenticated, Reason: "unknown"}
}

// testUsers are two users of one tenant, the first of whom is its admin, and one of another.
func testUsers() users {
	return users{
		"ada": {Tenant: "acme", User: protocol.User{ID: "ada", FirstName: "Ada"}, Groups: []string{"traders"}, Roles: []string{"admin", "trader"}},
		"bob": {Tenant: "acme", User: protocol.User{ID: "bob"}, Roles: []string{"trader"}},
		"eve": {Tenant: "evil", User: protocol.User{ID: "ada"}, Roles: []string{"admin"}},
	}
}

// output is a buffer that a test reads while a server writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string { o.mu.Lock(); defer o.mu.Unlock(); return o.text.String() }

// rig is an API within its site, as the broker serves it.
type rig struct {
	*httptest.Server
	api  *API
	log  *output
	done chan struct{}
	stop sync.Once
	// proxy connects from the address that the rig believes.
	proxy *http.Transport
}

// echo is a route that answers with what was sent, or panics.
func echo() Route {
	return Route{"/api/v1/echo/{name}", map[string]handler{
		http.MethodGet: func(c *call) error {
			return c.answer(http.StatusOK, []byte(`{"name":`+quote(c.r.PathValue("name"))+`}`))
		},
		http.MethodPut:    func(c *call) error { return c.answer(http.StatusOK, c.body) },
		http.MethodPost:   func(*call) error { panic("canary of the inside") },
		http.MethodDelete: func(c *call) error { return io.ErrUnexpectedEOF },
	}}
}

func quote(s string) string { text, _ := json.Marshal(s); return string(text) }

// newRig serves the routes.
func newRig(t *testing.T, routes ...Route) *rig {
	t.Helper()
	return newRigWith(t, &http.Server{}, routes...)
}

// newRigWith serves the routes with the times of the server.
func newRigWith(t *testing.T, times *http.Server, routes ...Route) *rig {
	t.Helper()
	g := &rig{log: new(output), done: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	trusted := proxies.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")})
	g.api = New(Options{Authenticator: testUsers(), Origins: originsOf(t, portal), Proxies: trusted, Done: g.done, Log: log}, append(routes, Me(), echo())...)
	site := &server.Site{Name: "page", Hosts: server.HostsOf(originsOf(t, own)), Headers: server.Always(nil), API: g.api, Proxies: trusted, Log: log}
	g.Server = httptest.NewUnstartedServer(site.Handler())
	g.Config.ReadTimeout, g.Config.WriteTimeout = times.ReadTimeout, times.WriteTimeout
	g.Start()
	t.Cleanup(func() { g.end(); g.Close() })
	return g
}

// end stops what never ends by itself.
func (g *rig) end() { g.stop.Do(func() { close(g.done) }) }

func originsOf(t *testing.T, texts ...string) (list []origin.Origin) {
	t.Helper()
	for _, text := range texts {
		o, err := origin.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// ask is one request. Lines are headers; "Host" is one, and "As" is the credential.
type ask struct {
	method, path string
	body         io.Reader
	lines        []string
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// fault reads the body of a refusal.
func (a answer) fault(t *testing.T) fault.Fault {
	t.Helper()
	var f fault.Fault
	if err := json.Unmarshal([]byte(a.body), &f); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	return f
}

// do sends the request.
func (g *rig) do(t *testing.T, a ask) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), a.method, g.URL+a.path, a.body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(a.lines); i += 2 {
		switch name, value := a.lines[i], a.lines[i+1]; name {
		case "As":
			request.Header.Set("Authorization", "Bearer "+value)
		case "Host":
			request.Host = value
		default:
			request.Header.Add(name, value)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, string(body)}
}

// get asks as ada.
func (g *rig) get(t *testing.T, path string, lines ...string) answer {
	t.Helper()
	return g.do(t, ask{"GET", path, nil, append(lines, "As", "ada")})
}

// send sends JSON as somebody.
func (g *rig) send(t *testing.T, who, method, path, body string, lines ...string) answer {
	t.Helper()
	return g.do(t, ask{method, path, strings.NewReader(body), append(lines, "As", who, "Content-Type", "application/json")})
}

// until waits for what another goroutine does.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it did not happen")
}
