package contexts

import (
	"fmt"
	"sync"
	"testing"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// BenchmarkWrites are writes to one context and to one each, by one writer and by 64, on an engine that syncs.
func BenchmarkWrites(b *testing.B) {
	for _, lifetime := range []string{"durable", "session"} {
		for _, writers := range []int{1, 64} {
			for _, contexts := range []string{"one", "own"} {
				b.Run(fmt.Sprintf("%s/%d/%s", lifetime, writers, contexts), func(b *testing.B) {
					r := roomOn(b, openStore(b, store.Options{Dir: b.TempDir() + "/store"}), Options{Alone: true})
					var running sync.WaitGroup
					b.ResetTimer()
					for w := range writers {
						c, name := connect(b, r, fmt.Sprint("w", w)), "c"
						if contexts == "own" {
							name = fmt.Sprint("c", w)
						}
						running.Go(func() {
							for range (b.N + writers - 1) / writers {
								c.do(protocol.OpContextUpdate, name, `{"scope":"tenant","lifetime":"`+lifetime+`"}`, `{"n":1}`)
								c.mu.Lock()
								c.sent, c.read = c.sent[:0], 0
								c.mu.Unlock()
							}
						})
					}
					running.Wait()
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
					b.ReportMetric(float64(r.Snapshot().Writes)/float64(r.Snapshot().Stores), "writes/store")
				})
			}
		}
	}
}
