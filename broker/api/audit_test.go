package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/records"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// newAuditRig serves records and the trail of a store in memory, in which what is nobody's is acme's.
func newAuditRig(t *testing.T) (g *rig, trail *audit.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	kept, err := records.New(ctx, s.Bucket(store.Records))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kept.Close)
	trail = audit.New(audit.Options{To: s.Audit(), Node: "n1", Operators: "acme", Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { trail.Close(context.Background()) })
	g = newRig(t, append(Records(kept), Audit(s.Audit()))...)
	g.api.options.Audit = trail
	return g, trail
}

// search asks for events as ada, and returns them in few words.
func (g *rig) search(t *testing.T, trail *audit.Log, query string) (list []string, next string) {
	t.Helper()
	until(t, func() bool { return trail.Snapshot().Waiting == 0 })
	answer := g.get(t, "/api/v1/audit"+query)
	var page audit.Page
	if err := json.Unmarshal([]byte(answer.body), &page); answer.StatusCode != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s", query, answer.StatusCode, answer.body)
	}
	for _, e := range page.Events {
		if e.Request == "" && e.Code != audit.SessionBegun || e.Node != "n1" {
			t.Errorf("%+v", e)
		}
		list = append(list, strings.TrimSpace(strings.Join([]string{string(e.Code), e.User, e.Origin, e.Subject}, " ")))
	}
	return list, page.Next
}

// TestAPIIsAudited: refusals and changes by admins are in the trail, with the request's id; a user's own preferences are not, and
// nothing that was sent is.
func TestAPIIsAudited(t *testing.T) {
	g, trail := newAuditRig(t)
	const canary = "canary"
	g.do(t, ask{"GET", "/api/v1/me", nil, []string{"As", canary}})
	g.do(t, ask{"GET", "/api/v1/me", nil, []string{"As", "bob", "Origin", evil}})
	g.send(t, "bob", "PUT", "/api/v1/records/roles/user:bob/trader", `"`+canary+`"`)
	g.send(t, "bob", "PUT", "/api/v1/records/preferences/me/theme", `"`+canary+`"`)
	g.send(t, "ada", "PUT", "/api/v1/records/roles/user:bob/trader", `"`+canary+`"`)
	g.send(t, "ada", "PUT", "/api/v1/records/layouts/everyone/morning", `{}`)
	g.send(t, "ada", "DELETE", "/api/v1/records/layouts/everyone/morning", ``)
	g.send(t, "ada", "DELETE", "/api/v1/records/layouts/everyone/morning", ``)
	got, _ := g.search(t, trail, "")
	want := []string{
		"UNAUTHENTICATED", "ORIGIN_FORBIDDEN  " + evil, "PERMISSION_DENIED bob", "RECORD_WRITTEN ada  roles user:bob trader",
		"RECORD_WRITTEN ada  layouts everyone morning", "RECORD_DELETED ada  layouts everyone morning",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if text := g.get(t, "/api/v1/audit").body; strings.Contains(text, canary) {
		t.Error(text)
	}
}

// TestAuditSearch: admins and auditors read, each in his own tenant; filters and pages are as asked, and what cannot be read is
// refused.
func TestAuditSearch(t *testing.T) {
	g, trail := newAuditRig(t)
	people := g.api.options.Authenticator.(users)
	auditor := people["bob"]
	auditor.User.ID, auditor.Roles = "aud", []string{audit.RoleAuditor}
	people["aud"] = auditor
	for i := range 30 {
		trail.Note(audit.Event{Tenant: "acme", Code: audit.SessionBegun, User: fmt.Sprint("u", i%3), App: "crm"})
	}
	trail.Note(audit.Event{Tenant: "evil", Code: audit.SessionBegun, User: "u0"})
	if list, next := g.search(t, trail, "?user=u1&code=SESSION_BEGUN&app=crm"); len(list) != 10 || next != "" {
		t.Errorf("found %v, next %q", list, next)
	}
	after, n := "", 0
	for range 10 {
		list, next := g.search(t, trail, "?limit=7&after="+after)
		if n += len(list); next == "" {
			break
		}
		after = next
	}
	if n != 30 {
		t.Errorf("pages have %d events", n)
	}
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	for query, want := range map[string]int{"?until=" + tomorrow: 30, "?since=" + tomorrow: 0, "?code=NOTHING": 0} {
		if list, _ := g.search(t, trail, query); len(list) != want {
			t.Errorf("%s: %d events", query, len(list))
		}
	}
	for who, want := range map[string]int{"ada": 30, "aud": 30, "eve": 1} {
		answer := g.do(t, ask{"GET", "/api/v1/audit?code=SESSION_BEGUN", nil, []string{"As", who}})
		if got := strings.Count(answer.body, `"code":`); answer.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: %d, %d events", who, answer.StatusCode, got)
		}
	}
	if f := g.do(t, ask{"GET", "/api/v1/audit", nil, []string{"As", "bob"}}).fault(t); f.Code != string(protocol.PermissionDenied) {
		t.Errorf("without a role: %+v", f)
	}
	for _, query := range []string{"?since=yesterday", "?until=1", "?limit=0", "?limit=x", "?limit=1001", "?after=x"} {
		if answer := g.get(t, "/api/v1/audit"+query); answer.StatusCode != http.StatusBadRequest || answer.fault(t).Code != string(protocol.InvalidArgument) {
			t.Errorf("%s: %d %s", query, answer.StatusCode, answer.body)
		}
	}
	if answer := g.send(t, "ada", "DELETE", "/api/v1/audit", ""); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("deleting: %d", answer.StatusCode)
	}
}
