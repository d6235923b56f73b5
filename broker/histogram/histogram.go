// Package histogram counts how long things took, in buckets that are fixed from the start: observing is two additions, and
// whoever reads the counts reads them without stopping anybody. It may import nothing of ours.
package histogram

import (
	"sync/atomic"
	"time"
)

// Bounds of the buckets, in seconds: from a tenth of a millisecond, which is a turn within one process, to ten seconds, after which
// somebody has given up.
var bounds = [...]float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// Histogram counts times. The zero Histogram has counted none. It may be used concurrently.
type Histogram struct {
	counts [len(bounds) + 1]atomic.Uint64
	nanos  atomic.Int64
}

// Observe counts a time. One below zero, of a clock that was set back, counts as zero.
func (h *Histogram) Observe(took time.Duration) {
	took = max(took, 0)
	i := 0
	for i < len(bounds) && took.Seconds() > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.nanos.Add(int64(took))
}

// Snapshot is what a Histogram has counted.
type Snapshot struct {
	// Count is how many times, Sum all of them together in seconds.
	Count uint64
	Sum   float64
	// Buckets count the times that were at most so many seconds.
	Buckets map[float64]uint64
}

// Snapshot returns the counts. They are not read in one moment: the sum may lack a time that is counted.
func (h *Histogram) Snapshot() Snapshot {
	s := Snapshot{Buckets: make(map[float64]uint64, len(bounds)), Sum: time.Duration(h.nanos.Load()).Seconds()}
	for i, bound := range bounds {
		s.Count += h.counts[i].Load()
		s.Buckets[bound] = s.Count
	}
	s.Count += h.counts[len(bounds)].Load()
	return s
}
