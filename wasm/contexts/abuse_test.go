package contexts

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// The tests of this file bear the numbers of the abuse list in their names.

func TestX01TwoWritersWithOneBase(t *testing.T) {
	d := newDesk(t, Options{})
	a, b := app(1, "a"), app(2, "b")
	d.do(a, set(1, "x", `{}`))
	d.do(a, subscribe(2, "x"))
	d.do(b, subscribe(2, "x"))
	d.want(d.do(a, withHead(update(3, "x", `{"who":"a"}`), `{"ifRevision":1}`)),
		`to 1: contexts.event 2 ref 2 peer 1 body {"who":"a"}`,
		`to 2: contexts.event 2 ref 2 peer 1 body {"who":"a"}`,
		`to 1: reply 3 ref 2`,
		`append contexts/value/x body {"who":"a"}`)
	if fault := d.refused(protocol.RevisionConflict, b, withHead(update(3, "x", `{"who":"b"}`), `{"ifRevision":1}`)); fault.Revision != 2 {
		t.Errorf("the conflict says revision %d, want 2", fault.Revision)
	}
	// Without a base the later write wins, and everybody hears it as the later one.
	d.want(d.do(b, update(4, "x", `{"who":"b"}`)),
		`to 1: contexts.event 3 ref 2 peer 2 body {"who":"b"}`,
		`to 2: contexts.event 3 ref 2 peer 2 body {"who":"b"}`,
		`to 2: reply 4 ref 3`,
		`append contexts/value/x body {"who":"b"}`)
}

func TestX02HundredMerges(t *testing.T) {
	d := newDesk(t, Options{})
	for i := range 100 {
		out := d.do(app(peer.ID(i+1), strconv.Itoa(i)), update(1, "x", fmt.Sprintf(`{"key %d":%d}`, i, i)))
		if reply := out.Messages[0]; reply.Op != protocol.OpReply || reply.Ref != uint64(i+1) {
			t.Fatalf("merge %d: %s", i, render(out))
		}
	}
	var all map[string]int
	if err := json.Unmarshal(d.room.contexts["x"].encoded(), &all); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if all[fmt.Sprintf("key %d", i)] != i {
			t.Errorf("merge %d is lost", i)
		}
	}
	if len(all) != 100 {
		t.Errorf("%d members", len(all))
	}
}

func TestX03JoinDuringWrites(t *testing.T) {
	d := newDesk(t, Options{})
	writer := app(1, "writer")
	next := map[peer.ID]uint64{} // the revision that each subscriber must hear next
	for i := range 50 {
		out := d.do(writer, update(uint64(i), "x", fmt.Sprintf(`{"n":%d}`, i)))
		told := 0
		for _, m := range out.Messages {
			if m.Op == protocol.OpContextEvent {
				told++
				if m.ID != next[m.To] {
					t.Fatalf("peer %d hears revision %d after %d", m.To, m.ID, next[m.To]-1)
				}
				next[m.To]++
			}
		}
		if told != len(next) {
			t.Fatalf("%d of %d subscribers are told", told, len(next))
		}
		joins := peer.ID(i + 2)
		answer := d.do(app(joins, "s"), subscribe(1, "x")).Messages[0]
		if want := fmt.Sprintf(`{"n":%d}`, i); string(answer.Body.Bytes()) != want {
			t.Fatalf("the snapshot is %s, want %s", answer.Body.Bytes(), want)
		}
		next[joins] = answer.Ref + 1
	}
}

func TestX04NoOldRevisionComesBack(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	for id := range uint64(7) {
		d.do(a, update(id, "x", `{"old":true}`))
	}
	d.do(a, subscribe(9, "x"))
	d.do(a, destroy(10, "x")) // revision 8
	d.refused(protocol.RevisionConflict, a, withHead(update(11, "x", `{}`), `{"ifRevision":7}`))
	d.refused(protocol.RevisionConflict, a, withHead(update(11, "x", `{}`), `{"ifRevision":8}`))
	d.want(d.do(a, withHead(update(11, "x", `{"new":true}`), `{"ifRevision":-1}`)),
		`to 1: contexts.event 9 ref 9 peer 1 head {"kind":"set"} body {"new":true}`,
		`to 1: reply 11 ref 9`,
		`put contexts/value/x head {"name":"x","revision":9,"lifetime":"session","owner":"a"} body {"new":true}`)
	// Nor over a loss of the Go program between the two, nor over a reload of the page.
	d.do(a, destroy(12, "x"))
	d.crash(afterReload)
	if out := d.do(a, update(13, "x", `{}`)); out.Messages[0].Ref != 11 {
		t.Errorf("after a restart: %s", render(out))
	}
}

func TestX06DeepAndWide(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	nested := func(depth int) string {
		return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
	}
	wide := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":0`, from+i)
		}
		return "{" + b.String()[1:] + "}"
	}
	d.do(a, set(1, "deep", nested(64)))
	d.do(a, update(2, "deep", nested(64)))
	d.refused(protocol.TooDeep, a, set(3, "deep", nested(65)))
	d.refused(protocol.TooDeep, a, update(3, "deep", nested(65)))
	path := func(n int) string { return `{"set":[["` + strings.Repeat(`a","`, n-1) + `a"]]}` }
	d.do(a, patch(4, "deep", path(60), "["+nested(4)+"]"))
	d.refused(protocol.TooDeep, a, patch(5, "deep", path(60), "["+nested(5)+"]"))
	d.refused(protocol.TooDeep, a, patch(5, "new", path(60), "["+nested(5)+"]"))

	d.refused(protocol.TooLarge, a, set(6, "wide", wide(0, 100_000)))
	d.refused(protocol.TooLarge, a, update(6, "wide", wide(0, 100_000)))
	d.do(a, set(7, "wide", wide(0, protocol.MaxMembers)))
	d.do(a, update(8, "wide", wide(0, protocol.MaxMembers)))
	d.refused(protocol.TooLarge, a, update(9, "wide", wide(protocol.MaxMembers, 1)))
	d.refused(protocol.TooLarge, a, patch(9, "wide", `{"set":[["one more"]]}`, `[1]`))
	d.do(a, withHead(update(10, "wide", `{}`), `{"remove":["0"]}`))
	d.refused(protocol.TooLarge, a, update(11, "wide", wide(protocol.MaxMembers, 2)))
	d.do(a, patch(11, "wide", `{"set":[["one more"]]}`, `[1]`))
}

func TestX07Names(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	for _, name := range []string{
		"", ".", "..", strings.Repeat("x", 300), strings.Repeat("x", 257), "a\x00b", "a\nb", " a", "a ", "a\xff", "a\u200bb",
		"😀", "e\u0301", "\u202egnp.exe", "Å\u0300",
	} {
		for _, m := range []protocol.Envelope{
			get(1, name), set(1, name, `{}`), update(1, name, `{}`), patch(1, name, ``, ``), subscribe(1, name), destroy(1, name),
		} {
			d.refused(protocol.InvalidName, a, m)
		}
	}
	for i, name := range []string{"/", "a/b", "../x", "é", strings.Repeat("x", 256), "a b"} {
		if out := d.do(a, set(2, name, `{}`)); out.Messages[0].Op != protocol.OpReply || d.room.live != i+1 {
			t.Errorf("%q: %s", name, render(out))
		}
	}
}

func TestX08ReservedNames(t *testing.T) {
	d := newDesk(t, Options{})
	a, main := app(1, "a"), app(2, "main")
	main.Info.Main = true
	for _, name := range []string{"___channel___red", "Hub.state", "T42.Windows"} {
		for _, m := range []protocol.Envelope{
			get(1, name), set(1, name, `{}`), update(1, name, `{}`), patch(1, name, ``, ``), subscribe(1, name), destroy(1, name),
		} {
			d.refused(protocol.PermissionDenied, a, m)
		}
		d.do(main, set(1, name, `{}`))
		d.do(main, subscribe(2, name))
		d.refused(protocol.PermissionDenied, a, destroy(1, name))
		d.want(d.do(a, list(3)), `to 1: reply 3 head {"contexts":[]}`)
		d.do(main, destroy(3, name))
		d.do(main, unsubscribe(4, 2))
	}
}

func TestX09NamesThatMeanSomethingToJavaScript(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, subscribe(1, "x"))
	d.do(a, set(2, "x", `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}`))
	d.want(d.do(a, withHead(update(3, "x", `{"prototype":3,"__proto__":{"polluted":4}}`), `{"remove":["constructor"]}`)),
		`to 1: contexts.event 2 ref 1 peer 1 head {"removed":["constructor"]} body {"prototype":3,"__proto__":{"polluted":4}}`,
		`to 1: reply 3 ref 2`,
		`append contexts/value/x head {"removed":["constructor"]} body {"prototype":3,"__proto__":{"polluted":4}}`)
	d.do(a, patch(4, "x", `{"set":[["__proto__","toJSON"],["constructor","prototype","polluted"]]}`, `["a",5]`))
	d.want(d.do(a, get(5, "x")), `to 1: contexts.value 5 ref 3 head {"name":"x","revision":3,"lifetime":"session","bytes":98} body `+
		`{"__proto__":{"polluted":4,"toJSON":"a"},"constructor":{"prototype":{"polluted":5}},"prototype":3}`)
}

func TestX10ValuesAreNotTouched(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	const hostile = `{"html":"<img src=x onerror=alert(1)>","url":"javascript:alert(1)","\u003cscript>":"\u003c/script>` + "\u2028" + `"}`
	d.do(a, subscribe(1, "x"))
	d.want(d.do(a, update(2, "x", hostile)),
		`to 1: contexts.event 1 ref 1 peer 1 head {"kind":"set"} body `+hostile,
		`to 1: reply 2 ref 1`,
		`put contexts/value/x head {"name":"x","revision":1,"lifetime":"session","owner":"a"} body `+hostile)
	d.do(a, update(3, "x", `{"n":1}`))
	got, want := parse(t, d.do(a, get(4, "x")).Messages[0].Body.Bytes()), parse(t, []byte(hostile))
	want["n"] = 1.0
	if marshal(got) != marshal(want) {
		t.Errorf("got %s\nwant %s", marshal(got), marshal(want))
	}
}

func parse(t *testing.T, text []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Names that mean something to a message broker are names like any other here, each of its own context.
func TestX12NamesOfBrokers(t *testing.T) {
	d := newDesk(t, Options{})
	a, b := app(1, "a"), app(2, "b")
	d.do(b, subscribe(1, "a.b"))
	d.do(b, subscribe(2, "$KV.other.x"))
	for i, name := range []string{"a.>", "$JS.API.>", "$KV.other.x2", ">", "a/../b", "contexts/value/x"} {
		d.want(d.do(a, set(1, name, `{}`)),
			`to 1: reply 1 ref 1`,
			`put contexts/value/`+name+` head {"name":"`+name+`","revision":1,"lifetime":"session","owner":"a"} body {}`)
		if d.room.live != i+1 {
			t.Errorf("%q is not a context of its own", name)
		}
	}
	d.refused(protocol.PermissionDenied, a, set(1, "*", `{}`))
	d.refused(protocol.PermissionDenied, a, set(1, "$KV.*.x", `{}`))
	before := d.state()
	d.crash(everything)
	if after := d.state(); after != before {
		t.Errorf("a crash changed\n%s\nto\n%s", before, after)
	}
}

func TestL08TenThousandSubscriptions(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	for id := range uint64(1000) {
		name := "x"
		if id%2 == 0 {
			name = "never written " + strconv.FormatUint(id, 10)
		}
		if out := d.run(a, subscribe(id+1, name), d.room.Subscribe); out.Messages[0].Op != protocol.OpContextValue {
			t.Fatalf("subscription %d: %s", id, render(out))
		}
	}
	for id := range uint64(20) {
		d.refused(protocol.QuotaExceeded, a, subscribe(1001+id, "x"))
	}
	d.do(app(2, "b"), subscribe(1, "x"))
	d.do(a, unsubscribe(2000, 1))
	d.do(a, subscribe(2001, "x"))
	d.left(a)
	if len(d.room.contexts) != 1 || len(d.room.contexts["x"].subscribers) != 1 || len(d.journal) != 2 {
		t.Errorf("left behind: %d names, %d subscribers, %d keys", len(d.room.contexts), len(d.room.contexts["x"].subscribers), len(d.journal))
	}
}

func TestL12NestedWithoutEnd(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	for _, open := range []string{strings.Repeat("[", 1<<20), strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), strings.Repeat(`{"a":`, 200_000)} {
		body := `{"a":` + open
		d.refused(protocol.TooDeep, a, set(2, "x", body))
		d.refused(protocol.TooDeep, a, update(2, "x", body))
		d.refused(protocol.TooDeep, a, patch(2, "x", `{"set":[["a"]]}`, `[`+open))
		d.refused(protocol.TooDeep, a, withHead(update(2, "x", `{}`), body))
		d.refused(protocol.TooDeep, a, patch(2, "x", body, `[]`))
	}
	d.refused(protocol.BadMessage, a, set(2, "x", `{"a":"`+strings.Repeat("x", 1<<20)))
}

// TestL13LongAndMany: a body of the largest size that is one number, very many short members, or nothing but escapes costs
// no more than reading it once, and is refused or kept as it is.
func TestL13LongAndMany(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	d.refused(protocol.BadMessage, a, set(2, "x", `{"a":`+strings.Repeat("9", 1<<20)+`}`))
	d.refused(protocol.BadMessage, a, update(2, "x", `{"a":1e`+strings.Repeat("9", 1<<20)+`}`))
	var many strings.Builder
	for i := range protocol.MaxMembers + 1 {
		fmt.Fprintf(&many, `"%x":0,`, i)
	}
	d.refused(protocol.TooLarge, a, set(2, "x", `{`+strings.TrimSuffix(many.String(), ",")+`}`))
	d.refused(protocol.TooLarge, a, update(2, "x", `{`+strings.TrimSuffix(many.String(), ",")+`}`))
	nothing := `{"a":"` + strings.Repeat(`\u0000`, 170_000) + `"}`
	if out := d.do(a, set(3, "x", nothing)); out.Messages[0].Op != protocol.OpReply {
		t.Fatalf("escapes: %.200q", render(out))
	}
	if out := d.do(a, get(4, "x")); string(out.Messages[0].Body.Bytes()) != nothing {
		t.Error("escapes do not come back as they were")
	}
}

func TestR20Wildcards(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	for _, name := range []string{"*", "crm.*", "*.client", "**"} {
		for _, m := range []protocol.Envelope{get(1, name), subscribe(1, name), set(1, name, `{}`), destroy(1, name)} {
			if fault := d.refused(protocol.PermissionDenied, a, m); !strings.Contains(fault.Message, "wildcards are not supported") {
				t.Errorf("%q: the message does not say why: %s", name, fault.Message)
			}
		}
	}
}

func TestP04DuplicateMembers(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	for _, body := range []string{`{"op":"a","op":"b"}`, `{"op":"a","o\u0070":"b"}`, `{"in":{"op":1,"op":2}}`, `{"in":[{"":1,"":2}]}`} {
		d.refused(protocol.BadMessage, a, set(2, "x", body))
		d.refused(protocol.BadMessage, a, update(2, "x", body))
		d.refused(protocol.BadMessage, a, patch(2, "x", `{"set":[["a"]]}`, `[`+body+`]`))
	}
	for _, head := range []string{`{"ifRevision":1,"ifRevision":0}`, `{"lifetime":"session","lifetim\u0065":"owner"}`} {
		d.refused(protocol.BadMessage, a, withHead(set(2, "x", `{}`), head))
		d.refused(protocol.BadMessage, a, withHead(update(2, "x", `{}`), head))
		d.refused(protocol.BadMessage, a, patch(2, "x", head, ``))
	}
}

func TestP12NumberExtremes(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	for _, n := range []string{`1e999`, `9007199254740993`, `1.5`, `1e0`, `1.0`, `-9007199254740993`, `"1"`, `01`, `+1`, `NaN`} {
		for _, m := range []protocol.Envelope{set(2, "x", `{}`), update(2, "x", `{}`), patch(2, "x", ``, ``)} {
			d.refused(protocol.BadMessage, a, withHead(m, `{"ifRevision":`+n+`}`))
		}
	}
	// In a value, a number is text: it comes out as it went in.
	const numbers = `{"a":1e999,"b":-0,"c":9007199254740993,"d":1.10}`
	d.do(a, withHead(set(3, "x", numbers), `{"ifRevision":-0}`))
	d.do(a, update(4, "x", `{"e":1e-999}`))
	d.want(d.do(a, get(5, "x")), `to 1: contexts.value 5 ref 3 head {"name":"x","revision":3,"lifetime":"session","bytes":59} body `+
		numbers[:len(numbers)-1]+`,"e":1e-999}`)
}
