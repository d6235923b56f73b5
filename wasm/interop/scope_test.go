package interop

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// shared makes a world in which there is a broker, and one peer of the other side, 9, beside those that join.
func shared(t testing.TB, reaches func(from, by *peer.Peer, scope string) bool) (w *world, remote *peer.Peer) {
	w = newWorld(t)
	w.room = New(Options{Peers: w, FirstCall: 100, Reaches: reaches, Shares: func(_ *peer.Peer, scope string) *protocol.Fault {
		if scope == "group:other" {
			return protocol.NewFault(protocol.ScopeUnavailable, "not of that group")
		}
		return nil
	}})
	return w, w.likeness(9)
}

// likeness joins a peer that is elsewhere.
func (w *world) likeness(id peer.ID) *peer.Peer {
	p := w.join(id)
	p.Remote, p.Info.Hub = true, "elsewhere"
	return p
}

func TestScopeIsTheCallsOrTheRules(t *testing.T) {
	rules := peer.NewSharing([]protocol.SharingRule{{Scope: "user", Methods: []string{"u.*"}}, {Scope: "group:other", Methods: []string{"g.*"}}})
	for _, c := range []struct {
		name, head, want string
	}{
		{"m", ``, "local"},
		{"m", `{"scope":"tenant"}`, "tenant"},
		{"u.m", ``, "user"},
		{"u.m", `{"scope":"local"}`, "local"},
		{"u.m", `{"scope":"group:sales"}`, "group:sales"},
		{"g.m", ``, "SCOPE_UNAVAILABLE"},
		{"m", `{"scope":"group:other"}`, "SCOPE_UNAVAILABLE"},
		{"m", `{"scope":"planet"}`, "INVALID_ARGUMENT"},
		{"m", `{"scope":"group:"}`, "INVALID_ARGUMENT"},
		{"m", `{"scope":7}`, "BAD_MESSAGE"},
	} {
		w, _ := shared(t, nil)
		a := w.join(1)
		a.Sharing = rules
		w.handle(a, register(1, c.name, c.head))
		got := string(w.out.Messages[0].Head)
		if o := w.room.member(a).offers[1]; o != nil {
			got = o.scope
		}
		if got != c.want && !strings.Contains(got, `"`+c.want+`"`) {
			t.Errorf("%s %s: %s, want %s", c.name, c.head, got, c.want)
		}
	}
}

// TestNothingIsSharedWithoutABroker: a scope that is asked for is refused, and local is what it always was.
func TestNothingIsSharedWithoutABroker(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	w.send(a, register(1, "m", `{"scope":"user"}`), "to 1: error id=1 SCOPE_UNAVAILABLE")
	w.send(a, register(2, "m", `{"scope":"local"}`), "to 1: reply id=2", `put interop/method/1/2 {"scope":"local"} [1,"m"]`)
}

// TestTheMainPagesOwnMethodsAreNotShared, nor offered by a main page elsewhere.
func TestTheMainPagesOwnMethodsAreNotShared(t *testing.T) {
	w, remote := shared(t, nil)
	main := w.join(1)
	main.Info.Main, remote.Info.Main = true, true
	w.send(main, register(1, "T42.x", `{"scope":"user"}`), "to 1: error id=1 PERMISSION_DENIED")
	w.send(main, register(2, "T42.x", ``), "to 1: reply id=2", `put interop/method/1/2 [1,"T42.x"]`)
	w.send(remote, register(1, "T42.y", `{"scope":"user"}`), "to 9: error id=1 PERMISSION_DENIED", "audit PERMISSION_DENIED app9 i9 https://app9.example")
	w.send(remote, register(2, "y", ``), "to 9: error id=2 INVALID_ARGUMENT")
}

// TestRemotePeersReachWhatIsShared and nothing else: what is local does not exist for them, nor does what is remote itself.
func TestRemotePeersReachWhatIsShared(t *testing.T) {
	w, remote := shared(t, nil)
	a, other := w.join(1), w.likeness(8)
	w.offers(a, 1, "local", ``)
	w.offers(a, 2, "shared", `{"scope":"user"}`)
	w.offers(other, 1, "far", `{"scope":"user"}`)
	w.send(remote, ask(protocol.OpWatch, 1, "", ""), `to 9: reply id=1 {"methods":[{"name":"shared","peer":{"peer":1,"instance":"i1","app":"app1","origin":"https://app1.example"},"scope":"user"}]}`)
	for _, name := range []string{"local", "far", "nothing"} {
		w.send(remote, invoke(5, name, "", ""), "to 9: error id=5 METHOD_NOT_FOUND")
		w.send(remote, ask(protocol.OpAwait, 6, name, `{"timeoutMs":100}`))
		w.after(100, "to 9: error id=6 TIMEOUT")
	}
	w.send(remote, invokePeer(7, "local", a), "to 9: error id=7 METHOD_NOT_FOUND")
	w.send(remote, invokePeer(8, "far", other), "to 9: error id=8 METHOD_NOT_FOUND")
	w.send(remote, invoke(9, "local", `{"instance":"i1"}`, ""), "to 9: error id=9 METHOD_NOT_FOUND")
	w.send(remote, invoke(10, "local", `{"target":"all"}`, ""), "to 9: error id=10 METHOD_NOT_FOUND")
	w.handle(remote, invoke(11, "shared", `{"hops":3,"timeoutMs":5000}`, ""))
	call := w.out.Messages[0]
	if got := line(call.Envelope); call.To != 1 || !strings.Contains(got, `ref=2 peer=9 {"hops":3}`) {
		t.Fatalf("to %d: %s", call.To, got)
	}
	w.send(a, result(call.ID, "1"), "to 9: interop.result id=11 peer=1 1")
	// What comes later is told by the same measure, and wakes nobody that it does not concern.
	w.send(remote, invoke(12, "late", `{"waitMs":1000}`, ""))
	w.offers(a, 3, "late", ``)
	w.send(a, ref(protocol.OpUnregister, 4, 3), "to 1: reply id=4", "drop interop/method/1/3")
	w.offers(a, 5, "late", `{"scope":"tenant"}`)
	if m := w.out.Messages[len(w.out.Messages)-1]; m.To != 1 || m.Op != protocol.OpCall {
		t.Fatalf("the last message is to %d: %s", m.To, line(m.Envelope))
	}
}

// TestNearestIsCalledFirst: the best offer is the oldest of this side, and then the oldest elsewhere. A call that goes on says
// how long its caller waits.
func TestNearestIsCalledFirst(t *testing.T) {
	w, remote := shared(t, nil)
	caller, near := w.join(1), w.join(2)
	w.offers(remote, 1, "m", `{"scope":"user"}`)
	w.send(caller, invoke(1, "m", `{"timeoutMs":5000,"hops":2}`, "7"), `to 9: interop.call id=100 ref=1 peer=1 {"hops":2,"timeoutMs":5000} 7`)
	w.send(caller, invoke(2, "m", "", ""), `to 9: interop.call id=101 ref=1 peer=1 {"timeoutMs":30000}`)
	w.offers(near, 1, "m", ``)
	w.send(caller, invoke(3, "m", "", ""), `to 2: interop.call id=102 ref=1 peer=1`)
	w.send(caller, ask(protocol.OpAwait, 4, "m", ""), `to 1: reply id=4 peer=2`)
	w.send(caller, invoke(5, "m", `{"target":"others"}`, ""),
		`to 2: interop.call id=104 ref=1 peer=1`, `to 9: interop.call id=105 ref=1 peer=1 {"timeoutMs":30000}`)
	w.handle(caller, ask(protocol.OpDiscover, 6, "m", ""))
	if list := string(w.out.Messages[0].Head); strings.Index(list, `"app2"`) > strings.Index(list, `"app9"`) {
		t.Fatalf("listed as %s", list)
	}
	w.left(near, `to 1: error id=3 TARGET_GONE`, `to 1: interop.part id=5 peer=2 TARGET_GONE`, `drop interop/method/2/1`)
	w.send(caller, ask(protocol.OpAwait, 7, "m", ""), `to 1: reply id=7 peer=9`)
	w.left(remote, `to 1: error id=1 TARGET_GONE`, `to 1: error id=2 TARGET_GONE`, `to 1: interop.part id=5 peer=9 TARGET_GONE`, `to 1: interop.end id=5 ref=2`, `drop interop/method/9/1`)
	w.flat()
}

// TestExclusiveAmongThoseItIsOfferedTo: what two sides let in at the same time stands on both.
func TestExclusiveAmongThoseItIsOfferedTo(t *testing.T) {
	for _, c := range []struct {
		remote, head, want string
	}{
		{`{"scope":"user","exclusive":true}`, ``, "METHOD_EXISTS"},
		{`{"scope":"user","exclusive":true}`, `{"scope":"user"}`, "METHOD_EXISTS"},
		{`{"scope":"user"}`, `{"scope":"user","exclusive":true}`, "METHOD_EXISTS"},
		{`{"scope":"user"}`, `{"exclusive":true}`, ""},
		{`{"scope":"user"}`, `{"scope":"user"}`, ""},
	} {
		w, remote := shared(t, nil)
		a := w.join(1)
		w.offers(remote, 1, "m", c.remote)
		w.handle(a, register(1, "m", c.head))
		if got := line(w.out.Messages[0].Envelope); (c.want == "") != (got == "reply id=1") || !strings.Contains(got, c.want) {
			t.Errorf("%s beside %s: %s", c.head, c.remote, got)
		}
		w.left(remote, "drop interop/method/9/1")
		w.left(a, w.lefts(a)...)
		// The other way round, what comes from elsewhere has been let in there.
		remote, a = w.likeness(19), w.join(11)
		w.offers(a, 1, "m", c.head)
		w.offers(remote, 1, "m", c.remote)
	}
}

// lefts is what a peer leaves behind that offers nothing but "m".
func (w *world) lefts(p *peer.Peer) (want []string) {
	for range w.room.member(p).offers {
		want = append(want, "drop interop/method/1/1")
	}
	return want
}

// TestReaches: the hook decides who knows of what, everywhere alike, and is not asked about what is one's own.
func TestReaches(t *testing.T) {
	tenants := map[peer.ID]string{1: "a", 2: "a", 3: "b", 4: "b"}
	w, _ := shared(t, func(from, by *peer.Peer, scope string) bool {
		return scope == "everyone" || tenants[from.ID] == tenants[by.ID]
	})
	a, a2, b, b2 := w.join(1), w.join(2), w.join(3), w.join(4)
	w.handle(b, ask(protocol.OpWatch, 1, "", ""))
	w.offers(a, 1, "m", `{"scope":"tenant","exclusive":true}`)
	if len(w.out.Messages) != 1 {
		t.Fatalf("another tenant was told: %v", w.lines())
	}
	w.offers(a, 2, "all", `{"scope":"everyone"}`)
	if len(w.out.Messages) != 2 || w.out.Messages[1].To != 3 {
		t.Fatalf("%v", w.lines())
	}
	w.send(b2, invoke(1, "m", "", ""), "to 4: error id=1 METHOD_NOT_FOUND")
	w.send(b2, invokePeer(2, "m", a), "to 4: error id=2 TARGET_GONE") // as of a peer that is not there
	w.send(a2, invokePeer(7, "n", a), "to 2: error id=7 METHOD_NOT_FOUND")
	w.send(b2, invoke(3, "m", `{"target":"all"}`, ""), "to 4: error id=3 METHOD_NOT_FOUND")
	w.send(a2, register(1, "m", `{"scope":"tenant"}`), "to 2: error id=1 METHOD_EXISTS")
	w.offers(b, 2, "m", `{"scope":"tenant","exclusive":true}`)
	w.send(b2, invoke(4, "m", `{"target":"all"}`, ""), "to 3: interop.call id=101 ref=2 peer=4")
	w.send(a2, invoke(2, "m", ``, ""), "to 1: interop.call id=102 ref=1 peer=2")
	w.send(a, invoke(3, "m", `{"target":"others"}`, ""), "to 1: error id=3 METHOD_NOT_FOUND")
	w.send(b, ref(protocol.OpUnregister, 5, 2), "to 3: reply id=5", `to 3: interop.methods ref=1 {"removed":[{"name":"m","peer":{"peer":3,"instance":"i3","app":"app3","origin":"https://app3.example"}}]}`, "drop interop/method/3/2")
	w.send(a, ref(protocol.OpUnregister, 5, 1), "to 1: reply id=5", "drop interop/method/1/1")
}

// TestRemoteIsToldGoneAfterARestart: of what is remote, a new run of the program knows enough to say that it is gone.
func TestRemoteIsToldGoneAfterARestart(t *testing.T) {
	w, remote := shared(t, nil)
	a := w.join(1)
	w.handle(a, ask(protocol.OpWatch, 1, "", ""))
	w.handle(remote, register(1, "m", `{"scope":"user","accepts":"String s"}`))
	if got := w.lines()[2]; got != `put interop/method/9/1 [1,"m","user"]` {
		t.Fatalf("the journal holds %s", got)
	}
	w.handle(remote, ask(protocol.OpWatch, 2, "", ""))
	if len(w.out.Journal) != 0 {
		t.Fatalf("the watch of a likeness is written down: %v", w.lines())
	}
	fresh, _ := shared(t, nil)
	fresh.peers = w.peers
	for key, chunk := range map[string]peer.Chunk{"interop/method/9/1": {Body: []byte(`[1,"m","user"]`)}, "interop/watch/1/1": {}} {
		if err := fresh.room.Restore(key, []peer.Chunk{chunk}); err != nil {
			t.Fatal(err)
		}
	}
	fresh.left(remote, `to 1: interop.methods ref=1 {"removed":[{"name":"m","peer":{"peer":9,"instance":"i9","app":"app9","origin":"https://app9.example","hub":"elsewhere"}}]}`, `drop interop/method/9/1`)
}
