package histogram

import (
	"sync"
	"testing"
	"time"
)

// TestBuckets: each time is in every bucket that is not below it, and a bound belongs to its own.
func TestBuckets(t *testing.T) {
	var h Histogram
	for _, took := range []time.Duration{-time.Second, 0, 100 * time.Microsecond, 101 * time.Microsecond, time.Second, time.Hour} {
		h.Observe(took)
	}
	s := h.Snapshot()
	for bound, want := range map[float64]uint64{0.0001: 3, 0.00025: 4, 0.5: 4, 1: 5, 10: 5} {
		if s.Buckets[bound] != want {
			t.Errorf("at most %v s: %d, want %d", bound, s.Buckets[bound], want)
		}
	}
	if s.Count != 6 || s.Sum < 3601 || s.Sum > 3601.1 || len(s.Buckets) != len(bounds) {
		t.Errorf("%+v", s)
	}
}

// TestConcurrently: nothing is lost.
func TestConcurrently(t *testing.T) {
	var h Histogram
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				h.Observe(time.Millisecond)
			}
		})
	}
	all.Wait()
	if s := h.Snapshot(); s.Count != 8000 || s.Buckets[0.001] != 8000 || s.Buckets[0.0005] != 0 {
		t.Errorf("%+v", s)
	}
}
