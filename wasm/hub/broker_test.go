package hub_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestBrokerSession: the page brings a token, the hub says hello, and from then on both sides tell what they offer.
func TestBrokerSession(t *testing.T) {
	o := newOffice(t)
	o.shows("token?", "connecting")
	o.wire.expect(t)
	o.token("secret of ada")
	o.wire.expect(t, "open wss://broker.example")
	o.Linked().LinkOpened(o.Now)
	hello := o.wire.log[0]
	if !strings.HasPrefix(hello, `session.hello id=8 {"versions":[1],"kind":"hub","token":"secret of ada","hub":"hub-1","secret":"`) || len(o.wire.log) != 1 {
		t.Fatalf("said %q", o.wire.log)
	}
	o.shows("token?", "connecting")
	ack := protocol.Ack{Identity: &protocol.Identity{Tenant: "acme", User: protocol.User{ID: "ada"}}}
	o.wire.log = nil
	o.hear(protocol.Envelope{Op: protocol.OpAck, ID: 8, Head: ack.AppendJSON(nil)})
	o.wire.expect(t, "interop.watch id=9")
	o.shows("token?", "connecting", "connected ada")
	o.closed(stream.CloseAbnormal)
	o.shows("token?", "connecting", "connected ada", "offline")
	o.Linked().LinkOpened(o.Now)
	if again := o.wire.log[0]; strings.Replace(again, "id=16", "id=8", 1) != hello {
		t.Fatalf("said %s, then %s", hello, again)
	}
	o.hear(protocol.Envelope{Op: protocol.OpAck, ID: 16, Head: ack.AppendJSON(nil)})
	o.shows("token?", "connecting", "connected ada", "offline", "connected ada")
}

// TestBrokerRefuses: what the page is told and asked, by when and how the broker says no.
func TestBrokerRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		// accepted: the broker has taken the token before.
		accepted bool
		no       func(o *office)
		want     []string
		link     string
	}{
		{"a new token", false, func(o *office) { o.hear(refusal(protocol.Unauthenticated)); o.closed(stream.CloseSession) }, []string{"refused UNAUTHENTICATED"}, "close 1000"},
		{"an answer that is no acknowledgement", false, func(o *office) { o.hear(protocol.Envelope{Op: protocol.OpAck, Head: []byte("{")}) }, []string{"refused BAD_HANDSHAKE"}, "close 1000"},
		{"an error for an answer", false, func(o *office) {
			o.hear(protocol.Envelope{Op: protocol.OpError, ID: 8, Head: protocol.NewFault(protocol.BadHandshake, "").AppendJSON(nil)})
			o.hear(headed(protocol.OpAck, 8, &protocol.Ack{})) // it is too late for that
			o.closed(stream.ClosePolicy)
		}, []string{"refused BAD_HANDSHAKE"}, "close 1000"},
		{"a final end", false, func(o *office) { o.closed(stream.CloseOrigin) }, []string{"refused ORIGIN_NOT_ALLOWED"}, "close 1000"},
		{"not now", false, func(o *office) { o.hear(refusal(protocol.AuthUnavailable)); o.closed(stream.CloseTryLater) }, []string{"offline AUTH_UNAVAILABLE"}, ""},
		{"no seat, until one is free", false, func(o *office) {
			o.hear(refusal(protocol.LicenseLimit))
			o.closed(stream.CloseTryLater)
		}, []string{"offline LICENSE_LIMIT"}, ""},
		{"not now, and then not at all", false, func(o *office) {
			o.hear(refusal(protocol.AuthUnavailable))
			o.closed(stream.CloseTryLater)
			o.closed(stream.CloseOrigin)
		}, []string{"offline AUTH_UNAVAILABLE", "refused ORIGIN_NOT_ALLOWED"}, "close 1000"},
		{"a token that has ended", true, func(o *office) { o.hear(refusal(protocol.SessionExpired)); o.closed(stream.CloseSession) }, []string{"token?", "offline"}, "close 1000"},
		{"an end that says so", true, func(o *office) { o.closed(stream.CloseSession) }, []string{"token?", "offline"}, "close 1000"},
		{"another page of that name", true, func(o *office) { o.closed(stream.CloseSuperseded) }, []string{"refused SUPERSEDED"}, "close 1000"},
		{"a session that was revoked", true, func(o *office) { o.hear(refusal(protocol.SessionRevoked)); o.closed(stream.CloseSession) }, []string{"refused SESSION_REVOKED"}, "close 1000"},
		{"a broker that restarts", true, func(o *office) { o.closed(stream.CloseRestart) }, []string{"offline"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			before := []string{"token?", "connecting"}
			if c.accepted {
				o.connect(protocol.Ack{})
				before = append(before, "connected")
			} else {
				o.token("x")
				o.Linked().LinkOpened(o.Now)
			}
			o.wire.log = nil
			c.no(o)
			o.shows(append(before, c.want...)...)
			if got := strings.TrimSpace(strings.Join(o.wire.log, ",")); got != c.link {
				t.Fatalf("the link was told %q, want %q", got, c.link)
			}
			// A token, or the link by itself, leads to another attempt.
			o.wire.log = nil
			if c.link != "" {
				o.closed(stream.CloseAbnormal) // too late to be of interest
				o.token("y")
				o.wire.expect(t, "open wss://broker.example")
			}
			o.Linked().LinkOpened(o.Now)
			if len(o.wire.log) != 1 || !strings.HasPrefix(o.wire.log[0], "session.hello") {
				t.Fatalf("then it said %q", o.wire.log)
			}
		})
	}
}

// TestBrokerSignedOut: without a token there is nothing to say to the broker. Whoever signs in later needs no click.
func TestBrokerSignedOut(t *testing.T) {
	o := newOffice(t)
	o.token("")
	o.Pass(30_000)
	o.token("")
	o.wire.expect(t)
	o.shows("token?", "connecting", "signed-out", "token?")
	o.Pass(30_000)
	o.token("x")
	o.wire.expect(t, "open wss://broker.example")
	o.shows("token?", "connecting", "signed-out", "token?", "token?", "connecting")
}

// TestBrokerSignedOutLater: a page that has no new token is asked again, and is signed out when the old one has ended.
func TestBrokerSignedOutLater(t *testing.T) {
	o := newOffice(t)
	o.connect(protocol.Ack{ExpiresMs: 60_000})
	o.wire.log = nil
	o.Pass(30_000)
	o.token("")
	o.Pass(10_000)
	o.shows("token?", "connecting", "connected", "token?", "token?")
	o.token("")
	o.hear(refusal(protocol.SessionExpired))
	o.closed(stream.CloseSession)
	o.token("")
	o.shows("token?", "connecting", "connected", "token?", "token?", "token?", "offline", "signed-out")
	o.wire.expect(t, "close 1000 ")
}

// TestBrokerTokenIsAskedForAgain: what was refused is not tried again, and another token is.
func TestBrokerTokenIsAskedForAgain(t *testing.T) {
	o := newOffice(t)
	o.token("old")
	o.Linked().LinkOpened(o.Now)
	o.hear(refusal(protocol.Unauthenticated))
	o.closed(stream.CloseSession)
	o.shows("token?", "connecting", "refused UNAUTHENTICATED")
	o.wire.log = nil
	for n := range 3 {
		if o.Pass(29_999); strings.Count(strings.Join(o.states(), " "), "token?") != 1+n {
			t.Fatalf("asked too early: %v", o.states())
		}
		o.Pass(1)
		o.token("old")
	}
	o.shows("token?", "connecting", "refused UNAUTHENTICATED", "token?", "token?", "token?")
	o.wire.expect(t)
	o.Pass(30_000)
	o.token("signed in")
	o.wire.expect(t, "open wss://broker.example")
	if due := o.Hub.Deadline(); due != 0 {
		t.Fatalf("still due at %d", due)
	}
}

// TestBrokerTokenIsRenewed before it expires, and the session goes on.
func TestBrokerTokenIsRenewed(t *testing.T) {
	o := newOffice(t)
	o.connect(protocol.Ack{ExpiresMs: 600_000})
	o.wire.log = nil
	asked := func() int { return strings.Count(strings.Join(o.states(), " "), "token?") }
	if o.Pass(539_999); asked() != 1 {
		t.Fatal("asked too early")
	}
	if o.Pass(1); asked() != 2 {
		t.Fatalf("not asked: %v", o.states())
	}
	o.token("new")
	o.wire.expect(t, `session.renew id=16 {"token":"new"}`)
	o.hear(headed(protocol.OpReply, 16, &protocol.Renewed{ExpiresMs: 10_000}))
	if o.Pass(5_000); asked() != 3 {
		t.Fatal("a token that lives short is not renewed in time")
	}
	o.token("")
	o.wire.expect(t)
	o.token("newer")
	o.wire.expect(t, `session.renew id=24 {"token":"newer"}`)
	// A broker that cannot check tokens just then may do so before the old one ends.
	o.hear(protocol.Envelope{Op: protocol.OpError, ID: 24, Head: protocol.NewFault(protocol.AuthUnavailable, "").AppendJSON(nil)})
	if o.Pass(10_000); asked() != 4 {
		t.Fatal("not asked again")
	}
	o.wire.log = nil // the hub has told the audit of it
	o.token("newest")
	o.wire.expect(t, `session.renew id=32 {"token":"newest"}`)
	o.hear(protocol.Envelope{Op: protocol.OpError, ID: 32, Head: protocol.NewFault(protocol.Unauthenticated, "").AppendJSON(nil)})
	if o.Pass(1_000_000); asked() != 4 {
		t.Fatal("asked again and again")
	}
	// An answer that nobody waits for.
	o.hear(headed(protocol.OpReply, 32, &protocol.Renewed{ExpiresMs: 10}))
	if o.Pass(1_000_000); asked() != 4 {
		t.Fatal("a late answer counts")
	}
}

// TestBrokerMethods plays the whole of a hub's part on the wire.
func TestBrokerMethods(t *testing.T) {
	o := online(t)
	app := o.Connect(o.main, "crm", crm)
	other := o.Connect(o.main, "shell", nestedApp)
	me, you := uint32(app.Ack.Me.Peer), uint32(other.Ack.Me.Peer)
	app.Ask(named(protocol.OpRegister, "local", ``))
	o.wire.expect(t)
	app.Ask(named(protocol.OpRegister, "shared", `{"scope":"user","accepts":"String s","tags":["x"]}`))
	o.wire.expect(t,
		introduced(app),
		fmt.Sprintf(`interop.register id=17 peer=%d shared {"accepts":"String s","tags":["x"],"scope":"user"}`, me))
	o.hear(protocol.Envelope{Op: protocol.OpReply, ID: 17})

	// Somebody elsewhere calls it.
	o.hear(peerOf(5, `{"peer":5,"instance":"chart-1","app":"chart","origin":"https://chart.example","main":true,"hub":"h2","userId":"ada","tenant":"acme"}`),
		protocol.Envelope{Op: protocol.OpCall, ID: 100, Ref: 17, Peer: 5, Head: []byte(`{"trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","hops":2,"timeoutMs":5000}`), Body: text(`{"s":"x"}`)})
	call, _ := app.Last(protocol.OpCall)
	if string(call.Head) != `{"trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","hops":2}` || string(call.Body.Bytes()) != `{"s":"x"}` || call.Peer < 1<<31 {
		t.Fatalf("called by %s", line(call))
	}
	met, _ := app.Last(protocol.OpPeer)
	if want := fmt.Sprintf(`{"peer":%d,"instance":"chart-1@h2","app":"chart","origin":"https://chart.example","hub":"h2","userId":"ada","tenant":"acme"}`, call.Peer); string(met.Head) != want || met.Peer != call.Peer {
		t.Fatalf("the caller is %s, want %s", met.Head, want)
	}
	app.Send(protocol.Envelope{Op: protocol.OpProgress, ID: call.ID, Body: text("1")})
	app.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: protocol.BinaryBody([]byte("bin"))})
	app.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: text("2")})
	o.wire.expect(t, fmt.Sprintf("interop.progress id=100 peer=%d 1", me), fmt.Sprintf("interop.result id=100 peer=%d bin", me))

	// The caller's time is up here, too; a cancel that comes then is about nothing.
	o.hear(protocol.Envelope{Op: protocol.OpCall, ID: 101, Ref: 17, Peer: 5, Head: []byte(`{"timeoutMs":5000}`), Body: text(`{"s":"x"}`)})
	o.Pass(5000)
	o.wire.expect(t, `error id=101 {"code":"TIMEOUT","message":"no answer came in time","retryable":true}`)
	o.hear(protocol.Envelope{Op: protocol.OpCancel, ID: 101, Ref: 5})
	o.hear(protocol.Envelope{Op: protocol.OpCall, ID: 102, Ref: 17, Peer: 5, Body: text(`{"s":"x"}`)}, protocol.Envelope{Op: protocol.OpCancel, ID: 102, Ref: 5})
	o.wire.expect(t, `error id=102 {"code":"CANCELLED","message":"cancelled by its caller","retryable":true}`)
	if n := len(app.All(protocol.OpCancel)); n != 2 {
		t.Fatalf("the callee heard %d cancels", n)
	}

	// What is offered elsewhere is offered here, behind what is of here.
	o.hear(headed(protocol.OpReply, 9, &protocol.MethodList{Methods: []protocol.MethodInfo{{Name: "far", Scope: "tenant", Peer: protocol.PeerInfo{Peer: 6, Instance: "i", App: "erp", Origin: "https://erp.example", Hub: "h3"}}}}))
	id, _ := other.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "far", Head: []byte(`{"timeoutMs":1000}`), Body: text(`{"a":1}`)})
	o.wire.expect(t,
		introduced(other),
		fmt.Sprintf(`interop.invoke id=25 ref=%d peer=6 far {"timeoutMs":1000} {"a":1}`, you))
	o.hear(protocol.Envelope{Op: protocol.OpProgress, ID: 25, Peer: 6, Body: text("1")}, protocol.Envelope{Op: protocol.OpResult, ID: 25, Peer: 6, Body: text("2")},
		protocol.Envelope{Op: protocol.OpResult, ID: 25, Peer: 6, Body: text("3")})
	if answer, _ := other.Answer(id); string(answer.Body.Bytes()) != "2" || len(other.All(protocol.OpProgress)) != 1 || len(other.All(protocol.OpResult)) != 1 {
		t.Fatalf("heard %s", lines(other))
	}
	other.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "far", Head: []byte(`{"timeoutMs":1000}`)})
	o.Pass(1000)
	o.wire.expect(t, fmt.Sprintf(`interop.invoke id=33 ref=%d peer=6 far {"timeoutMs":1000}`, you), fmt.Sprintf("interop.cancel id=33 ref=%d", you))
	if f := other.Fault(protocol.OpError); f.Code != protocol.Timeout {
		t.Fatalf("failed with %v", f)
	}

	// Who leaves is told, once.
	app.Send(protocol.Envelope{Op: protocol.OpBye})
	o.wire.expect(t, fmt.Sprintf("interop.unregister id=41 ref=17 peer=%d", me), fmt.Sprintf("session.gone peer=%d", me))
	watch, _ := other.Request(named(protocol.OpWatch, "", ``))
	pending, _ := other.Request(named(protocol.OpInvoke, "far", ``))
	o.hear(protocol.Envelope{Op: protocol.OpGone, Peer: 6}, protocol.Envelope{Op: protocol.OpResult, ID: 49})
	if answer, _ := other.Answer(pending); !strings.Contains(string(answer.Head), "TARGET_GONE") {
		t.Fatalf("answered %s", line(answer))
	}
	if e, _ := other.Last(protocol.OpMethods); e.Ref != watch || !strings.Contains(string(e.Head), `"removed":[{"name":"far"`) {
		t.Fatalf("the watch heard %s", line(e))
	}
	if e, ok := other.Last(protocol.OpGone); !ok || e.Peer < 1<<31 {
		t.Fatalf("heard %s", lines(other))
	}
	if open := other.Open(); len(open) != 0 {
		t.Fatalf("not answered: %v", open)
	}
}

// TestBrokerGone: when the link ends, all of the other side ends with it, and comes back when the other side does.
func TestBrokerGone(t *testing.T) {
	o := online(t)
	app, other := o.Connect(o.main, "crm", crm), o.Connect(o.main, "shell", nestedApp)
	app.Ask(named(protocol.OpRegister, "shared", `{"scope":"user"}`))
	far := headed(protocol.OpReply, 9, &protocol.MethodList{Methods: []protocol.MethodInfo{{Name: "far", Scope: "tenant", Peer: protocol.PeerInfo{Peer: 6, Instance: "i", App: "erp", Origin: "https://erp.example", Hub: "h3"}}}})
	o.hear(far, protocol.Envelope{Op: protocol.OpCall, ID: 7, Ref: 17, Peer: 6})
	other.Ask(named(protocol.OpWatch, "", `{"name":"far"}`))
	var calls []uint64
	for range 3 {
		id, _ := other.Request(named(protocol.OpInvoke, "far", ``))
		calls = append(calls, id)
	}
	o.wire.log = nil
	o.closed(stream.CloseAbnormal)
	o.closed(stream.CloseAbnormal)
	o.wire.expect(t)
	for _, id := range calls {
		if answer, ok := other.Answer(id); !ok || !strings.Contains(string(answer.Head), "TARGET_GONE") {
			t.Fatalf("answered %s", line(answer))
		}
	}
	if len(other.All(protocol.OpError)) != 3 || len(other.All(protocol.OpMethods)) != 1 || len(app.All(protocol.OpGone)) != 1 || len(app.All(protocol.OpCancel)) != 1 {
		t.Fatalf("heard %s\nthe callee heard %s", lines(other), lines(app))
	}
	if f := other.Refused(named(protocol.OpInvoke, "far", ``)); f.Code != protocol.MethodNotFound {
		t.Fatalf("after the end: %v", f)
	}
	// What waits is called when it is back.
	waits, _ := other.Request(named(protocol.OpInvoke, "far", `{"waitMs":60000}`))
	call, _ := app.Last(protocol.OpCall)
	app.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID})
	o.Linked().LinkOpened(o.Now)
	o.hear(headed(protocol.OpAck, 16, &protocol.Ack{}))
	o.wire.log = o.wire.log[1:]
	o.wire.expect(t, "interop.watch id=9",
		introduced(app), fmt.Sprintf(`interop.register id=17 peer=%d shared {"scope":"user"}`, app.Ack.Me.Peer))
	o.hear(far)
	o.wire.expect(t,
		introduced(other), fmt.Sprintf(`interop.invoke id=25 ref=%d peer=6 far {"timeoutMs":30000}`, other.Ack.Me.Peer))
	o.hear(protocol.Envelope{Op: protocol.OpResult, ID: 25, Peer: 6, Body: text("1")})
	if answer, _ := other.Answer(waits); string(answer.Body.Bytes()) != "1" {
		t.Fatalf("answered %s", line(answer))
	}
}

// TestBrokerAndCrash: a new run of the program is the same hub to the broker, and tells apps that what was elsewhere is gone.
func TestBrokerAndCrash(t *testing.T) {
	o := online(t)
	app := o.Connect(o.main, "shell", nestedApp)
	app.Ask(named(protocol.OpWatch, "", `{"name":"far"}`))
	far := protocol.MethodList{Methods: []protocol.MethodInfo{{Name: "far", Scope: "tenant", Peer: protocol.PeerInfo{Peer: 6, Instance: "i", App: "erp", Origin: "https://erp.example", Hub: "h3"}}}}
	o.hear(headed(protocol.OpReply, 9, &far))
	app.Request(named(protocol.OpInvoke, "far", ``))
	secret := string(o.Journal["hub/link"][0].Head)
	added, _ := app.Last(protocol.OpMethods)
	if lost := o.Crash(); len(lost) != 0 {
		t.Fatalf("lost %v", lost)
	}
	app.Prove()
	removed, _ := app.Last(protocol.OpMethods)
	gone, _ := app.Last(protocol.OpGone)
	if !strings.Contains(string(removed.Head), `"removed":[{"name":"far"`) || removed.Ref != added.Ref || gone.Peer < 1<<31 {
		t.Fatalf("after the crash it heard %s, %s", line(removed), line(gone))
	}
	for key := range o.Journal {
		if strings.HasPrefix(key, "hub/remote/") || strings.HasPrefix(key, "interop/method/") {
			t.Errorf("the journal keeps %s", key)
		}
	}
	o.wire.log = nil
	o.token("secret of ada")
	o.Linked().LinkOpened(o.Now)
	if hello := o.wire.log[1]; !strings.Contains(hello, secret) || secret == "" {
		t.Fatalf("said %s", hello)
	}
	o.hear(headed(protocol.OpAck, 8, &protocol.Ack{}), headed(protocol.OpReply, 9, &far))
	if back, _ := app.Last(protocol.OpMethods); !strings.Contains(string(back.Head), `"added":[{"name":"far"`) {
		t.Fatalf("heard %s", line(back))
	}
	if app.Request(named(protocol.OpInvoke, "far", ``)); !strings.HasPrefix(o.wire.log[len(o.wire.log)-1], "interop.invoke") {
		t.Fatalf("said %v", o.wire.log)
	}
}

// TestBrokerTakesNoMore: what cannot be sent is answered, and a link that takes no more is made anew.
func TestBrokerTakesNoMore(t *testing.T) {
	o := online(t)
	app, other := o.Connect(o.main, "crm", crm), o.Connect(o.main, "shell", nestedApp)
	app.Ask(named(protocol.OpRegister, "shared", `{"scope":"user"}`))
	o.hear(headed(protocol.OpReply, 9, &protocol.MethodList{Methods: []protocol.MethodInfo{{Name: "far", Scope: "tenant", Peer: protocol.PeerInfo{Peer: 6, Instance: "i", App: "erp", Hub: "h3"}}}}))
	o.wire.refuse = func(e protocol.Envelope) error {
		if e.Body.Size > 10 {
			return protocol.NewFault(protocol.TooLarge, "too large")
		}
		return nil
	}
	large := text(`"01234567890"`)
	if f := other.Refused(protocol.Envelope{Op: protocol.OpInvoke, Name: "far", Body: large}); f.Code != protocol.TooLarge {
		t.Fatalf("failed with %v", f)
	}
	o.hear(protocol.Envelope{Op: protocol.OpCall, ID: 7, Ref: 17, Peer: 6})
	call, _ := app.Last(protocol.OpCall)
	o.wire.log = nil
	app.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: large})
	o.wire.expect(t, `error id=7 {"code":"TOO_LARGE","message":"too large"}`)

	pending, _ := other.Request(named(protocol.OpInvoke, "far", ``))
	o.wire.log = nil
	o.wire.refuse = func(protocol.Envelope) error { return errors.New("full") }
	if f := other.Refused(named(protocol.OpInvoke, "far", ``)); f.Code != protocol.TargetGone {
		t.Fatalf("failed with %v", f)
	}
	o.wire.expect(t, "close 1013 more waits than may")
	if answer, _ := other.Answer(pending); !strings.Contains(string(answer.Head), "TARGET_GONE") || len(other.Open()) != 0 {
		t.Fatalf("answered %s; open are %v", line(answer), other.Open())
	}
	if s := o.states(); s[len(s)-1] != "offline" {
		t.Fatalf("the page shows %v", s)
	}
	o.wire.log = nil
	o.Pass(999)
	o.wire.expect(t)
	o.Pass(1)
	o.wire.expect(t, "open wss://broker.example")
	// Where there is no link any more, its end is about to be told.
	o.wire.refuse = nil
	o.connectAgain()
	o.hear(headed(protocol.OpReply, 9, &protocol.MethodList{Methods: []protocol.MethodInfo{{Name: "far", Scope: "tenant", Peer: protocol.PeerInfo{Peer: 6, Instance: "i", App: "erp", Hub: "h3"}}}}))
	o.wire.log = nil
	o.wire.refuse = func(protocol.Envelope) error { return stream.NewClosed(stream.CloseAbnormal, "") }
	if f := other.Refused(named(protocol.OpInvoke, "far", ``)); f.Code != protocol.Offline {
		t.Fatalf("failed with %v", f)
	}
	o.wire.expect(t)
}

func (o *office) connectAgain() {
	o.Linked().LinkOpened(o.Now)
	o.hear(headed(protocol.OpAck, 8, &protocol.Ack{}))
}

// TestWithoutABroker: a program that cannot reach one says so, and nothing is shared, by a rule or by a call.
func TestWithoutABroker(t *testing.T) {
	d, main := newDesk(t, func(o *hubtest.Options) {
		o.Boot.Link = &protocol.LinkConfig{URL: "wss://broker.example"}
		o.Boot.Sharing = []protocol.SharingRule{{Scope: "user", Methods: []string{"*"}}}
	})
	if len(d.Booted.Warnings) != 1 || !strings.HasPrefix(d.Booted.Warnings[0], "link:") {
		t.Fatalf("warned of %v", d.Booted.Warnings)
	}
	app := d.Connect(main, "crm", crm)
	if f := app.Refused(named(protocol.OpRegister, "m", `{"scope":"user"}`)); f.Code != protocol.ScopeUnavailable {
		t.Fatalf("refused with %v", f)
	}
	app.Ask(named(protocol.OpRegister, "m", ``))
	if list := string(app.Ask(named(protocol.OpDiscover, "", ``)).Head); strings.Contains(list, "scope") {
		t.Fatalf("offered as %s", list)
	}
}

// TestSharingRules: the definition's come before the platform's; both are checked.
func TestSharingRules(t *testing.T) {
	o := online(t, func(opts *hubtest.Options) {
		opts.Boot.Apps = append(opts.Boot.Apps, protocol.Definition{Name: "erp", URL: "https://erp.example", Sharing: []protocol.SharingRule{{Scope: "group:sales", Methods: []string{"erp.*"}}}})
		opts.Boot.Sharing = []protocol.SharingRule{{Scope: "tenant", Methods: []string{"*"}}}
	})
	app := o.Connect(o.main, "erp", "https://erp.example")
	app.Ask(named(protocol.OpRegister, "erp.orders", ``))
	app.Ask(named(protocol.OpRegister, "other", ``))
	app.Ask(named(protocol.OpRegister, "own", `{"scope":"local"}`))
	if f := app.Refused(named(protocol.OpRegister, "x", `{"scope":"group:board"}`)); f.Code != protocol.ScopeUnavailable {
		t.Fatalf("a group of others: %v", f)
	}
	if got := strings.Join(o.wire.log, "\n"); !strings.Contains(got, `erp.orders {"scope":"group:sales"}`) || !strings.Contains(got, `other {"scope":"tenant"}`) || strings.Contains(got, "own") {
		t.Fatalf("said\n%s", got)
	}
	define(t, o.main, protocol.Definition{Name: "erp", URL: "https://erp.example", Sharing: []protocol.SharingRule{{Scope: "user", Methods: []string{"*"}}}})
	app.Ask(named(protocol.OpRegister, "later", ``))
	if got := o.wire.log[len(o.wire.log)-1]; !strings.Contains(got, `later {"scope":"user"}`) {
		t.Fatalf("said %s", got)
	}
	bad := hubtest.New(t, hubtest.Options{Boot: protocol.Boot{Sharing: []protocol.SharingRule{{Scope: "user", Methods: []string{"a"}}, {Scope: "world", Methods: []string{"b"}}}}})
	if f := bad.Booted.Fault; f == nil || f.Code != protocol.InvalidArgument || !strings.HasPrefix(f.Message, `sharing[1].scope: "world" is no scope`) {
		t.Fatalf("booted with %v", f)
	}
}
