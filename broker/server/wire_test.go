package server

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestPathsOnTheWire sends paths that an HTTP library would not.
func TestPathsOnTheWire(t *testing.T) {
	site, _ := testSite(t)
	server := httptest.NewServer(site.Handler())
	defer server.Close()
	for path, want := range map[string]string{
		"/":                             "200",
		"/index.html":                   "200",
		"/%69ndex.html":                 "200",
		"//":                            "400",
		"//evil.example/":               "400",
		"/./index.html":                 "400",
		"/../etc/passwd":                "400",
		"/assets/../index.html":         "400",
		"/assets/..":                    "400",
		"/%2e%2e/index.html":            "400",
		"/..%2findex.html":              "400",
		"/assets%2Fhub.ABCD2345.wasm":   "400",
		"/..%5cindex.html":              "400",
		"/\\index.html":                 "400",
		"/index.html%00":                "400",
		"/index.html%0d%0aX:%20y":       "400",
		"/%c0%ae%c0%ae/index.html":      "400",
		"/%e2%80%ae":                    "400",
		"/%":                            "400",
		"/index.html::$DATA":            "404",
		"/.git/config":                  "404",
		"/.env":                         "404",
		"/~root":                        "404",
		"/INDEX.HTML":                   "404",
		"/index.html/":                  "404",
		"/C:/index.html":                "404",
		"http://localhost/index.html":   "200",
		"http://evil.example/":          "421",
		"/assets/hub.ABCD2345.wasm?x=1": "200",
	} {
		if got := rawStatus(t, server.Listener.Addr().String(), "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); got != want {
			t.Errorf("GET %s: %s, want %s", path, got, want)
		}
	}
}

func TestMalformedRequestsOnTheWire(t *testing.T) {
	site, _ := testSite(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(Endpoint{Handler: site.Handler()}, slog.New(slog.DiscardHandler))
	server.Start()
	defer server.Close()
	for name, test := range map[string]struct{ request, want string }{
		"two hosts":    {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "400"},
		"no host":      {"GET / HTTP/1.1\r\n\r\n", "400"},
		"old, no host": {"GET / HTTP/1.0\r\n\r\n", "421"},
		"big header":   {"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431"},
		"two lengths":  {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400"},
	} {
		if got := rawStatus(t, server.Listener.Addr().String(), test.request); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestSlowRequestsAreCutOff: whoever sends one byte after the other loses the connection when the time is over, and others do
// not wait for him. The times are shortened here; that they are what they should be is looked at first.
func TestSlowRequestsAreCutOff(t *testing.T) {
	site, _ := testSite(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(Endpoint{Handler: site.Handler()}, slog.New(slog.DiscardHandler))
	if c := server.Config; c.ReadHeaderTimeout != 10*time.Second || c.ReadTimeout != 30*time.Second || c.MaxHeaderBytes != 16<<10 {
		t.Errorf("%+v", c)
	}
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout = 200*time.Millisecond, 400*time.Millisecond
	server.Start()
	defer server.Close()
	var slow sync.WaitGroup
	for i := range 100 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		request := "GET / HTTP/1.1\r\nHost: localhost\r\nX: "
		if i%2 == 0 {
			request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
		}
		slow.Go(func() {
			_, err := io.WriteString(conn, request)
			for err == nil {
				time.Sleep(10 * time.Millisecond)
				_, err = conn.Write([]byte("x"))
			}
		})
	}
	for range 20 {
		if got := rawStatus(t, server.Listener.Addr().String(), "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); got != "200" {
			t.Errorf("beside the slow ones: %s", got)
		}
	}
	slow.Wait()
}

func rawStatus(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return strings.Fields(line)[1]
}
