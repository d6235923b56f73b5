package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter has a bucket of tokens for each key, and never more than so many buckets: keys that come when the table is full
// share one. It may be used concurrently.
type limiter[K comparable] struct {
	every rate.Limit
	burst int
	most  int
	now   func() time.Time

	mu      sync.Mutex
	buckets map[K]*rate.Limiter
	shared  *rate.Limiter
	// swept is when the table was last gone through for buckets that are full again.
	swept time.Time
}

// sweepEvery bounds how often that happens: it costs as much as the table is long.
const sweepEvery = time.Second

func newLimiter[K comparable](every rate.Limit, burst, most int, now func() time.Time) *limiter[K] {
	return &limiter[K]{
		every: every, burst: burst, most: most, now: now,
		buckets: make(map[K]*rate.Limiter), shared: rate.NewLimiter(every, burst),
	}
}

// take takes a token of the key's bucket. Where there is none, it says after how long there is one.
func (l *limiter[K]) take(key K) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	bucket := l.bucket(key, now)
	if bucket.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / float64(l.every) * float64(time.Second)), false
}

func (l *limiter[K]) bucket(key K, now time.Time) *rate.Limiter {
	if bucket := l.buckets[key]; bucket != nil {
		return bucket
	}
	if len(l.buckets) >= l.most && !l.sweep(now) {
		return l.shared
	}
	bucket := rate.NewLimiter(l.every, l.burst)
	l.buckets[key] = bucket
	return bucket
}

// sweep removes the buckets that are full again, which are like new ones, and reports whether there is room.
func (l *limiter[K]) sweep(now time.Time) bool {
	if now.Sub(l.swept) < sweepEvery {
		return false
	}
	l.swept = now
	for key, bucket := range l.buckets {
		if bucket.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
	return len(l.buckets) < l.most
}
