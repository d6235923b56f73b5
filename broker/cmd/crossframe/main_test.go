package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// testFiles stand for a build: a page, and the demo's apps.
var testFiles = fstest.MapFS{
	"site/index.html":          {Data: []byte("<!doctype html>")},
	"site/client/v1/client.js": {Data: []byte("globalThis.crossframe={}")},
	"demo/apps.yaml": {Data: []byte(`apps:
  - {name: customers, url: "http://127.0.0.1:8081/"}
  - {name: contracts, url: "http://127.0.0.1:8082/"}
  - {name: chart, url: "http://127.0.0.1:8083/"}
  - {name: legacy, url: "http://127.0.0.1:8084/"}
  - {name: blocked, url: "http://127.0.0.1:8085/"}
`)},
	"demo/customers/index.html": {Data: []byte(`<meta name="crossframe-hub" content="__HUB_ORIGIN__">`)},
}

func folderOf(files fs.FS) func(string) fs.FS {
	return func(folder string) fs.FS {
		sub, err := fs.Sub(files, folder)
		if err != nil {
			panic(err)
		}
		return sub
	}
}

// output is a buffer that a test reads while a command writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// execute runs a command line that ends by itself.
func execute(t *testing.T, files fs.FS, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e output
	code = run(t.Context(), args, &console{&o, &e, folderOf(files), nil})
	return code, o.String(), e.String()
}

// start runs a command line that serves; stop ends it and returns its exit code.
func start(t *testing.T, args ...string) (out *output, stop func() int) {
	t.Helper()
	return startHearing(t, nil, args...)
}

// startHearing also sends it signals.
func startHearing(t *testing.T, signals chan os.Signal, args ...string) (out *output, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out = new(output)
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, args, &console{out, out, folderOf(testFiles), func() (<-chan os.Signal, func()) { return signals, func() {} }})
	}()
	return out, func() int {
		cancel()
		select {
		case code := <-ended:
			return code
		case <-time.After(5 * time.Second):
			t.Fatalf("it did not stop: %s", out)
			return -1
		}
	}
}

// await waits until the output has a match of the pattern, and returns its first group.
func await(t *testing.T, out *output, pattern string) string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	for range 6000 {
		if m := expression.FindStringSubmatch(out.String()); m != nil {
			return m[1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %s in: %s", pattern, out)
	return ""
}

func get(t *testing.T, url string, headers ...string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommandLines(t *testing.T) {
	good := write(t, "good.yaml", "name: a\nurl: https://a.example\n")
	bad := write(t, "bad.yaml", "name: b\nurl: b\n")
	for _, test := range []struct {
		name     string
		args     []string
		code     int
		out, err string
	}{
		{"version", []string{"version"}, 0, "crossframe ", ""},
		{"unknown command", []string{"srve"}, 2, "", "did you mean \"serve\""},
		{"unknown flag", []string{"serve", "--lisen", "x"}, 2, "", "fix: crossframe --help"},
		{"bad setting", []string{"serve", "--listen", "x"}, 1, "", "crossframe: --listen (or CROSSFRAME_LISTEN): \"x\" is no address"},
		{"bad file", []string{"serve", "--apps", bad}, 1, "", bad + ":2:6: apps[b].url: must be an absolute http or https URL"},
		{"print config", []string{"serve", "--print-config", "--apps", good, "--title", "T"}, 0, "apps: # --apps\n    - a\n", ""},
		{"lint", []string{"apps", "lint", good}, 0, good + ": 1 ok\n", ""},
		{"lint with a mistake", []string{"apps", "lint", bad, good}, 1, good + ": 1 ok\n", bad + ":2:6: apps[b].url: "},
		{"lint without files", []string{"apps", "lint", filepath.Dir(good) + "/*.json"}, 1, "", "no file matches"},
		{"license", []string{"license", "inspect", "CF1.x"}, 1, "", "LICENSE_INVALID"},
		{"port in use", []string{"demo", "--port-base", "99999"}, 1, "", "fix: stop what uses that port"},
		{"bad host", []string{"demo", "--port-base", "0", "--hub-host", "HUB"}, 1, "", "fix: write a host name in lower case"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, err := execute(t, testFiles, test.args...)
			if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(err, test.err) {
				t.Errorf("%d\nout: %s\nerr: %s", code, out, err)
			}
		})
	}
}

func TestDemoWithoutABuildSaysSo(t *testing.T) {
	code, _, err := execute(t, fstest.MapFS{}, "demo", "--port-base", "0")
	if code != 1 || !strings.Contains(err, "make build") {
		t.Errorf("%d %s", code, err)
	}
}

func TestServe(t *testing.T) {
	page, ops := freePort(t), freePort(t)
	config := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: 127.0.0.1:"+ops+
		"\npublicOrigins: [\"http://localhost:"+page+"\", https://desk.example.com]\nlog: {format: json}\napps:\n  - {name: crm, url: https://crm.example.com}\n")
	out, stop := start(t, "serve", "--config", config)
	await(t, out, `(msg":"started)`)
	if text := out.String(); !strings.Contains(text, "Workspace  http://localhost:"+page+"\nWorkspace  https://desk.example.com\n") {
		t.Errorf("it said: %s", text)
	}
	if status, h, _ := get(t, "http://127.0.0.1:"+page+"/"); status != 200 || !strings.Contains(h.Get("Content-Security-Policy"), "frame-src https://crm.example.com;") {
		t.Errorf("page: %d %v", status, h)
	}
	if status, _, _ := get(t, "http://127.0.0.1:"+page+"/", "Host", "other.example.com"); status != 421 {
		t.Errorf("another host: %d", status)
	}
	// What is missing is told, and the rest works.
	status, _, body := get(t, "http://127.0.0.1:"+ops+"/readyz")
	if status != 503 || !strings.Contains(body, "license key for https://desk.example.com: LICENSE_MISSING") || strings.Contains(body, "license key for http://") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _, _ := get(t, "http://127.0.0.1:"+ops+"/debug/pprof/cmdline"); status != 200 {
		t.Errorf("pprof: %d", status)
	}
	if code, _, err := execute(t, testFiles, "healthcheck", "--config", config); code != 1 || !strings.Contains(err, "incomplete\n  missing: license key for https://desk.example.com") {
		t.Errorf("healthcheck: %d %s", code, err)
	}
	if code, said, err := execute(t, testFiles, "healthcheck", "--live", "--config", config); code != 0 || said != "incomplete\n" {
		t.Errorf("healthcheck --live: %d %s%s", code, said, err)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if code, _, err := execute(t, testFiles, "healthcheck", "--live", "--config", config); code != 1 || !strings.Contains(err, "fix: start the broker") {
		t.Errorf("healthcheck of nobody: %d %s", code, err)
	}
	if !strings.Contains(out.String(), `"msg":"stopped"`) {
		t.Errorf("it said: %s", out)
	}
}

func TestDemo(t *testing.T) {
	own := write(t, "own.yaml", "name: own\nurl: http://localhost:5173/\n")
	out, stop := start(t, "demo", "--port-base", "0", "--hub-host", "hub.test", "--app-host", "*.test", "--apps", own, "--debug")
	port := await(t, out, `Workspace  http://hub\.test:(\d+)`)
	app := await(t, out, `http://customers\.test:(\d+)  customers`)
	blocked := await(t, out, `http://blocked\.test:(\d+)  blocked`)

	status, h, _ := get(t, "http://127.0.0.1:"+port+"/", "Host", "hub.test:"+port)
	if want := "http://customers.test:" + app; status != 200 || !strings.Contains(h.Get("Content-Security-Policy"), want) {
		t.Errorf("page: %d %v, want %s in its policy", status, h, want)
	}
	var boot struct {
		Title  string
		Debug  bool
		Apps   []struct{ Name, URL string }
		Policy struct{ BlockList []string }

		LicenseKey  string
		LicenseKeys []protocol.TrustedKey
	}
	_, _, body := get(t, "http://127.0.0.1:"+port+"/config.json", "Host", "hub.test:"+port)
	if err := json.Unmarshal([]byte(body), &boot); err != nil {
		t.Fatal(err)
	}
	if boot.Title != "Customer 360" || !boot.Debug || len(boot.Apps) != 6 || boot.Apps[0].URL != "http://customers.test:"+app+"/" || boot.Apps[5].Name != "own" {
		t.Errorf("configuration: %+v", boot)
	}
	if len(boot.Policy.BlockList) != 1 || boot.Policy.BlockList[0] != "http://blocked.test:"+blocked {
		t.Errorf("block list: %v", boot.Policy.BlockList)
	}
	if l, fault := sealed.Open(boot.LicenseKey, "http://hub.test:"+port, boot.LicenseKeys, time.Now().Unix()); fault != nil || l.State != license.StateValid {
		t.Errorf("the demo's license: %+v, %v", l, fault)
	}
	status, h, body = get(t, "http://127.0.0.1:"+app+"/", "Host", "customers.test:"+app)
	if status != 200 || !strings.Contains(body, `content="http://hub.test:`+port+`"`) || !strings.HasSuffix(h.Get("Content-Security-Policy"), "frame-ancestors http://hub.test:"+port) {
		t.Errorf("app: %d %v %s", status, h, body)
	}
	if status, _, _ := get(t, "http://127.0.0.1:"+app+"/", "Host", "contracts.test"); status != 421 {
		t.Errorf("an app under another's name: %d", status)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
