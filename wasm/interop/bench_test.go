package interop

import (
	"strconv"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// crowd is a room in which peers offer methods in all, and one more peer calls one of them.
func crowd(b testing.TB, methods, peers int) (w *world, caller, callee *peer.Peer) {
	w = newWorld(b)
	for i := range methods {
		id := peer.ID(i%peers + 2)
		p := w.peers[id]
		if p == nil {
			p = w.join(id)
			p.Limits.Methods = int64(methods)
		}
		w.offers(p, uint64(i+1), "method."+strconv.Itoa(i), "")
	}
	return w, w.join(1), w.peers[peer.ID((methods/2)%peers+2)]
}

func BenchmarkInvokeAndResult(b *testing.B) {
	for _, size := range []struct{ methods, peers int }{{10, 2}, {1000, 20}, {10_000, 200}} {
		b.Run("methods="+strconv.Itoa(size.methods)+"/peers="+strconv.Itoa(size.peers), func(b *testing.B) {
			w, caller, callee := crowd(b, size.methods, size.peers)
			roundTrip(b, w, caller, callee, invoke(0, "method."+strconv.Itoa(size.methods/2), "", `{"a":1}`))
		})
	}
}

func BenchmarkInvokeWithOptions(b *testing.B) {
	w, caller, callee := crowd(b, 10, 2)
	roundTrip(b, w, caller, callee, invoke(0, "method.5", `{"timeoutMs":5000,"trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`, `{"a":1}`))
}

func BenchmarkInvokeWithSchema(b *testing.B) {
	w, caller, callee := crowd(b, 10, 2)
	w.offers(callee, 99, "checked", `{"accepts":"Number a, String? b"}`)
	roundTrip(b, w, caller, callee, invoke(0, "checked", "", `{"a":1,"b":"text"}`))
}

// roundTrip measures a call and its result.
func roundTrip(b *testing.B, w *world, caller, callee *peer.Peer, e protocol.Envelope) {
	w.out.Reset()
	answer := result(0, `{"b":2}`)
	turn := peer.Turn{Now: w.now, Out: &w.out}
	b.ReportAllocs()
	for b.Loop() {
		e.ID++
		turn.From, turn.Msg = caller, e
		w.room.Invoke(&turn)
		answer.ID = w.out.Messages[0].ID
		w.out.Reset()
		turn.From, turn.Msg = callee, answer
		w.room.Result(&turn)
		w.out.Reset()
	}
	w.flat()
}

// BenchmarkInFlight holds 64 calls open.
func BenchmarkInFlight(b *testing.B) {
	w, caller, callee := crowd(b, 10_000, 200)
	e, answer := invoke(0, "method.5000", "", `{"a":1}`), result(0, `{"b":2}`)
	turn := peer.Turn{Now: w.now, Out: &w.out}
	b.ReportAllocs()
	var open [64]uint64
	for i := 0; b.Loop(); i++ {
		turn.Now++
		if call := open[i%len(open)]; call != 0 {
			answer.ID = call
			turn.From, turn.Msg = callee, answer
			w.room.Result(&turn)
			w.out.Reset()
		}
		e.ID++
		turn.From, turn.Msg = caller, e
		w.room.Invoke(&turn)
		open[i%len(open)] = w.out.Messages[0].ID
		w.out.Reset()
	}
}

func BenchmarkRegisterBesideAWatcher(b *testing.B) {
	for _, methods := range []int{100, 10_000} {
		b.Run("methods="+strconv.Itoa(methods), func(b *testing.B) {
			w, caller, callee := crowd(b, methods, 10)
			w.handle(caller, ask(protocol.OpWatch, 1, "", ""))
			b.ReportAllocs()
			for b.Loop() {
				w.handle(callee, register(1_000_000, "new", ""))
				w.handle(callee, ref(protocol.OpUnregister, 1_000_001, 1_000_000))
			}
		})
	}
}

// TestHotPathAllocatesNothing pins what the benchmarks show.
func TestHotPathAllocatesNothing(t *testing.T) {
	w, caller, callee := crowd(t, 1000, 20)
	e, answer := invoke(0, "method.500", "", `{"a":1}`), result(0, `{"b":2}`)
	turn := peer.Turn{Now: w.now, Out: &w.out}
	allocs := testing.AllocsPerRun(1000, func() {
		e.ID++
		turn.From, turn.Msg = caller, e
		w.room.Invoke(&turn)
		answer.ID = w.out.Messages[0].ID
		w.out.Reset()
		turn.From, turn.Msg = callee, answer
		w.room.Result(&turn)
		w.out.Reset()
	})
	if allocs > 0 {
		t.Errorf("a call and its result allocate %v times", allocs)
	}
}
