package server

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crossframe/crossframe/broker/assets"
	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// testApps are two apps, one of which asks for a feature.
var testApps = []protocol.Definition{
	{Name: "crm", URL: "https://crm.example.com/start", Icon: "https://cdn.example.com/crm.png",
		Frame: protocol.Frame{Allow: []string{"clipboard-write", "camera"}}},
	{Name: "chart", URL: "http://127.0.0.1:8083/", Origins: []string{"https://*.chart.example", "https://chart-*.example.com"}},
}

// testFiles are what a build makes, small. The compressed forms are marked, not compressed: nothing here reads them.
func testFiles(t *testing.T) assets.Set {
	t.Helper()
	wasm := "\x00asm" + strings.Repeat("w", 3000)
	files, err := assets.Load(fstest.MapFS{
		"index.html":                   {Data: []byte("<!doctype html><title>Crossframe</title>")},
		"assets/hub.ABCD2345.wasm":     {Data: []byte(wasm)},
		"assets/hub.ABCD2345.wasm.br":  {Data: []byte("br of wasm")},
		"assets/hub.ABCD2345.wasm.gz":  {Data: []byte("gz of wasm")},
		"client/v1/client.js":          {Data: []byte("globalThis.crossframe={}")},
		"client/v1/client.js.gz":       {Data: []byte("gz of client")},
		"client/v1/client.ABCD2345.js": {Data: []byte("globalThis.crossframe={}")},
		".keep":                        {Data: []byte("not served")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// testSite is a main page's site; its log goes to the returned buffer.
func testSite(t *testing.T) (*Site, *bytes.Buffer) {
	t.Helper()
	desk, err := origin.Parse("https://desk.example.com")
	if err != nil {
		t.Fatal(err)
	}
	headers, _ := PageHeaders(testApps, nil)
	log := new(bytes.Buffer)
	config := protocol.PageConfig{Title: `A "desk"`, Debug: true, Apps: testApps, LicenseKey: "CF1.canary", User: &protocol.User{ID: "u1"}}
	hosts := HostsOf([]origin.Origin{desk})
	return &Site{
		Name: "page", Files: testFiles(t), Hosts: hosts, SecureHosts: hosts, Headers: Always(headers),
		Routes: map[string]http.Handler{
			BootPath: Boot(config, nil),
			"/panic": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "br")
				panic("canary of the inside")
			}),
		},
		Log:     slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: NewMetrics("test"),
	}, log
}

// ask sends one request to the handler.
func ask(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; " +
			"font-src 'self'; manifest-src 'self'; img-src 'self' data: https://cdn.example.com; " +
			"frame-src http://127.0.0.1:8083 https://*.chart.example https://crm.example.com; object-src 'none'; base-uri 'none'; form-action 'none'; " +
			"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types hub-worker",
		"Cross-Origin-Opener-Policy": "same-origin-allow-popups",
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "strict-origin",
		"Permissions-Policy": `accelerometer=(), browsing-topics=(), camera=(self "https://crm.example.com"), ` +
			`clipboard-write=(self "https://crm.example.com"), display-capture=(), geolocation=(), gyroscope=(), hid=(), ` +
			`identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), ` +
			`payment=(), publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), ` +
			`usb=(), window-management=(), xr-spatial-tracking=()`,
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Embedder-Policy": "",
		"Strict-Transport-Security":    "",
		"Access-Control-Allow-Origin":  "",
	}
	for _, test := range []struct {
		method, target string
		headers        []string
		status         int
		code           string
	}{
		{"GET", "/", nil, 200, ""},
		{"HEAD", "/", nil, 200, ""},
		{"GET", "/index.html?x=1", nil, 200, ""},
		{"GET", "/assets/hub.ABCD2345.wasm", nil, 200, ""},
		{"GET", BootPath, nil, 200, ""},
		{"GET", BootPath + "?callback=steal", nil, 200, ""},
		{"GET", BootPath, []string{"Sec-Fetch-Site", "cross-site"}, 403, fault.Forbidden},
		{"GET", "/nothing", nil, 404, fault.NotFound},
		{"GET", "/client/v1/nothing.js", nil, 404, fault.NotFound},
		{"GET", "/.keep", nil, 404, fault.NotFound},
		{"GET", "/assets/hub.ABCD2345.wasm.br", nil, 404, fault.NotFound},
		{"GET", "/assets/", nil, 404, fault.NotFound},
		{"GET", "/healthz", nil, 404, fault.NotFound},
		{"GET", "/metrics", nil, 404, fault.NotFound},
		{"GET", "/debug/pprof/", nil, 404, fault.NotFound},
		{"POST", "/", nil, 405, fault.Method},
		{"PUT", BootPath, nil, 405, fault.Method},
		{"OPTIONS", "/client/v1/client.js", nil, 405, fault.Method},
		{"TRACE", "/", nil, 405, fault.Method},
		{"GET", "/a//b", nil, 400, fault.BadPath},
		{"GET", "/", []string{"Host", "evil.example"}, 421, fault.Host},
		{"GET", "/panic", nil, 500, fault.Internal},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			answer := ask(handler, test.method, test.target, test.headers...)
			if answer.StatusCode != test.status {
				t.Fatalf("status %d, want %d", answer.StatusCode, test.status)
			}
			for name, value := range want {
				if got := answer.Header.Get(name); got != value {
					t.Errorf("%s is %q\nwant %q", name, got, value)
				}
			}
			if answer.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
			if test.code == "" {
				return
			}
			var f fault.Fault
			if err := json.Unmarshal([]byte(bodyOf(t, answer)), &f); err != nil || f.Code != test.code || f.Message == "" {
				t.Errorf("the body is %+v (%v), want the code %s", f, err, test.code)
			}
			if f.ID != answer.Header.Get("X-Request-Id") || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("id %q, Cache-Control %q", f.ID, answer.Header.Get("Cache-Control"))
			}
		})
	}
}

func TestFramesThatNoPolicyCanNameAreToldOf(t *testing.T) {
	_, warnings := PageHeaders(testApps, []string{"https://*.partner.example", "nonsense/x"})
	want := []string{
		"app chart: the page's policy cannot name https://chart-*.example.com, so that frames will not show it",
		`page.frames: origin pattern "nonsense/x", position 1: the scheme is missing; an allow list needs https://, or *:// for http and https`,
	}
	if len(warnings) != 2 || warnings[0] != want[0] || warnings[1] != want[1] {
		t.Errorf("got %q\nwant %q", warnings, want)
	}
	headers, _ := PageHeaders(nil, nil)
	if policy := headers.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src 'none';") {
		t.Errorf("without apps there must be no frames: %s", policy)
	}
}

func TestStrictTransportSecurityIsForTLSOnly(t *testing.T) {
	site, _ := testSite(t)
	for host, want := range map[string]string{"desk.example.com": hsts, "DESK.example.com.": hsts, "localhost": "", "127.0.0.1:8080": ""} {
		if got := ask(site.Handler(), "GET", "/", "Host", host).Header.Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	server := httptest.NewTLSServer(site.Handler())
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got := answer.Header.Get("Strict-Transport-Security"); got != hsts {
		t.Errorf("over TLS: %q", got)
	}
}

func TestHosts(t *testing.T) {
	site, _ := testSite(t)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:1": 200, "LOCALHOST": 200, "app.localhost:8080": 200, "127.0.0.1": 200, "127.1.2.3:80": 200, "[::1]:8080": 200,
		"desk.example.com": 200, "desk.example.com:8443": 200, "desk.example.com.": 200,
		"": 421, "evil.example": 421, "desk.example.com.evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
		"10.0.0.1": 421, "[::2]": 421, "localhost@evil.example": 421, "localhost/": 421, "*": 421, "0": 421, "127.1": 421,
	} {
		if got := ask(site.Handler(), "GET", "/", "Host", host).StatusCode; got != want {
			t.Errorf("Host %q: %d, want %d", host, got, want)
		}
	}
}

func TestPanicTellsNothing(t *testing.T) {
	site, log := testSite(t)
	handler := site.Handler()
	answer := ask(handler, "GET", "/panic")
	body := bodyOf(t, answer)
	if strings.Contains(body, "canary") || strings.Contains(body, ".go:") || answer.Header.Get("Content-Encoding") != "" {
		t.Errorf("the answer tells of the inside: %q, %v", body, answer.Header)
	}
	id := answer.Header.Get("X-Request-Id")
	if text := log.String(); !strings.Contains(text, "canary of the inside") || strings.Count(text, id) != 2 {
		t.Errorf("the log must have the cause, and the id in both lines: %s", text)
	}
	if again := ask(handler, "GET", "/"); again.StatusCode != 200 {
		t.Errorf("after a panic: %d", again.StatusCode)
	}
}

func TestLogHasNoQueryAndNoSecrets(t *testing.T) {
	site, log := testSite(t)
	handler := site.Handler()
	ask(handler, "GET", BootPath+"?token=canary", "Cookie", "sid=canary", "Authorization", "Bearer canary", "Referer", "https://x/?canary")
	ask(handler, "POST", "/x?canary=1", "X-Request-Id", "canary")
	if text := log.String(); strings.Contains(text, "canary") || strings.Count(text, "msg=request") != 2 {
		t.Errorf("log: %s", text)
	}
}

func TestWithoutThePageItSaysSo(t *testing.T) {
	site, _ := testSite(t)
	site.Files = nil
	answer := ask(site.Handler(), "GET", "/")
	if body := bodyOf(t, answer); answer.StatusCode != 503 || !strings.Contains(body, "make build") || !strings.Contains(body, fault.NotBuilt) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}
