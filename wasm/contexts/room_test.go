package contexts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

func TestSetUpdatePatchDestroy(t *testing.T) {
	d := newDesk(t, Options{})
	a, b := app(1, "a"), app(2, "b")

	d.want(d.do(b, subscribe(5, "trade")),
		`to 2: contexts.value 5 head {"name":"trade","revision":0}`,
		`put contexts/sub/2/5 head trade`)
	d.want(d.do(a, set(1, "trade", `{"ric":"VOD.L","qty":10}`)),
		`to 2: contexts.event 1 ref 5 peer 1 head {"kind":"set"} body {"ric":"VOD.L","qty":10}`,
		`to 1: reply 1 ref 1`,
		`put contexts/value/trade head {"name":"trade","revision":1,"lifetime":"session","owner":"a"} body {"ric":"VOD.L","qty":10}`)
	d.want(d.do(a, update(2, "trade", `{"qty":11}`)),
		`to 2: contexts.event 2 ref 5 peer 1 body {"qty":11}`,
		`to 1: reply 2 ref 2`,
		`append contexts/value/trade body {"qty":11}`)
	d.want(d.do(b, withHead(update(1, "trade", `{"side":"buy"}`), `{"remove":["ric","no such member","side"]}`)),
		`to 2: contexts.event 3 ref 5 peer 2 head {"removed":["ric"]} body {"side":"buy"}`,
		`to 2: reply 1 ref 3`,
		`append contexts/value/trade head {"removed":["ric"]} body {"side":"buy"}`)
	d.want(d.do(a, patch(3, "trade", `{"set":[["leg","price"],["leg","ccy"]],"remove":[["qty"]]}`, `[1.5,"GBP"]`)),
		`to 2: contexts.event 4 ref 5 peer 1 head {"kind":"patch","set":[["leg","price"],["leg","ccy"]],"remove":[["qty"]]} body [1.5,"GBP"]`,
		`to 1: reply 3 ref 4`,
		`append contexts/value/trade head {"kind":"patch","set":[["leg","price"],["leg","ccy"]],"remove":[["qty"]]} body [1.5,"GBP"]`)
	d.want(d.do(a, get(4, "trade")),
		`to 1: contexts.value 4 ref 4 head {"name":"trade","revision":4,"lifetime":"session","bytes":46} body {"side":"buy","leg":{"price":1.5,"ccy":"GBP"}}`)
	d.want(d.do(a, destroy(5, "trade")),
		`to 2: contexts.event 5 ref 5 peer 1 head {"kind":"destroyed"}`,
		`to 1: reply 5 ref 5`,
		`drop contexts/value/trade`,
		`put contexts/floor head 5`)
	d.want(d.do(a, get(6, "trade")),
		`to 1: contexts.value 6 head {"name":"trade","revision":0}`)
	d.refused(protocol.ContextNotFound, a, destroy(7, "trade"))
}

// A context can begin with any write. Subscribers are told its value, as they have nothing to merge into.
func TestCreate(t *testing.T) {
	for _, m := range []protocol.Envelope{
		set(1, "x", `{"a":{"b":1}}`),
		update(1, "x", `{"a":{"b":1}}`),
		withHead(update(1, "x", `{"a":{"b":1}}`), `{"remove":["a","c"]}`),
		patch(1, "x", `{"set":[["a","b"]],"remove":[["a"]]}`, `[1]`),
	} {
		d := newDesk(t, Options{})
		d.do(app(2, "b"), subscribe(7, "x"))
		d.want(d.do(app(1, "a"), m),
			`to 2: contexts.event 1 ref 7 peer 1 head {"kind":"set"} body {"a":{"b":1}}`,
			`to 1: reply 1 ref 1`,
			`put contexts/value/x head {"name":"x","revision":1,"lifetime":"session","owner":"a"} body {"a":{"b":1}}`)
	}
}

// The writer's own subscriptions are told like any other, and before the writer's answer.
func TestWriterIsToldFirst(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, subscribe(1, "x"))
	d.do(a, subscribe(2, "x"))
	d.want(d.do(a, set(3, "x", `{}`)),
		`to 1: contexts.event 1 ref 1 peer 1 head {"kind":"set"} body {}`,
		`to 1: contexts.event 1 ref 2 peer 1 head {"kind":"set"} body {}`,
		`to 1: reply 3 ref 1`,
		`put contexts/value/x head {"name":"x","revision":1,"lifetime":"session","owner":"a"} body {}`)
}

func TestIfRevision(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	for _, m := range []protocol.Envelope{set(1, "x", `{}`), update(1, "x", `{}`), patch(1, "x", ``, ``)} {
		if fault := d.refused(protocol.RevisionConflict, a, withHead(m, `{"ifRevision":1}`)); fault.Revision != 0 {
			t.Errorf("there is no context, but the conflict says %d", fault.Revision)
		}
		d.refused(protocol.InvalidArgument, a, withHead(m, `{"ifRevision":-2}`))
	}
	d.do(a, withHead(set(1, "x", `{}`), `{"ifRevision":-1}`))
	d.do(a, withHead(update(2, "x", `{"n":1}`), `{"ifRevision":1}`))
	d.do(a, withHead(patch(3, "x", ``, ``), `{"ifRevision":2}`))
	for _, m := range []protocol.Envelope{set(4, "x", `{}`), update(4, "x", `{}`), patch(4, "x", ``, ``)} {
		for _, base := range []string{`-1`, `2`, `4`, `9007199254740991`} {
			if fault := d.refused(protocol.RevisionConflict, a, withHead(m, `{"ifRevision":`+base+`}`)); fault.Revision != 3 {
				t.Errorf("the conflict says %d, want 3", fault.Revision)
			}
		}
	}
}

// A write that the hub cannot carry out leaves everything as it was, and says why. That is the same where there is
// no context yet, but for paths through what then is not there.
func TestRefusedWrites(t *testing.T) {
	for _, test := range []struct {
		code protocol.Code
		m    protocol.Envelope
	}{
		{protocol.BadMessage, set(1, "x", `[]`)},
		{protocol.BadMessage, set(1, "x", `"text"`)},
		{protocol.BadMessage, set(1, "x", `null`)},
		{protocol.BadMessage, set(1, "x", ``)},
		{protocol.BadMessage, set(1, "x", `{"a":1`)},
		{protocol.BadMessage, set(1, "x", `{"a":1}{}`)},
		{protocol.BadMessage, set(1, "x", "{\"a\":\"\xff\"}")},
		{protocol.BadMessage, update(1, "x", `[1]`)},
		{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextSet, ID: 1, Name: "x"}},
		{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextUpdate, ID: 1, Name: "x"}},
		{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextSet, ID: 1, Name: "x", Body: protocol.BinaryBody([]byte(`{}`))}},
		{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextUpdate, ID: 1, Name: "x", Body: protocol.BinaryBody([]byte(`{}`))}},
		{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextPatch, ID: 1, Name: "x", Body: protocol.BinaryBody([]byte(`[]`))}},
		{protocol.BadMessage, withHead(set(1, "x", `{}`), `{"lifetime":7}`)},
		{protocol.InvalidArgument, withHead(set(1, "x", `{}`), `{"lifetime":"forever"}`)},
		{protocol.InvalidArgument, withHead(set(1, "x", `{}`), `{"remove":["a"]}`)},
		{protocol.BadMessage, patch(1, "x", `{"set":[["a"]]}`, `{}`)},
		{protocol.BadMessage, patch(1, "x", `{"set":[["a"]]}`, `[1`)},
		{protocol.BadMessage, patch(1, "x", `{"set":"a"}`, `[1]`)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[["a"]]}`, ``)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[["a"],["b"]]}`, `[1]`)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[["a"]]}`, `[1,2]`)},
		{protocol.InvalidArgument, patch(1, "x", ``, `[1]`)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[[]]}`, `[1]`)},
		{protocol.InvalidArgument, patch(1, "x", `{"remove":[[]]}`, ``)},
		{protocol.InvalidArgument, patch(1, "x", `{"remove":[["`+strings.Repeat(`a","`, 64)+`a"]]}`, ``)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[["new"],["through n","a"]]}`, `[1,2]`)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[["through list","0"]]}`, `[1]`)},
		{protocol.InvalidArgument, patch(1, "x", `{"set":[["through null","a"]]}`, `[1]`)},
	} {
		d := newDesk(t, Options{})
		a := app(1, "a")
		d.do(a, set(1, "x", `{"through n":1,"through list":[],"through null":null}`))
		d.do(app(2, "b"), subscribe(1, "x"))
		d.refused(test.code, a, test.m)
		if !strings.Contains(string(test.m.Head), "through") {
			test.m.Name = "not there yet"
			d.refused(test.code, a, test.m)
		}
	}
}

// The writer's limit holds for what the value becomes, to the byte, and room is made by removing first.
func TestContextBytes(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	a.Limits.ContextBytes = 20
	d.do(a, set(1, "x", `{"a":"0123456789ab"}`))                                         // 20 bytes
	d.refused(protocol.TooLarge, a, set(2, "x", `{"a":"0123456789abc"}`))                // 21
	d.refused(protocol.TooLarge, a, set(2, "y", `{"a":"0123456789abc"}`))                // 21
	d.refused(protocol.TooLarge, a, update(2, "x", `{"b":1}`))                           // 26
	d.refused(protocol.TooLarge, a, patch(2, "x", `{"set":[["b"]]}`, `[1]`))             // 26
	d.refused(protocol.TooLarge, a, patch(2, "y", `{"set":[["b","c","d","e"]]}`, `[1]`)) // 25
	d.do(a, withHead(update(3, "x", `{"b":"0123456789ab"}`), `{"remove":["a"]}`))
	d.want(d.do(a, get(4, "x")),
		`to 1: contexts.value 4 ref 2 head {"name":"x","revision":2,"lifetime":"session","bytes":20} body {"b":"0123456789ab"}`)
	// Another writer with another limit may go further; and then the first may only make it smaller.
	b := app(2, "b")
	d.do(b, update(1, "x", `{"c":"0123456789ab"}`))
	d.refused(protocol.TooLarge, a, update(5, "x", `{"b":""}`))
	d.do(a, withHead(update(6, "x", `{}`), `{"remove":["b"]}`))
}

// All contexts together are bounded, whoever makes them.
func TestRoomBounds(t *testing.T) {
	d := newDesk(t, Options{Contexts: 2, Bytes: 40})
	a, b := app(1, "a"), app(2, "b")
	d.do(a, set(1, "x", `{"a":"0123456789"}`))                                   // 18
	d.refused(protocol.QuotaExceeded, b, set(1, "y", `{"a":"012345678901234"}`)) // 18 + 23
	d.do(b, set(2, "y", `{"a":"01234567890123"}`))                               // 18 + 22
	d.refused(protocol.QuotaExceeded, b, update(3, "x", `{"b":1}`))
	d.refused(protocol.QuotaExceeded, b, patch(3, "x", `{"set":[["b"]]}`, `[1]`))
	d.refused(protocol.QuotaExceeded, b, set(3, "x", `{"a":"01234567890"}`))
	d.do(b, update(4, "x", `{"a":""}`))
	d.refused(protocol.QuotaExceeded, b, set(5, "z", `{}`))
	d.do(a, destroy(6, "x"))
	d.do(b, set(7, "z", `{}`))
}

// Limits.Contexts counts what exists because of an instance, over its reconnects.
func TestContextsOfAnInstance(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	a.Limits.Contexts = 2
	d.do(a, set(1, "x", `{}`))
	d.do(a, update(2, "y", `{}`))
	d.do(a, update(2, "y", `{}`))
	again := app(9, "a")
	again.Limits.Contexts = 2
	d.left(a)
	d.refused(protocol.QuotaExceeded, again, patch(1, "z", ``, ``))
	d.do(app(2, "b"), set(1, "z", `{}`))
	d.do(again, destroy(2, "x"))
	d.do(again, set(3, "x", `{}`))
}

func TestLifetimeOwner(t *testing.T) {
	d := newDesk(t, Options{})
	a, b, main := app(1, "a"), app(2, "b"), app(3, "main")
	main.Info.Main = true
	d.do(b, subscribe(1, "mine 2"))
	d.want(d.do(a, withHead(set(1, "mine 1", `{}`), `{"lifetime":"owner"}`)),
		`to 1: reply 1 ref 1`,
		`put contexts/value/mine 1 head {"name":"mine 1","revision":1,"lifetime":"owner","owner":"a"} body {}`)
	d.do(a, withHead(patch(2, "mine 2", `{"lifetime":"owner"}`, ``), `{"lifetime":"owner"}`))
	d.do(a, withHead(update(3, "ours", `{}`), `{"lifetime":"session"}`))
	d.do(a, withHead(update(4, "mine 2", `{}`), `{"lifetime":"session"}`)) // has no effect: it exists

	d.want(d.do(b, list(2)), `to 2: reply 2 head {"contexts":[`+
		`{"name":"mine 1","revision":1,"lifetime":"owner","owner":"a","bytes":2},`+
		`{"name":"mine 2","revision":2,"lifetime":"owner","owner":"a","bytes":2},`+
		`{"name":"ours","revision":1,"lifetime":"session","bytes":2}]}`)
	d.refused(protocol.NotOwner, b, destroy(3, "mine 1"))
	d.do(b, update(4, "mine 1", `{"written":"by another"}`))

	d.want(d.left(a)) // the app reloads
	d.do(app(4, "a"), withHead(set(1, "mine 3", `{}`), `{"lifetime":"owner"}`))
	d.do(app(4, "a"), destroy(2, "mine 3"))
	d.do(main, destroy(1, "mine 1"))
	d.want(d.gone("nobody"))
	d.want(d.gone("a"),
		`to 2: contexts.event 3 ref 1 head {"kind":"destroyed"}`,
		`drop contexts/value/mine 2`)
	d.want(d.do(b, list(5)), `to 2: reply 5 head {"contexts":[{"name":"ours","revision":1,"lifetime":"session","bytes":2}]}`)
	d.do(b, destroy(6, "ours"))
}

func TestSubscriptionsEnd(t *testing.T) {
	d := newDesk(t, Options{})
	a, b := app(1, "a"), app(2, "b")
	for id := range uint64(3) {
		d.do(a, subscribe(id+1, "x"))
		d.do(b, subscribe(id+1, "x"))
	}
	d.refused(protocol.BadMessage, a, subscribe(2, "y"))
	d.want(d.do(a, unsubscribe(4, 2)), `to 1: reply 4`, `drop contexts/sub/1/2`)
	d.refused(protocol.NotOwner, a, unsubscribe(5, 2))
	d.want(d.do(a, subscribe(2, "y")), `to 1: contexts.value 2 head {"name":"y","revision":0}`, `put contexts/sub/1/2 head y`)
	d.want(d.left(b), `drop contexts/sub/2/1`, `drop contexts/sub/2/2`, `drop contexts/sub/2/3`)
	d.want(d.left(b))
	d.want(d.do(b, set(1, "x", `{}`)),
		`to 1: contexts.event 1 ref 1 peer 2 head {"kind":"set"} body {}`,
		`to 1: contexts.event 1 ref 3 peer 2 head {"kind":"set"} body {}`,
		`to 2: reply 1 ref 1`,
		`put contexts/value/x head {"name":"x","revision":1,"lifetime":"session","owner":"b"} body {}`)
	d.left(a)
	d.do(b, destroy(2, "x"))
	if len(d.room.contexts) != 0 || len(d.journal) != 1 {
		t.Errorf("%d contexts and %d keys are left", len(d.room.contexts), len(d.journal))
	}
}

// TestRegranted: what a peer may not read any more it does not hear of either, and is told so.
func TestRegranted(t *testing.T) {
	d := newDesk(t, Options{})
	a, b := app(1, "a"), app(2, "b")
	for id, name := range map[uint64]string{7: "crm.client", 3: "crm.client", 5: "news.uk", 9: "crm.later"} {
		d.do(a, subscribe(id, name))
	}
	d.do(b, subscribe(1, "crm.client"))
	before := a.Grants
	a.Grants = peer.NewGrants(protocol.Grants{ReadContexts: []string{"news.*"}})
	ended := func(id int) string {
		return fmt.Sprintf("to 1: error %d head %s", id, peer.Withdrawn().AppendJSON(nil))
	}
	d.want(d.regranted(a, &before), ended(3), ended(7), ended(9),
		`drop contexts/sub/1/3`, `drop contexts/sub/1/7`, `drop contexts/sub/1/9`, `audit PERMISSION_DENIED of a`)
	d.want(d.regranted(a, &before))
	d.want(d.do(b, set(2, "crm.client", `{}`)),
		`to 2: contexts.event 1 ref 1 peer 2 head {"kind":"set"} body {}`,
		`to 2: reply 2 ref 1`,
		`put contexts/value/crm.client head {"name":"crm.client","revision":1,"lifetime":"session","owner":"b"} body {}`)
	if out := d.do(b, set(3, "news.uk", `{}`)); out.Messages[0].To != 1 || out.Messages[0].Ref != 5 {
		t.Errorf("what it may read it does not hear of: %q", render(out))
	}
	d.refused(protocol.NotOwner, a, unsubscribe(10, 3))
}

// What a peer may read and write is two things, and neither tells of the other's contexts.
func TestGrants(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "news.uk", `{}`))
	d.do(a, set(2, "crm.client", `{}`))
	reader := app(2, "reader")
	reader.Grants = peer.NewGrants(protocol.Grants{ReadContexts: []string{"news.*"}})
	writer := app(3, "writer")
	writer.Grants = peer.NewGrants(protocol.Grants{WriteContexts: []string{"news.*"}})

	for _, name := range []string{"news.uk", "news.none", "crm.client", "crm.none"} {
		for _, m := range []protocol.Envelope{set(1, name, `{}`), update(1, name, `{}`), patch(1, name, ``, ``), destroy(1, name)} {
			d.refused(protocol.PermissionDenied, reader, m)
		}
		for _, m := range []protocol.Envelope{get(1, name), subscribe(1, name)} {
			d.refused(protocol.PermissionDenied, writer, m)
		}
	}
	for _, m := range []protocol.Envelope{get(1, "crm.client"), subscribe(1, "crm.client"), get(1, "crm.none"), subscribe(1, "crm.none")} {
		d.refused(protocol.PermissionDenied, reader, m)
	}
	d.want(d.do(reader, list(2)), `to 2: reply 2 head {"contexts":[{"name":"news.uk","revision":1,"lifetime":"session","bytes":2}]}`)
	d.want(d.do(writer, list(2)), `to 3: reply 2 head {"contexts":[]}`)
	d.do(reader, subscribe(3, "news.uk"))
	d.want(d.do(writer, destroy(3, "news.uk")),
		`to 2: contexts.event 2 ref 3 peer 3 head {"kind":"destroyed"}`,
		`to 3: reply 3 ref 2`,
		`drop contexts/value/news.uk`,
		`put contexts/floor head 2`)
}

// held is a body that stays outside of Go; it counts how often it is read.
type held struct {
	text  string
	reads int
}

func (h *held) ReadBody(uint32, protocol.BodyKind, int) []byte {
	h.reads++
	return []byte(h.text)
}

// A body crosses into Go once, however many subscribers it goes to, and is handed on as what it was.
func TestBodiesAreForwarded(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{"n":0}`))
	for id := range peer.ID(10) {
		d.do(app(id+10, "s"), subscribe(1, "x"))
	}
	for _, m := range []protocol.Envelope{set(2, "x", ``), update(2, "x", ``)} {
		source := &held{text: `{"n": 1}`}
		m.Body = protocol.HeldBody(source, 77, protocol.BodyText, 24)
		d.out.Reset()
		d.turn = peer.Turn{From: a, Msg: m, Out: &d.out}
		map[protocol.Op]func(*peer.Turn){protocol.OpContextSet: d.room.Set, protocol.OpContextUpdate: d.room.Update}[m.Op](&d.turn)
		if source.reads != 1 {
			t.Errorf("%s reads the body %d times", opName(m.Op), source.reads)
		}
		for i := range 10 {
			if event := d.out.Messages[i]; !event.Body.Held() || event.Body.Handle != 77 {
				t.Errorf("%s: event %d has a body of its own", opName(m.Op), i)
			}
		}
		if rec := d.out.Journal[0]; !rec.Body.Held() || rec.Body.Handle != 77 {
			t.Errorf("%s: the journal has a body of its own", opName(m.Op))
		}
	}
}

// A value that shrinks lets go of the text that it came in.
func TestShrink(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", fmt.Sprintf(`{"keep":1,"pad":"%s"}`, strings.Repeat("x", 1<<20))))
	d.do(a, update(2, "x", `{"pad":""}`))
	d.do(a, set(3, "y", `{"keep":1`+strings.Repeat(" ", 1<<20)+`}`))
	for _, name := range []string{"x", "y"} {
		if c := d.room.contexts[name]; c.parsed > 100 {
			t.Errorf("%s: %d bytes hold on to a text of %d", name, c.size(), c.parsed)
		}
	}
	d.want(d.do(a, get(4, "x")), `to 1: contexts.value 4 ref 2 head {"name":"x","revision":2,"lifetime":"session","bytes":19} body {"keep":1,"pad":""}`)
}
