package api

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
)

// reader reads a stream of events as a page would.
type reader struct {
	answer *http.Response
	lines  *bufio.Scanner
	stop   context.CancelFunc
}

// told is one event as it arrived.
type told struct{ name, data string }

// follow opens a stream.
func (g *rig) follow(t *testing.T, path, who string) *reader {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "GET", g.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+who)
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); answer.Body.Close() })
	return &reader{answer, bufio.NewScanner(answer.Body), stop}
}

// next returns the next event; its name is empty where the stream has ended.
func (r *reader) next(t *testing.T) (e told) {
	t.Helper()
	for r.lines.Scan() {
		line := r.lines.Text()
		name, isName := strings.CutPrefix(line, "event: ")
		data, isData := strings.CutPrefix(line, "data: ")
		switch {
		case isName:
			e.name = name
		case isData:
			e.data = data
		case line == "" && e.name != "":
			return e
		}
	}
	return told{}
}

// ticks is a route whose stream a test pushes into.
func ticks(feeds chan *feed, stopped chan struct{}) Route {
	return Route{"/api/v1/ticks", map[string]handler{http.MethodGet: func(c *call) error {
		return c.stream(func(f *feed) (func(), error) {
			feeds <- f
			return func() { stopped <- struct{}{} }, nil
		})
	}}}
}

func TestStream(t *testing.T) {
	feeds, stopped := make(chan *feed, 100), make(chan struct{}, 100)
	g := newRig(t, ticks(feeds, stopped))
	r := g.follow(t, "/api/v1/ticks", "ada")
	f := <-feeds
	if h := r.answer.Header; r.answer.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" || h.Get("X-Accel-Buffering") != "no" {
		t.Errorf("%d %v", r.answer.StatusCode, h)
	}
	for i := range 3 {
		f.push(event{"tick", fmt.Append(nil, i)})
	}
	for i := range 3 {
		if got := r.next(t); got != (told{"tick", fmt.Sprint(i)}) {
			t.Errorf("%+v", got)
		}
	}
	r.stop()
	<-stopped
	until(t, func() bool {
		g.api.streams.mu.Lock()
		defer g.api.streams.mu.Unlock()
		return g.api.streams.all == 0 && len(g.api.streams.of) == 0
	})
	if got := g.do(t, ask{"HEAD", "/api/v1/ticks", nil, []string{"As", "ada"}}); got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %d", got.StatusCode)
	}
}

// TestStreamsOutliveTheTimeOfAnAnswer: the server's bounds are for requests and answers that end.
func TestStreamsOutliveTheTimeOfAnAnswer(t *testing.T) {
	feeds, stopped := make(chan *feed, 1), make(chan struct{}, 1)
	g := newRigWith(t, &http.Server{ReadTimeout: 50 * time.Millisecond, WriteTimeout: 50 * time.Millisecond}, ticks(feeds, stopped))
	r := g.follow(t, "/api/v1/ticks", "ada")
	f := <-feeds
	time.Sleep(200 * time.Millisecond)
	f.push(event{"tick", []byte("1")})
	if got := r.next(t); got.name != "tick" {
		t.Errorf("%+v", got)
	}
}

func TestStreamsEnd(t *testing.T) {
	feeds, stopped := make(chan *feed, 1), make(chan struct{}, 1)
	g := newRig(t, ticks(feeds, stopped))
	users := g.api.options.Authenticator.(users)
	users["brief"] = identity.Identity{Tenant: "acme", User: users["bob"].User, Expires: time.Now().Add(50 * time.Millisecond)}
	r := g.follow(t, "/api/v1/ticks", "brief")
	<-feeds
	if got := r.next(t); got != (told{"end", `{"code":"SESSION_EXPIRED"}`}) {
		t.Errorf("when the credential ends: %+v", got)
	}
	<-stopped
	// Whoever does not read loses the stream, not memory.
	r = g.follow(t, "/api/v1/ticks", "ada")
	f := <-feeds
	f.mu.Lock()
	for range maxWaiting {
		f.waiting = append(f.waiting, event{"tick", []byte("0")})
	}
	f.mu.Unlock()
	f.push(event{"tick", []byte("1")})
	f.push(event{"tick", []byte("2")})
	if got := r.next(t); got != (told{"end", `{"code":"CONTINUITY_LOST"}`}) {
		t.Errorf("when too much waits: %+v", got)
	}
	<-stopped
	r = g.follow(t, "/api/v1/ticks", "ada")
	<-feeds
	g.end()
	if got := r.next(t); got != (told{"end", `{"code":"STOPPING"}`}) {
		t.Errorf("when the broker stops: %+v", got)
	}
	<-stopped
	if got := r.next(t); got.name != "" {
		t.Errorf("after the end: %+v", got)
	}
}

func TestStreamsOfOneUserAreBounded(t *testing.T) {
	feeds, stopped := make(chan *feed, 100), make(chan struct{}, 100)
	g := newRig(t, ticks(feeds, stopped))
	var open []*reader
	for range maxStreamsOfUser {
		open = append(open, g.follow(t, "/api/v1/ticks", "ada"))
		<-feeds
	}
	got := g.get(t, "/api/v1/ticks")
	if f := got.fault(t); got.StatusCode != 429 || f.Code != "QUOTA_EXCEEDED" || !f.Retryable || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %+v", got.StatusCode, f)
	}
	g.follow(t, "/api/v1/ticks", "bob")
	<-feeds
	open[0].stop()
	<-stopped
	until(t, func() bool {
		g.api.streams.mu.Lock()
		defer g.api.streams.mu.Unlock()
		return g.api.streams.all == maxStreamsOfUser
	})
	g.follow(t, "/api/v1/ticks", "ada")
	<-feeds
}
