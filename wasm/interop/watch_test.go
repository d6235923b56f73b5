package interop

import (
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// seenPeer is the PeerInfo of a peer of world.
func seenPeer(id int) string {
	n := strconv.Itoa(id)
	return `{"peer":` + n + `,"instance":"i` + n + `","app":"app` + n + `","origin":"https://app` + n + `.example"}`
}

func seenMethod(name string, id int) string {
	return `{"name":"` + name + `","peer":` + seenPeer(id) + `}`
}

func TestDiscover(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 1, "crm.b", `{"displayName":"B","description":"does b","accepts":"String s","returns":{"type":"null"},"exclusive":true,"tags":["x"]}`)
	w.offers(a, 1, "crm.a", "")
	w.offers(b, 2, "erp", "")
	w.offers(a, 2, "erp", "")
	full := `{"name":"crm.b","peer":` + seenPeer(2) + `,"displayName":"B","description":"does b","accepts":"String s","returns":{"type":"null"},"tags":["x"],"exclusive":true}`
	for query, want := range map[string]string{
		"":                         full + "," + seenMethod("crm.a", 1) + "," + seenMethod("erp", 2) + "," + seenMethod("erp", 1),
		`{"name":"erp"}`:           seenMethod("erp", 2) + "," + seenMethod("erp", 1),
		`{"prefix":"crm."}`:        full + "," + seenMethod("crm.a", 1),
		`{"app":"app1"}`:           seenMethod("crm.a", 1) + "," + seenMethod("erp", 1),
		`{"name":"erp","app":"x"}`: "",
		`{"name":"none"}`:          "",
		`{"name":"erp","prefix":"e","app":"app2"}`: seenMethod("erp", 2),
	} {
		w.send(a, ask(protocol.OpDiscover, 9, "", query), `to 1: reply id=9 {"methods":[`+want+`]}`)
	}
}

func TestWatchTellsChanges(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(b, 1, "crm.a", "")
	w.send(a, ask(protocol.OpWatch, 5, "", ""), `to 1: reply id=5 {"methods":[`+seenMethod("crm.a", 2)+`]}`, "put interop/watch/1/5")
	w.handle(a, ask(protocol.OpWatch, 6, "", `{"prefix":"erp."}`))
	w.handle(c, ask(protocol.OpWatch, 7, "", `{"name":"crm.b"}`))
	w.handle(c, ask(protocol.OpWatch, 8, "", `{"app":"app3"}`))

	w.send(b, register(2, "crm.b", ""),
		"to 2: reply id=2",
		`to 3: interop.methods ref=7 {"added":[`+seenMethod("crm.b", 2)+`]}`,
		`to 1: interop.methods ref=5 {"added":[`+seenMethod("crm.b", 2)+`]}`,
		`put interop/method/2/2 [2,"crm.b"]`)
	w.send(c, register(1, "erp.x", ""),
		"to 3: reply id=1",
		`to 1: interop.methods ref=5 {"added":[`+seenMethod("erp.x", 3)+`]}`,
		`to 1: interop.methods ref=6 {"added":[`+seenMethod("erp.x", 3)+`]}`,
		`to 3: interop.methods ref=8 {"added":[`+seenMethod("erp.x", 3)+`]}`,
		`put interop/method/3/1 [3,"erp.x"]`)
	w.send(c, ref(protocol.OpUnregister, 2, 1),
		"to 3: reply id=2",
		`to 1: interop.methods ref=5 {"removed":[`+seenMethod("erp.x", 3)+`]}`,
		`to 1: interop.methods ref=6 {"removed":[`+seenMethod("erp.x", 3)+`]}`,
		`to 3: interop.methods ref=8 {"removed":[`+seenMethod("erp.x", 3)+`]}`,
		"drop interop/method/3/1")
	w.send(a, ref(protocol.OpUnwatch, 9, 6), "to 1: reply id=9", "drop interop/watch/1/6")

	// All that a peer takes along comes in one message for each watch.
	w.left(b,
		`to 1: interop.methods ref=5 {"removed":[`+seenMethod("crm.a", 2)+","+seenMethod("crm.b", 2)+`]}`,
		`to 3: interop.methods ref=7 {"removed":[`+seenMethod("crm.b", 2)+`]}`,
		"drop interop/method/2/1", "drop interop/method/2/2")
	w.left(c, "drop interop/watch/3/7", "drop interop/watch/3/8")
	w.left(a, "drop interop/watch/1/5")
	if len(w.room.watches)+len(w.room.offers)+len(w.room.members) != 0 {
		t.Error("something was kept")
	}
}

// TestRegranted: offers that the new grants do not allow are gone for everybody, methods that they do not let the peer
// call are gone for it, and what it waits for may be there.
func TestRegranted(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(a, 1, "crm.a", "")
	w.offers(a, 2, "erp.a", "")
	w.offers(b, 1, "crm.b", "")
	w.offers(b, 2, "erp.b", "")
	w.handle(a, ask(protocol.OpWatch, 8, "", ""))
	w.handle(a, ask(protocol.OpWatch, 9, "", `{"prefix":"crm."}`))
	w.handle(b, ask(protocol.OpWatch, 9, "", ""))
	w.send(b, invoke(5, "erp.a", "", ""), "to 1: interop.call id=100 ref=2 peer=2")

	before := a.Grants
	a.Grants = peer.NewGrants(protocol.Grants{Offer: []string{"crm.*"}, Invoke: []string{"erp.*"}})
	w.regranted(a, before,
		"to 1: error id=2 PERMISSION_DENIED",
		`to 1: interop.methods ref=8 {"removed":[`+seenMethod("erp.a", 1)+`]}`,
		`to 2: interop.methods ref=9 {"removed":[`+seenMethod("erp.a", 1)+`]}`,
		`to 1: interop.methods ref=8 {"removed":[`+seenMethod("crm.a", 1)+","+seenMethod("crm.b", 2)+`]}`,
		`to 1: interop.methods ref=9 {"removed":[`+seenMethod("crm.a", 1)+","+seenMethod("crm.b", 2)+`]}`,
		"drop interop/method/1/2",
		"audit PERMISSION_DENIED app1 i1 https://app1.example")
	w.send(b, invoke(6, "erp.a", "", ""), "to 2: error id=6 METHOD_NOT_FOUND")
	w.send(a, result(100, "1"), "to 2: interop.result id=5 peer=1 1")
	w.send(a, ask(protocol.OpAwait, 10, "crm.b", ""))
	w.send(a, invoke(11, "crm.b", `{"waitMs":5000}`, "1"), "audit PERMISSION_DENIED app1 i1 https://app1.example")

	narrow := a.Grants
	a.Grants = before
	w.regranted(a, narrow,
		`to 1: interop.methods ref=8 {"added":[`+seenMethod("crm.a", 1)+","+seenMethod("crm.b", 2)+`]}`,
		`to 1: interop.methods ref=9 {"added":[`+seenMethod("crm.a", 1)+","+seenMethod("crm.b", 2)+`]}`,
		"to 1: reply id=10 peer=2",
		"to 2: interop.call id=102 ref=1 peer=1 1")
	w.send(b, result(102, "2"), "to 1: interop.result id=11 peer=2 2")
	w.flat()
	w.regranted(w.join(3), before)
}

func TestAwait(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	w.offers(b, 1, "m", "")
	w.offers(c, 1, "m", "")
	w.send(a, ask(protocol.OpAwait, 4, "m", ""), "to 1: reply id=4 peer=2")
	w.send(a, ask(protocol.OpAwait, 5, "later", `{"timeoutMs":200}`))
	w.send(b, ask(protocol.OpAwait, 5, "later", ""))
	w.send(a, ask(protocol.OpAwait, 6, "later", ""))
	w.after(200, "to 1: error id=5 TIMEOUT")
	w.send(c, register(2, "later", ""),
		"to 3: reply id=2", "to 2: reply id=5 peer=3", "to 1: reply id=6 peer=3", `put interop/method/3/2 [3,"later"]`)
	w.flat()
}

func TestInvokeWaitsForTheMethod(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	source := &reusing{text: []byte(`{"s":"kept"}`)}
	held := invoke(4, "later", `{"waitMs":1000,"timeoutMs":300,"trace":"`+someTrace+`"}`, "")
	held.Body = protocol.HeldBody(source, 0, protocol.BodyText, len(source.text))
	w.send(a, held)
	w.send(a, invoke(5, "later", `{"waitMs":1000,"instance":"i3"}`, ""))
	w.send(a, invoke(6, "later", `{"waitMs":1000,"target":"all"}`, ""))
	w.send(a, invoke(7, "later", `{"waitMs":400}`, ""))
	source.text = nil // the turn is over, and so is the body's life outside
	w.send(b, ask(protocol.OpAwait, 4, "later", ""))
	w.after(400, "to 1: error id=7 METHOD_NOT_FOUND")
	w.send(b, register(9, "later", `{"accepts":"String s"}`),
		"to 2: reply id=9",
		`to 2: interop.call id=100 ref=9 peer=1 {"trace":"`+someTrace+`"} {"s":"kept"}`,
		`to 1: interop.part id=6 peer=2 SCHEMA_VIOLATION "arguments: expected the member \"s\""`,
		"to 1: interop.end id=6 ref=1",
		"to 2: reply id=4 peer=2",
		`put interop/method/2/9 {"accepts":"String s"} [1,"later"]`)
	// The time to answer begins with the call.
	w.after(299)
	w.after(1, "to 2: interop.cancel id=100", "to 1: error id=4 TIMEOUT")
	w.send(c, register(9, "later", ""),
		"to 3: reply id=9", "to 3: interop.call id=101 ref=9 peer=1", `put interop/method/3/9 [2,"later"]`)
	w.send(c, result(101, "1"), "to 1: interop.result id=5 peer=3 1")
	w.flat()
}

// reusing is a source whose bodies live no longer than their turn.
type reusing struct{ text []byte }

func (s *reusing) ReadBody(uint32, protocol.BodyKind, int) []byte {
	return append([]byte(nil), s.text...)
}

func TestBodiesAreForwardedUnread(t *testing.T) {
	w := newWorld(t)
	a, b := w.join(1), w.join(2)
	w.offers(b, 9, "m", "")
	unread := unreadable{t}
	e := invoke(1, "m", "", "")
	e.Body = protocol.HeldBody(unread, 3, protocol.BodyText, 5)
	w.handle(a, e)
	if got := w.out.Messages[0].Body; !got.Held() || got.Handle != 3 || got.Kind != protocol.BodyText || got.Size != 5 {
		t.Errorf("arguments became %+v", got)
	}
	back := result(100, "")
	back.Body = protocol.HeldBody(unread, 4, protocol.BodyBinary, 7)
	w.handle(b, back)
	if got := w.out.Messages[0].Body; !got.Held() || got.Handle != 4 || got.Kind != protocol.BodyBinary || got.Size != 7 {
		t.Errorf("the result became %+v", got)
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) ReadBody(uint32, protocol.BodyKind, int) []byte {
	u.t.Error("the hub read a body that is not its own")
	return nil
}

// TestRegisteringIsLinear counts the bytes that ten times as many methods cost a watcher.
func TestRegisteringIsLinear(t *testing.T) {
	bytes := func(methods int) (total int) {
		w := newWorld(t)
		a, b := w.join(1), w.join(2)
		b.Limits.Methods = int64(methods)
		w.handle(a, ask(protocol.OpWatch, 1, "", ""))
		for i := range methods {
			w.handle(b, register(uint64(i+1), "m"+strings.Repeat("0", 5-len(strconv.Itoa(i)))+strconv.Itoa(i), ""))
			for _, m := range w.out.Messages {
				total += len(m.Head)
			}
		}
		return total
	}
	if few, more := bytes(1000), bytes(10_000); more != 10*few {
		t.Errorf("1,000 methods: %d bytes; 10,000: %d", few, more)
	}
}
