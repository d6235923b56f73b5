//go:build !js

package link_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestMethodsAcrossHubs: two windows of one user call each other's methods through a real broker, with progress, a binary
// body, an error, a cancel, a timeout and a link that is cut in the middle of a call.
func TestMethodsAcrossHubs(t *testing.T) {
	r := newRig(t)
	a, b := r.open("ada", "hub-a"), r.open("ada", "hub-b")
	both := together(a, b)
	caller, callee := a.apps["crm"], b.apps["chart"]
	register(t, callee, "plot", `{"scope":"user","accepts":"String what"}`)
	both(t, "the method is known", func() bool { _, ok := sees(caller, "plot"); return ok })
	if who, _ := sees(caller, "plot"); who.Hub != "hub-b" || who.UserID != "ada" || who.Tenant != "acme" || !strings.HasSuffix(who.Instance, "@hub-b") || who.App != "chart" {
		t.Fatalf("it is offered by %+v", who)
	}
	invoke := func(head, args string) (id uint64) {
		e := named(protocol.OpInvoke, "plot", head)
		e.Body = protocol.TextBody([]byte(args))
		id, _ = caller.Request(e)
		return id
	}
	calls := 0
	called := func() (e protocol.Envelope) {
		t.Helper()
		calls++
		both(t, "the call arrives", func() bool { return len(callee.All(protocol.OpCall)) == calls })
		return callee.All(protocol.OpCall)[calls-1]
	}
	answered := func(id uint64) (e protocol.Envelope) {
		t.Helper()
		both(t, "the answer arrives", func() (ok bool) { e, ok = caller.Answer(id); return ok })
		return e
	}

	id := invoke(`{"trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`, `{"what":"x"}`)
	call := called()
	if string(call.Body.Bytes()) != `{"what":"x"}` || !strings.Contains(string(call.Head), `"trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"`) {
		t.Fatalf("called with %s, %s", call.Head, call.Body.Bytes())
	}
	if who, ok := last(callee, protocol.OpPeer, 0); !ok || !strings.Contains(string(who.Head), `"hub":"hub-a"`) {
		t.Fatalf("the caller was introduced as %s", who.Head)
	}
	callee.Send(protocol.Envelope{Op: protocol.OpProgress, ID: call.ID, Body: protocol.TextBody([]byte("50"))})
	data := bytes.Repeat([]byte{0, 255, 7}, 30_000)
	callee.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: protocol.BinaryBody(data)})
	if e := answered(id); e.Op != protocol.OpResult || e.Body.Kind != protocol.BodyBinary || !bytes.Equal(e.Body.Bytes(), data) {
		t.Fatalf("answered by %d with %d bytes", e.Op, e.Body.Size)
	}
	if e, ok := last(caller, protocol.OpProgress, id); !ok || string(e.Body.Bytes()) != "50" {
		t.Fatal("the progress did not arrive before the result")
	}

	fault := func(id uint64) (f protocol.Fault) {
		t.Helper()
		e := answered(id)
		if err := f.DecodeJSON(e.Head); e.Op != protocol.OpError || err != nil {
			t.Fatalf("answered by %d: %s", e.Op, e.Head)
		}
		return f
	}
	id = invoke("", `{"what":"x"}`)
	callee.Send(protocol.Envelope{Op: protocol.OpError, ID: called().ID, Head: []byte(`{"code":"HANDLER_ERROR","message":"no paper"}`)})
	if f := fault(id); f.Code != protocol.HandlerError || f.Message != "no paper" {
		t.Fatalf("failed with %v", f)
	}
	if f := fault(invoke("", `{}`)); f.Code != protocol.SchemaViolation {
		t.Fatalf("bad arguments: %v", f)
	}

	id = invoke("", `{"what":"x"}`)
	call = called()
	caller.Send(protocol.Envelope{Op: protocol.OpCancel, ID: id})
	if f := fault(id); f.Code != protocol.Cancelled {
		t.Fatalf("cancelled: %v", f)
	}
	both(t, "the callee hears of it", func() bool { _, ok := last(callee, protocol.OpCancel, call.ID); return ok })
	callee.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID})

	id = invoke(`{"timeoutMs":300}`, `{"what":"x"}`)
	call = called()
	if f := fault(id); f.Code != protocol.Timeout {
		t.Fatalf("timed out: %v", f)
	}
	both(t, "the callee hears of it", func() bool { _, ok := last(callee, protocol.OpCancel, call.ID); return ok })

	watch, _ := caller.Request(named(protocol.OpWatch, "", `{"name":"plot"}`))
	id = invoke("", `{"what":"x"}`)
	call = called()
	r.cut()
	if f := fault(id); f.Code != protocol.TargetGone {
		t.Fatalf("cut: %v", f)
	}
	both(t, "the callee hears of it", func() bool { _, ok := last(callee, protocol.OpCancel, call.ID); return ok })
	changes := func() (text string) {
		for _, e := range caller.All(protocol.OpMethods) {
			if e.Ref == watch {
				text += string(e.Head) + "\n"
			}
		}
		return text
	}
	both(t, "it comes back", func() bool { return strings.Contains(changes(), `"added"`) })
	if text := changes(); strings.Count(text, `"removed"`) != 1 || strings.Index(text, `"removed"`) > strings.Index(text, `"added"`) {
		t.Fatalf("the watch heard\n%s", text)
	}
	id = invoke("", `{"what":"again"}`)
	callee.Send(protocol.Envelope{Op: protocol.OpResult, ID: called().ID, Body: protocol.TextBody([]byte(`"ok"`))})
	if e := answered(id); string(e.Body.Bytes()) != `"ok"` {
		t.Fatalf("answered %s", e.Body.Bytes())
	}
	for _, c := range []*hubtest.Client{caller, callee} {
		if open := c.Open(); len(open) != 0 {
			t.Errorf("requests without an answer: %v", open)
		}
	}
}

// TestScopesAcrossHubs: each sees what is shared with it, and calls nothing else.
func TestScopesAcrossHubs(t *testing.T) {
	r := newRig(t)
	ada, ada2, bob, carl := r.open("ada", "a1"), r.open("ada", "a2"), r.open("bob", "b"), r.open("carl", "c")
	all := together(ada, ada2, bob, carl)
	by := ada.apps["crm"]
	register(t, by, "mine.rule", ``)
	// What is for everyone comes last: who has heard of it has been told all that is for him.
	for _, scope := range []string{"local", "user", "tenant", "group:sales", "everyone"} {
		register(t, by, scope, `{"scope":"`+scope+`"}`)
	}
	if f := by.Refused(named(protocol.OpRegister, "board", `{"scope":"group:board"}`)); f.Code != protocol.ScopeUnavailable {
		t.Fatalf("a group of others: %v", f)
	}
	for _, c := range []struct {
		page *page
		want string
	}{
		{ada, "mine.rule local user tenant group:sales everyone"}, {ada2, "mine.rule user tenant group:sales everyone"},
		{bob, "tenant everyone"}, {carl, "everyone"},
	} {
		app := c.page.apps["chart"]
		names := func() string {
			var list protocol.MethodList
			if err := list.DecodeJSON(app.Ask(named(protocol.OpDiscover, "", ``)).Head); err != nil {
				t.Fatal(err)
			}
			var names []string
			for i := range list.Methods {
				names = append(names, list.Methods[i].Name)
			}
			return strings.Join(names, " ")
		}
		all(t, "all is told", func() bool { return strings.HasSuffix(names(), "everyone") })
		if got := names(); got != c.want {
			t.Errorf("%s sees %s, want %s", c.page.state().Identity.User.ID, got, c.want)
		}
		for _, name := range []string{"local", "user", "tenant", "group:sales", "mine.rule"} {
			if strings.Contains(c.want, name) {
				continue
			}
			if f := app.Refused(named(protocol.OpInvoke, name, "")); f.Code != protocol.MethodNotFound {
				t.Errorf("%s of %s: %v", name, c.want, f)
			}
		}
	}
	ada.Remove(by.Frame)
	all(t, "they are gone", func() bool { _, ok := sees(carl.apps["chart"], "everyone"); return !ok })
}

// TestLoopAcrossHubs: two apps that call each other for ever are stopped, though each call crosses the broker.
func TestLoopAcrossHubs(t *testing.T) {
	r := newRig(t)
	a, b := r.open("ada", "hub-a"), r.open("ada", "hub-b")
	both := together(a, b)
	ping, pong := a.apps["chart"], b.apps["chart"]
	register(t, ping, "ping", `{"scope":"user"}`)
	register(t, pong, "pong", `{"scope":"user"}`)
	both(t, "both are known", func() bool {
		_, one := sees(ping, "pong")
		_, two := sees(pong, "ping")
		return one && two
	})
	a.apps["crm"].Request(named(protocol.OpInvoke, "pong", ""))
	answered := map[*hubtest.Client]int{}
	reply := func(c *hubtest.Client, method string) {
		for calls := c.All(protocol.OpCall); answered[c] < len(calls); answered[c]++ {
			options := protocol.InvokeOptions{Parent: int64(calls[answered[c]].ID)}
			c.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: method, Head: options.AppendJSON(nil)})
		}
	}
	both(t, "the loop is detected", func() bool {
		reply(ping, "pong")
		reply(pong, "ping")
		return ping.Fault(protocol.OpError).Code == protocol.LoopDetected || pong.Fault(protocol.OpError).Code == protocol.LoopDetected
	})
	if n := answered[ping] + answered[pong]; n != protocol.MaxHops+1 {
		t.Fatalf("after %d calls", n)
	}
}

// TestContextsAcrossHubs: what one page writes the other hears, with who wrote it; without the broker a page goes on by itself,
// and when it is back both have the same.
func TestContextsAcrossHubs(t *testing.T) {
	r := newRig(t)
	a, b := r.open("ada", "hub-a"), r.open("ada", "hub-b")
	both := together(a, b)
	writer, reader := a.apps["crm"], b.apps["chart"]
	subscribe, _ := reader.Request(named(protocol.OpContextSubscribe, "customer", `{"scope":"user"}`))
	both(t, "the subscription begins", func() bool { _, ok := reader.Answer(subscribe); return ok })
	write := func(value string) (id uint64) {
		e := named(protocol.OpContextUpdate, "customer", `{"scope":"user"}`)
		e.Body = protocol.TextBody([]byte(value))
		id, _ = writer.Request(e)
		return id
	}
	events := func() []protocol.Envelope { return reader.All(protocol.OpContextEvent) }
	first := write(`{"id":1}`)
	both(t, "the other page hears of it", func() bool { return len(events()) == 1 })
	both(t, "the writer is answered", func() bool { _, ok := writer.Answer(first); return ok })
	e := events()[0]
	if who, ok := last(reader, protocol.OpPeer, 0); e.Ref != subscribe || string(e.Body.Bytes()) != `{"id":1}` || !ok || who.Peer != e.Peer || !strings.Contains(string(who.Head), `"hub":"hub-a"`) {
		t.Fatalf("heard %s of %d (%s)", e.Body.Bytes(), e.Peer, who.Head)
	}

	a.driver.Close(stream.CloseAway, "")
	a.Linked().LinkClosed(a.Now, stream.NewClosed(stream.CloseAbnormal, "cut"))
	for n := range 3 {
		write(fmt.Sprintf(`{"n":%d}`, n))
	}
	a.until(t, "the page shows what waits", func() bool { s := a.state(); return s.State == protocol.LinkOffline && s.Pending == 3 })
	if len(events()) != 1 {
		t.Fatal("what is pending was told elsewhere")
	}
	a.driver.Open(r.address)
	both(t, "they agree again", func() bool {
		all := events()
		return len(all) > 1 && strings.Contains(string(all[len(all)-1].Body.Bytes()), `"n":2`) && a.state().Pending == 0
	})
	if s := a.state(); s.State != protocol.LinkConnected {
		t.Fatalf("the page shows %+v", s)
	}
	reads, _ := reader.Request(named(protocol.OpContextGet, "customer", `{"scope":"user"}`))
	both(t, "it can be read", func() bool { _, ok := reader.Answer(reads); return ok })
	if answer, _ := reader.Answer(reads); string(answer.Body.Bytes()) != `{"id":1,"n":2}` {
		t.Fatalf("the value is %s", answer.Body.Bytes())
	}
	for _, c := range []*hubtest.Client{writer, reader} {
		if open := c.Open(); len(open) != 0 {
			t.Errorf("requests without an answer: %v", open)
		}
	}
}

// TestLinkIsRefused: a token that the broker does not take is shown, and another one is tried.
func TestLinkIsRefused(t *testing.T) {
	r := newRig(t)
	p := r.open("ada", "hub-a")
	p.driver.Close(stream.CloseNormal, "")
	p.Linked().LinkClosed(p.Now, stream.NewClosed(stream.CloseSession, "the session ended"))
	asked := len(p.PageLog)
	p.token("mallory")
	p.until(t, "refused", func() bool { return p.state().State == protocol.LinkRefused })
	if s := p.state(); s.Fault == nil || s.Fault.Code != protocol.Unauthenticated {
		t.Fatalf("refused as %+v", s)
	}
	for _, e := range p.PageLog[asked:] {
		if e.Op == protocol.OpPageToken {
			t.Fatal("the page was asked again for a token that was new")
		}
	}
	p.token("bob")
	p.until(t, "connected", func() bool { return p.state().State == protocol.LinkConnected })
	if id := p.state().Identity; id == nil || id.User.ID != "bob" {
		t.Fatalf("connected as %+v", id)
	}
}
