package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/records"
	"github.com/crossframe/crossframe/broker/store"
)

// withRecords serves the records of a new store, with a real engine in memory.
func withRecords(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	all, err := records.New(ctx, s.Bucket(store.Records))
	if err != nil {
		t.Fatal(err)
	}
	g := newRig(t, Records(all)...)
	t.Cleanup(func() { g.end(); all.Close(); _ = s.Close() })
	return g
}

// record is a record as a program reads it.
type record struct {
	Kind, Owner, Name, Revision, By string
	At                              time.Time
	Value                           json.RawMessage
}

func (a answer) record(t *testing.T) (r record) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &r); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	return r
}

// TestARecordsLife is the walk of docs/api.md.
func TestARecordsLife(t *testing.T) {
	g := withRecords(t)
	const path = "/api/v1/records/layouts/me/Morning%20view"
	if got := g.get(t, path); got.StatusCode != 404 || got.fault(t).Code != "NOT_FOUND" {
		t.Fatalf("before: %d %s", got.StatusCode, got.body)
	}
	made := g.send(t, "ada", "PUT", path, `{"tabs":[1,2]}`, "If-None-Match", "*")
	r := made.record(t)
	if made.StatusCode != 201 || r.Kind != "layouts" || r.Owner != "user:ada" || r.Name != "Morning view" || r.By != "ada" || string(r.Value) != `{"tabs":[1,2]}` || r.At.IsZero() {
		t.Fatalf("made: %d %s", made.StatusCode, made.body)
	}
	tag := made.Header.Get("ETag")
	if tag != `"`+r.Revision+`"` {
		t.Errorf("ETag %s, revision %s", tag, r.Revision)
	}
	if got := g.get(t, "/api/v1/records/layouts/user:ada/Morning%20view"); got.StatusCode != 200 || got.body != made.body || got.Header.Get("ETag") != tag {
		t.Errorf("read: %d %s", got.StatusCode, got.body)
	}
	if got := g.get(t, path, "If-None-Match", tag); got.StatusCode != 304 || got.body != "" {
		t.Errorf("unchanged: %d %s", got.StatusCode, got.body)
	}
	if got := g.send(t, "ada", "PUT", path, `1`, "If-None-Match", "*"); got.StatusCode != 412 || got.fault(t).Code != "REVISION_CONFLICT" {
		t.Errorf("made twice: %d %s", got.StatusCode, got.body)
	}
	second := g.send(t, "ada", "PUT", path, `2`, "If-Match", tag)
	if second.StatusCode != 200 || second.Header.Get("ETag") == tag {
		t.Errorf("written: %d %s", second.StatusCode, second.body)
	}
	if got := g.send(t, "ada", "PUT", path, `3`, "If-Match", tag); got.StatusCode != 412 || got.fault(t).Code != "REVISION_CONFLICT" {
		t.Errorf("written over an older one: %d %s", got.StatusCode, got.body)
	}
	for _, condition := range []string{"*", second.Header.Get("ETag")} {
		if got := g.send(t, "ada", "PUT", path, `4`, "If-Match", condition); got.StatusCode != 200 && condition == "*" {
			t.Errorf("If-Match %s: %d %s", condition, got.StatusCode, got.body)
		}
	}
	if got := g.send(t, "ada", "PUT", path, `5`); got.StatusCode != 200 {
		t.Errorf("without a condition: %d %s", got.StatusCode, got.body)
	}
	if got := g.do(t, ask{"DELETE", path, nil, []string{"As", "ada", "If-Match", tag}}); got.StatusCode != 412 {
		t.Errorf("delete an older one: %d", got.StatusCode)
	}
	if got := g.do(t, ask{"DELETE", path, nil, []string{"As", "ada"}}); got.StatusCode != 204 || got.body != "" {
		t.Errorf("delete: %d %s", got.StatusCode, got.body)
	}
	if got := g.do(t, ask{"DELETE", path, nil, []string{"As", "ada"}}); got.StatusCode != 404 {
		t.Errorf("delete again: %d", got.StatusCode)
	}
}

func TestRequestsForRecordsThatAreRefused(t *testing.T) {
	g := withRecords(t)
	for name, test := range map[string]struct {
		who, method, path, body string
		lines                   []string
		status                  int
		code                    string
	}{
		"another's layout":       {"bob", "GET", "/layouts/user:ada/x", "", nil, 403, "PERMISSION_DENIED"},
		"write another's layout": {"ada", "PUT", "/layouts/user:bob/x", "1", nil, 403, "PERMISSION_DENIED"},
		"write everyone's":       {"bob", "PUT", "/layouts/everyone/x", "1", nil, 403, "PERMISSION_DENIED"},
		"own entitlement":        {"bob", "PUT", "/entitlements/me/x", "1", nil, 403, "PERMISSION_DENIED"},
		"another's list":         {"bob", "GET", "/layouts/role:admin", "", nil, 403, "PERMISSION_DENIED"},
		"no owner":               {"ada", "GET", "/layouts/somebody/x", "", nil, 400, "INVALID_ARGUMENT"},
		"no owner's name":        {"ada", "GET", "/layouts/user/x", "", nil, 400, "INVALID_ARGUMENT"},
		"no kind":                {"ada", "GET", "/nothing", "", nil, 404, "NOT_FOUND"},
		"no kind of change":      {"ada", "GET", "/changes?kind=nothing", "", nil, 404, "NOT_FOUND"},
		"no name":                {"ada", "PUT", "/layouts/me/%20", "1", nil, 400, "INVALID_NAME"},
		"no number":              {"ada", "GET", "/layouts?limit=many", "", nil, 400, "INVALID_ARGUMENT"},
		"too many":               {"ada", "GET", "/layouts?limit=501", "", nil, 400, "INVALID_ARGUMENT"},
		"no cursor":              {"ada", "GET", "/layouts?after=x", "", nil, 400, "INVALID_ARGUMENT"},
		"too large":              {"ada", "PUT", "/layouts/me/x", `"` + strings.Repeat("x", records.MaxValueBytes) + `"`, nil, 413, "TOO_LARGE"},
		"no JSON":                {"ada", "PUT", "/layouts/me/x", "{", nil, 400, "BAD_MESSAGE"},
		"a list is not written":  {"ada", "PUT", "/layouts/me", "1", nil, 405, "METHOD_NOT_ALLOWED"},
		"both conditions":        {"ada", "PUT", "/layouts/me/x", "1", []string{"If-Match", "*", "If-None-Match", "*"}, 400, "INVALID_ARGUMENT"},
		"a tag without quotes":   {"ada", "PUT", "/layouts/me/x", "1", []string{"If-Match", "abc"}, 400, "INVALID_ARGUMENT"},
		"a weak tag":             {"ada", "PUT", "/layouts/me/x", "1", []string{"If-Match", `W/"abc"`}, 400, "INVALID_ARGUMENT"},
		"two tags":               {"ada", "PUT", "/layouts/me/x", "1", []string{"If-Match", `"a", "b"`}, 400, "INVALID_ARGUMENT"},
		"not this tag":           {"ada", "PUT", "/layouts/me/x", "1", []string{"If-None-Match", `"a"`}, 400, "INVALID_ARGUMENT"},
		"delete what is absent":  {"ada", "DELETE", "/layouts/me/x", "", []string{"If-None-Match", "*"}, 400, "INVALID_ARGUMENT"},
		"another tenant":         {"eve", "GET", "/layouts/user:ada/x", "", nil, 404, "NOT_FOUND"},
	} {
		got := g.send(t, test.who, test.method, "/api/v1/records"+test.path, test.body, test.lines...)
		if f := got.fault(t); got.StatusCode != test.status || f.Code != test.code {
			t.Errorf("%s: %d %+v, want %d %s", name, got.StatusCode, f, test.status, test.code)
		}
	}
}

func TestListsOfRecords(t *testing.T) {
	g := withRecords(t)
	for _, path := range []string{"layouts/me/b", "layouts/me/a", "layouts/everyone/c", "layouts/role/t?id=trader", "preferences/me/p"} {
		if got := g.send(t, "ada", "PUT", "/api/v1/records/"+path, `{}`); got.StatusCode != 201 {
			t.Fatalf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	list := func(who, path string) (names, next string) {
		got := g.do(t, ask{"GET", "/api/v1/records/" + path, nil, []string{"As", who}})
		var page struct {
			Records []record
			Next    string
		}
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.StatusCode != 200 {
			t.Fatalf("%s: %d %s", path, got.StatusCode, got.body)
		}
		var all []string
		for _, r := range page.Records {
			all = append(all, r.Owner+" "+r.Name)
		}
		return strings.Join(all, ", "), page.Next
	}
	if got, next := list("ada", "layouts"); got != "user:ada a, user:ada b, role:trader t, everyone c" || next != "" {
		t.Errorf("ada: %s %q", got, next)
	}
	if got, _ := list("bob", "layouts"); got != "role:trader t, everyone c" {
		t.Errorf("bob: %s", got)
	}
	if got, _ := list("ada", "layouts/everyone"); got != "everyone c" {
		t.Errorf("everyone's: %s", got)
	}
	if got, _ := list("eve", "layouts"); got != "" {
		t.Errorf("another tenant: %s", got)
	}
	first, next := list("ada", "layouts?limit=3")
	rest, end := list("ada", "layouts?limit=3&after="+next)
	if first != "user:ada a, user:ada b, role:trader t" || rest != "everyone c" || end != "" {
		t.Errorf("pages: %s | %s", first, rest)
	}
}

func TestChangesOfRecordsAreTold(t *testing.T) {
	g := withRecords(t)
	all, layouts := g.follow(t, "/api/v1/records/changes", "bob"), g.follow(t, "/api/v1/records/changes?kind=layouts", "bob")
	for _, r := range []*reader{all, layouts} {
		if got := r.next(t); got != (told{"begun", "{}"}) {
			t.Fatalf("%+v", got)
		}
	}
	g.send(t, "ada", "PUT", "/api/v1/records/layouts/me/private", `1`)
	g.send(t, "ada", "PUT", "/api/v1/records/preferences/everyone/theme", `"dark"`)
	made := g.send(t, "bob", "PUT", "/api/v1/records/layouts/me/mine", `1`).record(t)
	g.do(t, ask{"DELETE", "/api/v1/records/layouts/me/mine", nil, []string{"As", "bob"}})
	mine := told{"changed", `{"kind":"layouts","owner":"user:bob","name":"mine","revision":"` + made.Revision + `"}`}
	gone := told{"deleted", `{"kind":"layouts","owner":"user:bob","name":"mine"}`}
	if got := all.next(t); got.name != "changed" || !strings.HasPrefix(got.data, `{"kind":"preferences","owner":"everyone","name":"theme","revision":"`) {
		t.Errorf("first: %+v", got)
	}
	for _, r := range []*reader{all, layouts} {
		if got := r.next(t); got != mine {
			t.Errorf("%+v, want %+v", got, mine)
		}
		if got := r.next(t); got != gone {
			t.Errorf("%+v, want %+v", got, gone)
		}
	}
}
