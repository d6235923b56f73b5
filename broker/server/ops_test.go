package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

func TestBootIsForTheMainPageOnly(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	for _, test := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"of the page", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"typed into the address bar", []string{"Sec-Fetch-Site", "none"}, 200},
		{"a browser that does not say", nil, 200},
		{"its own origin", []string{"Origin", "http://localhost:8080"}, 200},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port of the same host", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another origin, where the browser says only that", []string{"Origin", "http://localhost:8081"}, 403},
		{"an opaque origin", []string{"Origin", "null"}, 403},
		{"nonsense", []string{"Sec-Fetch-Site", "same-origin, cross-site"}, 403},
	} {
		answer := ask(handler, "GET", BootPath, test.headers...)
		body := bodyOf(t, answer)
		if answer.StatusCode != test.want || strings.Contains(body, "canary") != (test.want == 200) {
			t.Errorf("%s: %d %s", test.name, answer.StatusCode, body)
		}
	}
}

func TestBootSaysWhatIsConfigured(t *testing.T) {
	site, _ := testSite(t)
	before := time.Now().UnixMilli()
	answer := ask(site.Handler(), "GET", BootPath)
	body := bodyOf(t, answer)
	if answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", answer.Header)
	}
	var config protocol.PageConfig
	if err := config.DecodeJSON([]byte(body)); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if len(config.Apps) != 2 || config.Apps[0].Name != "crm" || config.User.ID != "u1" || config.LicenseKey != "CF1.canary" ||
		config.NowMs < before || config.Title != `A "desk"` || !config.Debug {
		t.Errorf("configuration is %+v", config)
	}
}

func TestOps(t *testing.T) {
	site, _ := testSite(t)
	ask(site.Handler(), "GET", "/")
	ask(site.Handler(), "BREW", "/")
	ask(site.Handler(), "POST", "/")
	health := NewHealth("1.2.3", nil)
	handler := Ops(health, site.Metrics, Hosts{}, true)
	get := func(path string, headers ...string) (int, string) {
		answer := ask(handler, "GET", path, headers...)
		if answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", path, answer.Header)
		}
		return answer.StatusCode, bodyOf(t, answer)
	}
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, `"status":"ready","version":"1.2.3"`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	_, metrics := get("/metrics")
	for _, want := range []string{
		`crossframe_http_requests_total{method="GET",site="page",status="200"} 1`,
		`crossframe_http_requests_total{method="other",site="page",status="405"} 1`,
		`crossframe_http_requests_total{method="POST",site="page",status="405"} 1`,
		`crossframe_build_info{version="test"} 1`, "go_goroutines", "process_open_fds",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if status, _ := get("/debug/pprof/cmdline"); status != 200 {
		t.Errorf("pprof: %d", status)
	}
	if status, _ := get("/metrics", "Host", "evil.example"); status != 421 {
		t.Errorf("another host: %d", status)
	}
	if status, _ := get("/"); status != 404 {
		t.Errorf("root: %d", status)
	}
	health.Drain()
	if status, body := get("/readyz"); status != 503 || !strings.Contains(body, "draining") {
		t.Errorf("draining: %d %s", status, body)
	}
	if status, _ := get("/healthz"); status != 200 {
		t.Errorf("healthz while draining: %d", status)
	}
	bare := Ops(NewHealth("1.2.3", []string{"the page: run make build"}), site.Metrics, nil, false)
	if answer := ask(bare, "GET", "/debug/pprof/", "Host", "10.0.0.1"); answer.StatusCode != 404 {
		t.Errorf("without profiles: %d", answer.StatusCode)
	}
	if answer := ask(bare, "GET", "/readyz"); answer.StatusCode != 503 || !strings.Contains(bodyOf(t, answer), `"missing":["the page: run make build"]`) {
		t.Errorf("incomplete: %d", answer.StatusCode)
	}
}

func TestRunEndsRequestsBeforeItStops(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	began, finish := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended, health := make(chan error), NewHealth("", nil)
	go func() {
		ended <- Run(ctx, Options{Log: slog.New(slog.DiscardHandler), Health: health}, Endpoint{Listener: listener, Handler: slow})
	}()
	answered := make(chan string)
	go func() {
		answer, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		answered <- string(body)
	}()
	<-began
	stop()
	for !health.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-ended:
		t.Fatalf("Run ended under a request: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(finish)
	if got := <-answered; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

// TestRunDrainsInTheOpen: while the broker drains, pages are answered, and whoever asks for its health learns that it stops, until
// everything else has ended.
func TestRunDrainsInTheOpen(t *testing.T) {
	page, ops := listening(t), listening(t)
	health, draining, drained := NewHealth("", nil), make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })
	go func() {
		ended <- Run(ctx, Options{Log: slog.New(slog.DiscardHandler), Health: health, Drain: func() { close(draining); <-drained }},
			Endpoint{Listener: page, Handler: answers}, Endpoint{Listener: ops, Handler: Ops(health, NewMetrics("test"), Hosts{}, false), Last: true})
	}()
	stop()
	<-draining
	for name, want := range map[string]int{"http://" + page.Addr().String(): 200, "http://" + ops.Addr().String() + "/readyz": 503} {
		answer, err := http.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, answer.StatusCode, want)
		}
		if kept := !answer.Close; kept != (want == 503) {
			t.Errorf("%s: the connection is kept: %v", name, kept)
		}
	}
	close(drained)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, l := range []net.Listener{page, ops} {
		if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
			t.Error("a listener is still open")
		}
	}
}

func listening(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRunTellsWhyAnEndpointFailed(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	good, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	err = Run(t.Context(), Options{Log: slog.New(slog.DiscardHandler)},
		Endpoint{Listener: good, Handler: http.NotFoundHandler()}, Endpoint{Listener: closed, Handler: http.NotFoundHandler()})
	if err == nil || !strings.Contains(err.Error(), "serve "+closed.Addr().String()) {
		t.Errorf("got %v", err)
	}
}
