//go:build unix

package deploy

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/crossframe/crossframe/clientlib/crossframe"
)

// BenchmarkCapacity measures what docs/capacity.md derives the rest from, on a broker as it is shipped, in a process of its own:
// the memory of a program that is connected and follows one context, and the processor time of the broker for one delivery. One
// turn of the loop is one write that all follow.
func BenchmarkCapacity(b *testing.B) {
	for _, n := range []int{100, 1000, 3000} {
		b.Run(fmt.Sprintf("followers=%d", n), func(b *testing.B) { benchCapacity(b, n) })
	}
}

func benchCapacity(b *testing.B, n int) {
	free := ports(b, 2)
	config := filepath.Join(b.TempDir(), "crossframe.yaml")
	write(b, config, "listen: 127.0.0.1:"+free[0]+"\nopsListen: 127.0.0.1:"+free[1]+"\nlink: {perAddress: 10000}\nidentity: {development: {users: [{id: ada, tenant: acme}]}}\n")
	broker := single{run(b, nil, build(b, crossframePackage), "serve", "--config", config), free[0], free[1]}
	awaitReady(b, broker.ops)
	writer := connect(b, broker.page, "dev:ada")
	set := func(i int) {
		if _, err := writer.Set(b.Context(), "c", map[string]any{"n": i, "text": fmt.Sprintf("%0200d", i)}, crossframe.WriteOptions{Lifetime: "session"}); err != nil {
			b.Fatal(err)
		}
	}
	set(-1)
	before := broker.figure(b, "process_resident_memory_bytes")
	// due is how many changes are to arrive until all have the latest write.
	var arrived, due atomic.Int64
	whole := make(chan struct{}, 1)
	due.Store(int64(n))
	idle := broker.figure(b, "process_cpu_seconds_total")
	for range n {
		c := connect(b, broker.page, "dev:ada")
		_, err := c.Subscribe(b.Context(), "c", "tenant", func(crossframe.Change) {
			if arrived.Add(1) == due.Load() {
				whole <- struct{}{}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	<-whole // each was told the value that there was
	after, cpu := broker.figure(b, "process_resident_memory_bytes"), broker.figure(b, "process_cpu_seconds_total")
	writes := 0
	for b.Loop() {
		due.Store(arrived.Load() + int64(n))
		set(writes)
		writes++
		<-whole
	}
	spent := broker.figure(b, "process_cpu_seconds_total") - cpu
	b.ReportMetric((after-before)/1024/float64(n), "KiB/connection")
	b.ReportMetric((cpu-idle)*1e6/float64(n), "cpu-µs/connection")
	b.ReportMetric(spent*1e6/float64(n*writes), "cpu-µs/delivery")
	b.ReportMetric(float64(n*writes)/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkClusterWrites measures durable writes through a broker into the cluster of compose.yaml: three nodes, each of which syncs.
func BenchmarkClusterWrites(b *testing.B) {
	top := newTopology(b)
	c := connect(b, top.pages[0], top.issuer.token("ada"))
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var next atomic.Int64
			var running sync.WaitGroup
			b.ResetTimer()
			for w := range writers {
				running.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if _, err := c.Set(b.Context(), fmt.Sprintf("c%d", w), map[string]int{"n": 1}, crossframe.WriteOptions{}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			running.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acked/s")
		})
	}
}

// BenchmarkElsewhere measures what a program that is connected to one broker, and offers a method, costs the other one.
func BenchmarkElsewhere(b *testing.B) {
	const n = 1000
	top := newTopology(b, "link: {perAddress: 10000}\n")
	other := single{top.brokers[1], top.pages[1], top.ops[1]}
	token := top.issuer.token("ada")
	watching := connect(b, other.page, token)
	for b.Loop() {
		memory, cpu := other.figure(b, "process_resident_memory_bytes"), other.figure(b, "process_cpu_seconds_total")
		peers := other.figure(b, "crossframe_link_peers")
		for range n {
			top.offer(connect(b, top.pages[0], token), "here")
		}
		until(b, "all are known elsewhere", func() bool { return other.figure(b, "crossframe_link_peers") >= peers+n })
		top.call(watching, `"here"`)
		b.ReportMetric((other.figure(b, "process_resident_memory_bytes")-memory)/1024/n, "KiB/peer")
		b.ReportMetric((other.figure(b, "process_cpu_seconds_total")-cpu)*1e6/n, "cpu-µs/peer")
	}
}

// figure reads one figure of the broker.
func (s single) figure(t testing.TB, name string) float64 {
	t.Helper()
	answer, err := http.Get("http://127.0.0.1:" + s.ops + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("there is no %s", name)
	}
	value, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
