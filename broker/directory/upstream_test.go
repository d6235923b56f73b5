package directory

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// directoryServer is another directory.
type directoryServer struct {
	*httptest.Server
	asked, sent atomic.Int32
	body        atomic.Value
	down        atomic.Bool
}

func newDirectoryServer(t *testing.T, body string) *directoryServer {
	d := new(directoryServer)
	d.body.Store(body)
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if d.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		text := d.body.Load().(string)
		tag := fmt.Sprintf("%q", fmt.Sprint(len(text)))
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		d.sent.Add(1)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *directoryServer) source(t *testing.T, trusted bool) Source {
	t.Helper()
	s, closeIt, err := NewUpstream(Upstream{Name: "corp", URL: d.URL + "/v2/apps", Trusted: trusted}, "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeIt)
	return s
}

const fine = `{"appId":"fine","name":"fine","type":"web","details":{"url":"https://fine.example"}}`

// TestRecordsAreCheckedOneByOne: each that is refused has its reason, and the others are used.
func TestRecordsAreCheckedOneByOne(t *testing.T) {
	ask := func(manifest string) string {
		return `{"appId":"asks","name":"asks","details":{"url":"https://asks.example"},"hostManifests":{"Crossframe":` + manifest + `}}`
	}
	server := newDirectoryServer(t, `{"message":"OK","applications":[`+strings.Join([]string{
		fine,
		`{"appId":"no-url","details":{}}`,
		`{"appId":"bad-url","details":{"url":"javascript:alert(1)"}}`,
		`{"appId":"native","type":"native","details":{"path":"/bin/sh"}}`,
		`{"appId":"fine","details":{"url":"https://again.example"}}`,
		`{"appId":"typed","details":{"url":7}}`,
		`7`, `null`, `{}`,
		`{"appId":"top","details":{"url":"https://top.example"},"hostManifests":{"Crossframe":{"frame":{"sandbox":["allow-top-navigation"]}}}}`,
		ask(`{"grants":{"admin":true}}`),
	}, ",")+`]}`)
	listing, err := server.source(t, false).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(listing.Apps) != 1 || listing.Apps[0].Name != "fine" {
		t.Errorf("apps: %+v", listing.Apps)
	}
	want := []Refused{
		{"no-url", "apps[no-url].url: is missing"}, {"bad-url", "apps[bad-url].url: must be"}, {"native", `is of type "native"`},
		{"fine", "is defined already"}, {"typed", "apps[typed].url: must be"}, {"", "must be a mapping"}, {"", "there is no app definition"}, {"", "is missing"},
		{"top", "is refused: the app could navigate the main page away"}, {"asks", "its directory is not trusted"},
	}
	if len(listing.Refused) != len(want) {
		t.Fatalf("refused: %+v", listing.Refused)
	}
	for i, r := range listing.Refused {
		if r.App != want[i].App || !strings.Contains(r.Reason, want[i].Reason) || strings.Contains(r.Reason, "\n") {
			t.Errorf("%+v, want %+v", r, want[i])
		}
	}
	for manifest, reason := range map[string]string{
		`{"grants":{"admin":true}}`: "administration", `{"seesUser":true}`: "details", `{"frame":{"allow":["camera"]}}`: "features", `{"grants":{"offer":["*"]}}`: "",
	} {
		server.body.Store(`{"applications":[` + ask(manifest) + `]}`)
		listing, err := server.source(t, false).Load(t.Context())
		if err != nil || (reason == "") != (len(listing.Apps) == 1) || reason != "" && !strings.Contains(listing.Refused[0].Reason, reason) {
			t.Errorf("%s: %+v, %v", manifest, listing, err)
		}
		if listing, err := server.source(t, true).Load(t.Context()); err != nil || len(listing.Apps) != 1 {
			t.Errorf("%s of a trusted one: %+v, %v", manifest, listing, err)
		}
	}
}

func TestAnUpstreamIsReadOnceForEachVersion(t *testing.T) {
	server := newDirectoryServer(t, `{"applications":[`+fine+`]}`)
	source := server.source(t, false)
	first, err := source.Load(t.Context())
	if err != nil || len(first.Apps) != 1 || first.Version == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := source.Load(t.Context()); again != nil || err != nil || server.sent.Load() != 1 || server.asked.Load() != 2 {
		t.Errorf("again: %+v, %v, sent %d", again, err, server.sent.Load())
	}
	server.down.Store(true)
	if _, err := source.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "the server answered 503") {
		t.Errorf("down: %v", err)
	}
	server.down.Store(false)
	for _, broken := range []string{"<html>", "{}", `{"applications":{}}`, `{"applications":[` + fine} {
		server.body.Store(broken)
		if listing, err := source.Load(t.Context()); err == nil {
			t.Errorf("%s: %+v", broken, listing)
		}
	}
	server.body.Store(`[` + fine + `]`)
	if listing, err := source.Load(t.Context()); err != nil || len(listing.Apps) != 1 {
		t.Errorf("a list alone: %+v, %v", listing, err)
	}
	wrong, closeIt, err := NewUpstream(Upstream{Name: "corp", URL: server.URL}, "wrong")
	if err != nil {
		t.Fatal(err)
	}
	defer closeIt()
	if _, err := wrong.Load(t.Context()); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("with a wrong token: %v", err)
	}
}
