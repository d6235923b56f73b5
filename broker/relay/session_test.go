package relay

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
)

// TestHello: who is admitted, and what everybody else is told.
func TestHello(t *testing.T) {
	b := single(t, Options{HelloTimeout: 300 * time.Millisecond, Admit: func(_ context.Context, p Presence) (func(), *protocol.Fault) {
		if p.User == "carl" {
			return nil, protocol.NewFault(protocol.LicenseLimit, "no seat")
		}
		return func() {}, nil
	}})
	w := b.dial(page)
	w.greet(hello(protocol.KindHub, "anna", "h1"))
	if i := w.ack.Identity; i == nil || i.Tenant != "acme" || i.User.ID != "anna" || len(i.Groups) != 1 || w.ack.Epoch == "" || w.ack.ConnectionID == "" || w.ack.ExpiresMs != 0 {
		t.Errorf("%+v %+v", w.ack, i)
	}
	if me := w.ack.Me; me.Hub != "h1" || me.UserID != "anna" || me.Tenant != "acme" || me.Peer == 0 {
		t.Errorf("%+v", me)
	}
	text := func(edit func(h *protocol.Hello)) protocol.Envelope {
		h := hello(protocol.KindHub, "anna", "h2")
		edit(h)
		return protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: h.AppendJSON(nil)}
	}
	for _, test := range []struct {
		name    string
		first   protocol.Envelope
		code    stream.Code
		refusal protocol.Code
	}{
		{"something else first", protocol.Envelope{Op: protocol.OpContextGet, ID: 1, Name: "c"}, 4401, protocol.Unauthenticated},
		{"nothing", protocol.Envelope{}, 4401, protocol.Unauthenticated},
		{"no head", protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: []byte("[")}, 1008, protocol.BadHandshake},
		{"no token", text(func(h *protocol.Hello) { h.Token = "" }), 4401, protocol.Unauthenticated},
		{"a wrong token", text(func(h *protocol.Hello) { h.Token = "eve" }), 4401, protocol.Unauthenticated},
		{"an old token", text(func(h *protocol.Hello) { h.Token = "anna until 2020-01-01T00:00:00Z" }), 4401, protocol.SessionExpired},
		{"an unknown version", text(func(h *protocol.Hello) { h.Versions = []int64{99} }), 1008, protocol.ProtocolUnsupported},
		{"an unknown kind", text(func(h *protocol.Hello) { h.Kind = "broker" }), 1008, protocol.BadHandshake},
		{"a bad hub", text(func(h *protocol.Hello) { h.Hub = "a/b" }), 1008, protocol.BadHandshake},
		{"no hub", text(func(h *protocol.Hello) { h.Hub = "" }), 1008, protocol.BadHandshake},
		{"no secret", text(func(h *protocol.Hello) { h.Secret = "short" }), 1008, protocol.BadHandshake},
		{"no seat", text(func(h *protocol.Hello) { h.Token = "carl" }), 1013, protocol.LicenseLimit},
	} {
		w := b.dial(page)
		if test.first.Op != 0 {
			w.send(test.first)
		}
		if code, refusal := w.end(); code != test.code || refusal != test.refusal {
			t.Errorf("%s: %d %s, want %d %s", test.name, code, refusal, test.code, test.refusal)
		}
	}
	// A hub of another tenant may have the same id.
	b.dial(page).greet(hello(protocol.KindHub, "mal", "h1"))
	until(t, "two hubs are listed", func() bool { return len(b.Presence()) == 2 })
}

// TestSlowAuthenticator: a hello that came in time is in time, however long it takes to check its token.
func TestSlowAuthenticator(t *testing.T) {
	b := single(t, Options{HelloTimeout: 100 * time.Millisecond})
	b.people.slow = 300 * time.Millisecond
	b.dial(page).greet(hello(protocol.KindHub, "anna", "h1"))
}

// TestOrigins (W01, W02, W03, W06): pages of other origins, and addresses that hold a token, end before the upgrade.
func TestOrigins(t *testing.T) {
	b := single(t, Options{})
	for _, test := range []struct {
		path, origin string
		status       int
	}{
		{"", page, 101},
		{"", "", 101},
		{"", "https://evil.test", 403},
		{"", "https://desk.test.evil.test", 403},
		{"", "http://desk.test", 403},
		{"", "null", 403},
		{"?token=anna", page, 400},
	} {
		request, err := http.NewRequestWithContext(within(t), http.MethodGet, strings.Replace(b.url, "ws:", "http:", 1)+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
		if test.origin != "" {
			request.Header.Set("Origin", test.origin)
		}
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("%q from %q: %d, want %d", test.path, test.origin, answer.StatusCode, test.status)
		}
	}
}

// TestOneHubOneConnection (W17): who knows the secret takes the place of the older connection; who does not is refused.
func TestOneHubOneConnection(t *testing.T) {
	b := single(t, Options{})
	older := b.hub("anna", "h1", "a")
	older.register(1, "m", `{"scope":"tenant"}`)
	thief := b.dial(page)
	h := hello(protocol.KindHub, "anna", "h1")
	h.Secret = "another secret that is long enough"
	thief.send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: h.AppendJSON(nil)})
	// It may try again: the one that is connected may be its own, of before its page lost what it kept.
	if code, refusal := thief.end(); code != stream.CloseTryLater || refusal != protocol.BadHandshake {
		t.Errorf("a wrong secret: %d %s", code, refusal)
	}
	newer := b.hub("anna", "h1")
	if code, refusal := older.end(); code != stream.CloseSuperseded || refusal != protocol.Superseded {
		t.Errorf("the older one: %d %s", code, refusal)
	}
	until(t, "what the older one offered is gone", func() bool {
		m := newer.answer(newer.ask(protocol.Envelope{Op: protocol.OpDiscover}))
		return string(m.Head) == `{"methods":[]}`
	})
	if list := b.Presence(); len(list) != 1 || list[0].Hub != "h1" || list[0].User != "anna" {
		t.Errorf("%+v", list)
	}
	newer.link.Close(stream.CloseNormal, "")
	until(t, "nobody is there", func() bool { return len(b.Presence()) == 0 })
	// Nobody is connected under that id any more, so that another may be.
	w := b.dial(page)
	w.greet(h)
}

// TestTokensEnd (W11): a connection ends with its token, unless the same user brings a new one.
func TestTokensEnd(t *testing.T) {
	b := single(t, Options{})
	soon := func(d time.Duration) string { return "anna until " + time.Now().Add(d).Format(time.RFC3339Nano) }
	w := b.dial(page)
	w.greet(hello(protocol.KindHub, soon(150*time.Millisecond), "h1"))
	if ms := w.ack.ExpiresMs; ms < 1 || ms > 150 {
		t.Errorf("the token ends after %d ms", ms)
	}
	if code, refusal := w.end(); code != stream.CloseSession || refusal != protocol.SessionExpired {
		t.Errorf("%d %s", code, refusal)
	}
	renewed := b.dial(page)
	renewed.greet(hello(protocol.KindHub, soon(time.Second), "h1"))
	renew := func(token string) protocol.Envelope {
		return renewed.answer(renewed.ask(protocol.Envelope{Op: protocol.OpRenew, Head: (&protocol.Token{Token: token}).AppendJSON(nil)}))
	}
	for token, want := range map[string]protocol.Code{"ben": protocol.Unauthenticated, "mal": protocol.Unauthenticated, "eve": protocol.Unauthenticated} {
		if m := renew(token); codeOf(&m) != want {
			t.Errorf("renewed by %s: %s", token, m.Head)
		}
	}
	if m := renew("anna"); m.Op != protocol.OpReply {
		t.Fatalf("renewed: %s", m.Head)
	}
	time.Sleep(1100 * time.Millisecond)
	if m := renewed.answer(renewed.ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "c", Head: []byte(`{"scope":"user"}`)})); m.Op != protocol.OpContextValue {
		t.Errorf("behind the end of its first token: %s", m.Head)
	}
	b.people.mu.Lock()
	b.people.changed["anna"] = identity.Identity{Tenant: "acme", User: protocol.User{ID: "anna"}, Groups: []string{"other"}}
	b.people.mu.Unlock()
	renew("anna")
	if code, _ := renewed.end(); code != stream.CloseRestart {
		t.Errorf("with other groups: %d", code)
	}
}

// TestRevokedAndBlocked (W11, W12): a user whose session ends, and an origin that is blocked, are out at once.
func TestRevokedAndBlocked(t *testing.T) {
	b := single(t, Options{})
	anna, ben, program := b.hub("anna", "h1"), b.hub("ben", "h2"), b.dial("")
	program.greet(hello(protocol.KindProgram, "ben", "p1"))
	if err := b.Revoke("acme", "anna"); err != nil {
		t.Fatal(err)
	}
	if code, refusal := anna.end(); code != stream.CloseSession || refusal != protocol.SessionRevoked {
		t.Errorf("revoked: %d %s", code, refusal)
	}
	patterns, _, err := origin.NewPatterns(origin.BlockList, []string{"desk.test"})
	if err != nil {
		t.Fatal(err)
	}
	b.Block(patterns)
	if code, refusal := ben.end(); code != stream.CloseOrigin || refusal != protocol.OriginBlocked {
		t.Errorf("blocked: %d %s", code, refusal)
	}
	if code, _ := b.dial(page).end(); code != stream.CloseOrigin {
		t.Errorf("blocked from the start: %d", code)
	}
	if m := program.answer(program.ask(protocol.Envelope{Op: protocol.OpDiscover})); m.Op != protocol.OpReply {
		t.Errorf("a program has no origin: %s", m.Head)
	}
}

// TestMisuse: what a hub may not say ends it, or is refused.
func TestMisuse(t *testing.T) {
	b := single(t, Options{Peers: 2})
	for name, messages := range map[string][]protocol.Envelope{
		"a program with peers":   {{Op: protocol.OpPeer, Peer: 1, Head: []byte(`{"instance":"i","app":"a","peer":1,"origin":""}`)}},
		"a peer without number":  {{Op: protocol.OpPeer, Head: []byte(`{"instance":"i"}`)}},
		"a peer without name":    {{Op: protocol.OpPeer, Peer: 1, Head: []byte(`{}`)}},
		"a peer that is no JSON": {{Op: protocol.OpPeer, Peer: 1, Head: []byte(`{`)}},
		"too many peers": {{Op: protocol.OpPeer, Peer: 1, Head: []byte(`{"instance":"1"}`)}, {Op: protocol.OpPeer, Peer: 2, Head: []byte(`{"instance":"2"}`)},
			{Op: protocol.OpPeer, Peer: 3, Head: []byte(`{"instance":"3"}`)}},
	} {
		w := b.dial(page)
		kind := protocol.KindHub
		if strings.HasPrefix(name, "a program") {
			kind = protocol.KindProgram
		}
		w.greet(hello(kind, "anna", "m"))
		for _, m := range messages {
			w.send(m)
		}
		if code, refusal := w.end(); code != stream.ClosePolicy || refusal != protocol.BadMessage {
			t.Errorf("%s: %d %s", name, code, refusal)
		}
	}
	w := b.hub("anna", "h1", "a")
	for _, m := range []protocol.Envelope{
		{Op: protocol.OpRegister, Peer: 7, Name: "m", Head: []byte(`{"scope":"user"}`)},
		{Op: protocol.OpInvoke, Ref: 7, Name: "m"},
		{Op: protocol.OpInvoke, Ref: 1 << 40, Name: "m"},
		{Op: protocol.OpUnregister, Peer: 7, Ref: 1},
		{Op: protocol.OpContextSet, Ref: 7, Name: "c", Head: []byte(`{"scope":"user"}`), Body: protocol.TextBody([]byte(`{}`))},
	} {
		if a := w.answer(w.ask(m)); codeOf(&a) != protocol.BadMessage {
			t.Errorf("%d by nobody: %s", m.Op, a.Head)
		}
	}
	for op, want := range map[protocol.Op]protocol.Code{
		protocol.OpAppStart: protocol.UnknownOperation, protocol.OpAck: protocol.UnknownOperation, 4711: protocol.UnknownOperation,
		protocol.OpHello: protocol.UnknownOperation, protocol.OpPageBoot: protocol.UnknownOperation,
	} {
		if a := w.answer(w.ask(protocol.Envelope{Op: op})); codeOf(&a) != want {
			t.Errorf("%d: %s", op, a.Head)
		}
	}
	// What answers nothing is passed over, and the connection goes on.
	w.send(protocol.Envelope{Op: protocol.OpResult, ID: 99})
	w.send(protocol.Envelope{Op: protocol.OpCancel, ID: 99, Ref: 7})
	w.send(protocol.Envelope{Op: protocol.OpGone, Peer: 7})
	if a := w.answer(w.ask(protocol.Envelope{Op: protocol.OpDiscover})); a.Op != protocol.OpReply {
		t.Error(a.Op)
	}
}

// TestStop: a broker that stops says so, and hubs come back to the next one.
func TestStop(t *testing.T) {
	b := single(t, Options{})
	w := b.hub("anna", "h1", "a")
	b.stop()
	if code, _ := w.end(); code != stream.CloseRestart {
		t.Errorf("%d", code)
	}
	b.stop()
}
