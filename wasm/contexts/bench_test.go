package contexts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// kilobyte is an object of 1 kB and 16 members, as a price row or a client record has.
func kilobyte(seed int) []byte {
	var b strings.Builder
	for i := range 16 {
		fmt.Fprintf(&b, `,"member%02d":{"n":%d,"s":"%s"}`, i, seed*1000+i, strings.Repeat("x", 30))
	}
	return []byte("{" + b.String()[1:] + "}")
}

// BenchmarkUpdate measures a turn that changes all of a 1 kB value, and one that changes a single member of it.
func BenchmarkUpdate(b *testing.B) {
	deltas := map[string][][]byte{
		"1kB":       {kilobyte(1), kilobyte(2)},
		"oneMember": {[]byte(`{"member03":1.5}`), []byte(`{"member07":2.25}`)},
	}
	for _, name := range []string{"1kB", "oneMember"} {
		for _, subscribers := range []int{2, 10, 50} {
			b.Run(fmt.Sprintf("%s/N=%d", name, subscribers), func(b *testing.B) {
				r, out, writer := benchRoom(subscribers)
				t := peer.Turn{From: writer, Out: out}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					out.Reset()
					t.Msg = protocol.Envelope{Op: protocol.OpContextUpdate, ID: 2, Name: "x", Body: protocol.TextBody(deltas[name][i&1])}
					r.Update(&t)
				}
				if len(out.Messages) != subscribers+1 {
					b.Fatal(render(out))
				}
			})
		}
	}
}

// BenchmarkRelay is the floor under BenchmarkUpdate: the same messages without a context.
func BenchmarkRelay(b *testing.B) {
	for _, subscribers := range []int{2, 10, 50} {
		b.Run(fmt.Sprintf("N=%d", subscribers), func(b *testing.B) {
			out, body := &peer.Outbox{}, protocol.TextBody(kilobyte(1))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				for id := range subscribers {
					out.Send(peer.ID(id+2), protocol.Envelope{Op: protocol.OpContextEvent, Ref: 1, Peer: 1, Body: body})
				}
				out.Send(1, protocol.Envelope{Op: protocol.OpReply, ID: 2})
			}
		})
	}
}

// BenchmarkPatch measures one path of a 1 kB value with ten subscribers.
func BenchmarkPatch(b *testing.B) {
	r, out, writer := benchRoom(10)
	t := peer.Turn{From: writer, Out: out}
	m := patch(2, "x", `{"set":[["member03","n"]]}`, `[7]`)
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		t.Msg = m
		r.Patch(&t)
	}
}

// BenchmarkGet measures reading a 1 kB value that nobody wrote in between.
func BenchmarkGet(b *testing.B) {
	r, out, writer := benchRoom(0)
	t := peer.Turn{From: writer, Out: out}
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		t.Msg = get(2, "x")
		r.Get(&t)
	}
}

func benchRoom(subscribers int) (*Room, *peer.Outbox, *peer.Peer) {
	r, out, writer := New(Options{}), &peer.Outbox{}, app(1, "a")
	t := peer.Turn{From: writer, Out: out, Msg: set(1, "x", string(kilobyte(0)))}
	r.Set(&t)
	for id := range subscribers {
		t.From, t.Msg = app(peer.ID(id+2), "s"), subscribe(1, "x")
		r.Subscribe(&t)
	}
	return r, out, writer
}
