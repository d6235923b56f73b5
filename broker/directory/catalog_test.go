package directory

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// scripted is a source whose loads a test gives.
type scripted struct {
	name  string
	every time.Duration
	mu    sync.Mutex
	load  func() (*Listing, error)
}

func (s *scripted) Name() string         { return s.name }
func (s *scripted) Every() time.Duration { return s.every }

func (s *scripted) Load(context.Context) (*Listing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load()
}

func (s *scripted) set(load func() (*Listing, error)) { s.mu.Lock(); s.load = load; s.mu.Unlock() }

// listed is a load of apps, each "name" or "name=title".
func listed(apps ...string) func() (*Listing, error) {
	l := new(Listing)
	for _, app := range apps {
		name, title, _ := strings.Cut(app, "=")
		l.Apps = append(l.Apps, protocol.Definition{Name: name, Title: title, URL: "https://" + name + ".example"})
	}
	return func() (*Listing, error) { return l, nil }
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// names are the entries as "name@source".
func names(s *Snapshot) string {
	var list []string
	for _, e := range s.Entries {
		list = append(list, e.Definition.Name+"@"+e.Source)
	}
	return strings.Join(list, " ")
}

func TestTheEarlierSourceCounts(t *testing.T) {
	own := Fixed("own", []protocol.Definition{{Name: "a", URL: "https://a.example"}, {Name: "b", URL: "https://b.example"}})
	one, two := &scripted{name: "one", load: listed("b=theirs", "c")}, &scripted{name: "two", load: listed("c=theirs", "d")}
	c := NewCatalog(quiet(), nil, own, one, two)
	if got := names(c.Snapshot()); got != "" {
		t.Errorf("before the load: %s", got)
	}
	c.Load(t.Context())
	s := c.Snapshot()
	if got := names(s); got != "a@own b@own c@one d@two" {
		t.Errorf("merged: %s", got)
	}
	if e, ok := s.Find("b"); !ok || e.Definition.Title != "" || !strings.Contains(string(e.Record), `"appId":"b"`) {
		t.Errorf("b is %+v", e)
	}
	if _, ok := s.Find("x"); ok {
		t.Error("there is no x")
	}
	if r := s.Sources[1].Refused; len(r) != 1 || r[0] != (Refused{"b", "there is an app of that name already, in own"}) || s.Sources[1].Apps != 1 {
		t.Errorf("%+v", s.Sources[1])
	}
}

// TestWhatASourceHadStays: a load that fails changes nothing but the status, and a source that lost an app has lost it.
func TestWhatASourceHadStays(t *testing.T) {
	source := &scripted{name: "one", load: listed("a", "b")}
	c := NewCatalog(quiet(), nil, source)
	c.Load(t.Context())
	before := c.Snapshot()
	source.set(func() (*Listing, error) { return nil, errors.New("down") })
	c.Load(t.Context())
	s := c.Snapshot()
	if names(s) != "a@one b@one" || s.Tag != before.Tag || s.Sources[0].Fault != "down" || s.Sources[0].Loaded == nil {
		t.Errorf("while it is down: %s %+v", names(s), s.Sources[0])
	}
	source.set(func() (*Listing, error) { return nil, nil })
	c.Load(t.Context())
	if s := c.Snapshot(); names(s) != "a@one b@one" || s.Sources[0].Fault != "" {
		t.Errorf("unchanged: %s %+v", names(s), s.Sources[0])
	}
	source.set(listed("b"))
	c.Load(t.Context())
	if s := c.Snapshot(); names(s) != "b@one" || s.Tag == before.Tag {
		t.Errorf("after a loss: %s", names(s))
	}
}

func TestAppsOfTheMainPageAreRefused(t *testing.T) {
	page, err := origin.Parse("https://desk.example.com")
	if err != nil {
		t.Fatal(err)
	}
	source := Fixed("up", []protocol.Definition{
		{Name: "thief", URL: "https://desk.example.com/app"},
		{Name: "boxed", URL: "https://desk.example.com/app", AllowOpaque: true, Frame: protocol.Frame{Sandbox: []string{"allow-scripts"}}},
		{Name: "fine", URL: "https://fine.example.com"},
	})
	c := NewCatalog(quiet(), ApartFrom([]origin.Origin{page}), source)
	c.Load(t.Context())
	s := c.Snapshot()
	if names(s) != "boxed@up fine@up" || len(s.Sources[0].Refused) != 1 || !strings.Contains(s.Sources[0].Refused[0].Reason, "could take over the page") {
		t.Errorf("%s %+v", names(s), s.Sources[0])
	}
}

// TestChangesAreTold: of each other state once, in order, and of none that is the same.
func TestChangesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &scripted{name: "one", every: time.Minute, load: listed("a")}
		c := NewCatalog(quiet(), nil, source)
		ctx, cancel := context.WithCancel(t.Context())
		c.Load(ctx)
		var told []string
		stop := c.Watch(func(s *Snapshot) { told = append(told, names(s)) })
		ended := make(chan struct{})
		go func() { c.Run(ctx); close(ended) }()
		step := func(load func() (*Listing, error), want ...string) {
			t.Helper()
			source.set(load)
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := strings.Join(told, ", "); got != strings.Join(want, ", ") {
				t.Errorf("told %s, want %s", got, want)
			}
		}
		step(listed("a"), "a@one")
		step(listed("a", "b"), "a@one", "a@one b@one")
		step(func() (*Listing, error) { return nil, errors.New("down") }, "a@one", "a@one b@one")
		step(listed("b"), "a@one", "a@one b@one", "b@one")
		stop()
		step(listed("c"), "a@one", "a@one b@one", "b@one")
		stop()
		cancel()
		<-ended
	})
}
