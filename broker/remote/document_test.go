package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve starts a server and returns a source of its address.
func serve(t *testing.T, options Options, answer http.HandlerFunc) *Source {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	source, err := NewSource(server.URL+"/doc?key=canary", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	return source
}

func TestADocumentIsSentOnceForEachVersion(t *testing.T) {
	asked := 0
	source := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Accept") != "application/json" || r.URL.Query().Get("key") != "canary" {
			t.Errorf("asked for %s with %v", r.URL, r.Header)
		}
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, "{}")
	})
	first, err := source.Get(t.Context(), "")
	if err != nil || string(first.Body) != "{}" || first.Tag != `"v1"` || first.Unchanged {
		t.Fatalf("first: %+v, %v", first, err)
	}
	again, err := source.Get(t.Context(), first.Tag)
	if err != nil || again.Body != nil || !again.Unchanged || again.Tag != `"v1"` || asked != 2 {
		t.Errorf("again: %+v, %v, asked %d times", again, err, asked)
	}
}

// TestWhatIsRefused: an error says what went wrong, and nothing that the server sent or the address hides.
func TestWhatIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"redirect":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/canary", http.StatusFound) }, "the server answered 302"},
		"failure":     {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "canary", 500) }, "the server answered 500"},
		"unasked 304": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, "the server answered 304"},
		"large":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1025)) }, "larger than 1024 bytes"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, "larger than 1024 bytes"},
		"large when decompressed": {func(w http.ResponseWriter, _ *http.Request) {
			var small bytes.Buffer
			z := gzip.NewWriter(&small)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(small.Bytes())
		}, "larger than 1024 bytes"},
		"large header": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 128<<10)) }, "get http://127.0.0.1:"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("x"))
		}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			source := serve(t, Options{MaxBytes: 1024}, test.answer)
			got, err := source.Get(t.Context(), "")
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") || got.Body != nil {
				t.Errorf("%+v, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestAServerThatIsSilentCostsABoundedTime(t *testing.T) {
	silent := make(chan struct{})
	source := serve(t, Options{Timeout: 50 * time.Millisecond}, func(http.ResponseWriter, *http.Request) { <-silent })
	defer close(silent)
	if _, err := source.Get(context.Background(), ""); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestCancelEndsAGet(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	source := serve(t, Options{}, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if _, err := source.Get(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownAuthorityIsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	source, err := NewSource(server.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Get(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
	known := server.Client().Transport.(*http.Transport).TLSClientConfig
	source, _ = NewSource(server.URL, Options{TLS: &tls.Config{RootCAs: known.RootCAs, MinVersion: tls.VersionTLS12}})
	defer source.Close()
	if got, err := source.Get(t.Context(), ""); err != nil || string(got.Body) != "{}" {
		t.Errorf("with its authority: %+v, %v", got, err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]error{
		"https://a.example/keys?x=1":    nil,
		"http://localhost:8080/keys":    nil,
		"http://127.0.0.1/keys":         nil,
		"http://[::1]:1/keys":           nil,
		"http://a.example/keys":         errInsecure,
		"http://localhost.evil.example": errInsecure,
		"http://10.0.0.1/keys":          errInsecure,
		"file:///etc/passwd":            errForm,
		"ftp://a.example/keys":          errInsecure,
		"keys.json":                     errForm,
		"//a.example/keys":              errInsecure,
		"https://":                      errForm,
		"https://:443/":                 errForm,
		"https://u:p@a.example":         errUser,
		"https://a.example/#x":          errFragment,
		"https://a b.example/":          errForm,
		"":                              errForm,
	} {
		if err := CheckURL(address); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
		if _, err := NewSource(address, Options{}); !errors.Is(err, want) {
			t.Errorf("NewSource(%s): %v, want %v", address, err, want)
		}
	}
}
