package interop

import (
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

func TestCallGoesThereAndBack(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 7, "sum", "")
	w.send(a, invoke(5, "sum", "", "[1,2]"), "to 2: interop.call id=100 ref=7 peer=1 [1,2]")
	w.send(b, progress(100, "50"), "to 1: interop.progress id=5 peer=2 50")
	w.send(b, result(100, "3"), "to 1: interop.result id=5 peer=2 3")
	w.flat()
	// The id is free again.
	w.send(a, invoke(5, "sum", "", ""), "to 2: interop.call id=101 ref=7 peer=1")
	w.send(b, result(101, ""), "to 1: interop.result id=5 peer=2")
	w.flat()
}

func TestCallOfOneself(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	w.offers(a, 7, "own", "")
	w.send(a, invoke(7, "own", "", ""), "to 1: interop.call id=100 ref=7 peer=1")
	w.send(a, result(100, "1"), "to 1: interop.result id=7 peer=1 1")
	w.flat()
}

func TestTargets(t *testing.T) {
	w := newWorld(t)
	a, b, c, d := w.join(1), w.join(2), w.join(3), w.join(4)
	w.offers(b, 20, "m", "")
	w.offers(a, 10, "m", "")
	w.offers(c, 30, "m", "")
	w.offers(d, 40, "other", "")

	w.send(a, invoke(1, "m", "", ""), "to 2: interop.call id=100 ref=20 peer=1")
	w.send(a, invoke(2, "m", `{"target":"best"}`, ""), "to 2: interop.call id=101 ref=20 peer=1")
	w.send(a, invoke(3, "m", `{"target":"all"}`, ""),
		"to 2: interop.call id=103 ref=20 peer=1", "to 1: interop.call id=104 ref=10 peer=1", "to 3: interop.call id=105 ref=30 peer=1")
	w.send(a, invoke(4, "m", `{"target":"others"}`, ""),
		"to 2: interop.call id=107 ref=20 peer=1", "to 3: interop.call id=108 ref=30 peer=1")
	w.send(d, invoke(1, "m", `{"target":"others"}`, ""),
		"to 2: interop.call id=110 ref=20 peer=4", "to 1: interop.call id=111 ref=10 peer=4", "to 3: interop.call id=112 ref=30 peer=4")
	w.send(a, invoke(6, "m", `{"instance":"i3"}`, ""), "to 3: interop.call id=113 ref=30 peer=1")
	w.send(a, invokePeer(7, "m", c), "to 3: interop.call id=114 ref=30 peer=1")

	// The message's peer goes before the instance, and both before the target.
	e := invoke(8, "m", `{"instance":"i2","target":"all"}`, "")
	e.Peer = 3
	w.send(a, e, "to 3: interop.call id=115 ref=30 peer=1")

	// Who is connected and does not offer the method, and who is not connected.
	w.send(a, invokePeer(9, "m", d), "to 1: error id=9 METHOD_NOT_FOUND")
	w.send(a, invoke(9, "m", `{"instance":"i4"}`, ""), "to 1: error id=9 METHOD_NOT_FOUND")
	w.send(a, invokePeer(9, "m", &peer.Peer{ID: 99}), "to 1: error id=9 TARGET_GONE")
	w.send(a, invoke(9, "m", `{"instance":"i99"}`, ""), "to 1: error id=9 TARGET_GONE")
	w.send(d, invoke(9, "other", `{"target":"others"}`, ""), "to 4: error id=9 METHOD_NOT_FOUND")
	w.send(a, invoke(9, "none", `{"target":"all"}`, ""), "to 1: error id=9 METHOD_NOT_FOUND")

	// The first to offer takes its method back: the next one is the best.
	w.handle(b, ref(protocol.OpUnregister, 21, 20))
	w.send(d, invoke(10, "m", "", ""), "to 1: interop.call id=116 ref=10 peer=4")
}

func TestAllTargetsOneFailsOneHangsOneLeaves(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	var servers []*peer.Peer
	for id := peer.ID(2); id <= 6; id++ {
		servers = append(servers, w.join(id))
		w.offers(servers[len(servers)-1], 9, "m", "")
	}
	w.handle(a, invoke(1, "m", `{"target":"all","timeoutMs":500}`, ""))
	w.send(servers[0], result(101, "1"), "to 1: interop.part id=1 peer=2 1")
	w.send(servers[1], failure(102, `{"code":"HANDLER_ERROR","message":"no"}`), `to 1: interop.part id=1 peer=3 HANDLER_ERROR "no"`)
	w.left(servers[2], "to 1: interop.part id=1 peer=4 TARGET_GONE", "drop interop/method/4/9")
	w.send(servers[3], progress(104, "9"), "to 1: interop.progress id=1 peer=5 9")
	w.send(servers[0], result(101, "again"))
	w.after(499)
	w.after(1,
		"to 5: interop.cancel id=104", "to 1: interop.part id=1 peer=5 TIMEOUT",
		"to 6: interop.cancel id=105", "to 1: interop.part id=1 peer=6 TIMEOUT",
		"to 1: interop.end id=1 ref=5")
	w.flat()
}

func TestAllOfTwoHundredTargetsOneHangs(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	for id := peer.ID(2); id < 202; id++ {
		w.offers(w.join(id), 1, "m", "")
	}
	w.handle(a, invoke(1, "m", `{"target":"all"}`, ""))
	for id := peer.ID(2); id < 201; id++ {
		n := strconv.Itoa(int(id))
		w.send(w.peers[id], result(99+uint64(id), n), "to 1: interop.part id=1 peer="+n+" "+n)
	}
	w.after(protocol.DefaultTimeoutMs,
		"to 201: interop.cancel id=300", "to 1: interop.part id=1 peer=201 TIMEOUT", "to 1: interop.end id=1 ref=200")
	w.flat()
}

func TestArgumentsAreCheckedForEachTarget(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(b, 9, "m", `{"accepts":"String s"}`)
	w.offers(c, 9, "m", `{"accepts":{"properties":{"s":{"type":"number"}}}}`)
	w.send(a, invoke(1, "m", "", `{"s":1}`), `to 1: error id=1 SCHEMA_VIOLATION "arguments: at /s: expected a string"`)
	w.send(a, invoke(1, "m", "", ""), `to 1: error id=1 SCHEMA_VIOLATION "arguments: expected the member \"s\""`)
	w.send(a, invoke(1, "m", "", `{"s":"x"`), "to 1: error id=1 BAD_MESSAGE")
	w.send(a, invoke(1, "m", "", "[]"), `to 1: error id=1 SCHEMA_VIOLATION "arguments: expected an object"`)
	w.send(a, invoke(1, "m", "", `{"s":"","deep":`+strings.Repeat("[", 65)), "to 1: error id=1 TOO_DEEP")
	binary := invoke(1, "m", "", "")
	binary.Body = protocol.BinaryBody([]byte(`{"s":"x"}`))
	w.send(a, binary, `to 1: error id=1 SCHEMA_VIOLATION "arguments: expected JSON, not an ArrayBuffer"`)
	w.flat()
	w.send(a, invoke(1, "m", `{"target":"all"}`, `{"s":"x"}`),
		`to 2: interop.call id=107 ref=9 peer=1 {"s":"x"}`,
		`to 1: interop.part id=1 peer=3 SCHEMA_VIOLATION "arguments: at /s: expected a number"`)
	w.send(b, result(107, "1"), "to 1: interop.part id=1 peer=2 1", "to 1: interop.end id=1 ref=2")
	w.send(a, invoke(1, "m", `{"target":"all"}`, `{"s":null}`),
		`to 1: interop.part id=1 peer=2 SCHEMA_VIOLATION "arguments: at /s: expected a string"`,
		`to 1: interop.part id=1 peer=3 SCHEMA_VIOLATION "arguments: at /s: expected a number"`,
		"to 1: interop.end id=1 ref=2")
	w.flat()
}

func TestResultIsChecked(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", `{"returns":{"type":"integer"}}`)
	audit := "audit SCHEMA_VIOLATION app2 i2 https://app2.example"
	for call, c := range []struct{ body, want string }{
		{"7", "interop.result id=1 peer=2 7"},
		{`"secret"`, `error id=1 SCHEMA_VIOLATION "result: expected an integer"`},
		{`7 7`, `error id=1 SCHEMA_VIOLATION "result: JSON at byte 2: want the end of the text"`},
		{"", `error id=1 SCHEMA_VIOLATION "result: expected an integer"`},
	} {
		w.handle(a, invoke(1, "m", "", ""))
		want := []string{"to 1: " + c.want}
		if call > 0 {
			want = append(want, audit)
		}
		w.send(b, result(100+uint64(call), c.body), want...)
	}
	w.flat()
}

func TestHandlerErrorIsCodedAndBounded(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	for call, c := range []struct{ head, want string }{
		{`{"code":"HANDLER_ERROR","message":"no such customer","stack":"at secret.js:1"}`, `{"code":"HANDLER_ERROR","message":"no such customer"}`},
		{`{"code":"INVALID_ARGUMENT","message":"limit"}`, `{"code":"INVALID_ARGUMENT","message":"limit"}`},
		{`{"code":"REVISION_CONFLICT","message":"m","revision":7,"supported":[1],"retryable":false}`, `{"code":"REVISION_CONFLICT","message":"m","retryable":true}`},
		{`{"code":"SESSION_REVOKED","message":"go away"}`, `{"code":"HANDLER_ERROR","message":"go away"}`},
		{`{"code":"DISCONNECTED","message":"m"}`, `{"code":"HANDLER_ERROR","message":"m"}`},
		{`{"code":"MY_OWN","message":"m"}`, `{"code":"HANDLER_ERROR","message":"m"}`},
		{``, `{"code":"HANDLER_ERROR","message":"the method's handler failed"}`},
		{`{"code":"INTERNAL","message":`, `{"code":"HANDLER_ERROR","message":"the method's handler failed"}`},
		{`{"code":"HANDLER_ERROR","message":"` + strings.Repeat("é", 600) + `"}`, `{"code":"HANDLER_ERROR","message":"` + strings.Repeat("é", 512) + `"}`},
		{`{"code":"HANDLER_ERROR","message":"x` + strings.Repeat("é", 600) + `"}`, `{"code":"HANDLER_ERROR","message":"x` + strings.Repeat("é", 511) + `"}`},
	} {
		w.handle(a, invoke(1, "m", "", ""))
		w.handle(b, failure(100+uint64(call), c.head))
		if len(w.out.Messages) != 1 || string(w.out.Messages[0].Head) != c.want || w.out.Messages[0].ID != 1 {
			t.Errorf("%s\n became %s\nwant %s", c.head, w.out.Messages[0].Head, c.want)
		}
	}
	w.flat()
}

// someTrace is the example of the W3C recommendation.
const someTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestTraceAndHopsTravelOnlyWhereTheyAre(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(a, 9, "a", "")
	w.offers(b, 9, "b", "")
	w.send(a, invoke(1, "b", `{"trace":"`+someTrace+`"}`, ""), `to 2: interop.call id=100 ref=9 peer=1 {"trace":"`+someTrace+`"}`)
	w.send(b, invoke(1, "a", `{"parent":100}`, ""), `to 1: interop.call id=101 ref=9 peer=2 {"hops":1}`)
	w.send(a, invoke(2, "b", `{"parent":101,"trace":"`+someTrace+`"}`, ""), `to 2: interop.call id=102 ref=9 peer=1 {"trace":"`+someTrace+`","hops":2}`)
	// A parent that is another's call, was answered, or never was, says nothing.
	for id, parent := range []string{"100", "102", "99", "5000", "-1", "0"} {
		w.send(a, invoke(10+uint64(id), "b", `{"parent":`+parent+`}`, ""), "to 2: interop.call id="+strconv.Itoa(103+id)+" ref=9 peer=1")
	}
	// What is no traceparent goes no further; the call does.
	for i, trace := range []string{"t", strings.ToUpper(someTrace), someTrace + "-x", someTrace + `\r\nx: y`, strings.Repeat("x", 257)} {
		w.send(a, invoke(20+uint64(i), "b", `{"trace":"`+trace+`"}`, ""), "to 2: interop.call id="+strconv.Itoa(109+i)+" ref=9 peer=1")
	}
	w.send(a, invoke(3, "b", `{"target":"some"}`, ""), "to 1: error id=3 INVALID_ARGUMENT")
}

func TestCallsInARowEndAsALoopAtHop32(t *testing.T) {
	w := newWorld(t)
	pair := []*peer.Peer{w.join(1), w.join(2)}
	for i, p := range pair {
		w.offers(p, 9, "m"+strconv.Itoa(i+1), "")
	}
	call := uint64(0)
	for hop := range 1000 {
		from, to := pair[hop%2], pair[(hop+1)%2]
		head := ""
		if call != 0 {
			head = `{"parent":` + strconv.FormatUint(call, 10) + `}`
		}
		w.handle(from, invoke(uint64(hop+1), "m"+strconv.Itoa(int(to.ID)), head, ""))
		e := w.out.Messages[0]
		if e.Op == protocol.OpCall {
			call = e.ID
			continue
		}
		if got := line(e.Envelope); hop != protocol.MaxHops+1 || !strings.Contains(got, "LOOP_DETECTED") || len(w.out.Audits) != 1 {
			t.Fatalf("call %d: %s", hop, got)
		}
		return
	}
	t.Fatal("a thousand calls in a row went through")
}

func TestPendingCallsAreLimited(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	a.Limits.PendingCalls = 3
	w.offers(b, 9, "m", "")
	quota := []string{"to 1: error id=9 QUOTA_EXCEEDED", "audit QUOTA_EXCEEDED app1 i1 https://app1.example"}
	w.handle(a, invoke(1, "m", "", ""))
	w.handle(a, ask(protocol.OpAwait, 2, "later", ""))
	w.handle(a, invoke(3, "later", `{"waitMs":1000}`, ""))
	w.send(a, invoke(9, "m", "", ""), quota...)
	w.send(a, ask(protocol.OpAwait, 9, "later", ""), quota...)
	w.handle(b, result(100, ""))
	w.send(a, invoke(9, "m", "", ""), "to 2: interop.call id=103 ref=9 peer=1")
	w.left(b, "to 1: error id=9 TARGET_GONE", "drop interop/method/2/9")
	w.send(a, cancel(2), "to 1: error id=2 CANCELLED")
	w.send(a, cancel(3), "to 1: error id=3 CANCELLED")
	w.flat()

	// A call of many targets counts for each of them, and can always be made alone.
	for id := peer.ID(3); id < 8; id++ {
		w.offers(w.join(id), 9, "m", "")
	}
	w.handle(a, invoke(1, "m", `{"target":"all"}`, ""))
	if len(w.out.Messages) != 5 {
		t.Fatalf("%d calls", len(w.out.Messages))
	}
	w.send(a, invoke(9, "m", "", ""), quota...)
	w.handle(a, cancel(1))
	w.flat()
}
