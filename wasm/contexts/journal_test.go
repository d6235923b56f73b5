package contexts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// afterReload is what the supervisor brings back when the whole page was loaded anew.
func afterReload(key string) bool {
	return strings.HasPrefix(key, "contexts/value/") || key == "contexts/floor"
}

func TestCrashBringsEverythingBack(t *testing.T) {
	d := newDesk(t, Options{})
	a, b := app(1, "a"), app(2, "b")
	d.do(a, withHead(set(1, "mine", `{"n":1}`), `{"lifetime":"owner"}`))
	d.do(a, set(2, "gone", `{}`))
	d.do(a, destroy(3, "gone"))
	d.do(b, subscribe(7, "mine"))
	d.do(b, subscribe(8, "later"))
	d.do(b, update(9, "mine", `{"m":[ 1, 2 ]}`))
	d.do(b, patch(10, "mine", `{"set":[["o","p"]],"remove":[["n"]]}`, `["q"]`))
	before := d.state()
	d.crash(everything)
	if after := d.state(); after != before {
		t.Fatalf("a crash changed\n%s\nto\n%s", before, after)
	}
	d.refused(protocol.BadMessage, b, subscribe(7, "x"))
	d.want(d.do(a, update(4, "mine", `{}`)),
		`to 2: contexts.event 4 ref 7 peer 1 body {}`,
		`to 1: reply 4 ref 4`,
		`append contexts/value/mine body {}`)
	d.want(d.do(a, update(5, "later", `{}`)),
		`to 2: contexts.event 3 ref 8 peer 1 head {"kind":"set"} body {}`,
		`to 1: reply 5 ref 3`,
		`put contexts/value/later head {"name":"later","revision":3,"lifetime":"session","owner":"a"} body {}`)
	d.want(d.gone("a"),
		`to 2: contexts.event 5 ref 7 head {"kind":"destroyed"}`,
		`drop contexts/value/mine`,
		`put contexts/floor head 5`)
}

// A reload of the page keeps the values and forgets the peers. What an instance owned waits for the instance to come
// back, or to be told gone.
func TestReloadKeepsValues(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	a.Limits.Contexts = 2
	d.do(a, set(1, "session", `{"n":1}`))
	d.do(a, withHead(set(2, "mine", `{}`), `{"lifetime":"owner"}`))
	d.do(app(2, "b"), subscribe(1, "mine"))
	d.crash(afterReload)
	again := app(1, "a")
	again.Limits.Contexts = 2
	d.want(d.do(again, subscribe(1, "session")),
		`to 1: contexts.value 1 ref 1 head {"name":"session","revision":1,"lifetime":"session","bytes":7} body {"n":1}`,
		`put contexts/sub/1/1 head session`)
	d.refused(protocol.QuotaExceeded, again, set(2, "third", `{}`))
	d.refused(protocol.NotOwner, app(2, "b"), destroy(3, "mine"))
	d.want(d.gone("a"), `drop contexts/value/mine`, `put contexts/floor head 2`)
}

// The journal of a context stays within a small multiple of its value, and a large value is not written anew for every
// few small changes.
func TestCompaction(t *testing.T) {
	for _, test := range []struct {
		name         string
		value, delta int // bytes
		writes       int
		puts         int // beyond the first
	}{
		{"small changes of a small value", 100, 10, 320, 10},
		{"changes as large as the value", 2000, 2000, 90, 22},
		{"small changes of a large value", 1 << 20, 10, 3072, 3},
		{"middling changes of a large value", 1 << 20, 10_000, 270, 8},
		{"large changes of a small value", 10, 20_000, 10, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, Options{})
			a := app(1, "a")
			d.do(a, set(1, "x", fmt.Sprintf(`{"v":"%s"}`, strings.Repeat("x", test.value))))
			puts, c := 0, d.room.contexts["x"]
			for id := range test.writes {
				member := "delta"
				if id%2 == 1 {
					member = "v"
				}
				m := update(uint64(id), "x", fmt.Sprintf(`{"%s":"%s"}`, member, strings.Repeat("y", test.delta)))
				if test.value > test.delta {
					m = update(uint64(id), "x", fmt.Sprintf(`{"delta":"%s"}`, strings.Repeat("y", test.delta)))
				}
				d.out.Reset()
				d.turn = peer.Turn{From: a, Msg: m, Out: &d.out}
				d.room.Update(&d.turn)
				for _, rec := range d.out.Journal {
					if rec.Kind == peer.RecordPut {
						puts++
					}
				}
				if c.appended > max(slackBytes, 2*c.size()) || c.appends >= maxAppends {
					t.Fatalf("the journal holds %d bytes in %d changes behind a value of %d", c.appended, c.appends, c.size())
				}
			}
			if puts != test.puts {
				t.Errorf("%d compactions, want %d", puts, test.puts)
			}
		})
	}
}

// A crash in the midst of appended changes must not make the journal forget how many there are.
func TestCompactionCountsOverCrashes(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	longest := 0
	for id := range uint64(200) {
		d.do(a, update(id, "x", `{"n":1}`))
		longest = max(longest, len(d.journal["contexts/value/x"]))
		d.crash(everything)
	}
	if longest != compactAfter {
		t.Errorf("up to %d chunks, want %d", longest, compactAfter)
	}
	if c := d.room.contexts["x"]; c.revision != 201 {
		t.Errorf("revision %d, want 201", c.revision)
	}
}

// A journal that is not this room's work is refused with an error, and leaves nothing half done.
func TestRestoreRefuses(t *testing.T) {
	value := func(head, body string, more ...peer.Chunk) []peer.Chunk {
		return append([]peer.Chunk{{Head: []byte(head), Body: []byte(body)}}, more...)
	}
	const info = `{"name":"x","revision":1,"lifetime":"session","owner":"a"}`
	for _, test := range []struct {
		key    string
		chunks []peer.Chunk
	}{
		{"contexts/value/x", nil},
		{"contexts/value/x", value(`{`, `{}`)},
		{"contexts/value/x", value(info, `[]`)},
		{"contexts/value/x", value(`{"name":"x"}`, `{}`)},
		{"contexts/value/x", value(info, `{}`, peer.Chunk{Body: []byte(`7`)})},
		{"contexts/value/x", value(info, `{}`, peer.Chunk{Head: []byte(`{`), Body: []byte(`{}`)})},
		{"contexts/value/x", value(info, `{}`, peer.Chunk{Head: []byte(`{"kind":"set"}`), Body: []byte(`{}`)})},
		{"contexts/sub/1", value(`x`, ``)},
		{"contexts/sub/x/1", value(`x`, ``)},
		{"contexts/sub/4294967296/1", value(`x`, ``)},
		{"contexts/sub/1/9007199254740992", value(`x`, ``)},
		{"contexts/floor", value(`high`, ``)},
		{"contexts/floor", value(`9007199254740992`, ``)},
		{"contexts/else", value(``, ``)},
	} {
		d := newDesk(t, Options{})
		before := d.state()
		if err := d.room.Restore(test.key, test.chunks); err == nil || !strings.Contains(err.Error(), test.key) {
			t.Errorf("%s %s: error %v", test.key, test.chunks, err)
		}
		if after := d.state(); after != before {
			t.Errorf("%s %s: left %s", test.key, test.chunks, after)
		}
	}
	d := newDesk(t, Options{})
	for _, key := range []string{"contexts/value/x", "contexts/sub/1/2"} {
		if err := d.room.Restore(key, value(info, `{}`)); err != nil {
			t.Error(err)
		}
		if err := d.room.Restore(key, value(info, `{}`)); err == nil {
			t.Errorf("%s: twice is no error", key)
		}
	}
}
