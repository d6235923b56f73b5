package relay

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/link"
)

// value is the body of every benchmark: some 250 bytes.
var value = protocol.TextBody([]byte(fmt.Sprintf(`{"n":12345,"text":"%0230d"}`, 1)))

// follower is a connection that only counts what it gets, but says each event of contexts.
type follower struct {
	link   *link.Link
	events chan struct{}
}

// follow connects a program that subscribes to a context.
func (b *broker) follow(tb testing.TB, id int) *follower {
	tb.Helper()
	l, err := link.Dial(within(tb), b.url, link.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	f := &follower{link: l, events: make(chan struct{}, 1<<16)}
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.Run(context.Background(), func(messages []protocol.Envelope) {
			for i := range messages {
				switch messages[i].Op {
				case protocol.OpAck:
					_ = l.Send(protocol.Envelope{Op: protocol.OpContextSubscribe, ID: 2, Name: "c", Head: []byte(`{"scope":"tenant"}`)})
				case protocol.OpContextValue:
					close(begun)
				case protocol.OpContextEvent:
					f.events <- struct{}{}
				}
			}
		})
	}()
	tb.Cleanup(func() { l.Close(stream.CloseNormal, ""); <-ended })
	_ = l.Send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: hello(protocol.KindProgram, "anna", fmt.Sprint("f", id)).AppendJSON(nil)})
	select {
	case <-begun:
	case <-time.After(patience):
		tb.Fatal("a follower did not begin")
	}
	return f
}

// write returns a function that updates the context, calls told, and waits for the acknowledgement.
func (b *broker) write(tb testing.TB, lifetime string) func(told func()) {
	tb.Helper()
	w := b.dial("")
	w.greet(hello(protocol.KindProgram, "ben", "writer"))
	head := []byte(`{"scope":"tenant","lifetime":"` + lifetime + `"}`)
	return func(told func()) {
		id := w.ask(protocol.Envelope{Op: protocol.OpContextUpdate, Name: "c", Head: head, Body: value})
		told()
		w.answer(id)
		w.mu.Lock()
		w.got = w.got[:0]
		w.mu.Unlock()
	}
}

func quantiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkEcho is what BenchmarkUpdate is held against: a message of the same size to a WebSocket server and back.
func BenchmarkEcho(b *testing.B) {
	server := ws.NewServer(ws.Options{DangerouslyAllowMissingOrigin: true, OnOpen: func(*ws.Conn, *http.Request) (ws.Receiver, error) { return echo{}, nil }, MessagesPerSecond: 1 << 20, BurstMessages: 1 << 20, BytesPerSecond: 1 << 30, BurstBytes: 1 << 30})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	h := &http.Server{Handler: server, ReadHeaderTimeout: time.Second}
	go func() { _ = h.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close(within(b)); _ = h.Close() })
	l, err := link.Dial(within(b), "ws://"+listener.Addr().String()+"/", link.Options{})
	if err != nil {
		b.Fatal(err)
	}
	back, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.Run(context.Background(), func([]protocol.Envelope) { back <- struct{}{} })
	}()
	b.Cleanup(func() { l.Close(stream.CloseNormal, ""); <-ended })
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		begin := time.Now()
		_ = l.Send(protocol.Envelope{Op: protocol.OpContextUpdate, ID: 1, Name: "c", Body: value})
		<-back
		took = append(took, time.Since(begin))
	}
	quantiles(b, took)
}

type echo struct{}

func (echo) Receive(c *ws.Conn, messages []protocol.Envelope) { _ = c.Send(messages...) }
func (echo) Closed(*ws.Conn, *stream.Closed)                  {}

// unlimited lets a benchmark send as fast as it can.
func unlimited() (o Options) {
	o.Socket.MessagesPerSecond, o.Socket.BurstMessages = 1<<20, 1<<20
	o.Socket.BytesPerSecond, o.Socket.BurstBytes = 1<<30, 1<<30
	o.Socket.MaxConnsPerAddress = 5000
	return o
}

// BenchmarkUpdate is the time from a write at one connection to its event at another, through one broker.
func BenchmarkUpdate(b *testing.B) {
	for _, lifetime := range []string{"session", "durable"} {
		b.Run(lifetime, func(b *testing.B) {
			o := unlimited()
			o.Contexts.Alone = true
			r := start(b, openStore(b, store.Options{Dir: b.TempDir() + "/store"}), o)
			updates(b, r, r, lifetime)
		})
	}
}

// BenchmarkUpdateAcross is the same where the two connections are at two brokers of a cluster on loopback.
func BenchmarkUpdateAcross(b *testing.B) {
	one, other, _ := pair(b, unlimited())
	updates(b, one, other, "session")
}

func updates(b *testing.B, from, to *broker, lifetime string) {
	f, write := to.follow(b, 1), from.write(b, lifetime)
	told := func() { <-f.events }
	write(told)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		begin := time.Now()
		write(func() {
			told()
			took = append(took, time.Since(begin))
		})
	}
	quantiles(b, took)
}

// BenchmarkFanOut is one write that a thousand connections hear of.
func BenchmarkFanOut(b *testing.B) {
	const many = 1000
	o := unlimited()
	o.Contexts.Alone = true
	r := start(b, openStore(b, store.Options{}), o)
	followers := make([]*follower, many)
	for i := range followers {
		followers[i] = r.follow(b, i)
	}
	write := r.write(b, "session")
	for b.Loop() {
		write(func() {
			for _, f := range followers {
				<-f.events
			}
		})
	}
	b.ReportMetric(float64(b.N)*many/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkTurn is a call from one hub to another and its answer, without the sockets: what the mutex holds others up for.
func BenchmarkTurn(b *testing.B) {
	r := single(b, unlimited())
	offering, calling := r.hub("anna", "h1", "crm"), r.hub("ben", "h2", "desk")
	offering.register(1, "m", `{"scope":"tenant"}`)
	var from, to *party
	r.methods.do(func() {
		for _, p := range r.methods.parties {
			switch p.Info.App {
			case "desk":
				from = p
			case "crm":
				to = p
			}
		}
	})
	if calling.ack.Me.Peer == 0 || from == nil || to == nil {
		b.Fatal("nobody there")
	}
	from.out, to.out = nothing{}, nothing{}
	call := uint64(0)
	for b.Loop() {
		call++
		r.methods.do(func() {
			r.methods.turn(from.Peer, protocol.Envelope{Op: protocol.OpInvoke, ID: call, Name: "m", Body: value})
		})
		r.methods.do(func() {
			r.methods.turn(to.Peer, protocol.Envelope{Op: protocol.OpResult, ID: call, Body: value})
		})
	}
}

type nothing struct{}

func (nothing) deliver(*party, *protocol.Envelope) {}
