package contexts

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

const (
	get         = protocol.OpContextGet
	set         = protocol.OpContextSet
	update      = protocol.OpContextUpdate
	patch       = protocol.OpContextPatch
	destroy     = protocol.OpContextDestroy
	subscribe   = protocol.OpContextSubscribe
	unsubscribe = protocol.OpContextUnsubscribe
	list        = protocol.OpContextList
)

const tenant = `{"scope":"tenant"}`

func TestWritesHaveAnOrder(t *testing.T) {
	r := alone(t, Options{})
	a, b := connect(t, r, "a"), connect(t, r, "b")
	a.expect(a.do(get, "c", tenant, ""), "0 ")
	s := b.ask(subscribe, "c", tenant, "")
	answer := b.answer(s)
	b.expect(textOf(&answer), "0 ")
	for _, step := range []struct {
		op               protocol.Op
		head, body, want string
		event            string
	}{
		{set, tenant, `{"a":1, "b":2}`, "1", `1 {"kind":"set"} {"a":1,"b":2}`},
		{update, `{"scope":"tenant","remove":["b","x"]}`, `{"c":3}`, "2", `2 {"removed":["b"]} {"c":3}`},
		{patch, `{"scope":"tenant","set":[["d","e"]],"remove":[["a"]]}`, `[4]`, "3", `3 {"kind":"patch","set":[["d","e"]],"remove":[["a"]]} [4]`},
		{update, `{"scope":"tenant","ifRevision":2}`, `{"x":1}`, "REVISION_CONFLICT", ""},
		{update, `{"scope":"tenant","ifRevision":3}`, `{"x":1}`, "4", `4  {"x":1}`},
		{set, `{"scope":"tenant","ifRevision":-1}`, `{}`, "REVISION_CONFLICT", ""},
		{destroy, tenant, "", "5", `5 {"kind":"destroyed"} `},
		{destroy, tenant, "", "CONTEXT_NOT_FOUND", ""},
		{set, `{"scope":"tenant","ifRevision":5}`, `{}`, "REVISION_CONFLICT", ""},
		{patch, `{"scope":"tenant","set":[["n"]]}`, `[1]`, "6", `6 {"kind":"set"} {"n":1}`},
	} {
		a.expect(a.do(step.op, "c", step.head, step.body), step.want)
		if step.event != "" {
			m := b.event(s)
			b.expect(textOf(&m), step.event)
		}
	}
	b.expect(b.do(get, "c", tenant, ""), `6 {"n":1}`)
	b.ask(unsubscribe, "", "", "")
	m := protocol.Envelope{Op: unsubscribe, ID: 99, Ref: s}
	b.Handle(nil, &m)
	a.expect(a.do(update, "c", tenant, `{"n":2}`), "7")
	b.expect(b.do(get, "c", tenant, ""), `7 {"n":2}`)
	for _, m := range b.sent {
		if m.Op == protocol.OpContextEvent && m.ID == 7 {
			t.Error("an event came behind the end of its subscription")
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	r := alone(t, Options{ValueBytes: 100, TenantContexts: 3, Subscriptions: 2})
	c, p := connect(t, r, "a"), connect(t, r, "p", asProgram)
	c.expect(c.do(set, "full", tenant, `{"a":"`+strings.Repeat("x", 80)+`"}`), "1")
	deep := strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65)
	for _, test := range []struct {
		op               protocol.Op
		name, head, body string
		want             string
	}{
		{set, "", tenant, `{}`, "INVALID_NAME"},
		{set, "..", tenant, `{}`, "INVALID_NAME"},
		{set, "a.*", tenant, `{}`, "PERMISSION_DENIED"},
		{set, "c", `{"scope":"local"}`, `{}`, "INVALID_ARGUMENT"},
		{set, "c", `{"scope":"tenants"}`, `{}`, "INVALID_ARGUMENT"},
		{set, "c", `{"scope":"group:other"}`, `{}`, "SCOPE_UNAVAILABLE"},
		{get, "c", `{"scope":"group:other"}`, ``, "SCOPE_UNAVAILABLE"},
		{set, "c", `{"scope":"everyone"}`, `{}`, "PERMISSION_DENIED"},
		{get, "c", `{"scope":"everyone"}`, ``, "0 "},
		{set, "c", `{"scope":"tenant","lifetime":"ever"}`, `{}`, "INVALID_ARGUMENT"},
		{set, "c", `{"scope":"tenant","ifRevision":-2}`, `{}`, "INVALID_ARGUMENT"},
		{set, "c", `{"scope":"tenant","sequence":-1}`, `{}`, "INVALID_ARGUMENT"},
		{set, "c", `{"scope":"tenant","remove":["a"]}`, `{}`, "INVALID_ARGUMENT"},
		{set, "c", `{"scope":`, `{}`, "BAD_MESSAGE"},
		{set, "c", tenant, ``, "BAD_MESSAGE"},
		{set, "c", tenant, `[]`, "BAD_MESSAGE"},
		{set, "c", tenant, `{"a":1,"a":2}`, "BAD_MESSAGE"},
		{set, "c", tenant, deep, "TOO_DEEP"},
		{set, "c", tenant, `{"a":"` + strings.Repeat("x", 100) + `"}`, "TOO_LARGE"},
		{update, "full", tenant, `{"b":"` + strings.Repeat("x", 20) + `"}`, "TOO_LARGE"},
		{patch, "full", `{"scope":"tenant","set":[["b"]]}`, `["` + strings.Repeat("x", 20) + `"]`, "TOO_LARGE"},
		{patch, "full", `{"scope":"tenant","set":[["a","b"]]}`, `[1]`, "INVALID_ARGUMENT"},
		{patch, "full", `{"scope":"tenant","set":[[]]}`, `[1]`, "INVALID_ARGUMENT"},
		{patch, "full", `{"scope":"tenant","set":[["b"]]}`, `{}`, "BAD_MESSAGE"},
		{patch, "full", `{"scope":"tenant","set":[["b"]]}`, `[1,2]`, "INVALID_ARGUMENT"},
		{protocol.OpInvoke, "c", "", "", "UNKNOWN_OPERATION"},
		{set, "b", tenant, `{}`, "1"},
		{set, "___channel___red", tenant, `{}`, "1"},
		{set, "c", tenant, `{}`, "QUOTA_EXCEEDED"},
		{get, "full", tenant, ``, `1 {"a":"` + strings.Repeat("x", 80) + `"}`},
	} {
		if got := c.do(test.op, test.name, test.head, test.body); got != test.want {
			t.Errorf("%d %s %s %.40s: %s, want %s", test.op, test.name, test.head, test.body, got, test.want)
		}
	}
	p.expect(p.do(set, "___channel___red", tenant, `{}`), "PERMISSION_DENIED")
	p.expect(p.do(get, "___channel___red", tenant, ``), "PERMISSION_DENIED")
	c.ask(subscribe, "x", tenant, "")
	c.ask(subscribe, "y", tenant, "")
	c.expect(c.do(subscribe, "z", tenant, ""), "QUOTA_EXCEEDED")
	// Another tenant has a quota of its own, and room for a context that one was destroyed for.
	other := connect(t, r, "o", inTenant("other", "bob"))
	other.expect(other.do(set, "c", tenant, `{}`), "1")
	c.expect(c.do(destroy, "b", tenant, ""), "2")
	c.expect(c.do(set, "c", tenant, `{}`), "1")
}

// TestScopesAreApart: who may read what is a matter of the session; a name is never more than a name.
func TestScopesAreApart(t *testing.T) {
	r := alone(t, Options{})
	people := map[string]*conn{
		"ada":   connect(t, r, "1"),
		"ada2":  connect(t, r, "2"),
		"ben":   connect(t, r, "3", func(w *Who) { w.User = "ben" }),
		"carl":  connect(t, r, "4", func(w *Who) { w.User, w.Groups = "carl", nil }),
		"mal":   connect(t, r, "5", inTenant("evil", "ada")),
		"admin": connect(t, r, "6", inTenant("evil", "root"), withRoles("admin")),
	}
	names := []string{"c", "a.>", "*x", "$JS.API.>", "$KV.other.x", "t.acme.c", "emoji"}
	for _, name := range names {
		for _, scope := range []string{"user", "tenant", "group:desk"} {
			if want, got := "1", people["ada"].do(set, name, `{"scope":"`+scope+`"}`, `{"of":"`+scope+`"}`); got != want && !strings.Contains(name, "*") {
				t.Errorf("%s %s: %s", scope, name, got)
			}
		}
	}
	reads := map[string]map[string]bool{
		"user":       {"ada": true, "ada2": true},
		"tenant":     {"ada": true, "ada2": true, "ben": true, "carl": true},
		"group:desk": {"ada": true, "ada2": true, "ben": true},
	}
	for scope, who := range reads {
		for person, c := range people {
			for _, name := range names {
				got := c.do(get, name, `{"scope":"`+scope+`"}`, "")
				if can := strings.Contains(got, `{"of":"`+scope+`"}`); can != (who[person] && !strings.Contains(name, "*")) {
					t.Errorf("%s reads %s of %s: %s", person, name, scope, got)
				}
			}
		}
	}
	if got := people["mal"].do(list, "", `{}`, ""); strings.Contains(got, "acme") || strings.Contains(got, `"c"`) {
		t.Errorf("another tenant lists %s", got)
	}
	people["admin"].expect(people["admin"].do(set, "news", `{"scope":"everyone"}`, `{"n":1}`), "1")
	people["carl"].expect(people["carl"].do(get, "news", `{"scope":"everyone"}`, ""), `1 {"n":1}`)
	if got := people["carl"].do(list, "", `{"scope":"everyone"}`, ""); !strings.Contains(got, `"news"`) {
		t.Errorf("list: %s", got)
	}
}

// TestSameWriteTwice: a write whose acknowledgement was lost comes again, and changes nothing.
func TestSameWriteTwice(t *testing.T) {
	s := openStore(t, store.Options{})
	r := roomOn(t, s, Options{Alone: true})
	a, b := connect(t, r, "a"), connect(t, r, "b")
	a.expect(a.do(set, "c", `{"scope":"tenant","sequence":7}`, `{"n":1}`), "1")
	b.expect(b.do(update, "c", `{"scope":"tenant","sequence":7}`, `{"n":2}`), "2")
	a.expect(a.do(set, "c", `{"scope":"tenant","sequence":7}`, `{"n":1}`), "1")
	// A number that is missing before is of a write that came to nothing, and may come again.
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":6}`, `{"n":0}`), "3")
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":8,"ifRevision":1}`, `{"n":3}`), "REVISION_CONFLICT")
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":8}`, `{"n":3}`), "4")
	a.expect(a.do(destroy, "c", `{"scope":"tenant","sequence":9}`, ``), "5")
	a.expect(a.do(destroy, "c", `{"scope":"tenant","sequence":9}`, ``), "5")
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":8}`, `{"n":3}`), "4")
	a.expect(a.do(get, "c", tenant, ``), "0 ")
	// A broker that starts anew knows it too.
	r.Close()
	r = roomOn(t, s, Options{Alone: true})
	a = connect(t, r, "a")
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":9}`, `{"n":3}`), "5")
	a.expect(a.do(update, "c", `{"scope":"tenant","sequence":10}`, `{"n":5}`), "6")
}

// TestNotStored (X19): of writes that are stored together one is more than the store takes, or the store does not answer. Nothing
// that is not there is acknowledged, and nobody is refused for what another one wrote.
func TestNotStored(t *testing.T) {
	s := openStore(t, store.Options{})
	r := roomOn(t, s, Options{Alone: true, ValueBytes: 16 << 20})
	c := connect(t, r, "a")
	c.expect(c.do(set, "c", `{"scope":"tenant","sequence":1}`, `{"a":{}}`), "1")
	r.mu.Lock()
	e := r.entries[store.KeyOf(keyTenant, "acme", "c")]
	r.mu.Unlock()
	// together commits writes of one group, and returns the answers.
	together := func(writes ...write) (answers []string) {
		var group []*operation
		for i := range writes {
			writes[i].counter = c.who.Counter
			c.writes <- struct{}{}
			c.lastID++
			group = append(group, &operation{client: c.Client, id: c.lastID, write: &writes[i]})
		}
		e.commit(group)
		for _, op := range group {
			m := c.answer(op.id)
			answers = append(answers, textOf(&m))
		}
		return answers
	}
	again := write{op: set, body: []byte(`{"a":{}}`), sequence: 1}
	large := write{op: set, body: []byte(`{"a":"` + strings.Repeat("x", 9<<20) + `"}`), sequence: 2}
	fits := func(sequence int64) write {
		return write{op: protocol.OpContextPatch, set: [][]string{{"a", "b"}}, body: []byte(`[1]`), sequence: sequence}
	}
	if got := together(again, large, large, fits(3)); !slices.Equal(got, []string{"1", "TOO_LARGE", "TOO_LARGE", "2"}) {
		t.Errorf("too large: %s", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	small := write{op: set, body: []byte(`{"a":1}`), sequence: 4}
	if got := together(again, small, small, fits(5)); !slices.Equal(got, []string{"1", "NOT_DURABLE", "NOT_DURABLE", "NOT_DURABLE"}) {
		t.Errorf("not stored: %s", got)
	}
}

// TestNamesAreBounded (L10): who creates and destroys under ever new names is stopped, and another tenant is not.
func TestNamesAreBounded(t *testing.T) {
	r := alone(t, Options{TenantContexts: 2})
	c, other := connect(t, r, "a"), connect(t, r, "b", inTenant("evil", "ada"))
	for i := range 2 * remembered {
		c.do(set, fmt.Sprint("c", i), tenant, `{}`)
		c.do(destroy, fmt.Sprint("c", i), tenant, ``)
	}
	c.expect(c.do(set, "one more", tenant, `{}`), "QUOTA_EXCEEDED")
	c.expect(c.do(set, "c1", tenant, `{}`), "3")
	other.expect(other.do(set, "one more", tenant, `{}`), "1")
}

// TestStoredThingsComeBack: durable contexts outlive the broker, with their revisions.
func TestStoredThingsComeBack(t *testing.T) {
	dir := t.TempDir() + "/store"
	s := openStore(t, store.Options{Dir: dir})
	r := roomOn(t, s, Options{Alone: true})
	c := connect(t, r, "a")
	c.expect(c.do(set, "c", tenant, `{"n":1}`), "1")
	c.expect(c.do(update, "c", tenant, `{"m":2}`), "2")
	volatileRevision := c.do(set, "v", `{"scope":"tenant","lifetime":"session"}`, `{"n":1}`)
	epoch := r.Epoch()
	r.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r = roomOn(t, openStore(t, store.Options{Dir: dir}), Options{Alone: true})
	c = connect(t, r, "a")
	if r.Epoch() != epoch {
		t.Error("the epoch changed")
	}
	if got := c.answer(c.ask(subscribe, "c", `{"scope":"tenant","revision":2,"epoch":"`+epoch+`"}`, "")); got.Body.Kind != protocol.BodyNone || !strings.Contains(string(got.Head), `"unchanged":true`) {
		t.Errorf("known: %s", got.Head)
	}
	for _, head := range []string{`{"scope":"tenant","revision":1,"epoch":"` + epoch + `"}`, `{"scope":"tenant","revision":2,"epoch":"other"}`} {
		c.expect(c.do(subscribe, "c", head, ""), `2 {"n":1,"m":2}`)
	}
	c.expect(c.do(get, "v", tenant, ""), "0 ")
	if again := c.do(set, "v", `{"scope":"tenant","lifetime":"session"}`, `{"n":1}`); again <= volatileRevision {
		t.Errorf("the revision %s comes behind %s", again, volatileRevision)
	}
}

// TestManyWritersOneOrder: all merges are there, revisions rise by one, and who joins amid them misses nothing and sees nothing
// twice.
func TestManyWritersOneOrder(t *testing.T) {
	r := alone(t, Options{})
	const writers, each = 10, 20
	reader := connect(t, r, "reader")
	early := reader.ask(subscribe, "c", tenant, "")
	var running sync.WaitGroup
	for w := range writers {
		c := connect(t, r, fmt.Sprint("w", w))
		running.Go(func() {
			for i := range each {
				c.ask(update, "c", tenant, fmt.Sprintf(`{"w%d_%d":%d}`, w, i, i))
			}
			for i := range each {
				if m := c.answer(uint64(i + 1)); m.Op != protocol.OpReply {
					t.Errorf("%s", textOf(&m))
				}
			}
		})
	}
	late := connect(t, r, "late")
	s := late.ask(subscribe, "c", tenant, "")
	running.Wait()
	for i := range writers * each {
		if m := reader.event(early); m.ID != uint64(i+1) {
			t.Fatalf("event %d has revision %d", i, m.ID)
		}
	}
	first := late.answer(s)
	for revision := first.Ref + 1; revision <= writers*each; revision++ {
		if m := late.event(s); m.ID != revision {
			t.Fatalf("got revision %d, want %d", m.ID, revision)
		}
	}
	m := reader.answer(reader.ask(get, "c", tenant, ""))
	if got := asMap(t, m.Body.Bytes()); len(got) != writers*each || m.Ref != writers*each {
		t.Errorf("%d members at revision %d", len(got), m.Ref)
	}
	if n := r.Snapshot(); n.Writes != writers*each || n.Stores > n.Writes {
		t.Errorf("%+v", n)
	} else {
		t.Logf("%d writes were stored with %d writes of the store", n.Writes, n.Stores)
	}
}

// TestOwned: what belongs to an instance ends with it, but not while it reloads.
func TestOwned(t *testing.T) {
	var mu sync.Mutex
	away := map[Owner]bool{}
	r := alone(t, Options{OwnerGrace: 60 * time.Millisecond, Present: func(o Owner) bool {
		mu.Lock()
		defer mu.Unlock()
		return !away[o]
	}})
	a, b := connect(t, r, "a"), connect(t, r, "b")
	write := func(c *conn, instance, name string) {
		t.Helper()
		c.lastID++
		m := protocol.Envelope{Op: set, ID: c.lastID, Name: name, Head: []byte(`{"scope":"tenant","lifetime":"owner"}`), Body: protocol.TextBody([]byte(`{}`))}
		c.Handle(&protocol.PeerInfo{Instance: instance}, &m)
		if got := c.answer(c.lastID); got.Op != protocol.OpReply {
			t.Fatal(textOf(&got))
		}
	}
	write(a, "i1", "mine")
	write(a, "i2", "other")
	s := b.ask(subscribe, "mine", tenant, "")
	b.answer(s)
	b.expect(b.do(destroy, "mine", tenant, ""), "NOT_OWNER")
	mu.Lock()
	away[Owner{"a", "i1"}] = true
	mu.Unlock()
	if m := b.event(s); string(m.Head) != string(headDestroyed) {
		t.Errorf("event: %s", textOf(&m))
	}
	if got := b.do(get, "other", tenant, ""); !strings.HasSuffix(got, "{}") {
		t.Errorf("another instance's: %s", got)
	}
}

// TestSlowReader: who does not read gets the newest value when he does, and no change in between.
func TestSlowReader(t *testing.T) {
	r := alone(t, Options{SoftBytes: 1000})
	slow, w := connect(t, r, "slow"), connect(t, r, "w")
	s := slow.ask(subscribe, "c", tenant, "")
	slow.answer(s)
	w.expect(w.do(update, "c", tenant, `{"n":0}`), "1")
	if m := slow.event(s); m.ID != 1 {
		t.Fatal(m.ID)
	}
	slow.setWaiting(2000)
	for i := range 50 {
		w.expect(w.do(update, "c", tenant, fmt.Sprintf(`{"n":%d}`, i+1)), fmt.Sprint(i+2))
	}
	slow.setWaiting(0)
	m := slow.event(s)
	slow.expect(textOf(&m), `51 {"kind":"set","gap":"skipped"} {"n":50}`)
	w.expect(w.do(update, "c", tenant, `{"n":51}`), "52")
	m = slow.event(s)
	slow.expect(textOf(&m), `52  {"n":51}`)
	if n := r.Snapshot(); n.Collapsed != 1 || n.Events != 2 {
		t.Errorf("%+v", n)
	}
}

// TestIdleEntriesLeave: what nobody uses is in the store alone.
func TestIdleEntriesLeave(t *testing.T) {
	r := alone(t, Options{})
	c := connect(t, r, "a")
	for i := range 100 {
		c.expect(c.do(set, fmt.Sprint("c", i), tenant, `{}`), "1")
	}
	s := c.ask(subscribe, "c7", tenant, "")
	c.answer(s)
	for n := -1; n != 1; n = r.Snapshot().Entries {
		r.evict(time.Now().Add(time.Hour))
		time.Sleep(time.Millisecond)
	}
	w := connect(t, r, "w")
	w.expect(w.do(update, "c7", tenant, `{"n":1}`), "2")
	if m := c.event(s); m.ID != 2 {
		t.Error(m.ID)
	}
	c.expect(c.do(get, "c8", tenant, ""), "1 {}")
	if n := r.Snapshot(); n.Contexts != 100 || n.Subscriptions != 1 {
		t.Errorf("%+v", n)
	}
}

func TestClosedRoomRefuses(t *testing.T) {
	r := alone(t, Options{})
	c := connect(t, r, "a")
	c.expect(c.do(set, "c", tenant, `{}`), "1")
	r.Close()
	c.expect(c.do(set, "c", tenant, `{}`), "STORAGE_UNAVAILABLE")
	r.Close()
}
