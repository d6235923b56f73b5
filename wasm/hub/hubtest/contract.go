package hubtest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
)

// The apps of the contract.
const (
	callerOrigin = "https://caller.example"
	calleeOrigin = "https://callee.example"
)

// Contract holds what carries a hub's frames to the port contract: start starts a hub behind it.
func Contract(t *testing.T, start Start) {
	for _, c := range []struct {
		name string
		try  func(d *Desk, main *Client)
	}{
		{"refusal", tryRefusal},
		{"handshake", tryHandshake},
		{"bodies", tryBodies},
		{"order", tryOrder},
		{"fan-out", tryFanOut},
		{"timers", tryTimers},
		{"page", tryPage},
		{"close", tryClose},
		{"crash", tryCrash},
		{"texts", tryTexts},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New(t, Options{Start: start, Dialects: []dialect.Dialect{Tiny{}}, Boot: protocol.Boot{
				Apps: []protocol.Definition{{Name: "caller", URL: callerOrigin + "/"}, {Name: "callee", URL: calleeOrigin + "/", Limits: protocol.Limits{Burst: 7}}},
			}})
			c.try(d, d.Main())
		})
	}
}

func tryRefusal(d *Desk, _ *Client) {
	c := d.Greet(Visit{Frame: 5, Origin: callerOrigin})
	if c.Fault(protocol.OpRefused).Code != protocol.SourceUnknown || !c.Closed || len(c.Log) != 1 || c.ConnectionID != "" {
		d.T.Fatalf("refused by %v, closed: %v, admitted as %q", c.Log, c.Closed, c.ConnectionID)
	}
}

func tryHandshake(d *Desk, main *Client) {
	frame, _ := d.Open(main, "callee")
	c := d.Greet(Visit{Frame: frame, Origin: calleeOrigin})
	if c.ConnectionID == "" || c.ConnectionID != c.Ack.ConnectionID || c.Form != dialect.Tuples || c.Limits != c.Ack.Limits || c.Limits.Burst != 7 {
		d.T.Fatalf("admitted as %q, form %d, limits %+v; the acknowledgement says %+v", c.ConnectionID, c.Form, c.Limits, c.Ack)
	}
	if c.Prove(); len(c.Log) != 1 || c.Ask(protocol.Envelope{Op: protocol.OpAppList}).Op != protocol.OpReply {
		d.T.Fatalf("heard %v", c.Log)
	}
}

// pair connects two apps, of which the second offers the method "m".
func pair(d *Desk, main *Client) (caller, callee *Client) {
	d.T.Helper()
	caller, callee = d.Connect(main, "caller", callerOrigin), d.Connect(main, "callee", calleeOrigin)
	callee.Ask(protocol.Envelope{Op: protocol.OpRegister, Name: "m"})
	return caller, callee
}

// tryBodies sends bodies of every kind and size there and back.
func tryBodies(d *Desk, main *Client) {
	caller, callee := pair(d, main)
	for _, body := range []protocol.Body{
		{}, protocol.TextBody([]byte(`null`)), protocol.TextBody([]byte(`"ä\ud83d\ude00"`)), protocol.TextBody([]byte(`"` + strings.Repeat("x", 300<<10) + `"`)),
		protocol.BinaryBody([]byte{}), protocol.BinaryBody([]byte{0, 255, 1}), protocol.BinaryBody(bytes.Repeat([]byte{7}, 100<<10)),
	} {
		id, _ := caller.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m", Body: body})
		call, _ := callee.Last(protocol.OpCall)
		if !equal(call.Body, body) {
			d.T.Fatalf("a body of kind %d and %d bytes arrived as %d, %d", body.Kind, body.Size, call.Body.Kind, call.Body.Size)
		}
		callee.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: body})
		if answer, ok := caller.Answer(id); !ok || !equal(answer.Body, body) {
			d.T.Fatalf("a body of kind %d and %d bytes came back as %d, %d", body.Kind, body.Size, answer.Body.Kind, answer.Body.Size)
		}
	}
	// The hub reads this one, and keeps it.
	value := protocol.TextBody([]byte(`{"k":"` + strings.Repeat("y", 100<<10) + `"}`))
	caller.Ask(protocol.Envelope{Op: protocol.OpContextSet, Name: "x", Body: value})
	if answer := callee.Ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "x"}); !equal(answer.Body, value) {
		d.T.Fatalf("a value of %d bytes came back with %d", value.Size, answer.Body.Size)
	}
}

func equal(a, b protocol.Body) bool { return a.Kind == b.Kind && bytes.Equal(a.Bytes(), b.Bytes()) }

// tryOrder: what one turn sends arrives in its order.
func tryOrder(d *Desk, main *Client) {
	caller, callee := pair(d, main)
	for i := range uint64(50) {
		caller.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m", Ref: i})
	}
	last := uint64(0)
	for _, call := range callee.All(protocol.OpCall) {
		if call.ID <= last {
			d.T.Fatalf("call %d arrived behind %d", call.ID, last)
		}
		last = call.ID
	}
	introduced := -1
	for i, e := range callee.Log {
		switch {
		case e.Op == protocol.OpPeer && e.Peer == uint32(caller.Ack.Me.Peer):
			introduced = i
		case e.Op == protocol.OpCall && introduced < 0:
			d.T.Fatal("called by a peer that was not introduced")
		}
	}
}

// tryFanOut: one body goes to many.
func tryFanOut(d *Desk, main *Client) {
	caller, callee := pair(d, main)
	for _, c := range []*Client{main, caller, callee} {
		c.Ask(protocol.Envelope{Op: protocol.OpContextSubscribe, Name: "x"})
	}
	for _, op := range []protocol.Op{protocol.OpContextSet, protocol.OpContextUpdate} {
		body := protocol.TextBody([]byte(`{"a":[1,2,3]}`))
		caller.Ask(protocol.Envelope{Op: op, Name: "x", Body: body})
		for _, c := range []*Client{main, caller, callee} {
			if e, _ := c.Last(protocol.OpContextEvent); !equal(e.Body, body) {
				d.T.Fatalf("%s heard %+v", c.Ack.Me.Instance, e)
			}
		}
	}
}

func tryTimers(d *Desk, main *Client) {
	caller, _ := pair(d, main)
	options := protocol.InvokeOptions{TimeoutMs: 300}
	d.Pass(0)
	id, _ := caller.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m", Head: options.AppendJSON(nil)})
	if due := d.Hub.Deadline(); due != d.Now+300 {
		d.T.Fatalf("due at %d, want %d", due, d.Now+300)
	}
	if d.Pass(299); len(caller.Open()) != 1 {
		d.T.Fatal("answered before its time")
	}
	if d.Pass(1); caller.Fault(protocol.OpError).Code != protocol.Timeout || len(caller.Open()) != 0 {
		d.T.Fatalf("request %d: %v", id, caller.Log)
	}
	if due := d.Hub.Deadline(); due != 0 {
		d.T.Fatalf("still due at %d", due)
	}
}

// tryPage: the page gets frame, title, start context and states.
func tryPage(d *Desk, main *Client) {
	from := len(d.PageLog)
	context := protocol.TextBody([]byte(`{"customer":7}`))
	id, _ := main.Request(protocol.Envelope{Op: protocol.OpAppStart, Name: "caller", Body: context})
	open := d.PageLog[from]
	if open.Op != protocol.OpPageOpen || open.Ref != 1 || !equal(open.Body, context) {
		d.T.Fatalf("the page heard %+v", open)
	}
	c := d.Enter(Visit{Frame: 1, Origin: callerOrigin})
	if !equal(c.Log[0].Body, context) || d.LastState(1).State != protocol.StateConnected {
		d.T.Fatalf("the app got %+v; the page shows %+v", c.Log[0], d.LastState(1))
	}
	if _, ok := main.Answer(id); !ok {
		d.T.Fatal("the start was not answered")
	}
}

func tryClose(d *Desk, main *Client) {
	caller, callee := pair(d, main)
	caller.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m"})
	d.Remove(callee.Frame)
	if !callee.Closed || callee.Fault(protocol.OpRefused).Code != protocol.SessionClosed || caller.Fault(protocol.OpError).Code != protocol.TargetGone {
		d.T.Fatalf("the callee heard %v, the caller %v", callee.Log, caller.Log)
	}
	heard := len(callee.Log)
	if callee.Send(protocol.Envelope{Op: protocol.OpAppList, ID: 1}); len(callee.Log) != heard {
		d.T.Fatal("a closed port was served")
	}
}

func tryCrash(d *Desk, main *Client) {
	caller, callee := pair(d, main)
	value := protocol.TextBody([]byte(`{"a":1}`))
	for _, op := range []protocol.Op{protocol.OpContextSet, protocol.OpContextUpdate, protocol.OpContextUpdate} {
		caller.Ask(protocol.Envelope{Op: op, Name: "x", Body: value})
	}
	pending, _ := caller.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m"})
	if lost := d.Crash(); len(lost) != 0 {
		d.T.Fatalf("lost %v", lost)
	}
	if _, ok := caller.Answer(pending); !ok {
		d.T.Fatal("what was in flight was not answered")
	}
	caller.Prove()
	callee.Prove()
	id, _ := caller.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m"})
	call, _ := callee.Last(protocol.OpCall)
	callee.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: value})
	if answer, _ := caller.Answer(id); !equal(answer.Body, value) {
		d.T.Fatalf("after the crash the call was answered %+v", answer)
	}
	if answer := callee.Ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "x"}); !equal(answer.Body, value) || answer.Ref != 3 {
		d.T.Fatalf("after the crash the context is %s, revision %d", answer.Body.Bytes(), answer.Ref)
	}
}

// tryTexts: a foreign dialect works through the same ports.
func tryTexts(d *Desk, main *Client) {
	_, callee := pair(d, main)
	frame, _ := d.Open(main, "caller")
	c := d.Greet(Visit{Frame: frame, Origin: callerOrigin, Text: `{"hello":"tiny"}`})
	challenge, _ := d.LastChallenge(frame, 0)
	c.SendText(`{"echo":"` + challenge.Nonce + `"}`)
	c.SendText(`{"call":"m","args":{"n":1},"ref":4}`)
	call, _ := callee.Last(protocol.OpCall)
	callee.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: protocol.TextBody([]byte(`[2]`))})
	want := []string{`{"welcome":"caller"}`, `{"return":[2],"ref":4}`}
	if c.Form != dialect.Texts || strings.Join(c.Texts, "\n") != strings.Join(want, "\n") || string(call.Body.Bytes()) != `{"n":1}` {
		d.T.Fatalf("form %d; heard %q; the call was %s", c.Form, c.Texts, call.Body.Bytes())
	}
	if d.Crash(); c.Form != dialect.Texts {
		d.T.Fatal("the form did not come back")
	}
	challenge, _ = d.LastChallenge(frame, 0)
	c.SendText(`{"echo":"` + challenge.Nonce + `"}`)
	c.SendText(`{"dance":1,"ref":5}`)
	if got := c.Texts[len(c.Texts)-1]; got != `{"failed":"UNKNOWN_OPERATION","ref":5}` {
		d.T.Fatalf("after the crash it heard %s", got)
	}
}
