package browser

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

var envelopes = []protocol.Envelope{
	{},
	{Op: protocol.OpInvoke, ID: 1, Name: "m"},
	{Op: 1<<32 - 1, ID: protocol.MaxID, Ref: protocol.MaxID, Peer: 1<<32 - 1, Name: "ä€😀", Head: []byte(`{"a":1}`)},
	{Op: 7, Head: []byte(strings.Repeat("h", 9)), Body: protocol.TextBody([]byte(`"x"`))},
	{Op: 8, Name: strings.Repeat("n", 1024), Body: protocol.BinaryBody([]byte{1, 2, 3})},
}

// TestIncoming: what the script writes, the reader reads.
func TestIncoming(t *testing.T) {
	s := &script{}
	s.begin(42)
	for _, e := range envelopes {
		s.add(e)
	}
	r := reader{bodies: s}
	r.reset(s.input[wordBytes:])
	for i, want := range envelopes {
		var got protocol.Envelope
		if more, err := r.next(&got); !more || err != nil {
			t.Fatalf("record %d: %v, %v", i, more, err)
		}
		if got.Body.Kind != protocol.BodyNone && (!got.Body.Held() || got.Body.Handle != uint32(i)) || !bytes.Equal(got.Body.Bytes(), want.Body.Bytes()) {
			t.Errorf("record %d: body %+v", i, got.Body)
		}
		same(t, got, want)
	}
	if more, err := r.next(&protocol.Envelope{}); more || err != nil {
		t.Fatalf("behind the last record: %v, %v", more, err)
	}
}

func same(t *testing.T, got, want protocol.Envelope) {
	t.Helper()
	if len(got.Head)+len(want.Head) == 0 {
		got.Head, want.Head = nil, nil
	}
	got.Body, want.Body = protocol.Body{}, protocol.Body{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestOutgoing: what the writer writes, the script reads; bodies of the input go out by their place.
func TestOutgoing(t *testing.T) {
	s := &script{bodies: []protocol.Body{protocol.TextBody([]byte(`"in"`)), protocol.BinaryBody([]byte{9})}}
	var w writer
	list := append([]protocol.Envelope(nil), envelopes...)
	list = append(list, protocol.Envelope{Op: 9, Body: protocol.HeldBody(s, 1, protocol.BodyBinary, 1)}, protocol.Envelope{Op: 9, Body: protocol.HeldBody(s, 0, protocol.BodyText, 12)})
	for i := range list {
		w.put(i%6+1, uint32(i), &list[i])
	}
	for i, got := range s.parse(w.data) {
		if got.kind != i%6+1 || int(got.port) != i {
			t.Errorf("record %d: kind %d, port %d", i, got.kind, got.port)
		}
		if got.Body.Kind != list[i].Body.Kind || !bytes.Equal(got.Body.Bytes(), list[i].Body.Bytes()) {
			t.Errorf("record %d: body %q", i, got.Body.Bytes())
		}
		same(t, got.Envelope, list[i])
	}
	if s.reads != 2 {
		t.Errorf("%d reads, want those of this test alone", s.reads)
	}
	if w.reset(); len(w.data) != 0 {
		t.Error("a reset writer holds something")
	}
}

// TestDamagedRecords: lengths that cannot be are errors, wherever the text is cut off.
func TestDamagedRecords(t *testing.T) {
	s := &script{}
	s.begin(0)
	s.add(envelopes[3])
	good := s.input[wordBytes:]
	for n := 1; n < len(good); n++ {
		r := reader{data: good[:n:n], bodies: s}
		var e protocol.Envelope
		// Only padding may be missing without a loss, and even that is not taken.
		if more, err := r.next(&e); more || err == nil {
			t.Fatalf("cut off at %d of %d: %v, %v", n, len(good), more, err)
		}
	}
	for _, field := range []int{4, 5, 7} {
		for _, value := range []float64{-1, -0.5, 1e9, 1e18, 1e300, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxInt64, 1 << 62, 1 << 63} {
			if field == 7 && value == 1e9 {
				continue // an upper bound, nothing more
			}
			bad := append([]byte(nil), good...)
			copy(bad[field*wordBytes:], appendWords(nil, value))
			r := reader{data: bad, bodies: s}
			var e protocol.Envelope
			if more, err := r.next(&e); more || err == nil {
				t.Errorf("field %d is %v: %v, %v", field, value, more, err)
			}
		}
	}
}

// TestNames: a name that is used again costs no memory, and no flood of names fills it.
func TestNames(t *testing.T) {
	var n names
	name := []byte("crm.show")
	n.intern(name)
	if allocs := testing.AllocsPerRun(100, func() { n.intern(name) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	for i := range 3 * maxNames {
		text := strings.Repeat("x", i%7) + string(rune(i))
		if got := n.intern([]byte(text)); got != text || len(n) > maxNames {
			t.Fatalf("%q became %q; %d names", text, got, len(n))
		}
	}
	if n.intern(nil) != "" {
		t.Error("nothing has a name")
	}
}

// FuzzCall: no input of any kind takes the program down.
func FuzzCall(f *testing.F) {
	s := &script{}
	for i := range envelopes {
		s.begin(1000)
		s.add(envelopes[i])
		s.add(protocol.Envelope{Op: protocol.OpInvoke, ID: 5, Name: "m"})
		f.Add(CallFrames, uint32(2), s.input)
		f.Add(CallPage, uint32(0), s.input)
		f.Add(CallRestore, uint32(0), s.input)
	}
	s.begin(2000)
	s.add(protocol.Envelope{Op: protocol.OpPageGreet, Peer: 9, Ref: 1, Name: "https://a.example", Head: []byte(`{"ports":1}`), Body: protocol.TextBody([]byte(`{"crossframe":"INIT_REQUEST","versions":[1]}`))})
	f.Add(CallPage, uint32(0), s.input)
	f.Add(CallResume, uint32(0), appendWords(nil, 3000))
	f.Fuzz(func(t *testing.T, kind int, port uint32, data []byte) {
		bodies := &anything{}
		w := NewWorker(bodies, hub.Options{Random: func(b []byte) { clear(b) }})
		boot := protocol.Boot{Origin: hubtest.MainOrigin, Hub: "h", Epoch: 1, NowMs: 1, Apps: []protocol.Definition{{Name: "a", URL: "https://a.example"}}}
		in := &script{}
		in.begin(1)
		in.add(protocol.Envelope{Op: protocol.OpPageBoot, Head: boot.AppendJSON(nil)})
		in.add(protocol.Envelope{Op: protocol.OpPageGreet, Peer: 2, Head: []byte(`{"main":true,"ports":1}`), Body: protocol.TextBody([]byte(everything))})
		copy(w.Reserve(len(in.input)), in.input)
		w.Call(CallPage, 0, len(in.input))
		if out, _ := w.Call(CallTick, 0, wordBytes); len(out) != 0 || w.forms[2] != dialect.Tuples {
			t.Fatal("the main page was not admitted")
		}
		for range 2 {
			copy(w.Reserve(len(data)), data)
			out, _ := w.Call(kind, port, len(data))
			if len(out)%wordBytes != 0 {
				t.Fatalf("%d bytes came out", len(out))
			}
		}
	})
}

const everything = `{"crossframe":"INIT_REQUEST","versions":[1]}`

// anything is a source that has every body.
type anything struct{}

func (anything) ReadBody(handle uint32, _ protocol.BodyKind, size int) []byte {
	return []byte(everything[:min(len(everything), max(size, int(handle)))])
}
