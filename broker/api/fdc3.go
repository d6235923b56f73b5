package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Directory returns the routes of the app directory: FDC3's API (version 2) below /api/v1/fdc3/v2, and what that does not
// have: a search, the changes, and for admins how the sources are.
func Directory(catalog *directory.Catalog) []Route {
	d := apps{catalog}
	get := func(h handler) map[string]handler { return map[string]handler{http.MethodGet: h} }
	return []Route{
		{"/api/v1/fdc3/v2/apps", get(d.all)},
		{"/api/v1/fdc3/v2/apps/{app}", get(func(c *call) error { return d.one(c, c.r.PathValue("app")) })},
		// There may be an app of that name.
		{"/api/v1/fdc3/v2/apps/search", map[string]handler{
			http.MethodPost: d.search, http.MethodGet: func(c *call) error { return d.one(c, "search") },
		}},
		{"/api/v1/directory/changes", get(d.changes)},
		{"/api/v1/directory/sources", get(d.sources)},
	}
}

// apps answers for a catalog.
type apps struct{ catalog *directory.Catalog }

// all answers with every record.
func (d apps) all(c *call) error {
	now := d.catalog.Snapshot()
	tag := `"` + now.Tag + `"`
	c.w.Header().Set("ETag", tag)
	if matches(c.r.Header.Values("If-None-Match"), tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	list := make([]*directory.Entry, len(now.Entries))
	for i := range now.Entries {
		list[i] = &now.Entries[i]
	}
	return c.answer(http.StatusOK, applications(list))
}

func (d apps) one(c *call, name string) error {
	entry, ok := d.catalog.Snapshot().Find(name)
	if !ok {
		return refuse(http.StatusNotFound, string(protocol.AppNotFound), "The directory has no app of that id.")
	}
	return c.answer(http.StatusOK, entry.Record)
}

// applications writes records in the standard's form of an answer.
func applications(list []*directory.Entry) []byte {
	out := []byte(`{"applications":[`)
	for i, entry := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, entry.Record...)
	}
	return append(out, `],"message":"OK"}`...)
}

// query is what an app must be; all of what is set must hold.
type query struct {
	AppID    string `json:"appId"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Version  string `json:"version"`
	Category string `json:"category"`
	// Text is somewhere in id, title, description or categories, in capitals or not.
	Text string `json:"text"`
	// Intent is one that the app listens for; with Context, with a context of that type.
	Intent  string `json:"intent"`
	Context string `json:"context"`
}

func (d apps) search(c *call) error {
	var q query
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	if jsontext.Kind(c.body) != jsontext.KindObject || decoder.Decode(&q) != nil {
		return refuse(http.StatusBadRequest, string(protocol.InvalidArgument), "A search has the members appId, name, title, version, category, text, intent and context, all of them texts.")
	}
	q.Text = strings.ToLower(q.Text)
	now := d.catalog.Snapshot()
	var found []*directory.Entry
	for i := range now.Entries {
		if q.matches(&now.Entries[i]) {
			found = append(found, &now.Entries[i])
		}
	}
	return c.answer(http.StatusOK, applications(found))
}

func (q *query) matches(entry *directory.Entry) bool {
	d := &entry.Definition
	equal := func(want, is string) bool { return want == "" || want == is }
	if !equal(q.AppID, d.Name) || !equal(q.Title, d.Title) || !equal(q.Version, d.Version) {
		return false
	}
	if q.Category != "" && !slices.Contains(d.Categories, q.Category) {
		return false
	}
	if q.Text != "" && !strings.Contains(strings.ToLower(strings.Join(append([]string{d.Name, d.Title, d.Description}, d.Categories...), "\n")), q.Text) {
		return false
	}
	if q.Name == "" && q.Intent == "" && q.Context == "" {
		return true
	}
	return q.matchesRecord(entry.Record)
}

// matchesRecord looks at what only the record says.
func (q *query) matchesRecord(text []byte) bool {
	var record struct {
		Name    string `json:"name"`
		Interop struct {
			Intents struct {
				ListensFor map[string]struct {
					Contexts []string `json:"contexts"`
				} `json:"listensFor"`
			} `json:"intents"`
		} `json:"interop"`
	}
	// Records of others may have anything where intents should be; then they listen for none.
	_ = json.Unmarshal(text, &record)
	if q.Name != "" && q.Name != record.Name {
		return false
	}
	if q.Intent == "" && q.Context == "" {
		return true
	}
	for intent, listens := range record.Interop.Intents.ListensFor {
		if (q.Intent == "" || q.Intent == intent) && (q.Context == "" || slices.Contains(listens.Contexts, q.Context)) {
			return true
		}
	}
	return false
}

// changes tells the tag of the list now, and of each later one.
func (d apps) changes(c *call) error {
	return c.stream(func(f *feed) (func(), error) {
		return d.catalog.Watch(func(now *directory.Snapshot) {
			f.push(event{"changed", append(jsontext.AppendString([]byte(`{"tag":`), now.Tag), '}')})
		}), nil
	})
}

func (d apps) sources(c *call) error {
	if !c.who.HasRole(identity.RoleAdmin) {
		return refuse(http.StatusForbidden, string(protocol.PermissionDenied), "This is for the role "+identity.RoleAdmin+".")
	}
	body, err := json.Marshal(struct {
		Sources []directory.Status `json:"sources"`
	}{d.catalog.Snapshot().Sources})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, body)
}

// matches reports whether a list of entity tags has the tag (RFC 9110, section 13.1.2); "*" is any.
func matches(lists []string, tag string) bool {
	for _, list := range lists {
		for item := range strings.SplitSeq(list, ",") {
			item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
			if item == tag || item == "*" {
				return true
			}
		}
	}
	return false
}
