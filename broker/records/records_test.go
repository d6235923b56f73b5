package records

import (
	"context"
	"errors"
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

// The people of the tests.
var (
	admin = identity.Identity{Tenant: "acme", User: protocol.User{ID: "ada"}, Roles: []string{"admin"}}
	bob   = identity.Identity{Tenant: "acme", User: protocol.User{ID: "bob"}, Roles: []string{"trader"}}
	carl  = identity.Identity{Tenant: "acme", User: protocol.User{ID: "carl"}}
	eve   = identity.Identity{Tenant: "evil", User: protocol.User{ID: "bob"}, Roles: []string{"admin", "trader"}}
)

// open returns the records of a new store, with a real engine in memory.
func open(t *testing.T) *Records {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return over(t, s)
}

// over returns the records of a store, as a second broker would.
func over(t *testing.T, s *store.Store) *Records {
	t.Helper()
	r, err := New(t.Context(), s.Bucket(store.Records))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func user(id string) Owner   { return Owner{ownerUser, id} }
func role(name string) Owner { return Owner{ownerRole, name} }

// codeOf is the code of an error, or "" where there is none.
func codeOf(t *testing.T, err error) protocol.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	of := new(protocol.Fault)
	if !errors.As(err, &of) {
		t.Fatalf("%v has no code", err)
	}
	return of.Code
}

func TestARecordsLife(t *testing.T) {
	r, ref := open(t), Ref{"layouts", user("bob"), "Morning view"}
	if _, err := r.Get(t.Context(), &bob, ref); codeOf(t, err) != NotFound {
		t.Fatalf("before: %v", err)
	}
	first, created, err := r.Put(t.Context(), &bob, ref, []byte(`{"a": 1.50}`), Condition{})
	if err != nil || !created || first.Revision == "" || first.By != "bob" || first.At.IsZero() {
		t.Fatalf("made: %+v %v %v", first, created, err)
	}
	if got, err := r.Get(t.Context(), &bob, ref); err != nil || string(got.Value) != `{"a": 1.50}` || got.Revision != first.Revision || got.By != "bob" || !got.At.Equal(first.At) || got.Ref != ref {
		t.Errorf("read: %+v %v", got, err)
	}
	second, created, err := r.Put(t.Context(), &bob, ref, []byte(`2`), Condition{})
	if err != nil || created || second.Revision == first.Revision {
		t.Errorf("written: %+v %v %v", second, created, err)
	}
	if err := r.Delete(t.Context(), &bob, ref, Condition{}); err != nil {
		t.Error(err)
	}
	if _, err := r.Get(t.Context(), &bob, ref); codeOf(t, err) != NotFound {
		t.Errorf("after: %v", err)
	}
	if err := r.Delete(t.Context(), &bob, ref, Condition{}); codeOf(t, err) != NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if again, created, err := r.Put(t.Context(), &bob, ref, []byte(`3`), Condition{Absent: true}); err != nil || !created || again.Revision == first.Revision {
		t.Errorf("made again: %+v %v %v", again, created, err)
	}
}

func TestConditions(t *testing.T) {
	r, ref := open(t), Ref{"preferences", user("bob"), "theme"}
	put := func(c Condition) (Record, protocol.Code) {
		t.Helper()
		record, _, err := r.Put(t.Context(), &bob, ref, []byte(`1`), c)
		return record, codeOf(t, err)
	}
	for _, c := range []Condition{{Present: true}, {Revision: "x-1"}, {Revision: "nonsense"}} {
		if _, code := put(c); code != protocol.RevisionConflict {
			t.Errorf("%+v without a record: %q", c, code)
		}
	}
	first, _ := put(Condition{Absent: true})
	if _, code := put(Condition{Absent: true}); code != protocol.RevisionConflict {
		t.Errorf("made twice: %q", code)
	}
	second, code := put(Condition{Revision: first.Revision})
	if code != "" {
		t.Fatalf("over the first: %q", code)
	}
	if _, code := put(Condition{Revision: first.Revision}); code != protocol.RevisionConflict {
		t.Errorf("over the first again: %q", code)
	}
	epoch, sequence, _ := strings.Cut(second.Revision, "-")
	if _, code := put(Condition{Revision: epoch + "x-" + sequence}); code != protocol.RevisionConflict {
		t.Errorf("a revision of another epoch: %q", code)
	}
	if err := r.Delete(t.Context(), &bob, ref, Condition{Revision: first.Revision}); codeOf(t, err) != protocol.RevisionConflict {
		t.Errorf("delete the first: %v", err)
	}
	third, code := put(Condition{Present: true})
	if code != "" {
		t.Fatalf("over what is there: %q", code)
	}
	if err := r.Delete(t.Context(), &bob, ref, Condition{Revision: third.Revision}); err != nil {
		t.Error(err)
	}
}

// TestOneOfManyWritersWins: of those who base their write on the same revision.
func TestOneOfManyWritersWins(t *testing.T) {
	r, ref := open(t), Ref{"layouts", user("bob"), "x"}
	base, _, err := r.Put(t.Context(), &bob, ref, []byte(`0`), Condition{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Condition{{Revision: base.Revision}, {Absent: true}} {
		if c.Absent {
			ref.Name = "y"
		}
		var won, lost int
		var mu sync.Mutex
		var writers sync.WaitGroup
		for i := range 16 {
			writers.Go(func() {
				_, _, err := r.Put(t.Context(), &bob, ref, fmt.Append(nil, i), c)
				mu.Lock()
				defer mu.Unlock()
				switch codeOf(t, err) {
				case "":
					won++
				case protocol.RevisionConflict:
					lost++
				}
			})
		}
		writers.Wait()
		if won != 1 || lost != 15 {
			t.Errorf("%+v: %d won, %d lost", c, won, lost)
		}
	}
}

// TestRights: who may do what, by the kind of record and its owner.
func TestRights(t *testing.T) {
	r := open(t)
	for _, test := range []struct {
		kind  string
		owner Owner
		// readers and writers are of admin, bob, carl; and never eve, who is of another tenant.
		readers, writers string
	}{
		{"layouts", user("bob"), "bob", "bob"},
		{"layouts", user("ada"), "admin", "admin"},
		{"layouts", role("trader"), "admin bob", "admin"},
		{"layouts", role("admin"), "admin", "admin"},
		{"layouts", Everyone, "admin bob carl", "admin"},
		{"preferences", user("carl"), "carl", "carl"},
		{"preferences", Everyone, "admin bob carl", "admin"},
		{"roles", user("bob"), "admin bob", "admin"},
		{"roles", Everyone, "admin bob carl", "admin"},
		{"entitlements", user("carl"), "admin carl", "admin"},
		{"entitlements", role("trader"), "admin bob", "admin"},
	} {
		ref := Ref{test.kind, test.owner, "x"}
		may := func(names, name string) protocol.Code {
			if strings.Contains(" "+names+" ", " "+name+" ") {
				return ""
			}
			return protocol.PermissionDenied
		}
		for name, who := range map[string]*identity.Identity{"admin": &admin, "bob": &bob, "carl": &carl} {
			_, _, err := r.Put(t.Context(), who, ref, []byte(`1`), Condition{})
			if got, want := codeOf(t, err), may(test.writers, name); got != want {
				t.Errorf("%s writes %s of %s: %q, want %q", name, test.kind, test.owner, got, want)
			}
			if err := r.Delete(t.Context(), who, Ref{test.kind, test.owner, "none"}, Condition{}); codeOf(t, err) != may(test.writers, name) && codeOf(t, err) != NotFound {
				t.Errorf("%s deletes %s of %s: %v", name, test.kind, test.owner, err)
			}
			// What is not for somebody he is not told about, whether it is there or not.
			for _, record := range []string{"x", "none"} {
				_, err := r.Get(t.Context(), who, Ref{test.kind, test.owner, record})
				want := may(test.readers, name)
				if want == "" && (record == "none" || codeOf(t, err) == NotFound) {
					want = NotFound
				}
				if got := codeOf(t, err); got != want {
					t.Errorf("%s reads %s/%s of %s: %q, want %q", name, test.kind, record, test.owner, got, want)
				}
			}
			_, err = r.List(t.Context(), who, Query{Kind: test.kind, Owner: &test.owner})
			if got, want := codeOf(t, err), may(test.readers, name); got != want {
				t.Errorf("%s lists %s of %s: %q, want %q", name, test.kind, test.owner, got, want)
			}
		}
		if page, err := r.List(t.Context(), &eve, Query{Kind: test.kind}); err != nil || len(page.Records) != 0 {
			t.Errorf("another tenant sees %+v, %v", page, err)
		}
		if _, err := r.Get(t.Context(), &eve, ref); err == nil {
			t.Errorf("another tenant reads %s of %s", test.kind, test.owner)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	r := open(t)
	large := []byte(`"` + strings.Repeat("x", MaxValueBytes-2) + `"`)
	for _, test := range []struct {
		ref   Ref
		value []byte
		want  protocol.Code
	}{
		{Ref{"layouts", user("bob"), "full"}, large, ""},
		{Ref{"layouts", user("bob"), "x"}, append(large, ' '), protocol.TooLarge},
		{Ref{"layouts", user("bob"), "x"}, []byte(`{"a":`), protocol.BadMessage},
		{Ref{"layouts", user("bob"), "x"}, nil, protocol.BadMessage},
		{Ref{"layouts", user("bob"), ""}, []byte(`1`), protocol.InvalidName},
		{Ref{"layouts", user("bob"), "a/b"}, []byte(`1`), protocol.InvalidName},
		{Ref{"layouts", user("bob"), `a\b`}, []byte(`1`), protocol.InvalidName},
		{Ref{"layouts", user("bob"), "a\n"}, []byte(`1`), protocol.InvalidName},
		{Ref{"layouts", user("bob"), ".."}, []byte(`1`), protocol.InvalidName},
		{Ref{"layouts", user("bob"), strings.Repeat("a", 257)}, []byte(`1`), protocol.InvalidName},
		{Ref{"layout", user("bob"), "x"}, []byte(`1`), NotFound},
	} {
		if _, _, err := r.Put(t.Context(), &bob, test.ref, test.value, Condition{}); codeOf(t, err) != test.want {
			t.Errorf("%.60v: %v, want %q", test.ref, err, test.want)
		}
	}
	long := identity.Identity{Tenant: strings.Repeat("\U0001F600", 256), User: protocol.User{ID: strings.Repeat("\U0001F600", 256)}}
	if _, _, err := r.Put(t.Context(), &long, Ref{"layouts", user(long.User.ID), strings.Repeat("x", 256)}, []byte(`1`), Condition{}); codeOf(t, err) != protocol.InvalidName {
		t.Errorf("names that are too long together: %v", err)
	}
}

func TestAnOwnerHasSoManyRecords(t *testing.T) {
	r := open(t)
	for i := range MaxPerOwner {
		if _, _, err := r.Put(t.Context(), &bob, Ref{"layouts", user("bob"), fmt.Sprint(i)}, []byte(`1`), Condition{Absent: i%2 == 0}); err != nil {
			t.Fatal(err)
		}
		if i == 10 {
			// Counting all of them each time would make the test slow; the rest is written past the count.
			for i := 11; i < MaxPerOwner; i++ {
				record := Record{Value: []byte(`1`), By: "bob"}
				ref := Ref{"layouts", user("bob"), fmt.Sprint(i)}
				if _, err := r.bucket.Put(t.Context(), ref.key("acme"), record.stored()); err != nil {
					t.Fatal(err)
				}
			}
			break
		}
	}
	put := func(who *identity.Identity, ref Ref) protocol.Code {
		_, _, err := r.Put(t.Context(), who, ref, []byte(`2`), Condition{})
		return codeOf(t, err)
	}
	if code := put(&bob, Ref{"layouts", user("bob"), "one more"}); code != protocol.QuotaExceeded {
		t.Errorf("one more: %q", code)
	}
	for name, code := range map[string]protocol.Code{
		"what is there":   put(&bob, Ref{"layouts", user("bob"), "7"}),
		"another kind":    put(&bob, Ref{"preferences", user("bob"), "x"}),
		"another owner":   put(&carl, Ref{"layouts", user("carl"), "x"}),
		"a name below it": put(&admin, Ref{"layouts", Everyone, "x"}),
	} {
		if code != "" {
			t.Errorf("%s: %q", name, code)
		}
	}
}

func TestOwners(t *testing.T) {
	for text, want := range map[string]string{
		"me": "user:bob", "user:a:b": "user:a:b", "role:trader": "role:trader", "everyone": "everyone", "user:me": "user:me",
		"": "", "user:": "", "user": "", "group:x": "", "everyone:x": "", "Me": "", "user:" + strings.Repeat("x", 2000): "",
	} {
		o, err := ParseOwner(text, &bob)
		if (err == nil) != (want != "") || err == nil && o.String() != want {
			t.Errorf("%.40s: %v, %v", text, o, err)
		}
		if err != nil && codeOf(t, err) != protocol.InvalidArgument {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}
