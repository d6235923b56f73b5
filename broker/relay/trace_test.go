package relay

import (
	"context"
	"strconv"
	"testing"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

const someTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// TestTraceGoesOn: the traceparent of an app's call reaches the handler of a program at another broker, and what that handler
// calls in turn: an app of a hub at the first one. One that is malformed goes nowhere.
func TestTraceGoesOn(t *testing.T) {
	a, b, _ := pair(t, Options{})
	hub := a.hub("anna", "h1", "chart", "crm")
	hub.register(2, "inner", `{"scope":"tenant"}`)
	program := b.program("ben", "middle")
	traces := make(chan string, 1)
	_, err := program.Offer(within(t), "outer", func(ctx context.Context, c *crossframe.Call) (any, error) {
		traces <- c.Trace
		r, err := program.Invoke(ctx, "inner", nil, crossframe.InvokeOptions{Parent: c, WaitFor: patience})
		if err != nil {
			return nil, err
		}
		return r.Value, nil
	}, protocol.MethodOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ sent, want string }{
		{someTrace, someTrace}, {"cc" + someTrace[2:] + "-later", "cc" + someTrace[2:] + "-later"}, {"00-t-01", ""}, {"", ""},
	} {
		head := protocol.InvokeOptions{Trace: x.sent, WaitMs: patience.Milliseconds()}
		id := hub.ask(protocol.Envelope{Op: protocol.OpInvoke, Ref: 1, Name: "outer", Head: head.AppendJSON(nil)})
		inner := hub.next(protocol.OpCall)
		if got := <-traces; got != x.want {
			t.Errorf("the program's handler got %q of %q", got, x.sent)
		}
		var info protocol.CallInfo
		if err := info.DecodeJSON(inner.Head); err != nil || info.Trace != x.want || info.Hops != 1 {
			t.Errorf("the app's handler got %s of %q", inner.Head, x.sent)
		}
		hub.send(protocol.Envelope{Op: protocol.OpResult, ID: inner.ID, Body: protocol.TextBody([]byte(strconv.Itoa(7)))})
		if m := hub.answer(id); m.Op != protocol.OpResult || string(m.Body.Bytes()) != "7" {
			t.Fatalf("answered by %d %s %s", m.Op, m.Head, m.Body.Bytes())
		}
	}
}
