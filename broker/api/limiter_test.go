package api

import (
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter[int](0.5, 3, 10, func() time.Time { return now })
	for i := range 3 {
		if _, ok := l.take(1); !ok {
			t.Fatalf("take %d", i)
		}
	}
	wait, ok := l.take(1)
	if ok || wait != 2*time.Second {
		t.Errorf("the bucket is empty: %v %v", wait, ok)
	}
	if _, ok := l.take(2); !ok {
		t.Error("another key")
	}
	now = now.Add(2 * time.Second)
	if _, ok := l.take(1); !ok {
		t.Error("after the wait")
	}
	if _, ok := l.take(1); ok {
		t.Error("one token only")
	}
}

// TestTheTableIsBounded: keys that come when it is full share a bucket, and those that came before keep theirs.
func TestTheTableIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter[int](1, 2, 10, func() time.Time { return now })
	for key := range 10 {
		l.take(key)
	}
	limited := 0
	for key := range 10_000 {
		if _, ok := l.take(100 + key); !ok {
			limited++
		}
	}
	if len(l.buckets) != 10 || limited != 10_000-2 {
		t.Errorf("%d buckets, %d limited", len(l.buckets), limited)
	}
	if _, ok := l.take(3); !ok {
		t.Error("a key that was there first lost its bucket")
	}
	now = now.Add(time.Minute)
	if _, ok := l.take(100); !ok || len(l.buckets) != 1 {
		t.Errorf("full buckets make room: %d left", len(l.buckets))
	}
}
