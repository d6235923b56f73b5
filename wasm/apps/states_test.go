package apps

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// TestStates follows an instance through what can happen to it.
func TestStates(t *testing.T) {
	reason := protocol.NewFault(protocol.SessionRevoked, "the reason")
	blocked := protocol.NewFault(protocol.AppFailed, "blocked")
	events := map[string]func(w *world, t *peer.Turn, in *Instance){
		"ready":   func(w *world, t *peer.Turn, in *Instance) { w.room.Connected(t, in, 9) },
		"bye":     func(w *world, t *peer.Turn, in *Instance) { w.room.Disconnected(t, in, 9, nil) },
		"revoked": func(w *world, t *peer.Turn, in *Instance) { w.room.Disconnected(t, in, 9, reason) },
		// Another connection of the same document, which never got ready.
		"early bye":     func(w *world, t *peer.Turn, in *Instance) { w.room.Disconnected(t, in, 10, nil) },
		"early revoked": func(w *world, t *peer.Turn, in *Instance) { w.room.Disconnected(t, in, 10, reason) },
		"refused":       func(w *world, t *peer.Turn, in *Instance) { w.room.Refused(t, in, reason) },
		"blocked":       func(w *world, t *peer.Turn, in *Instance) { w.room.Failed(t, in, blocked) },
		"proven":        func(_ *world, _ *peer.Turn, in *Instance) { in.Blocked = nil },
		"load":          func(w *world, t *peer.Turn, in *Instance) { w.room.Loaded(t, in) },
		"late": func(w *world, t *peer.Turn, in *Instance) {
			t.Now += protocol.DefaultStartMs
			w.room.Due(t)
		},
	}
	for _, c := range []struct{ history, state, reason string }{
		{"", "loading", ""},
		{"load", "loading", ""},
		{"early bye", "loading", ""},
		{"early revoked", "refused", "the reason"},
		{"refused", "refused", "the reason"},
		{"refused, load", "refused", "the reason"},
		{"refused, load, load", "loading", ""},
		{"refused, ready", "connected", ""},
		{"late", "failed", silentReason(0)},
		{"load, late", "failed", silentReason(1)},
		{"late, refused", "refused", "the reason"},
		{"late, early revoked", "failed", silentReason(0)},
		{"late, ready", "connected", ""},
		{"blocked", "failed", "blocked"},
		{"blocked, load", "failed", "blocked"},
		{"blocked, load, load", "loading", ""},
		{"blocked, load, early revoked", "failed", "blocked"},
		{"blocked, load, late", "failed", "blocked"},
		{"ready", "connected", ""},
		{"ready, load, load", "connected", ""},
		{"ready, late", "connected", ""},
		{"ready, refused", "connected", ""},
		{"ready, early revoked", "connected", ""},
		{"ready, early bye", "connected", ""},
		{"ready, bye", "gone", ""},
		{"ready, bye, early revoked", "refused", "the reason"},
		{"ready, bye, load", "gone", ""},
		{"load, ready, bye, load", "loading", ""},
		{"load, ready, bye, load, late", "failed", silentReason(2)},
		{"load, ready, bye, load, ready", "connected", ""},
		{"ready, revoked", "refused", "the reason"},
		{"ready, revoked, ready", "connected", ""},
		{"ready, blocked", "connected", ""},
		{"ready, blocked, load", "connected", ""},
		{"ready, blocked, load, revoked", "failed", "blocked"},
		{"ready, blocked, load, proven, revoked", "refused", "the reason"},
		{"ready, blocked, bye, ready, revoked", "refused", "the reason"},
		{"load, ready, blocked, load, revoked, load", "loading", ""},
	} {
		w := newWorld(t)
		w.room.Start(w.turn(main, start(1, "crm", ``, ``)))
		in := w.room.ByFrame(1)
		for _, event := range strings.Split(c.history, ", ") {
			if event != "" {
				events[event](w, w.turn(0, protocol.Envelope{}), in)
			}
		}
		message := ""
		if in.Info.Reason != nil {
			message = in.Info.Reason.Message
		}
		if in.Info.State != c.state || message != c.reason {
			t.Errorf("%s: %s, %q; want %s, %q", c.history, in.Info.State, message, c.state, c.reason)
		}
		if peer := in.Info.Peer; (peer != 0) != (c.state == protocol.StateConnected) {
			t.Errorf("%s: connected to %d", c.history, peer)
		}
		if waits := w.room.starts.Len() > 0; waits != (c.state == protocol.StateLoading) {
			t.Errorf("%s: something is due: %v", c.history, waits)
		}
		if c.state != protocol.StateLoading && len(in.waiting) > 0 {
			t.Errorf("%s: somebody still waits", c.history)
		}
	}
}

// TestRestore: whatever the journal says, the room is what it was, in whatever order the keys come.
func TestRestore(t *testing.T) {
	w := newWorld(t)
	journal := map[string]peer.Chunk{}
	play := func(f func(*peer.Turn), from peer.ID, e protocol.Envelope) {
		f(w.turn(from, e))
		for _, r := range w.out.Journal {
			if journal[r.Key] = (peer.Chunk{Head: r.Head, Body: r.Body.Bytes()}); r.Kind == peer.RecordDrop {
				delete(journal, r.Key)
			}
		}
	}
	define := func(t *peer.Turn) { w.room.Define(t) }
	play(w.room.Start, main, start(1, "crm", ``, `{"n":1}`))
	play(w.room.Start, crm, start(2, "one", ``, ``))
	play(func(t *peer.Turn) { w.room.Connected(t, w.room.ByFrame(2), chart) }, 0, protocol.Envelope{})
	play(func(t *peer.Turn) { w.room.Loaded(t, w.room.ByFrame(2)) }, 0, protocol.Envelope{})
	play(w.room.Watch, main, ask(protocol.OpAppWatch, 4))
	play(w.room.Watch, crm, ask(protocol.OpAppWatch, 5))
	play(w.room.Unwatch, crm, protocol.Envelope{Op: protocol.OpAppUnwatch, ID: 6, Ref: 5})
	play(define, main, definitionsOf(protocol.Definition{Name: "new", URL: "https://new.example/"}, protocol.Definition{Name: "crm", URL: "https://moved.example/", Grants: &protocol.Grants{Offer: []string{"kept"}}}))
	play(w.room.Start, main, start(7, "new", ``, ``))
	play(func(t *peer.Turn) { w.room.Removed(t, w.room.ByFrame(3)) }, 0, protocol.Envelope{})
	play(w.room.Remove, main, protocol.Envelope{Op: protocol.OpAppRemove, ID: 8, Name: "crm"})
	before := w.seen()

	old := w.room
	for range 10 {
		w.room = w.newRoom()
		for _, name := range old.orderAtBoot() {
			if f := w.room.Add(name); f != nil {
				t.Fatal(f)
			}
		}
		// Definitions come first; beyond that the order is the map's.
		for _, prefix := range []string{"apps/defined/", ""} {
			for key, chunk := range journal {
				if strings.HasPrefix(key, "apps/defined/") == (prefix != "") {
					if err := w.room.Restore(key, []peer.Chunk{chunk}); err != nil {
						t.Fatalf("%s: %v", key, err)
					}
				}
			}
		}
		w.room.Resume(w.turn(0, protocol.Envelope{}))
		if after := w.seen(); after != before {
			t.Fatalf("restored:\n%s\nwas:\n%s", after, before)
		}
		if in := w.room.ByFrame(1); string(in.Context) != `{"n":1}` || !in.App.Grants.Offer.Has("kept") || in.App.Grants.Offer.Has("x") {
			t.Fatal("the instance of a removed definition lost its context or its grants")
		}
		if w.room.ByFrame(2).Loads != 1 || w.room.starts.Len() != 1 || w.room.lastFrame < 2 {
			t.Fatalf("loads %d, %d due, last frame %d", w.room.ByFrame(2).Loads, w.room.starts.Len(), w.room.lastFrame)
		}
	}
}

// orderAtBoot returns what a configuration says, without what was defined later.
func (r *Room) orderAtBoot() []protocol.Definition {
	return []protocol.Definition{{Name: "crm", URL: "https://crm.example/"}, r.apps["one"].Definition}
}

// seen is what requests show of the room.
func (w *world) seen() string {
	var lines []string
	w.room.List(w.turn(main, ask(protocol.OpAppList, 1)))
	lines = append(lines, w.lines()...)
	w.room.ListInstances(w.turn(main, ask(protocol.OpAppInstances, 1)))
	lines = append(lines, w.lines()...)
	for _, watch := range slices.SortedFunc(maps.Keys(w.room.watches), func(a, b request) int { return int(a.id) - int(b.id) }) {
		lines = append(lines, watchKey(watch))
	}
	return strings.Join(lines, "\n")
}

func TestRestoreRefusesDamage(t *testing.T) {
	good := peer.Chunk{Head: []byte(`{"info":{"instance":"i","app":"crm","state":"loading"},"frame":4}`)}
	for key, chunks := range map[string][]peer.Chunk{
		"apps/instance/1":   nil,
		"apps/instance/2":   {good, good},
		"apps/instance/3":   {{Head: []byte(`{"info":`)}},
		"apps/instance/4":   {{Head: []byte(`{"info":{"instance":"i","app":"none","state":"loading"},"frame":4}`)}},
		"apps/defined/x":    {{Head: []byte(`{"apps":[{"name":"x","url":"no"}]}`)}},
		"apps/defined/y":    {{Head: []byte(`x`)}},
		"apps/watch/x/1":    {{}},
		"apps/watch/1/x":    {{}},
		"apps/watch/1":      {{}},
		"apps/watch/9e99/1": {{}},
		"apps/other/1":      {good},
		"apps":              {good},
		"":                  {good},
	} {
		w := newWorld(t)
		if err := w.room.Restore(key, chunks); err == nil || len(w.room.instances)+len(w.room.watches) != 0 {
			t.Errorf("%s: %v", key, err)
		}
	}
}
