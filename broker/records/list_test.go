package records

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// fill writes records "owner name", as whoever may.
func fill(t *testing.T, r *Records, kind string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		owner, name, _ := strings.Cut(text, " ")
		o, err := ParseOwner(owner, &bob)
		if err != nil {
			t.Fatal(err)
		}
		who := &admin
		if o.Kind == ownerUser && kinds[kind].own {
			who = &identity.Identity{Tenant: "acme", User: protocol.User{ID: o.Name}}
		}
		if _, _, err := r.Put(t.Context(), who, Ref{kind, o, name}, []byte(`1`), Condition{}); err != nil {
			t.Fatal(err)
		}
	}
}

func namesOf(page Page) string {
	var list []string
	for _, record := range page.Records {
		list = append(list, record.Owner.String()+" "+record.Name)
	}
	return strings.Join(list, ", ")
}

func TestListsAndPages(t *testing.T) {
	r := open(t)
	fill(t, r, "layouts", "me c", "me a", "me b", "role:trader t", "role:admin x", "everyone e", "everyone d", "user:carl z")
	fill(t, r, "preferences", "me other")
	all := "user:bob a, user:bob b, user:bob c, role:trader t, everyone d, everyone e"
	page, err := r.List(t.Context(), &bob, Query{Kind: "layouts"})
	if err != nil || namesOf(page) != all || page.Next != "" {
		t.Errorf("%s %q %v", namesOf(page), page.Next, err)
	}
	for limit := 1; limit <= 7; limit++ {
		var parts []string
		q, pages := Query{Kind: "layouts", Limit: limit}, 0
		for {
			page, err := r.List(t.Context(), &bob, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Records) > limit {
				t.Errorf("limit %d: a page of %d", limit, len(page.Records))
			}
			parts = append(parts, namesOf(page))
			pages++
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if got := strings.Join(parts, ", "); got != all || pages != (6+limit-1)/limit {
			t.Errorf("limit %d: %s in %d pages", limit, got, pages)
		}
	}
	owner := Everyone
	if page, err := r.List(t.Context(), &bob, Query{Kind: "layouts", Owner: &owner, Limit: 1}); err != nil || namesOf(page) != "everyone d" || page.Next == "" {
		t.Errorf("everyone's: %s, %v", namesOf(page), err)
	}
	if page, err := r.List(t.Context(), &bob, Query{Kind: "roles"}); err != nil || len(page.Records) != 0 {
		t.Errorf("none: %+v, %v", page, err)
	}
	lost, _ := r.List(t.Context(), &bob, Query{Kind: "layouts", Limit: 4})
	for name, q := range map[string]Query{
		"a limit that is too large": {Kind: "layouts", Limit: maxLimit + 1},
		"a limit below one":         {Kind: "layouts", Limit: -1},
		"no cursor":                 {Kind: "layouts", After: "???"},
		"half a cursor":             {Kind: "layouts", After: "YQ"},
		"another's cursor":          {Kind: "layouts", After: cursor{user("carl"), "a"}.String()},
	} {
		if _, err := r.List(t.Context(), &bob, q); codeOf(t, err) != protocol.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	without := bob
	without.Roles = nil
	if _, err := r.List(t.Context(), &without, Query{Kind: "layouts", After: lost.Next}); codeOf(t, err) != protocol.InvalidArgument {
		t.Errorf("after the role was lost: %v", err)
	}
}

// TestAPageHasSoManyBytes: however many records are asked for.
func TestAPageHasSoManyBytes(t *testing.T) {
	r := open(t)
	value := []byte(`"` + strings.Repeat("x", MaxValueBytes-2) + `"`)
	for i := range 20 {
		if _, _, err := r.Put(t.Context(), &bob, Ref{"layouts", user("bob"), fmt.Sprint(10 + i)}, value, Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	page, err := r.List(t.Context(), &bob, Query{Kind: "layouts", Limit: maxLimit})
	if err != nil || len(page.Records) != maxPageBytes/MaxValueBytes || page.Next == "" {
		t.Errorf("%d records, %v", len(page.Records), err)
	}
	if page, err = r.List(t.Context(), &bob, Query{Kind: "layouts", Limit: maxLimit, After: page.Next}); err != nil || len(page.Records) != 4 || page.Next != "" {
		t.Errorf("the rest: %d records, %v", len(page.Records), err)
	}
}

// diary is what a watcher was told.
type diary struct {
	mu   sync.Mutex
	told []string
}

func (d *diary) tell(c Change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := c.Kind + " " + c.Owner.String() + " " + c.Name
	if c.Deleted {
		text = "-" + text
	}
	if (c.Revision == "") != c.Deleted {
		text += " with the revision " + c.Revision
	}
	d.told = append(d.told, text)
}

// await waits until so many changes were told, and returns them.
func (d *diary) await(t *testing.T, n int) string {
	t.Helper()
	for range 2000 {
		d.mu.Lock()
		if len(d.told) >= n {
			defer d.mu.Unlock()
			return strings.Join(d.told, ", ")
		}
		d.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("told %q only", d.told)
	return ""
}

// TestChangesAreTold: to whoever may read them, also by another broker of the same store, and to nobody else.
func TestChangesAreTold(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	here, there := over(t, s), over(t, s)
	fill(t, here, "layouts", "me before")
	var ofBob, ofCarl, ofEve, layouts, last diary
	watch := func(who identity.Identity, kind string, d *diary) func() {
		stop, err := there.Watch(who, kind, d.tell)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		return stop
	}
	settle := func(n int) {
		t.Helper()
		// A change that everybody of the tenant is told of is behind all that came before it.
		fill(t, here, "preferences", "everyone mark")
		last.await(t, n)
	}
	watch(admin, "preferences", &last)
	settle(1)
	stop := watch(bob, "", &ofBob)
	watch(carl, "", &ofCarl)
	watch(eve, "", &ofEve)
	watch(bob, "layouts", &layouts)
	fill(t, here, "layouts", "me a", "role:trader t", "user:carl c", "everyone e")
	fill(t, here, "entitlements", "me n")
	if err := here.Delete(ctx, &bob, Ref{"layouts", user("bob"), "a"}, Condition{}); err != nil {
		t.Fatal(err)
	}
	settle(2)
	const bobs = "layouts user:bob a, layouts role:trader t, layouts everyone e, entitlements user:bob n, -layouts user:bob a, preferences everyone mark"
	if got := ofBob.await(t, 6); got != bobs {
		t.Errorf("bob: %s", got)
	}
	if got := ofCarl.await(t, 3); got != "layouts user:carl c, layouts everyone e, preferences everyone mark" {
		t.Errorf("carl: %s", got)
	}
	if got := layouts.await(t, 4); got != "layouts user:bob a, layouts role:trader t, layouts everyone e, -layouts user:bob a" {
		t.Errorf("layouts: %s", got)
	}
	stop()
	fill(t, here, "layouts", "me z")
	settle(3)
	if got := ofBob.await(t, 6); got != bobs {
		t.Errorf("bob after the end: %s", got)
	}
	if got := ofEve.await(t, 0); got != "" {
		t.Errorf("another tenant: %s", got)
	}
	if _, err := there.Watch(bob, "none", ofBob.tell); codeOf(t, err) != NotFound {
		t.Errorf("an unknown kind: %v", err)
	}
}
