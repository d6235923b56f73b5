package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/fault"
)

// TestPreflight: a page on the list learns what it may send; no other page learns anything.
func TestPreflight(t *testing.T) {
	g := newRig(t)
	question := func(from string, lines ...string) answer {
		return g.do(t, ask{"OPTIONS", "/api/v1/echo/x", nil, append([]string{"Origin", from, "Access-Control-Request-Method", "PUT",
			"Access-Control-Request-Headers", "authorization,content-type"}, lines...)})
	}
	got := question(portal)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      portal,
		"Access-Control-Allow-Methods":     "DELETE, GET, HEAD, OPTIONS, POST, PUT",
		"Access-Control-Allow-Headers":     allowedHeaders,
		"Access-Control-Max-Age":           "600",
		"Access-Control-Allow-Credentials": "",
		"Access-Control-Expose-Headers":    "",
		"Cache-Control":                    "no-store",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	if vary := strings.Join(got.Header.Values("Vary"), ", "); got.StatusCode != 204 || vary != "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" {
		t.Errorf("%d, Vary %s", got.StatusCode, vary)
	}
	for _, from := range []string{evil, "null", portal + ".evil.example", portal + ":8443", "http://portal.example.com", portal + "/", "https://PORTAL.example.com", "*", "https://"} {
		got := question(from)
		if got.StatusCode != 403 || got.Header.Get("Access-Control-Allow-Origin") != "" || got.Header.Get("Access-Control-Allow-Methods") != "" || got.Header.Get("Vary") != "Origin" {
			t.Errorf("%s: %d %v", from, got.StatusCode, got.Header)
		}
	}
	if got := question(portal, "Origin", portal); got.StatusCode != 403 {
		t.Errorf("two origins: %d", got.StatusCode)
	}
	// No preflight, but the method.
	if got := g.do(t, ask{"OPTIONS", "/api/v1/echo/x", nil, []string{"As", "ada"}}); got.StatusCode != 405 || got.Header.Get("Allow") == "" {
		t.Errorf("OPTIONS alone: %d %v", got.StatusCode, got.Header)
	}
}

// TestWhatPagesMayRead: the answer names the one origin that asked, and never everybody.
func TestWhatPagesMayRead(t *testing.T) {
	g := newRig(t)
	for _, test := range []struct {
		name   string
		from   string
		lines  []string
		status int
		allow  string
	}{
		{"a page on the list", portal, []string{"As", "ada"}, 200, portal},
		{"a page on the list, not let in", portal, nil, 401, portal},
		{"a foreign page", evil, []string{"As", "ada"}, 403, ""},
		{"a sandboxed page", "null", []string{"As", "ada"}, 403, ""},
		{"the own page", "http://desk.example.com", []string{"As", "ada", "Host", "desk.example.com"}, 200, ""},
		{"the own page behind TLS", own, []string{"As", "ada", "Host", "desk.example.com"}, 200, ""},
		{"no page", "", []string{"As", "ada"}, 200, ""},
	} {
		lines := test.lines
		if test.from != "" {
			lines = append(lines, "Origin", test.from)
		}
		got := g.do(t, ask{"GET", "/api/v1/me", nil, lines})
		if got.StatusCode != test.status || got.Header.Get("Access-Control-Allow-Origin") != test.allow || got.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", test.name, got.StatusCode, got.Header)
		}
		if !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: Vary %q", test.name, got.Header.Values("Vary"))
		}
	}
}

// TestForgedRequests: what another page can make a visitor's browser send without asking first.
func TestForgedRequests(t *testing.T) {
	g := newRig(t)
	for name, lines := range map[string][]string{
		"text of a foreign page":     {"Origin", evil, "Content-Type", "text/plain", "Cookie", "session=x"},
		"form of a foreign page":     {"Origin", evil, "Content-Type", "application/x-www-form-urlencoded", "Cookie", "session=x", "Sec-Fetch-Site", "cross-site"},
		"form of a sandboxed page":   {"Origin", "null", "Content-Type", "multipart/form-data; boundary=x"},
		"a browser without Origin":   {"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"},
		"a page of the same site":    {"Sec-Fetch-Site", "same-site", "Content-Type", "application/json", "As", "ada"},
		"a foreign page, right user": {"Origin", evil, "Content-Type", "application/json", "As", "ada"},
	} {
		got := g.do(t, ask{"PUT", "/api/v1/echo/x", strings.NewReader("{}"), lines})
		if f := got.fault(t); got.StatusCode != 403 || f.Code != fault.CSRF {
			t.Errorf("%s: %d %+v", name, got.StatusCode, f)
		}
	}
	if got := g.send(t, "ada", "PUT", "/api/v1/echo/x", "{}", "Origin", portal, "Sec-Fetch-Site", "cross-site"); got.StatusCode != 200 {
		t.Errorf("a page on the list: %d %s", got.StatusCode, got.body)
	}
}

// TestMethods: nothing is changed by GET or HEAD, and what a route does not have it says.
func TestMethods(t *testing.T) {
	g := newRig(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECTED", "get"} {
		got := g.do(t, ask{method, "/api/v1/me", nil, []string{"As", "ada"}})
		if got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %d %q", method, got.StatusCode, got.Header.Get("Allow"))
		}
	}
	if got := g.do(t, ask{"GET", "/api/v1/echo/x?_method=DELETE", nil, []string{"As", "ada", "X-HTTP-Method-Override", "DELETE"}}); got.StatusCode != 200 || got.body != `{"name":"x"}` {
		t.Errorf("a method in disguise: %d %s", got.StatusCode, got.body)
	}
	for _, path := range []string{"/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/me", "/api/v1/ME", "/api/v1/me/"} {
		if got := g.get(t, path); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

func TestBodies(t *testing.T) {
	g := newRig(t)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 8<<20))
	_ = z.Close()
	full := `"` + strings.Repeat("x", maxBody-2) + `"`
	for _, test := range []struct {
		name  string
		body  io.Reader
		lines []string
		want  int
		code  string
	}{
		{"JSON", strings.NewReader(`{"a":1}`), []string{"Content-Type", "application/json"}, 200, ""},
		{"JSON in UTF-8", strings.NewReader(`{"a":1}`), []string{"Content-Type", "application/json; charset=UTF-8"}, 200, ""},
		{"as much as may be", strings.NewReader(full), []string{"Content-Type", "application/json"}, 200, ""},
		{"no type", strings.NewReader(`{}`), nil, 415, fault.MediaType},
		{"text", strings.NewReader(`{}`), []string{"Content-Type", "text/plain"}, 415, fault.MediaType},
		{"a type that begins like it", strings.NewReader(`{}`), []string{"Content-Type", "application/jsonx"}, 415, fault.MediaType},
		{"UTF-16", strings.NewReader(`{}`), []string{"Content-Type", "application/json; charset=utf-16"}, 415, fault.MediaType},
		{"nonsense", strings.NewReader(`{}`), []string{"Content-Type", ";;"}, 415, fault.MediaType},
		{"compressed", bytes.NewReader(bomb.Bytes()), []string{"Content-Type", "application/json", "Content-Encoding", "gzip"}, 415, fault.MediaType},
		{"one byte too many", strings.NewReader(full + " "), []string{"Content-Type", "application/json"}, 413, fault.TooLarge},
		{"one byte too many, in chunks", io.MultiReader(strings.NewReader(full), strings.NewReader(" ")), []string{"Content-Type", "application/json"}, 413, fault.TooLarge},
		{"nothing", strings.NewReader(""), []string{"Content-Type", "application/json"}, 400, "BAD_MESSAGE"},
		{"half", strings.NewReader(`{"a":`), []string{"Content-Type", "application/json"}, 400, "BAD_MESSAGE"},
		{"two", strings.NewReader(`{}{}`), []string{"Content-Type", "application/json"}, 400, "BAD_MESSAGE"},
		{"a member twice", strings.NewReader(`{"a":1,"\u0061":2}`), []string{"Content-Type", "application/json"}, 400, "BAD_MESSAGE"},
		{"deep", strings.NewReader(strings.Repeat("[", 5000) + strings.Repeat("]", 5000)), []string{"Content-Type", "application/json"}, 400, "BAD_MESSAGE"},
	} {
		got := g.do(t, ask{"PUT", "/api/v1/echo/x", test.body, append(test.lines, "As", "ada")})
		code := ""
		if got.StatusCode != 200 {
			code = got.fault(t).Code
		}
		if got.StatusCode != test.want || code != test.code {
			t.Errorf("%s: %d %.80s, want %d %s", test.name, got.StatusCode, got.body, test.want, test.code)
		}
	}
}

// TestAnEndlessBodyCostsNoMemory: it is cut off where the bound is.
func TestAnEndlessBodyCostsNoMemory(t *testing.T) {
	g := newRig(t)
	conn, err := net.Dial("tcp", g.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "PUT /api/v1/echo/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ada\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	chunk := []byte(fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat(" ", 64<<10)))
	sent := 0
	for sent < 256<<20 {
		n, err := conn.Write(chunk)
		sent += n
		if err != nil {
			break
		}
	}
	if sent >= 256<<20 {
		t.Errorf("it took %d bytes", sent)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if got := g.get(t, "/api/v1/me"); got.StatusCode != 200 {
		t.Errorf("others: %d", got.StatusCode)
	}
}

// TestPanicsAndDisguises: what a handler does wrong costs one request; a callback is nothing.
func TestPanicsAndDisguises(t *testing.T) {
	g := newRig(t)
	got := g.send(t, "ada", "POST", "/api/v1/echo/x", "{}", "Origin", portal)
	if f := got.fault(t); got.StatusCode != 500 || f.Code != fault.Internal || f.ID == "" || strings.Contains(got.body, "canary") || strings.Contains(got.body, ".go") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	got = g.get(t, "/api/v1/me?callback=steal")
	if got.StatusCode != 200 || !strings.HasPrefix(got.body, `{"tenant"`) || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, got.body)
	}
	for _, query := range []string{"?access_token=canary", "?Token=canary", "?secureToken=canary", "?credential=canary"} {
		got := g.get(t, "/api/v1/me"+query)
		if f := got.fault(t); got.StatusCode != 400 || f.Code != fault.TokenAddress {
			t.Errorf("%s: %d %+v", query, got.StatusCode, f)
		}
	}
	if strings.Contains(strings.ReplaceAll(g.log.String(), "canary of the inside", ""), "canary") {
		t.Error("a token of an address is in the log")
	}
}

// TestEveryAnswerIsForProgramsOnly: also those that the site gives before the API is asked.
func TestEveryAnswerIsForProgramsOnly(t *testing.T) {
	g := newRig(t)
	for name, got := range map[string]answer{
		"200": g.get(t, "/api/v1/me"),
		"204": g.do(t, ask{"OPTIONS", "/api/v1/me", nil, []string{"Origin", portal, "Access-Control-Request-Method", "GET"}}),
		"400": g.get(t, "/api//v1"),
		"401": g.do(t, ask{"GET", "/api/v1/me", nil, nil}),
		"403": g.get(t, "/api/v1/me", "Origin", evil),
		"404": g.get(t, "/api/v1/none"),
		"405": g.send(t, "ada", "PUT", "/api/v1/me", "{}"),
		"415": g.do(t, ask{"PUT", "/api/v1/echo/x", strings.NewReader("x"), []string{"As", "ada"}}),
		"421": g.get(t, "/api/v1/me", "Host", "evil.example"),
		"500": g.send(t, "ada", "POST", "/api/v1/echo/x", "{}"),
	} {
		if fmt.Sprint(got.StatusCode) != name {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "strict-origin",
		} {
			if value := got.Header.Get(header); value != want {
				t.Errorf("%s: %s is %q, want %q", name, header, value, want)
			}
		}
	}
}

// TestHeadersOnTheWire sends headers that an HTTP library would not.
func TestHeadersOnTheWire(t *testing.T) {
	g := newRig(t)
	many := new(strings.Builder)
	for i := range 1000 {
		fmt.Fprintf(many, "A%d: b\r\n", i)
	}
	for name, test := range map[string]struct{ request, want string }{
		"1000 headers":    {"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n" + many.String() + "\r\n", "431"},
		"two hosts":       {"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "400"},
		"two lengths":     {"PUT /api/v1/echo/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"},
		"length and more": {"PUT /api/v1/echo/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}", "501"},
		"CR in a header":  {"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", "400"},
		"no name":         {"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n", "400"},
	} {
		conn, err := net.Dial("tcp", g.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, test.request)
		line, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if err != nil || strings.Fields(line)[1] != test.want {
			t.Errorf("%s: %q %v, want %s", name, line, err, test.want)
		}
	}
}

// TestWrongCredentials: who fails too often is told to wait, and nobody else is.
func TestWrongCredentials(t *testing.T) {
	g := newRig(t)
	from := func(address, who string) answer {
		// The rig's proxy is 127.0.0.2, so that this is believed only from there.
		return g.through(t, address, who)
	}
	limited := 0
	for range 1000 {
		got := from("198.51.100.1", "wrong")
		switch got.StatusCode {
		case http.StatusUnauthorized:
		case http.StatusTooManyRequests:
			limited++
			if got.Header.Get("Retry-After") == "" || got.fault(t).Code != "RATE_LIMITED" {
				t.Fatalf("%v %s", got.Header, got.body)
			}
		default:
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
	}
	if limited < 900 {
		t.Errorf("%d of 1000 were limited", limited)
	}
	if got := from("198.51.100.2", "wrong"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the first failure from elsewhere: %d", got.StatusCode)
	}
	for _, address := range []string{"198.51.100.1", "198.51.100.2"} {
		if got := from(address, "ada"); got.StatusCode != 200 {
			t.Errorf("a right credential from %s: %d", address, got.StatusCode)
		}
	}
	if lines := strings.Count(g.log.String(), "credential refused"); lines > 2*failureBurst {
		t.Errorf("%d lines in the log", lines)
	}
}

// TestAddressesOfStrangersDoNotCount: who is no trusted proxy cannot choose where he comes from.
func TestAddressesOfStrangersDoNotCount(t *testing.T) {
	g := newRig(t)
	limited := false
	for i := range 10 * failureBurst {
		got := g.do(t, ask{"GET", "/api/v1/me", nil, []string{"As", "wrong", "X-Forwarded-For", fmt.Sprint("198.51.100.", i)}})
		limited = limited || got.StatusCode == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("every address in the header had its own count")
	}
}

// through sends a request by the proxy that the rig believes.
func (g *rig) through(t *testing.T, client, who string) answer {
	t.Helper()
	if g.proxy == nil {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
		g.proxy = &http.Transport{DialContext: dialer.DialContext}
		t.Cleanup(g.proxy.CloseIdleConnections)
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", g.URL+"/api/v1/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", client)
	request.Header.Set("Authorization", "Bearer "+who)
	response, err := g.proxy.RoundTrip(request)
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
