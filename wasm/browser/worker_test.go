package browser

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
	"github.com/crossframe/crossframe/wasm/peer"
)

func startScript(ports hub.Ports, opts hub.Options) hubtest.Driver { return newScript(ports, opts) }

func TestContract(t *testing.T) { hubtest.Contract(t, startScript) }

// desk connects two apps to a hub behind records.
func desk(t testing.TB) (d *hubtest.Desk, s *script, a, b *hubtest.Client) {
	t.Helper()
	d = hubtest.New(t, hubtest.Options{
		Boot: protocol.Boot{Apps: []protocol.Definition{{Name: "a", URL: "https://a.example"}, {Name: "b", URL: "https://b.example"}}},
		Start: func(ports hub.Ports, opts hub.Options) hubtest.Driver {
			s = newScript(ports, opts)
			return s
		},
	})
	main := d.Main()
	a, b = d.Connect(main, "a", "https://a.example"), d.Connect(main, "b", "https://b.example")
	b.Ask(protocol.Envelope{Op: protocol.OpRegister, Name: "m"})
	return d, s, a, b
}

// TestOneCallForAFrame: the messages of a frame go in with one call, and are served in their order.
func TestOneCallForAFrame(t *testing.T) {
	d, s, a, b := desk(t)
	s.begin(d.Now)
	for id := range uint64(100) {
		s.add(protocol.Envelope{Op: protocol.OpInvoke, ID: id + 1, Name: "m", Body: protocol.TextBody([]byte{'"', byte('a' + id%26), '"'})})
	}
	s.add(protocol.Envelope{Op: protocol.OpBye})
	s.add(protocol.Envelope{Op: protocol.OpInvoke, ID: 200, Name: "m"})
	s.call(CallFrames, a.Port)
	calls := b.All(protocol.OpCall)
	if len(calls) != 100 || !a.Closed {
		t.Fatalf("%d calls, closed: %v", len(calls), a.Closed)
	}
	for i, call := range calls {
		if string(call.Body.Bytes()) != `"`+string(rune('a'+i%26))+`"` {
			t.Fatalf("call %d has the body %s", i, call.Body.Bytes())
		}
	}
}

// TestBodiesStayOutside: a body that is only forwarded never crosses into the program.
func TestBodiesStayOutside(t *testing.T) {
	_, s, a, b := desk(t)
	reads := s.reads
	body := protocol.TextBody([]byte(`"` + strings.Repeat("x", 1<<20) + `"`))
	a.Request(protocol.Envelope{Op: protocol.OpInvoke, Name: "m", Body: body})
	call, _ := b.Last(protocol.OpCall)
	b.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: body})
	if s.reads != reads || len(s.worker.write.data) > 4096 || len(s.worker.in) > 1<<17 {
		t.Fatalf("%d reads; %d bytes came out, the input area has %d", s.reads-reads, len(s.worker.write.data), len(s.worker.in))
	}
}

func TestReserve(t *testing.T) {
	w := NewWorker(nil, hub.Options{Random: func([]byte) {}})
	if len(w.Reserve(0)) == 0 || len(w.Reserve(-1)) == 0 {
		t.Fatal("there is no area whose address could be told")
	}
	area := w.Reserve(100)
	if len(area) < 64<<10 || &w.Reserve(len(area))[0] != &area[0] {
		t.Fatal("an area that is large enough was not kept")
	}
	for n := len(area) + 1; n < 10<<20; n = n*3 + 1 {
		before := len(w.in)
		if got := len(w.Reserve(n)); got < n || got < 2*before || got%wordBytes != 0 {
			t.Fatalf("%d bytes asked for, %d there, %d before", n, got, before)
		}
	}
}

// TestRestoreInChunks: a key's chunks come in their order, and outlive the call that brought them.
func TestRestoreInChunks(t *testing.T) {
	d, _, a, b := desk(t)
	for i := range 5 {
		a.Ask(protocol.Envelope{Op: protocol.OpContextUpdate, Name: "x", Body: protocol.TextBody([]byte(`{"k` + string(rune('0'+i)) + `":1}`))})
	}
	if n := len(d.Journal["contexts/value/x"]); n != 5 {
		t.Fatalf("%d chunks", n)
	}
	if lost := d.Crash(); len(lost) != 0 {
		t.Fatalf("lost %v", lost)
	}
	b.Prove()
	if answer := b.Ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "x"}); string(answer.Body.Bytes()) != `{"k0":1,"k1":1,"k2":1,"k3":1,"k4":1}` {
		t.Fatalf("restored %s", answer.Body.Bytes())
	}
	d.Journal["hub/nonsense"] = []peer.Chunk{{Head: []byte(`{}`)}}
	if lost := d.Crash(); !slices.Equal(lost, []string{"hub/nonsense"}) {
		t.Fatalf("lost %q", lost)
	}
}

// TestCallsThatMeanNothing: lengths that cannot be and kinds that are none do nothing.
func TestCallsThatMeanNothing(t *testing.T) {
	_, s, a, b := desk(t)
	heard := len(a.Log) + len(b.Log)
	for _, length := range []int{-1, 0, 1, 7, len(s.worker.in) + 1, 1 << 40} {
		for kind := -1; kind < 10; kind++ {
			if out, due := s.worker.Call(kind, uint32(a.Port), length); len(out) != 0 || due != 0 {
				t.Errorf("kind %d, length %d: %d bytes came out, due %d", kind, length, len(out), due)
			}
		}
	}
	for _, kind := range []int{-1, CallReserve, CallExit, 7, 99} {
		if out, _ := s.worker.Call(kind, 0, wordBytes); len(out) != 0 {
			t.Errorf("kind %d: %d bytes came out", kind, len(out))
		}
	}
	if len(a.Log)+len(b.Log) != heard {
		t.Error("somebody was told something")
	}
}
