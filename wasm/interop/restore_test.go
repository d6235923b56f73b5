package interop

import (
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// journal keeps what a turn wrote, as the supervisor does.
func (w *world) journal(saved map[string]peer.Chunk) {
	for _, r := range w.out.Journal {
		switch r.Kind {
		case peer.RecordPut:
			saved[r.Key] = peer.Chunk{Head: append([]byte(nil), r.Head...), Body: append([]byte(nil), r.Body.Bytes()...)}
		case peer.RecordDrop:
			delete(saved, r.Key)
		default:
			w.t.Fatalf("journal kind %d", r.Kind)
		}
	}
}

func TestRestore(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.join(1), w.join(2), w.join(3)
	saved := make(map[string]peer.Chunk)
	for _, step := range []struct {
		from *peer.Peer
		e    protocol.Envelope
	}{
		{c, register(1, "m", "")},
		{b, register(1, "m", `{"accepts":"String s","displayName":"B"}`)},
		{a, register(1, "own", `{"exclusive":true}`)},
		{a, register(2, `quo"ted\`, "")},
		{b, register(2, "gone", "")},
		{b, ref(protocol.OpUnregister, 3, 2)},
		{a, ask(protocol.OpWatch, 5, "", `{"prefix":"m"}`)},
		{a, ask(protocol.OpWatch, 6, "", "")},
		{a, ref(protocol.OpUnwatch, 7, 6)},
		{a, invoke(8, "m", "", "")},
	} {
		w.handle(step.from, step.e)
		w.journal(saved)
	}
	w.handle(c, ask(protocol.OpDiscover, 9, "", ""))
	before := string(w.out.Messages[0].Head)

	// Maps have no order, so every run of this test restores in another one.
	w.room = New(Options{Peers: w, FirstCall: 5000})
	for key, chunk := range saved {
		if err := w.room.Restore(key, []peer.Chunk{chunk}); err != nil {
			t.Fatal(err)
		}
	}
	w.handle(c, ask(protocol.OpDiscover, 9, "", ""))
	if after := string(w.out.Messages[0].Head); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	w.send(b, register(9, "own", ""), "to 2: error id=9 METHOD_EXISTS")
	w.send(c, result(100, "late"))
	w.send(a, invoke(8, "m", "", ""), "to 3: interop.call id=5000 ref=1 peer=1")
	w.send(a, invoke(9, "m", `{"instance":"i2"}`, ""), `to 1: error id=9 SCHEMA_VIOLATION "arguments: expected the member \"s\""`)
	w.send(b, register(9, "n", ""),
		"to 2: reply id=9", `put interop/method/2/9 [5,"n"]`)
	w.send(b, ref(protocol.OpUnregister, 10, 1),
		"to 2: reply id=10", `to 1: interop.methods ref=5 {"removed":[`+seenMethod("m", 2)+`]}`, "drop interop/method/2/1")
}

func TestRestoreRefuses(t *testing.T) {
	w := newWorld(t)
	w.join(1)
	good := peer.Chunk{Body: []byte(`[1,"m"]`)}
	for _, c := range []struct {
		key    string
		chunks []peer.Chunk
	}{
		{"interop/method/1/1", nil},
		{"interop/method/1/1", []peer.Chunk{good, good}},
		{"interop/method/1", []peer.Chunk{good}},
		{"interop/method/1/1/1", []peer.Chunk{good}},
		{"interop/method/x/1", []peer.Chunk{good}},
		{"interop/method/1/-1", []peer.Chunk{good}},
		{"interop/method/4294967297/1", []peer.Chunk{good}},
		{"interop/method/2/1", []peer.Chunk{good}},
		{"interop/other/1/1", []peer.Chunk{good}},
		{"contexts/method/1/1", []peer.Chunk{good}},
		{"interop/method/1/1", []peer.Chunk{{}}},
		{"interop/method/1/1", []peer.Chunk{{Body: []byte(`[1]`)}}},
		{"interop/method/1/1", []peer.Chunk{{Body: []byte(`["m",1]`)}}},
		{"interop/method/1/1", []peer.Chunk{{Head: []byte(`{`), Body: good.Body}}},
		{"interop/method/1/1", []peer.Chunk{{Head: []byte(`{"accepts":1}`), Body: good.Body}}},
		{"interop/watch/1/1", []peer.Chunk{{Head: []byte(`[]`)}}},
	} {
		if err := w.room.Restore(c.key, c.chunks); err == nil {
			t.Errorf("%s: restored %q", c.key, c.chunks)
		}
	}
	if len(w.room.offers)+len(w.room.watches) != 0 {
		t.Error("something was kept")
	}
	if err := w.room.Restore("interop/method/1/1", []peer.Chunk{good}); err != nil {
		t.Error(err)
	}
	if err := w.room.Restore("interop/method/1/1", []peer.Chunk{good}); err == nil {
		t.Error("restored twice")
	}
}
