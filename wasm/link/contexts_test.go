//go:build !js

package link_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
	"github.com/crossframe/crossframe/wasm/link"
)

// station is a broker with a store on disk, which can be stopped and started again where it was.
type station struct {
	*rig
	dir, listen string
	stop        func()
}

func newStation(t *testing.T) *station {
	s := &station{rig: &rig{t: t, conns: make(map[net.Conn]struct{})}, dir: t.TempDir() + "/store", listen: "127.0.0.1:0", stop: func() {}}
	t.Cleanup(func() { s.stop() })
	s.start()
	return s
}

func (s *station) start() {
	s.t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	kept, err := store.Open(context.Background(), store.Options{Dir: s.dir, Log: quiet})
	if err != nil {
		s.t.Fatal(err)
	}
	broker, err := relay.New(context.Background(), relay.Options{
		Store: kept, Authenticator: everybody, Log: quiet, Socket: ws.Options{DangerouslyAllowMissingOrigin: true},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	door, err := net.Listen("tcp", s.listen)
	if err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(broker)
	_ = server.Listener.Close()
	server.Listener = &listener{door, s.rig}
	server.Start()
	s.listen = door.Addr().String()
	s.address = "ws://" + s.listen + "/"
	s.stop = func() {
		s.stop = func() {}
		s.cut()
		if err := broker.Close(context.Background()); err != nil {
			s.t.Error(err)
		}
		server.Close()
		if err := kept.Close(); err != nil {
			s.t.Error(err)
		}
	}
}

// reload opens the page anew, with what the page's store keeps.
func (s *station) reload(old *page, user, hub string) *page {
	s.t.Helper()
	p := &page{wake: make(chan struct{}, 1), start: time.Now(), apps: make(map[string]*hubtest.Client)}
	p.driver = link.NewDriver(link.Options{}, func() {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	})
	s.t.Cleanup(func() { p.driver.Close(stream.CloseNormal, "") })
	p.Desk = hubtest.New(s.t, hubtest.Options{Link: p.driver, Boot: protocol.Boot{
		Hub: hub, Link: &protocol.LinkConfig{URL: s.address}, Apps: []protocol.Definition{{Name: "crm", URL: "https://crm.example"}},
	}})
	old.driver.Close(stream.CloseNormal, "")
	for key, chunks := range old.Journal {
		for _, kept := range []string{"contexts/base/", "contexts/pending/", "contexts/sequence", "contexts/identity", "hub/link"} {
			if strings.HasPrefix(key, kept) {
				p.Journal[key] = chunks
			}
		}
	}
	if lost := p.Crash(); len(lost) > 0 {
		s.t.Fatalf("not restored: %v", lost)
	}
	p.main = p.Main()
	p.apps["crm"] = p.Connect(p.main, "crm", "https://crm.example")
	p.token(user)
	return p
}

// follower follows a context as the client library does.
type follower struct {
	t        *testing.T
	app      *hubtest.Client
	id       uint64
	value    map[string]any
	revision uint64
	pending  bool
	// read is how much of the app's log has been looked at.
	read int
	gaps []string
}

func follow(t *testing.T, app *hubtest.Client, name, scope string) *follower {
	f := &follower{t: t, app: app, read: len(app.Log)}
	f.id, _ = app.Request(named(protocol.OpContextSubscribe, name, `{"scope":"`+scope+`"}`))
	return f
}

// look takes what was told since.
func (f *follower) look() *follower {
	for ; f.read < len(f.app.Log); f.read++ {
		e := f.app.Log[f.read]
		body := map[string]any{}
		if e.Body.Kind == protocol.BodyText {
			_ = json.Unmarshal(e.Body.Bytes(), &body)
		}
		switch {
		case e.Op == protocol.OpContextValue && e.ID == f.id:
			f.value, f.revision = body, e.Ref
		case e.Op == protocol.OpContextEvent && e.Ref == f.id:
			var c protocol.ContextChange
			if err := c.DecodeJSON(e.Head); err != nil {
				f.t.Fatal(err)
			}
			if e.ID < f.revision || c.Gap == "" && !c.Pending && e.ID != f.revision+1 {
				f.t.Errorf("revision %d after %d: %s", e.ID, f.revision, e.Head)
			}
			if f.revision, f.pending = e.ID, c.Pending; c.Gap != "" {
				f.gaps = append(f.gaps, c.Gap)
			}
			if c.Kind == protocol.ChangeSet {
				f.value = body
			} else {
				maps.Copy(f.value, body)
			}
		}
	}
	return f
}

func (f *follower) has(member string, value any) bool {
	return reflect.DeepEqual(f.look().value[member], value)
}

func update(app *hubtest.Client, name, head, body string) (id uint64) {
	e := named(protocol.OpContextUpdate, name, head)
	e.Body = protocol.TextBody([]byte(body))
	id, _ = app.Request(e)
	return id
}

// answers returns all answers to a request, in a few words.
func answers(app *hubtest.Client, id uint64) (list []string) {
	for _, e := range app.Log {
		if e.ID != id || e.Op != protocol.OpReply && e.Op != protocol.OpError {
			continue
		}
		var f protocol.Fault
		if e.Op == protocol.OpError && f.DecodeJSON(e.Head) == nil {
			list = append(list, string(f.Code))
		} else {
			list = append(list, fmt.Sprint(e.Ref, string(e.Head)))
		}
	}
	return list
}

// TestContextsOutliveTheBroker: two pages of one user share a context; the broker stops, both go on working; it starts again, and
// both have the same, with each write done once. One of them is loaded anew in between.
func TestContextsOutliveTheBroker(t *testing.T) {
	s := newStation(t)
	a, b, carl := s.open("ada", "hub-a"), s.open("ada", "hub-b"), s.open("carl", "hub-c")
	all := together(a, b, carl)
	const user = `{"scope":"user"}`
	writer := a.apps["crm"]
	here, there := follow(t, a.apps["chart"], "desk", "user"), follow(t, b.apps["crm"], "desk", "user")
	others := follow(t, carl.apps["crm"], "desk", "user")
	first := update(writer, "desk", user, `{"n":1}`)
	all(t, "both see it", func() bool { return here.has("n", 1.0) && there.has("n", 1.0) })
	second := update(b.apps["chart"], "desk", user, `{"m":"x"}`)
	all(t, "both see the other's", func() bool { return here.has("m", "x") && there.has("m", "x") })
	all(t, "both writers know", func() bool {
		return len(answers(writer, first)) == 1 && len(answers(b.apps["chart"], second)) == 1
	})
	if got := answers(writer, first)[0] + " " + answers(b.apps["chart"], second)[0]; got != "1 2" {
		t.Errorf("the revisions are %s", got)
	}
	if e := writer.Ask(named(protocol.OpContextGet, "desk", user)); !strings.Contains(string(e.Body.Bytes()), `"n":1`) || e.Ref != 2 {
		t.Errorf("read at once: %d, %s", e.Ref, e.Body.Bytes())
	}

	s.stop()
	all(t, "all are offline", func() bool {
		return a.state().State == protocol.LinkOffline && b.state().State == protocol.LinkOffline
	})
	ids := []uint64{
		update(writer, "desk", user, `{"a":1,"x":"from a"}`), update(writer, "desk", user, `{"a":2}`),
	}
	theirs := update(b.apps["chart"], "desk", user, `{"b":1,"x":"from b"}`)
	if !here.has("a", 2.0) || !here.pending || here.revision != 2 || here.has("b", 1.0) {
		t.Errorf("offline, the page's other app sees %v at %d, pending %v", here.value, here.revision, here.pending)
	}
	if !there.has("x", "from b") || !there.pending {
		t.Errorf("offline, the other page sees %v, pending %v", there.value, there.pending)
	}
	for _, e := range []protocol.Envelope{named(protocol.OpContextGet, "never read", user), named(protocol.OpContextList, "", user)} {
		if f := writer.Refused(e); f.Code != protocol.Offline {
			t.Errorf("%d without a broker: %s", e.Op, f.Code)
		}
	}
	conditional := named(protocol.OpContextUpdate, "desk", `{"scope":"user","ifRevision":2}`)
	conditional.Body = protocol.TextBody([]byte(`{}`))
	if f := writer.Refused(conditional); f.Code != protocol.Offline {
		t.Errorf("with a condition: %s", f.Code)
	}
	all(t, "the page says how much waits", func() bool { return a.state().Pending == 2 })

	s.start()
	all(t, "all is settled", func() bool {
		here.look()
		there.look()
		return a.state().Pending == 0 && b.state().Pending == 0 && !here.pending && !there.pending && here.revision == 4 && there.revision == 4
	})
	if !reflect.DeepEqual(here.value, there.value) || !here.has("a", 2.0) || !here.has("b", 1.0) || !here.has("n", 1.0) {
		t.Errorf("one has %v, the other %v", here.value, there.value)
	}
	for _, id := range ids {
		if got := answers(writer, id); len(got) != 2 || got[0] != `2{"pending":true}` || got[1] != "3" && got[1] != "4" {
			t.Errorf("the writer was answered %q", got)
		}
	}
	if got := answers(b.apps["chart"], theirs); len(got) != 2 {
		t.Errorf("the other writer was answered %q", got)
	}

	s.stop()
	all(t, "all are offline again", func() bool { return a.state().State == protocol.LinkOffline })
	update(writer, "desk", user, `{"kept":true}`)
	update(writer, "another", user, `{"new":true}`)
	a = s.reload(a, "ada", "hub-a")
	all = together(a, b, carl)
	if got := a.Linked(); got == nil {
		t.Fatal("no hub")
	}
	s.start()
	all(t, "what was written before the reload arrives", func() bool { return there.has("kept", true) && a.state().Pending == 0 })
	again := follow(t, a.apps["crm"], "desk", "user")
	all(t, "the new page sees it", func() bool { return again.has("kept", true) })
	if there.look(); there.revision != 5 || again.revision != 5 {
		t.Errorf("the revisions are %d and %d", there.revision, again.revision)
	}
	id, _ := b.apps["crm"].Request(named(protocol.OpContextGet, "another", user))
	all(t, "the new context is there", func() bool { _, ok := b.apps["crm"].Answer(id); return ok })
	if e, _ := b.apps["crm"].Answer(id); string(e.Body.Bytes()) != `{"new":true}` || e.Ref != 1 {
		t.Errorf("the new context is %s at %d", e.Body.Bytes(), e.Ref)
	}
	if len(others.look().value) != 0 || others.revision != 0 {
		t.Errorf("another tenant sees %v", others.value)
	}
}

// TestCutAtAnyTime: the link is cut over and over while both pages write. Nothing acknowledged is lost, and nothing is done twice.
func TestCutAtAnyTime(t *testing.T) {
	s := newStation(t)
	a, b := s.open("ada", "hub-a"), s.open("ada", "hub-b")
	both := together(a, b)
	here, there := follow(t, a.apps["chart"], "desk", "user"), follow(t, b.apps["chart"], "desk", "user")
	both(t, "both follow", func() bool { return here.look().value != nil && there.look().value != nil })
	written := map[string]uint64{}
	const rounds = 40
	for n := range rounds {
		for i, p := range []*page{a, b} {
			member := fmt.Sprintf("m%d-%d", n, i)
			written[member] = update(p.apps["crm"], "desk", `{"scope":"user"}`, `{"`+member+`":1}`)
		}
		if n%4 == 3 {
			s.cut()
		}
		a.turn()
		b.turn()
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		t.Logf("the followers were answered %q and %q", answers(here.app, here.id), answers(there.app, there.id))
		t.Logf("here %d members at %d, pending %v; there %d at %d, pending %v", len(here.value), here.revision, here.pending, len(there.value), there.revision, there.pending)
		for member, id := range written {
			app := a.apps["crm"]
			if strings.HasSuffix(member, "-1") {
				app = b.apps["crm"]
			}
			if _, ok := here.value[member]; !ok {
				t.Logf("%s is missing here; its writer was answered %q", member, answers(app, id))
			}
			if _, ok := there.value[member]; !ok {
				t.Logf("%s is missing there; its writer was answered %q", member, answers(app, id))
			}
		}
	})
	both(t, "both have all", func() bool {
		return len(here.look().value) == 2*rounds && len(there.look().value) == 2*rounds && !here.pending && !there.pending &&
			here.revision == there.revision && a.state().Pending+b.state().Pending == 0
	})
	if here.revision > 2*rounds {
		t.Errorf("%d writes made %d revisions", 2*rounds, here.revision)
	}
	for member, id := range written {
		app := a.apps["crm"]
		if strings.HasSuffix(member, "-1") {
			app = b.apps["crm"]
		}
		got := answers(app, id)
		last := got[len(got)-1]
		if len(got) > 2 || strings.Contains(last, "pending") || strings.Contains(last, "_") {
			t.Errorf("%s was answered %q", member, got)
		}
	}
	t.Logf("%d writes, %d revisions, gaps %v", 2*rounds, here.revision, here.gaps)
}
