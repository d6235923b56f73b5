package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// TestCallBetweenHubs: a call goes from a peer of one hub to a peer of another, with its caller, and its answer comes back, as do
// progress, errors and cancelling.
func TestCallBetweenHubs(t *testing.T) {
	b := single(t, Options{})
	offering, calling := b.hub("anna", "h1", "crm", "erp"), b.hub("ben", "h2", "desk")
	watch := calling.ask(protocol.Envelope{Op: protocol.OpWatch})
	if m := calling.answer(watch); string(m.Head) != `{"methods":[]}` {
		t.Errorf("list: %s", m.Head)
	}
	registration := offering.register(2, "open", `{"scope":"tenant","accepts":"String id"}`)
	m := calling.next(protocol.OpMethods)
	var change protocol.MethodChange
	if err := change.DecodeJSON(m.Head); err != nil || m.Ref != watch || len(change.Added) != 1 {
		t.Fatalf("methods: %s, %v", m.Head, err)
	}
	who := change.Added[0].Peer
	if who.Instance != "erp@h1" || who.App != "erp" || who.Hub != "h1" || who.UserID != "anna" || who.Tenant != "acme" {
		t.Errorf("who offers: %+v", who)
	}
	invoke := func(arguments string) uint64 {
		return calling.ask(protocol.Envelope{Op: protocol.OpInvoke, Ref: 1, Peer: uint32(who.Peer), Name: "open", Body: protocol.TextBody([]byte(arguments))})
	}
	if m := calling.answer(invoke(`{"id":7}`)); codeOf(&m) != protocol.SchemaViolation {
		t.Errorf("wrong arguments: %s", m.Head)
	}
	id := invoke(`{"id":"7"}`)
	call := offering.next(protocol.OpCall)
	introduced := offering.await("the caller's introduction", func(m *protocol.Envelope) bool { return m.Op == protocol.OpPeer && m.Peer == call.Peer })
	var caller protocol.PeerInfo
	if err := caller.DecodeJSON(introduced.Head); err != nil || caller.Instance != "desk@h2" || caller.UserID != "ben" || caller.Hub != "h2" {
		t.Errorf("the caller: %s", introduced.Head)
	}
	if call.Ref != registration || string(call.Body.Bytes()) != `{"id":"7"}` {
		t.Errorf("the call: %+v", call)
	}
	offering.send(protocol.Envelope{Op: protocol.OpProgress, ID: call.ID, Body: protocol.TextBody([]byte("50"))})
	offering.send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: protocol.TextBody([]byte(`{"ok":true}`))})
	if m := calling.next(protocol.OpProgress); m.ID != id || string(m.Body.Bytes()) != "50" {
		t.Errorf("progress: %+v", m)
	}
	if m := calling.answer(id); m.Op != protocol.OpResult || m.Peer != uint32(who.Peer) || string(m.Body.Bytes()) != `{"ok":true}` {
		t.Errorf("result: %+v", m)
	}
	id = invoke(`{"id":"8"}`)
	call = offering.next(protocol.OpCall)
	offering.send(protocol.Envelope{Op: protocol.OpError, ID: call.ID, Head: []byte(`{"code":"HANDLER_ERROR","message":"no"}`)})
	if m := calling.answer(id); codeOf(&m) != protocol.HandlerError {
		t.Errorf("error: %s", m.Head)
	}
	id = invoke(`{"id":"9"}`)
	call = offering.next(protocol.OpCall)
	calling.send(protocol.Envelope{Op: protocol.OpCancel, ID: id, Ref: 1})
	if m := offering.next(protocol.OpCancel); m.ID != call.ID {
		t.Errorf("cancel: %+v", m)
	}
	if m := calling.answer(id); codeOf(&m) != protocol.Cancelled {
		t.Errorf("cancelled: %s", m.Head)
	}
	id = invoke(`{"id":"10"}`)
	offering.next(protocol.OpCall)
	offering.send(protocol.Envelope{Op: protocol.OpGone, Peer: 2})
	if m := calling.answer(id); codeOf(&m) != protocol.TargetGone {
		t.Errorf("gone: %s", m.Head)
	}
	calling.await("its end", func(m *protocol.Envelope) bool { return m.Op == protocol.OpGone && m.Peer == uint32(who.Peer) })
	// Of what its own peers offer, a hub is told nothing.
	if m := offering.answer(offering.ask(protocol.Envelope{Op: protocol.OpDiscover})); string(m.Head) != `{"methods":[]}` {
		t.Errorf("its own: %s", m.Head)
	}
}

// TestWhoReachesWhom: methods are for who is in their scope, and to everybody else they do not exist.
func TestWhoReachesWhom(t *testing.T) {
	b := single(t, Options{})
	offering, toAll := b.program("anna", "offers"), b.program("root", "offers")
	for _, scope := range []string{"user", "tenant", "everyone", "group:desk"} {
		by := offering
		if scope == protocol.ScopeEveryone {
			by = toAll
		}
		if _, err := by.Offer(within(t), strings.TrimPrefix(scope, "group:"), answer(scope), protocol.MethodOptions{Scope: scope}); err != nil {
			t.Fatal(err)
		}
	}
	for scope, want := range map[string]protocol.Code{
		"group:other": protocol.ScopeUnavailable, "local": protocol.InvalidArgument, "x": protocol.InvalidArgument, "everyone": protocol.PermissionDenied,
	} {
		_, err := offering.Offer(within(t), "bad", answer(""), protocol.MethodOptions{Scope: scope})
		if f := (*protocol.Fault)(nil); !errors.As(err, &f) || f.Code != want {
			t.Errorf("offer in %s: %v", scope, err)
		}
	}
	for user, reaches := range map[string][]string{
		"anna": {"user", "tenant", "everyone", "desk"}, "ben": {"tenant", "everyone", "desk"}, "carl": {"tenant", "everyone"}, "mal": {"everyone"},
	} {
		c := b.program(user, "calls")
		methods, err := c.Methods(within(t), protocol.MethodQuery{})
		if err != nil || len(methods) != len(reaches) {
			t.Errorf("%s sees %+v, %v", user, methods, err)
		}
		for _, method := range []string{"user", "tenant", "everyone", "desk"} {
			want := false
			for _, m := range reaches {
				want = want || m == method
			}
			result, err := c.Invoke(within(t), method, nil, crossframe.InvokeOptions{})
			if f := (*protocol.Fault)(nil); want != (err == nil) || !want && (!errors.As(err, &f) || f.Code != protocol.MethodNotFound) {
				t.Errorf("%s calls %s: %+v, %v", user, method, result, err)
			}
		}
	}
}

func answer(value any) crossframe.Handler {
	return func(context.Context, *crossframe.Call) (any, error) { return value, nil }
}

// TestProgramsUseEverything: a program watches, waits for and calls methods, one or all of them.
func TestProgramsUseEverything(t *testing.T) {
	b := single(t, Options{})
	calling := b.program("anna", "calls")
	found := make(chan error, 1)
	go func() {
		_, err := calling.WaitFor(within(t), "price")
		found <- err
	}()
	for i := range 3 {
		c := b.program("ben", fmt.Sprint("p", i))
		if _, err := c.Offer(within(t), "price", answer(i), protocol.MethodOptions{Scope: "tenant"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-found; err != nil {
		t.Error(err)
	}
	results, err := calling.InvokeAll(within(t), "price", map[string]any{"of": "DAX"}, crossframe.InvokeOptions{})
	if err != nil || len(results) != 3 {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestSharedContextsOverSockets: what a hub's peer writes reaches a program of the same tenant, with who wrote it.
func TestSharedContextsOverSockets(t *testing.T) {
	b := single(t, Options{})
	hub, reader := b.hub("anna", "h1", "crm"), b.dial("")
	reader.greet(hello(protocol.KindProgram, "ben", "p1"))
	s := reader.ask(protocol.Envelope{Op: protocol.OpContextSubscribe, Name: "c", Head: []byte(`{"scope":"tenant"}`)})
	reader.answer(s)
	own := hub.ask(protocol.Envelope{Op: protocol.OpContextSubscribe, Name: "c", Head: []byte(`{"scope":"tenant"}`)})
	hub.answer(own)
	id := hub.ask(protocol.Envelope{Op: protocol.OpContextSet, Ref: 1, Name: "c", Head: []byte(`{"scope":"tenant","sequence":1}`), Body: protocol.TextBody([]byte(`{"n":1}`))})
	if m := hub.answer(id); m.Op != protocol.OpReply || m.Ref != 1 {
		t.Errorf("%+v", m)
	}
	if m := hub.next(protocol.OpContextEvent); m.Ref != own || m.Peer != 0 {
		t.Errorf("the writer's hub: %+v", m)
	}
	m := reader.next(protocol.OpContextEvent)
	p := reader.next(protocol.OpPeer)
	var who protocol.PeerInfo
	if err := who.DecodeJSON(p.Head); err != nil || p.Peer != m.Peer || who.Instance != "crm@h1" || m.Ref != s || m.ID != 1 {
		t.Errorf("%+v by %s", m, p.Head)
	}
	evil := b.dial("")
	evil.greet(hello(protocol.KindProgram, "mal", "p1"))
	if m := evil.answer(evil.ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "c", Head: []byte(`{"scope":"tenant"}`)})); m.Ref != 0 {
		t.Errorf("another tenant reads %s", m.Body.Bytes())
	}
}

// TestOwnersOfContexts: a context of lifetime "owner" ends when its peer has been gone for a while, not when its hub reconnects.
func TestOwnersOfContexts(t *testing.T) {
	o := Options{}
	o.Contexts.OwnerGrace = 300 * time.Millisecond
	b := single(t, o)
	reader := b.program("ben", "reads")
	hub := b.hub("anna", "h1", "crm", "erp")
	for peer := range uint64(2) {
		head := []byte(`{"scope":"tenant","lifetime":"owner"}`)
		hub.answer(hub.ask(protocol.Envelope{Op: protocol.OpContextSet, Ref: peer + 1, Name: fmt.Sprint("c", peer+1), Head: head, Body: protocol.TextBody([]byte(`{}`))}))
	}
	exists := func(name string) bool {
		s, err := reader.Get(within(t), name, "tenant")
		return err == nil && s != nil && s.Revision > 0
	}
	hub.link.Close(stream.CloseNormal, "")
	hub = b.hub("anna", "h1", "crm", "erp")
	if !exists("c1") || !exists("c2") {
		t.Fatal("they are gone while the hub was away for a moment")
	}
	hub.send(protocol.Envelope{Op: protocol.OpGone, Peer: 1})
	until(t, "the context of the peer that left is gone", func() bool { return !exists("c1") })
	if !exists("c2") {
		t.Error("the other one is gone too")
	}
	hub.link.Close(stream.CloseNormal, "")
	until(t, "the context of the hub that left is gone", func() bool { return !exists("c2") })
}

// TestTwoBrokers: what is offered at one broker is found, called and answered at the other, within its scope; what a broker
// takes along when it ends is answered once.
func TestTwoBrokers(t *testing.T) {
	a, b, _ := pair(t, Options{})
	offering := a.hub("anna", "h1", "crm")
	offering.register(1, "team", `{"scope":"tenant"}`)
	offering.register(1, "desk", `{"scope":"group:desk"}`)
	offering.register(1, "own", `{"scope":"user"}`)
	ben, carl, mal, anna := b.program("ben", "x"), b.program("carl", "x"), b.program("mal", "x"), b.program("anna", "x")
	sees := func(c *crossframe.Client) (names string) {
		methods, err := c.Methods(within(t), protocol.MethodQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range methods {
			names += m.Name + " of " + m.Peer.Instance + " of " + m.Peer.UserID + ";"
		}
		return names
	}
	until(t, "all are known", func() bool { return strings.Count(sees(anna), ";") == 3 })
	const by = " of crm@h1 of anna;"
	for c, want := range map[*crossframe.Client]string{
		anna: "team" + by + "desk" + by + "own" + by, ben: "team" + by + "desk" + by, carl: "team" + by, mal: "",
	} {
		if got := sees(c); got != want {
			t.Errorf("sees %q, want %q", got, want)
		}
	}
	type outcome struct {
		result *crossframe.Result
		err    error
	}
	call := func(c *crossframe.Client, method string) chan outcome {
		done := make(chan outcome, 1)
		go func() {
			r, err := c.Invoke(within(t), method, map[string]int{"n": 1}, crossframe.InvokeOptions{})
			done <- outcome{r, err}
		}()
		return done
	}
	done := call(ben, "desk")
	m := offering.next(protocol.OpCall)
	p := offering.next(protocol.OpPeer)
	var caller protocol.PeerInfo
	if err := caller.DecodeJSON(p.Head); err != nil || caller.UserID != "ben" || caller.Tenant != "acme" || p.Peer != m.Peer {
		t.Errorf("the caller: %s", p.Head)
	}
	offering.send(protocol.Envelope{Op: protocol.OpResult, ID: m.ID, Body: protocol.TextBody([]byte(`{"n":2}`))})
	o := <-done
	if text, _ := json.Marshal(o.result); o.err != nil || !strings.Contains(string(text), "2") {
		t.Errorf("result: %s, %v", text, o.err)
	}
	for _, x := range []struct {
		c      *crossframe.Client
		method string
	}{{ben, "own"}, {carl, "desk"}, {mal, "team"}} {
		o := <-call(x.c, x.method)
		if f := (*protocol.Fault)(nil); !errors.As(o.err, &f) || f.Code != protocol.MethodNotFound {
			t.Errorf("%s: %+v, %v", x.method, o.result, o.err)
		}
	}
	done = call(ben, "team")
	offering.next(protocol.OpCall)
	a.stop()
	o = <-done
	if f := (*protocol.Fault)(nil); !errors.As(o.err, &f) || f.Code != protocol.TargetGone {
		t.Errorf("a call to a broker that ended: %+v, %v", o.result, o.err)
	}
	until(t, "nothing of it is left", func() bool { return sees(anna) == "" && b.Snapshot().Nodes == 0 })
	until(t, "nor who was connected to it", func() bool { return len(b.Presence()) == 4 })
}

// TestOneHubAtTwoBrokers (W17): a hub that connects elsewhere is ended where it was; a stranger is refused there too.
func TestOneHubAtTwoBrokers(t *testing.T) {
	a, b, _ := pair(t, Options{})
	older := a.hub("anna", "h1")
	thief := b.dial(page)
	h := hello(protocol.KindHub, "anna", "h1")
	h.Secret = "another secret that is long enough"
	until(t, "the other broker knows", func() bool { return len(b.Presence()) == 1 })
	thief.send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: h.AppendJSON(nil)})
	if code, refusal := thief.end(); code != stream.CloseTryLater || refusal != protocol.BadHandshake {
		t.Errorf("a wrong secret: %d %s", code, refusal)
	}
	// The clock of the broker where it was may be ahead.
	a.at(hubKey{"acme", "h1"}).record.SinceMs += time.Hour.Milliseconds()
	newer := b.hub("anna", "h1")
	if code, refusal := older.end(); code != stream.CloseSuperseded || refusal != protocol.Superseded {
		t.Errorf("the older one: %d %s", code, refusal)
	}
	until(t, "it is listed once, at the other broker", func() bool {
		list := a.Presence()
		return len(list) == 1 && list[0].Node == b.node
	})
	if err := a.Revoke("acme", "anna"); err != nil {
		t.Fatal(err)
	}
	if code, refusal := newer.end(); code != stream.CloseSession || refusal != protocol.SessionRevoked {
		t.Errorf("revoked at the other broker: %d %s", code, refusal)
	}
}

// TestLinkAfterLoss: a message between brokers that was lost costs the link, which is made anew with everything.
func TestLinkAfterLoss(t *testing.T) {
	a, b, _ := pair(t, Options{LinkSilence: 3 * time.Second})
	offering, calling := a.program("anna", "offers"), b.program("anna", "calls")
	lose := func(r *broker) {
		r.methods.do(func() {
			for _, n := range r.nodes.list {
				n.sent++
			}
		})
	}
	for i, r := range []*broker{a, b, a} {
		lose(r)
		name := fmt.Sprint("m", i)
		if _, err := offering.Offer(within(t), name, answer(name), protocol.MethodOptions{Scope: "user"}); err != nil {
			t.Fatal(err)
		}
		until(t, name+" is reached", func() bool {
			result, err := calling.Invoke(within(t), name, nil, crossframe.InvokeOptions{})
			return err == nil && result != nil
		})
	}
	if a.Snapshot().Relinked+b.Snapshot().Relinked < 3 {
		t.Error("no link was made anew")
	}
	methods, err := calling.Methods(within(t), protocol.MethodQuery{})
	if err != nil || len(methods) != 3 {
		t.Errorf("%+v, %v", methods, err)
	}
}

// TestNobodyIsFoundByGuessing (R22): to who names peers of another tenant, by number or by instance, they are as those that do not exist.
func TestNobodyIsFoundByGuessing(t *testing.T) {
	b := single(t, Options{})
	b.hub("anna", "h1", "crm").register(1, "open", `{"scope":"tenant"}`)
	evil := b.hub("mal", "h2", "app")
	ask := func(w *wire, callee uint32, head string) string {
		m := w.answer(w.ask(protocol.Envelope{Op: protocol.OpInvoke, Ref: 1, Peer: callee, Name: "open", Head: []byte(head)}))
		return fmt.Sprint(m.Op, string(m.Head))
	}
	nobody := ask(evil, 4711, `{}`)
	for _, number := range []uint32{1, 2} { // the other tenant's hub, and its app
		if got := ask(evil, number, `{}`); got != nobody {
			t.Errorf("peer %d: %s, and of nobody %s", number, got, nobody)
		}
	}
	for _, name := range []string{"crm@h1", "h1"} {
		if got := ask(evil, 0, `{"instance":"`+name+`"}`); got != nobody {
			t.Errorf("%s: %s, and of nobody %s", name, got, nobody)
		}
	}
	// Within the tenant it is told apart.
	near := b.hub("ben", "h3", "app")
	if got := ask(near, 0, `{"instance":"h1"}`); got == nobody {
		t.Errorf("within the tenant: %s", got)
	}
}

// TestInstancesOfTheSameName: another tenant's hub may have the same id, and its apps the same names.
func TestInstancesOfTheSameName(t *testing.T) {
	b := single(t, Options{})
	good, evil := b.hub("anna", "h1", "crm"), b.hub("mal", "h1", "crm")
	good.register(1, "open", `{"scope":"tenant"}`)
	evil.register(1, "open", `{"scope":"everyone"}`)
	calling := b.hub("ben", "h2", "desk")
	invoke := func() uint64 {
		return calling.ask(protocol.Envelope{Op: protocol.OpInvoke, Ref: 1, Name: "open", Head: []byte(`{"instance":"crm@h1"}`)})
	}
	id := invoke()
	call := good.next(protocol.OpCall)
	good.send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID})
	if m := calling.answer(id); m.Op != protocol.OpResult {
		t.Errorf("%s", m.Head)
	}
	// The same hub connects anew, before its old connection has ended; the name is the new one's.
	again := b.hub("anna", "h1", "crm")
	again.register(1, "open", `{"scope":"tenant"}`)
	good.end()
	until(t, "the old connection is gone", func() bool { return b.Snapshot().Socket.Open == 3 })
	id = invoke()
	call = again.next(protocol.OpCall)
	again.send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID})
	if m := calling.answer(id); m.Op != protocol.OpResult {
		t.Errorf("%s", m.Head)
	}
}
