package ws

import (
	"bufio"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// BenchmarkIdle says what an idle connection costs in this process, apart from its client's socket.
func BenchmarkIdle(b *testing.B) {
	const count = 1000
	for b.Loop() {
		r := start(b, Options{MaxConnsPerAddress: count})
		before := inUse()
		clients := make([]*raw, count)
		for i := range clients {
			clients[i] = r.dial(b)
			clients[i].r = nil
		}
		until(b, "all are open", func() bool { return r.Snapshot().Open == count })
		b.ReportMetric(float64(inUse()-before)/count/1024, "KiB/conn")
		for _, c := range clients {
			_ = c.Conn.Close()
		}
	}
}

// inUse is heap and stacks, after what is garbage has gone.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// BenchmarkFanOut sends bursts of a small message to each of many connections that read.
func BenchmarkFanOut(b *testing.B) {
	const count, burst = 200, 50
	r := start(b, Options{MaxConnsPerAddress: count})
	conns := make([]*Conn, count)
	for i := range conns {
		client := r.dial(b)
		_ = client.SetDeadline(time.Time{})
		conns[i] = <-r.opened
		go func() { _, _ = io.Copy(io.Discard, bufio.NewReaderSize(client.Conn, 64<<10)) }()
	}
	message := protocol.Envelope{Op: 46, ID: 1000, Ref: 7, Peer: 3, Name: "orders", Body: protocol.TextBody(make([]byte, 230))}
	begin := r.Snapshot()
	for b.Loop() {
		for range burst {
			for _, c := range conns {
				if err := c.Send(message); err != nil {
					b.Fatal(err)
				}
			}
		}
		until(b, "all is written", func() bool {
			for _, c := range conns {
				c.mu.Lock()
				busy := c.writing
				c.mu.Unlock()
				if busy {
					return false
				}
			}
			return true
		})
	}
	deliveries := float64(b.N) * count * burst
	b.ReportMetric(deliveries/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(deliveries/float64(r.Snapshot().FramesOut-begin.FramesOut), "deliveries/write")
}
