package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/protocol"
)

// shelf is a source whose apps a test sets.
type shelf struct {
	mu   sync.Mutex
	apps []protocol.Definition
}

func (s *shelf) Name() string         { return "shelf" }
func (s *shelf) Every() time.Duration { return time.Hour }

func (s *shelf) Load(context.Context) (*directory.Listing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &directory.Listing{Apps: s.apps, Refused: []directory.Refused{{App: "bad", Reason: "it is bad"}}}, nil
}

func (s *shelf) set(apps ...protocol.Definition) { s.mu.Lock(); s.apps = apps; s.mu.Unlock() }

var (
	crm = protocol.Definition{Name: "crm", Title: "Customers", URL: "https://crm.example.com/", Version: "1.2", Categories: []string{"crm"},
		Custom: protocol.Raw(`{"appD":{"name":"CRM","interop":{"intents":{"listensFor":{"ViewContact":{"contexts":["fdc3.contact"]},"StartChat":{"contexts":["fdc3.contactList"]}}}}}}`)}
	chart = protocol.Definition{Name: "my chart", Description: "Plots PRICES", URL: "https://chart.example.com/", Grants: &protocol.Grants{Offer: []string{"chart.*"}}}
)

// withDirectory serves a directory that has crm and chart.
func withDirectory(t *testing.T) (*rig, *directory.Catalog, *shelf) {
	t.Helper()
	s := new(shelf)
	s.set(crm, chart)
	catalog := directory.NewCatalog(slog.New(slog.DiscardHandler), nil, s)
	catalog.Load(t.Context())
	return newRig(t, Directory(catalog)...), catalog, s
}

func TestTheListIsInTheStandardsForm(t *testing.T) {
	g, catalog, s := withDirectory(t)
	got := g.get(t, "/api/v1/fdc3/v2/apps")
	var list struct {
		Applications []struct {
			AppID, Name, Type string
			Details           struct{ URL string }
			HostManifests     map[string]any
		}
		Message string
	}
	if err := json.Unmarshal([]byte(got.body), &list); err != nil || got.StatusCode != 200 || list.Message != "OK" || len(list.Applications) != 2 {
		t.Fatalf("%d %s %v", got.StatusCode, got.body, err)
	}
	if a := list.Applications[0]; a.AppID != "crm" || a.Name != "CRM" || a.Type != "web" || a.Details.URL != crm.URL || a.HostManifests != nil {
		t.Errorf("%+v", a)
	}
	if a := list.Applications[1]; a.AppID != "my chart" || a.HostManifests["Crossframe"] == nil {
		t.Errorf("%+v", a)
	}
	tag := got.Header.Get("ETag")
	if again := g.get(t, "/api/v1/fdc3/v2/apps", "If-None-Match", `"x", W/`+tag); again.StatusCode != 304 || again.body != "" || again.Header.Get("ETag") != tag {
		t.Errorf("unchanged: %d %q", again.StatusCode, again.body)
	}
	s.set(crm)
	catalog.Load(t.Context())
	if again := g.get(t, "/api/v1/fdc3/v2/apps", "If-None-Match", tag); again.StatusCode != 200 || again.Header.Get("ETag") == tag {
		t.Errorf("changed: %d", again.StatusCode)
	}
	if got := g.do(t, ask{"GET", "/api/v1/fdc3/v2/apps", nil, nil}); got.StatusCode != 401 {
		t.Errorf("nobody: %d", got.StatusCode)
	}
}

func TestOneApp(t *testing.T) {
	g, _, _ := withDirectory(t)
	if got := g.get(t, "/api/v1/fdc3/v2/apps/my%20chart"); got.StatusCode != 200 || got.body != string(directory.Record(&chart)) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	for _, name := range []string{"none", "search", "CRM"} {
		if got := g.get(t, "/api/v1/fdc3/v2/apps/"+name); got.StatusCode != 404 || got.fault(t).Code != "APP_NOT_FOUND" {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
}

func TestSearch(t *testing.T) {
	g, _, _ := withDirectory(t)
	for search, want := range map[string]string{
		`{}`:                                    "crm, my chart",
		`{"appId":"crm"}`:                       "crm",
		`{"name":"CRM"}`:                        "crm",
		`{"name":"crm"}`:                        "",
		`{"title":"Customers","version":"1.2"}`: "crm",
		`{"version":"1.3"}`:                     "",
		`{"category":"crm"}`:                    "crm",
		`{"text":"prices"}`:                     "my chart",
		`{"text":"C"}`:                          "crm, my chart",
		`{"intent":"ViewContact"}`:              "crm",
		`{"intent":"ViewContact","context":"fdc3.contact"}`:     "crm",
		`{"intent":"ViewContact","context":"fdc3.contactList"}`: "",
		`{"context":"fdc3.contactList"}`:                        "crm",
		`{"intent":"ViewChart"}`:                                "",
	} {
		got := g.send(t, "ada", "POST", "/api/v1/fdc3/v2/apps/search", search)
		var list struct{ Applications []struct{ AppID string } }
		if err := json.Unmarshal([]byte(got.body), &list); err != nil || got.StatusCode != 200 {
			t.Fatalf("%s: %d %s", search, got.StatusCode, got.body)
		}
		var names []string
		for _, a := range list.Applications {
			names = append(names, a.AppID)
		}
		if found := strings.Join(names, ", "); found != want {
			t.Errorf("%s found %s, want %s", search, found, want)
		}
	}
	for _, search := range []string{`{"id":"crm"}`, `{"text":7}`, `[]`, `"crm"`, `null`} {
		if got := g.send(t, "ada", "POST", "/api/v1/fdc3/v2/apps/search", search); got.StatusCode != 400 || got.fault(t).Code != "INVALID_ARGUMENT" {
			t.Errorf("%s: %d %s", search, got.StatusCode, got.body)
		}
	}
}

func TestSourcesAreForAdmins(t *testing.T) {
	g, _, _ := withDirectory(t)
	got := g.get(t, "/api/v1/directory/sources")
	if got.StatusCode != 200 || !strings.Contains(got.body, `"name":"shelf"`) || !strings.Contains(got.body, `"apps":2`) || !strings.Contains(got.body, `{"app":"bad","reason":"it is bad"}`) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if got := g.do(t, ask{"GET", "/api/v1/directory/sources", nil, []string{"As", "bob"}}); got.StatusCode != 403 || got.fault(t).Code != "PERMISSION_DENIED" {
		t.Errorf("bob: %d %s", got.StatusCode, got.body)
	}
}

func TestChangesAreToldToPages(t *testing.T) {
	g, catalog, s := withDirectory(t)
	stream := g.follow(t, "/api/v1/directory/changes", "ada")
	told := func() string {
		e := stream.next(t)
		var change struct{ Tag string }
		if err := json.Unmarshal([]byte(e.data), &change); err != nil || e.name != "changed" {
			t.Fatalf("%+v", e)
		}
		if tag := catalog.Snapshot().Tag; change.Tag != tag {
			t.Errorf("told %s, the list has %s", change.Tag, tag)
		}
		return change.Tag
	}
	first := told()
	catalog.Load(t.Context())
	s.set(chart)
	catalog.Load(t.Context())
	if told() == first {
		t.Error("a change that is none was told")
	}
}
