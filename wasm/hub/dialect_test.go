package hub_test

import (
	"slices"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// tiny connects an app that speaks the small foreign dialect.
func tiny(t *testing.T, d *hubtest.Desk, main *hubtest.Client, app, origin string) *hubtest.Client {
	t.Helper()
	frame, _ := d.Open(main, app)
	c := d.Greet(hubtest.Visit{Frame: frame, Origin: origin, Text: `{"hello":"tiny"}`})
	challenge, _ := d.LastChallenge(frame, 0)
	if c.Form != dialect.Texts || len(c.ConnectionID) != 32 || !slices.Equal(c.Texts, []string{`{"welcome":"` + app + `"}`}) {
		t.Fatalf("form %d, heard %q", c.Form, c.Texts)
	}
	c.SendText(`{"echo":"` + challenge.Nonce + `"}`)
	c.Texts = nil
	return c
}

// expect compares what a client heard since the last time.
func expect(t *testing.T, c *hubtest.Client, want ...string) {
	t.Helper()
	if !slices.Equal(c.Texts, want) {
		t.Fatalf("heard %q, want %q", c.Texts, want)
	}
	if len(c.Log) != 0 {
		t.Fatalf("tuples came on a port of texts: %v", c.Log)
	}
	c.Texts = nil
}

// TestForeignDialect: an app that greets and speaks in its own way works together with native ones, both ways.
func TestForeignDialect(t *testing.T) {
	d, main := newDesk(t)
	native := d.Connect(main, "chart", chart)
	foreign := tiny(t, d, main, "crm", crm)
	if d.LastState(foreign.Frame).State != protocol.StateConnected {
		t.Fatal("the echo in its own words did not count")
	}

	foreign.SendText(`{"offer":"crm.add","ref":1}`)
	expect(t, foreign, `{"return":null,"ref":1}`)
	e := message(protocol.OpInvoke, "crm.add", nil)
	e.Body = text(`[1,2]`)
	id, _ := native.Request(e)
	if len(foreign.Texts) != 1 {
		t.Fatalf("heard %q", foreign.Texts)
	}
	const first = `{"args":[1,2],"ref":68719476737}` // the first call of the first run
	expect(t, foreign, first)
	foreign.SendText(`{"return":3,"ref":68719476737}`)
	answer, _ := native.Answer(id)
	if info, _ := native.Last(protocol.OpPeer); string(answer.Body.Bytes()) != `3` || answer.Peer != info.Peer || info.Peer == 0 {
		t.Fatalf("the call was answered %+v", answer)
	}

	native.Ask(message(protocol.OpRegister, "chart.show", &protocol.MethodOptions{Accepts: protocol.Raw(`"String name"`)}))
	foreign.SendText(`{"call":"chart.show","args":{"name":"x"},"ref":2}`)
	call, _ := native.Last(protocol.OpCall)
	if info, _ := native.Last(protocol.OpPeer); call.Peer != info.Peer || string(call.Body.Bytes()) != `{"name":"x"}` {
		t.Fatalf("called by %+v; %q, %v", call, foreign.Texts, native.Fault(protocol.OpError))
	}
	native.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: text(`{"shown":true}`)})
	expect(t, foreign, `{"return":{"shown":true},"ref":2}`)

	// What goes wrong has a code, in the dialect's own words.
	foreign.SendText(`{"call":"chart.show","args":{"name":1},"ref":3}`)
	expect(t, foreign, `{"failed":"SCHEMA_VIOLATION","ref":3}`)
	foreign.SendText(`{"call":"none","ref":4}`)
	expect(t, foreign, `{"failed":"METHOD_NOT_FOUND","ref":4}`)
	foreign.SendText(`{"dance":true,"ref":5}`)
	expect(t, foreign, `{"failed":"UNKNOWN_OPERATION","ref":5}`)
	for _, bad := range []string{``, `null`, `{"call":7,"ref":6}`, `{"call":"none","ref":-1}`, `{"call":"none","call":"none"}`, `{"ref":1e999}`, `{`} {
		if foreign.SendText(bad); len(foreign.Texts) != 1 {
			t.Fatalf("%q was answered %q", bad, foreign.Texts)
		}
		foreign.Texts = nil
	}
	if foreign.Closed || len(main.All(protocol.OpError)) != 0 {
		t.Fatal("the port was closed over it")
	}

	// Its document is bound to its port like any other, and it ends like any other.
	d.Load(foreign.Frame)
	d.Pass(protocol.ProofMs)
	expect(t, foreign, `{"bye":"SESSION_REVOKED"}`)
	if f := native.Refused(message(protocol.OpInvoke, "crm.add", nil)); f.Code != protocol.MethodNotFound || !foreign.Closed {
		t.Fatalf("after its end: %v", f)
	}
}

// TestForeignDialectAtTheDoor: the door decides alike, whatever the greeting's words.
func TestForeignDialectAtTheDoor(t *testing.T) {
	d, main := newDesk(t)
	frame, _ := d.Open(main, "crm")
	for _, c := range []struct{ origin, text, want string }{
		{evil, `{"hello":"tiny"}`, `{"bye":"ORIGIN_MISMATCH"}`},
		{"null", `{"hello":"tiny"}`, `{"bye":"ORIGIN_OPAQUE"}`},
		{crm, `{"hello":"tiny 2"}`, `{"bye":"PROTOCOL_UNSUPPORTED"}`},
	} {
		visitor := d.Greet(hubtest.Visit{Frame: frame, Origin: c.origin, Text: c.text})
		if expect(t, visitor, c.want); !visitor.Closed {
			t.Error("the port stayed open")
		}
	}
	early := d.Greet(hubtest.Visit{Frame: frame, Origin: crm, Text: `{"hello":"tiny"}`})
	early.SendText(`{"call":"x","ref":1}`)
	early.SendText(`{"dance":1,"ref":2}`)
	early.SendText(`{"offer":"x","ref":3}`)
	expect(t, early, `{"welcome":"crm"}`, `{"failed":"BAD_MESSAGE","ref":1}`, `{"failed":"BAD_MESSAGE","ref":2}`, `{"bye":"SESSION_REVOKED"}`)
}

// rogue is a dialect whose translation fails, or invents operations.
type rogue struct{ hubtest.Tiny }

func (rogue) Name() string               { return "rogue" }
func (rogue) Open(int64) dialect.Session { return rogueSession{} }

func (rogue) Greet(text []byte) (g dialect.Greeting, fault *protocol.Fault, ok bool) {
	return g, nil, string(text) == `{"hello":"rogue"}`
}

type rogueSession struct{}

func (rogueSession) Decode(dst []protocol.Envelope, f dialect.Frame) ([]protocol.Envelope, uint64, *protocol.Fault) {
	if len(f.Text) == 0 {
		panic("on purpose")
	}
	for op := range protocol.Op(f.Text[0]) * 4 {
		if op != protocol.OpBye {
			dst = append(dst, protocol.Envelope{Op: op, ID: 1})
		}
	}
	return append(dst, protocol.Envelope{Op: 1<<32 - 1, ID: 1}), 0, nil
}

func (rogueSession) Encode(dst []dialect.Frame, e protocol.Envelope) []dialect.Frame {
	return append(dst, dialect.Frame{Text: []byte{byte(e.Op)}})
}

// TestRogueDialect: the hub does not rely on a dialect to hold its table.
func TestRogueDialect(t *testing.T) {
	d, main := newDesk(t, func(o *hubtest.Options) { o.Dialects = []dialect.Dialect{rogue{}} })
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	frame, _ := d.Open(main, "box")
	c := d.Greet(hubtest.Visit{Frame: frame, Origin: "null", Text: `{"hello":"rogue"}`})
	page := len(d.PageLog)
	c.SendText("")
	if got := events(t, main); len(got) != 1 || got[0].Code != protocol.Internal {
		t.Fatalf("audit %+v", got)
	}
	if c.SendText("\x7f"); c.Closed || main.Closed || len(d.PageLog) != page {
		t.Fatalf("the page heard %v", d.PageLog[page:])
	}
	if d.Connect(main, "crm", crm).Ask(protocol.Envelope{Op: protocol.OpAppList}).Op != protocol.OpReply {
		t.Fatal("the hub does not go on")
	}
}
