package interop

import (
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

const audit3 = " app3 i3 https://app3.example"

func TestResultForACallOfSomebodyElse(t *testing.T) {
	for name, e := range map[string]protocol.Envelope{
		"result": result(100, "forged"), "error": failure(100, `{"code":"HANDLER_ERROR","message":"forged"}`), "progress": progress(100, "forged"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a, b, c := w.join(1), w.join(2), w.join(3)
			w.offers(b, 9, "m", "")
			w.handle(a, invoke(1, "m", "", ""))
			w.send(c, e, "to 3: error id=100 NOT_OWNER", "audit NOT_OWNER"+audit3)
			w.send(b, result(100, "real"), "to 1: interop.result id=1 peer=2 real")
			w.flat()
		})
	}
}

func TestResultForARequestThatOnlyWaits(t *testing.T) {
	w := newWorld(t)
	a, c := w.join(1), w.join(3)
	w.handle(a, invoke(1, "later", `{"waitMs":500}`, ""))
	w.send(c, result(100, "forged"), "to 3: error id=100 NOT_OWNER", "audit NOT_OWNER"+audit3)
	w.after(500, "to 1: error id=1 METHOD_NOT_FOUND")
	w.flat()
}

func TestResultForACallThatNeverWas(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(b, 9, "m", "")
	w.handle(a, invoke(1, "m", "", ""))
	for _, id := range []uint64{0, 101, protocol.MaxID} {
		want := strings.Replace("to 3: error id="+strconv.FormatUint(id, 10)+" BAD_MESSAGE", " id=0", "", 1)
		w.send(c, result(id, "x"), want, "audit BAD_MESSAGE"+audit3)
	}
	// Calls of an earlier run of the hub.
	w.send(c, result(99, "late"))
	w.send(c, result(1, "late"))
	w.send(b, result(100, "real"), "to 1: interop.result id=1 peer=2 real")
}

func TestReplyTwiceGivesOneResult(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	w.handle(a, invoke(1, "m", "", ""))
	w.send(b, result(100, "first"), "to 1: interop.result id=1 peer=2 first")
	w.send(b, result(100, "second"))
	w.send(b, failure(100, ""))
	w.send(b, progress(100, "late"))
}

func TestRequestIDReusedWhilePending(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	bad := []string{"to 1: error id=1 BAD_MESSAGE", "audit BAD_MESSAGE app1 i1 https://app1.example"}
	w.handle(a, invoke(1, "m", "", ""))
	w.send(a, invoke(1, "m", "", ""), bad...)
	w.send(a, ask(protocol.OpAwait, 1, "x", ""), bad...)
	w.send(b, result(100, "7"), "to 1: interop.result id=1 peer=2 7")
	w.handle(a, register(1, "n", ""))
	w.send(a, register(1, "o", ""), bad...)
	w.handle(a, ask(protocol.OpWatch, 1, "", ""))
	w.send(a, ask(protocol.OpWatch, 1, "", ""), bad...)
}

func TestRequestIDsOutOfRangeLeaveNothing(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	for _, id := range []uint64{0, protocol.MaxID + 1, 1<<64 - 1} {
		for _, e := range []protocol.Envelope{
			invoke(id, "m", "", ""), register(id, "n", ""), ask(protocol.OpWatch, id, "", ""), ask(protocol.OpAwait, id, "n", ""),
		} {
			w.handle(a, e)
			if got := strings.Join(w.lines(), "|"); !strings.Contains(got, "BAD_MESSAGE|audit BAD_MESSAGE") {
				t.Errorf("id %d: %s", id, got)
			}
		}
	}
	w.flat()
	m := w.room.members[1]
	if len(m.offers)+len(m.named)+len(m.watches) != 0 {
		t.Error("something was kept")
	}
	w.send(a, invoke(protocol.MaxID, "m", "", ""), "to 2: interop.call id=100 ref=9 peer=1")
	w.send(b, result(100, ""), "to 1: interop.result id=9007199254740991 peer=2")
}

func TestNumbersThatAreNotExactAreRefused(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	for _, n := range []string{"1e999", "9007199254740993", "1.5", `"500"`, `"NaN"`, "NaN", "-9007199254740993", "[1]"} {
		for _, field := range []string{"timeoutMs", "waitMs", "parent"} {
			w.send(a, invoke(1, "m", `{"`+field+`":`+n+`}`, ""), "to 1: error id=1 BAD_MESSAGE")
		}
		w.send(a, ask(protocol.OpAwait, 1, "x", `{"timeoutMs":`+n+`}`), "to 1: error id=1 BAD_MESSAGE")
	}
	w.flat()
	w.send(a, invoke(1, "m", `{"parent":-0,"timeoutMs":-0}`, ""), "to 2: interop.call id=100 ref=9 peer=1")
}

func TestTimeoutsAreClamped(t *testing.T) {
	for head, want := range map[string]int64{
		``: protocol.DefaultTimeoutMs, `{"timeoutMs":0}`: protocol.DefaultTimeoutMs, `{"timeoutMs":-1}`: 100, `{"timeoutMs":99}`: 100,
		`{"timeoutMs":101}`: 101, `{"timeoutMs":600000}`: 600_000, `{"timeoutMs":1000000000000}`: 600_000,
	} {
		w := newWorld(t)
		a, b := w.join(1), w.join(2)
		w.offers(b, 9, "m", "")
		w.handle(a, invoke(1, "m", head, ""))
		if got := w.room.Deadline() - w.now; got != want {
			t.Errorf("invoke %s: %d ms", head, got)
		}
		w.handle(a, cancel(1))
		w.handle(a, ask(protocol.OpAwait, 1, "x", head))
		if got := w.room.Deadline() - w.now; got != want {
			t.Errorf("await %s: %d ms", head, got)
		}
		w.handle(a, cancel(1))
		wait := strings.Replace(head, "timeoutMs", "waitMs", 1)
		w.handle(a, invoke(1, "x", wait, ""))
		if want == protocol.DefaultTimeoutMs {
			want = -w.now // not at all
		}
		if got := w.room.Deadline() - w.now; got != want {
			t.Errorf("invoke %s: waits %d ms", wait, got)
		}
	}
}

func TestCalleeThatNeverAnswers(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	w.handle(a, invoke(1, "m", `{"timeoutMs":250}`, ""))
	w.after(249)
	w.send(b, progress(100, "1"), "to 1: interop.progress id=1 peer=2 1")
	w.after(1, "to 2: interop.cancel id=100", "to 1: error id=1 TIMEOUT")
	w.flat()
	w.send(b, result(100, "late"))
	w.after(10_000)
}

func TestCalleeGoneMidCall(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(b, 9, "m", "")
	w.handle(a, invoke(1, "m", "", ""))
	w.handle(c, invoke(1, "m", "", ""))
	w.handle(a, invoke(2, "m", "", ""))
	w.handle(b, ref(protocol.OpUnregister, 10, 9))
	w.send(b, result(101, "still taken"), "to 3: interop.result id=1 peer=2 still taken")
	w.left(b, "to 1: error id=1 TARGET_GONE", "to 1: error id=2 TARGET_GONE")
	w.flat()
	w.after(protocol.DefaultTimeoutMs)
}

func TestCallerGoneMidCall(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(a, 9, "m", "")
	w.offers(b, 9, "m", "")
	w.offers(c, 9, "n", "")
	w.handle(a, invoke(5, "n", "", ""))
	w.handle(a, invoke(1, "m", `{"target":"all"}`, ""))
	w.handle(a, invoke(2, "m", "", ""))
	w.handle(a, invoke(3, "later", `{"waitMs":1000}`, `"kept"`))
	w.handle(a, ask(protocol.OpAwait, 4, "later", ""))
	w.handle(a, ask(protocol.OpWatch, 8, "", ""))
	w.left(a,
		"to 2: interop.cancel id=103", "to 3: interop.cancel id=100",
		"drop interop/watch/1/8", "drop interop/method/1/9")
	w.flat()
	w.send(b, result(103, "late"))
	w.handle(c, register(10, "later", ""))
	w.expect([]string{"to 3: reply id=10", `put interop/method/3/10 [4,"later"]`})
}

func TestCancel(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(b, 9, "m", "")
	w.offers(c, 9, "m", "")
	w.handle(a, invoke(1, "m", "", ""))
	w.send(c, cancel(1))
	w.send(a, cancel(1), "to 2: interop.cancel id=100", "to 1: error id=1 CANCELLED")
	w.send(a, cancel(1))
	w.send(b, result(100, "late"))
	w.handle(a, invoke(2, "m", `{"target":"all"}`, ""))
	w.send(b, result(102, "1"), "to 1: interop.part id=2 peer=2 1")
	w.send(a, cancel(2), "to 3: interop.cancel id=103", "to 1: error id=2 CANCELLED")
	w.send(c, result(103, "late"))
	w.flat()
	w.after(protocol.MaxTimeoutMs)
}

func TestMethodThatTheCallerMayNotSee(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	a.Grants = peer.NewGrants(protocol.Grants{Invoke: []string{"open.*"}})
	w.offers(b, 8, "secret.m", "")
	w.offers(b, 9, "open.m", "")
	denied := "audit PERMISSION_DENIED app1 i1 https://app1.example"

	// The same answer, and the same bytes, whether it exists or not.
	var heads []string
	for _, name := range []string{"secret.m", "secret.none"} {
		for _, head := range []string{"", `{"target":"all"}`, `{"target":"others"}`, `{"instance":"i2"}`, `{"instance":"i99"}`} {
			w.send(a, invoke(1, name, head, ""), "to 1: error id=1 METHOD_NOT_FOUND", denied)
			heads = append(heads, string(w.out.Messages[0].Head))
		}
		w.send(a, invokePeer(1, name, b), "to 1: error id=1 METHOD_NOT_FOUND", denied)
		w.send(a, ask(protocol.OpDiscover, 1, "", `{"name":"`+name+`"}`), `to 1: reply id=1 {"methods":[]}`)
		w.send(a, ask(protocol.OpAwait, 2, name, `{"timeoutMs":100}`))
		w.send(a, invoke(3, name, `{"waitMs":100}`, ""), denied)
		w.after(100, "to 1: error id=2 TIMEOUT", "to 1: error id=3 METHOD_NOT_FOUND")
	}
	w.handle(a, invoke(1, "open.none", "", ""))
	for _, head := range heads {
		if head != string(w.out.Messages[0].Head) {
			t.Errorf("%s is not %s", head, w.out.Messages[0].Head)
		}
	}
	w.flat()

	w.handle(a, ask(protocol.OpWatch, 4, "", ""))
	if got := string(w.out.Messages[0].Head); strings.Contains(got, "secret") || !strings.Contains(got, "open.m") {
		t.Errorf("watch: %s", got)
	}
	w.send(b, register(10, "secret.n", ""), "to 2: reply id=10", `put interop/method/2/10 [3,"secret.n"]`)
	w.send(b, ref(protocol.OpUnregister, 11, 10), "to 2: reply id=11", "drop interop/method/2/10")
}

func TestWildcardsAreNoNames(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "crm.show", "")
	denied := []string{"to 1: error id=1 PERMISSION_DENIED", "audit PERMISSION_DENIED app1 i1 https://app1.example"}
	for _, name := range []string{"*", "crm.*", "crm*"} {
		for _, op := range []protocol.Op{protocol.OpWatch, protocol.OpDiscover} {
			w.send(a, ask(op, 1, "", `{"name":"`+name+`"}`), denied...)
			w.send(a, ask(op, 1, "", `{"prefix":"`+name+`"}`), denied...)
		}
		w.send(a, ask(protocol.OpAwait, 1, name, ""), denied...)
		w.send(a, register(1, name, ""), "to 1: error id=1 INVALID_NAME")
		w.send(a, invoke(1, name, "", ""), "to 1: error id=1 METHOD_NOT_FOUND")
	}
}

func TestInvalidNamesAndTexts(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	for _, name := range []string{"", ".", "..", " x", "x ", "a\x00b", "a\nb", "a\u202eb", "e\u0301", "\U0001F600", strings.Repeat("x", 257), strings.Repeat("x", 10_000), "a\xffb"} {
		w.send(a, register(1, name, ""), "to 1: error id=1 INVALID_NAME")
		w.send(a, ask(protocol.OpAwait, 1, name, ""), "to 1: error id=1 INVALID_NAME")
		w.send(a, invoke(1, name, `{"waitMs":1000}`, ""), "to 1: error id=1 METHOD_NOT_FOUND")
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	tags := strings.TrimSuffix(strings.Repeat(`"t",`, 17), ",")
	for _, head := range []string{
		`{"displayName":"` + long(257) + `"}`, `{"displayName":"a\u0000"}`, `{"displayName":"a\u202eb"}`, `{"displayName":"\u2066"}`, `{"displayName":"\u0085"}`,
		`{"description":"` + long(4097) + `"}`, `{"description":"\u001b[31m"}`, `{"tags":[` + tags + `]}`, `{"tags":["` + long(65) + `"]}`, `{"tags":["\u0007"]}`,
	} {
		w.send(a, register(1, "m", head), "to 1: error id=1 INVALID_ARGUMENT")
	}
	for i, head := range []string{
		`{"displayName":"<b>bold</b>","description":"two\nlines\tand ` + long(4000) + `"}`, `{"displayName":"` + strings.Repeat("客", 256) + `"}`,
		`{"tags":[` + strings.TrimSuffix(strings.Repeat(`"t",`, 16), ",") + `]}`,
	} {
		w.offers(a, uint64(i+1), "m"+strconv.Itoa(i), head)
	}
	if len(w.room.offers) != 3 {
		t.Errorf("%d methods", len(w.room.offers))
	}
}

func TestReservedNamesBelongToThePlatform(t *testing.T) {
	w := newWorld(t)
	a, main := w.join(1), w.join(2)
	main.Info.Main = true
	for i, name := range []string{"Hub.stop", "T42.Channels", "___channel___Red"} {
		w.send(a, register(1, name, ""), "to 1: error id=1 PERMISSION_DENIED", "audit PERMISSION_DENIED app1 i1 https://app1.example")
		w.offers(main, uint64(i+1), name, "")
	}
}

func TestOfferWithoutGrant(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	a.Grants = peer.NewGrants(protocol.Grants{Offer: []string{"crm.*"}})
	w.send(a, register(1, "erp.show", ""), "to 1: error id=1 PERMISSION_DENIED", "audit PERMISSION_DENIED app1 i1 https://app1.example")
	w.send(a, register(1, "crm.show", ""), "to 1: reply id=1", `put interop/method/1/1 [1,"crm.show"]`)
}

func TestMethodThatAnotherAppOffersExclusively(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.send(a, register(1, "m", `{"exclusive":true}`), "to 1: reply id=1", `put interop/method/1/1 {"exclusive":true} [1,"m"]`)
	w.send(b, register(1, "m", ""), "to 2: error id=1 METHOD_EXISTS")
	w.send(b, register(1, "m", `{"exclusive":true}`), "to 2: error id=1 METHOD_EXISTS")
	w.send(a, register(2, "m", ""), "to 1: error id=2 METHOD_EXISTS")
	w.offers(b, 2, "n", "")
	w.send(a, register(2, "n", `{"exclusive":true}`), "to 1: error id=2 METHOD_EXISTS")
	w.send(a, register(2, "n", ""), "to 1: reply id=2", `put interop/method/1/2 [3,"n"]`)
	w.handle(a, ref(protocol.OpUnregister, 3, 1))
	w.offers(b, 3, "m", `{"exclusive":true}`)
}

func TestUnregisterAndUnwatchWhatIsSomebodyElses(t *testing.T) {
	w := newWorld(t)
	a, c := w.join(1), w.join(3)
	w.offers(a, 1, "m", "")
	w.handle(a, ask(protocol.OpWatch, 2, "", ""))
	w.send(c, ref(protocol.OpUnregister, 9, 1), "to 3: error id=9 NOT_OWNER", "audit NOT_OWNER"+audit3)
	w.send(c, ref(protocol.OpUnwatch, 9, 2), "to 3: error id=9 NOT_OWNER", "audit NOT_OWNER"+audit3)
	w.send(a, ref(protocol.OpUnregister, 9, 0), "to 1: error id=9 NOT_OWNER", "audit NOT_OWNER app1 i1 https://app1.example")
	w.send(c, invoke(1, "m", "", ""), "to 1: interop.call id=100 ref=1 peer=3")
}

func TestTenThousandMethodsOfOnePeer(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	for i := range 10_000 {
		id := uint64(i + 1)
		w.handle(a, register(id, "m"+strconv.Itoa(i), ""))
		if got := w.out.Messages[0]; (got.Op == protocol.OpReply) != (i < 1000) {
			t.Fatalf("method %d: %s", i, line(got.Envelope))
		}
	}
	w.send(a, register(10_001, "more", ""), "to 1: error id=10001 QUOTA_EXCEEDED", "audit QUOTA_EXCEEDED app1 i1 https://app1.example")
	w.handle(a, ref(protocol.OpUnregister, 10_002, 5))
	w.offers(a, 10_001, "more", "")
}

func TestBytesOfOnePeersOffersAreLimited(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	head := `{"accepts":{"description":"` + strings.Repeat("x", 60_000) + `"}}`
	n := maxOfferBytes / len(head)
	for i := range n {
		w.offers(a, uint64(i+1), "m"+strconv.Itoa(i), head)
	}
	w.send(a, register(9999, "more", head), "to 1: error id=9999 QUOTA_EXCEEDED", "audit QUOTA_EXCEEDED app1 i1 https://app1.example")
	w.handle(a, ref(protocol.OpUnregister, 9999, 1))
	w.offers(a, 1, "more", head)
}

func TestWatchesAreLimited(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	for i := range 1000 {
		w.send(a, ask(protocol.OpWatch, uint64(i+1), "", ""),
			"to 1: reply id="+strconv.Itoa(i+1)+` {"methods":[]}`, "put interop/watch/1/"+strconv.Itoa(i+1))
	}
	w.send(a, ask(protocol.OpWatch, 5000, "", ""), "to 1: error id=5000 QUOTA_EXCEEDED", "audit QUOTA_EXCEEDED app1 i1 https://app1.example")
	w.send(a, ref(protocol.OpUnwatch, 5001, 7), "to 1: reply id=5001", "drop interop/watch/1/7")
	w.send(a, ask(protocol.OpWatch, 7, "", ""), `to 1: reply id=7 {"methods":[]}`, "put interop/watch/1/7")
}

func TestBytesOfWaitingCallsAreLimited(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	args := `"` + strings.Repeat("x", 1<<20) + `"`
	for i := range 4 {
		w.send(a, invoke(uint64(i+1), "later", `{"waitMs":1000}`, args))
	}
	w.send(a, invoke(9, "later", `{"waitMs":1000}`, args), "to 1: error id=9 QUOTA_EXCEEDED", "audit QUOTA_EXCEEDED app1 i1 https://app1.example")
	w.handle(a, cancel(1))
	w.send(a, invoke(9, "later", `{"waitMs":1000}`, args))
}

func TestSchemasThatCannotBeUsed(t *testing.T) {
	w := newWorld(t)
	a := w.join(1)
	for i, c := range []struct{ head, want string }{
		{`{"accepts":"Strin a"}`, "accepts: want String"},
		{`{"returns":{"pattern":"x"}}`, "returns: at /pattern: this keyword is not supported"},
		{`{"accepts":5}`, "accepts: a schema is an object or a boolean"},
		{`{"accepts":"String a","returns":{"not":{}},"returns2":1}`, ""},
	} {
		w.handle(a, register(uint64(i+1), "m", c.head))
		if got := string(w.out.Messages[0].Head); !strings.Contains(got, c.want) || strings.Contains(got, "INVALID_SCHEMA") != (c.want != "") {
			t.Errorf("%s: %s", c.head, got)
		}
	}
	w.send(a, register(20, "n", `{"tags":1}`), "to 1: error id=20 BAD_MESSAGE")
	w.send(a, register(20, "n", `{"tags":[],"tags":[]}`), "to 1: error id=20 BAD_MESSAGE")
	w.send(a, ask(protocol.OpDiscover, 2, "", `{`), "to 1: error id=2 BAD_MESSAGE")
}
