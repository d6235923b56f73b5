package server

import (
	"net/http"
	"strconv"
	"testing"
)

const wasmPath = "/assets/hub.ABCD2345.wasm"

func TestCompressedForms(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	for accept, want := range map[string]string{
		"":                             "",
		"br":                           "br",
		"gzip":                         "gzip",
		"gzip, deflate, br, zstd":      "br",
		"GZIP;q=1.0, BR;q=0.5":         "gzip",
		"br;q=0, gzip":                 "gzip",
		"br;q=0, gzip;q=0":             "",
		"*":                            "br",
		"*;q=0":                        "",
		"gzip, *;q=0":                  "gzip",
		"identity":                     "",
		"br;q=nonsense":                "",
		"br;q=2":                       "",
		"xbr, brx":                     "",
		", ,;q=1,br ; q=0.9":           "br",
		"deflate, gzip;q=1.0, *;q=0.5": "gzip",
	} {
		answer := ask(handler, "GET", wasmPath, "Accept-Encoding", accept)
		body := bodyOf(t, answer)
		wantBody := map[string]string{"br": "br of wasm", "gzip": "gz of wasm"}[want]
		if got := answer.Header.Get("Content-Encoding"); got != want || wantBody != "" && body != wantBody {
			t.Errorf("Accept-Encoding %q: %q, body %.20q, want %q", accept, got, body, want)
		}
		if got := answer.Header.Get("Content-Length"); got != strconv.Itoa(len(body)) {
			t.Errorf("Accept-Encoding %q: Content-Length %s for %d bytes", accept, got, len(body))
		}
		if answer.Header.Get("Vary") != "Accept-Encoding" || answer.Header.Get("Content-Type") != "application/wasm" {
			t.Errorf("Accept-Encoding %q: %v", accept, answer.Header)
		}
	}
}

func TestCaching(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	for path, want := range map[string]string{
		"/":                             "no-cache",
		wasmPath:                        "public, max-age=31536000, immutable",
		"/client/v1/client.js":          "public, max-age=300",
		"/client/v1/client.ABCD2345.js": "public, max-age=31536000, immutable",
		BootPath:                        "no-store",
	} {
		if got := ask(handler, "GET", path).Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestValidators(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	tags := make(map[string]bool)
	for _, coding := range []string{"", "br", "gzip"} {
		first := ask(handler, "GET", wasmPath, "Accept-Encoding", coding)
		tag := first.Header.Get("ETag")
		tags[tag] = true
		again := ask(handler, "GET", wasmPath, "Accept-Encoding", coding, "If-None-Match", tag)
		if again.StatusCode != http.StatusNotModified || bodyOf(t, again) != "" || again.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%q with its tag %s: %d", coding, tag, again.StatusCode)
		}
		if other := ask(handler, "GET", wasmPath, "Accept-Encoding", coding, "If-None-Match", `"other"`); other.StatusCode != 200 {
			t.Errorf("%q with another tag: %d", coding, other.StatusCode)
		}
	}
	if len(tags) != 3 {
		t.Errorf("each form needs a tag of its own: %v", tags)
	}
}

func TestHeadAndRanges(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	head := ask(handler, "HEAD", wasmPath, "Accept-Encoding", "br")
	if body := bodyOf(t, head); body != "" || head.Header.Get("Content-Length") != "10" || head.Header.Get("Content-Encoding") != "br" {
		t.Errorf("HEAD: %q, %v", body, head.Header)
	}
	for _, test := range []struct {
		name, value string
		headers     []string
		status      int
		body        string
	}{
		{"first bytes", "bytes=1-3", nil, 206, "asm"},
		{"last bytes", "bytes=-2", nil, 206, "ww"},
		{"matching If-Range", "bytes=1-3", []string{"If-Range", ask(handler, "GET", wasmPath).Header.Get("ETag")}, 206, "asm"},
		{"outdated If-Range", "bytes=1-3", []string{"If-Range", `"old"`}, 200, ""},
		{"behind the end", "bytes=99999-", nil, 416, ""},
	} {
		answer := ask(handler, "GET", wasmPath, append(test.headers, "Range", test.value, "Accept-Encoding", "br, gzip")...)
		body := bodyOf(t, answer)
		if answer.StatusCode != test.status || test.body != "" && body != test.body || answer.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %q %v", test.name, answer.StatusCode, body, answer.Header)
		}
	}
}

func TestClientFilesAreForEveryOrigin(t *testing.T) {
	site, _ := testSite(t)
	handler := site.Handler()
	for path, want := range map[string][2]string{
		"/client/v1/client.js":          {"*", "cross-origin"},
		"/client/v1/client.ABCD2345.js": {"*", "cross-origin"},
		"/":                             {"", "same-origin"},
		wasmPath:                        {"", "same-origin"},
	} {
		h := ask(handler, "GET", path, "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site").Header
		if got := [2]string{h.Get("Access-Control-Allow-Origin"), h.Get("Cross-Origin-Resource-Policy")}; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s allows credentials", path)
		}
	}
	if got := ask(handler, "GET", "/client/v1/client.js").Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type is %q", got)
	}
}
