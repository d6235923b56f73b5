package contexts

import (
	"encoding/json"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

// FuzzWrite sends any head and body as each kind of write. Whatever they are: the answer is one reply or one fault; after
// a fault nothing has changed; after a reply the value is JSON again, and the journal and a
// subscriber come to the same.
func FuzzWrite(f *testing.F) {
	for _, seed := range [][3]string{
		{"u", ``, `{"a":1}`}, {"u", `{"remove":["a","b"]}`, `{"b":{"c":[]}}`}, {"u", `{"ifRevision":1}`, `{}`},
		{"s", ``, `{"a":{"b":{}}}`}, {"s", `{"lifetime":"owner"}`, ` {"a" : "\ud83d\ude00"} `},
		{"p", `{"set":[["a","b"],["c"]],"remove":[["o","p"]]}`, `[1,{"x":2}]`}, {"p", `{"set":[["o"],["o","p"],["o","p"]]}`, `[{},[],3]`},
		{"p", `{"remove":[["o"]],"set":[["o","é","x"]]}`, `[null]`}, {"p", `{}`, ``},
	} {
		f.Add(seed[0][0], []byte(seed[1]), []byte(seed[2]))
	}
	ops := map[byte]protocol.Op{'s': protocol.OpContextSet, 'u': protocol.OpContextUpdate, 'p': protocol.OpContextPatch}
	f.Fuzz(func(t *testing.T, kind byte, head, body []byte) {
		op, ok := ops[kind]
		if !ok {
			t.Skip()
		}
		d := newDesk(t, Options{})
		a := app(1, "a")
		a.Limits.ContextBytes = 400
		d.do(a, set(1, "x", `{"a":1,"b":"two","o":{"p":{"q":[1,2]},"é":null}}`))
		follower := &imitation{}
		for _, m := range d.do(app(2, "b"), subscribe(1, "x")).Messages {
			follower.revision = m.Ref
			if err := json.Unmarshal(m.Body.Bytes(), &follower.value); err != nil {
				t.Fatal(err)
			}
		}
		before := d.state()
		m := protocol.Envelope{Op: op, ID: 2, Name: "x", Head: head, Body: protocol.TextBody(body)}
		out := d.do(a, m)
		answer := out.Messages[len(out.Messages)-1]
		if answer.Op == protocol.OpError {
			if after := d.state(); after != before || len(out.Messages) != 1 || len(out.Journal) != 0 {
				t.Fatalf("a refused write changed\n%s\nto\n%s", before, after)
			}
			return
		}
		c := d.room.contexts["x"]
		if c.revision != 2 || c.size() > 400 || !json.Valid(c.encoded()) {
			t.Fatalf("revision %d, value %s", c.revision, c.encoded())
		}
		follower.take(t, out.Messages[0])
		if got, want := marshal(follower.value), canonical(c); got != want {
			t.Fatalf("a subscriber has %s\nthe room %s", got, want)
		}
		after := d.state()
		d.crash(everything)
		if restored := d.state(); restored != after {
			t.Fatalf("a crash changed\n%s\nto\n%s", after, restored)
		}
	})
}
