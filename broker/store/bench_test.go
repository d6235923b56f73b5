package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// Durable writes: one fsync each. TMPDIR decides about the disk.
func BenchmarkDurableWrites(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			benchWrites(b, open(b, Options{Dir: privateDir(b)}).Bucket(Contexts), writers)
		})
	}
}

func BenchmarkVolatileWrites(b *testing.B) {
	benchWrites(b, open(b, Options{}).Bucket(Volatile), 8)
}

func benchWrites(b *testing.B, bucket *Bucket, writers int) {
	value := make([]byte, 512)
	b.SetParallelism(writers)
	var names atomic.Int64
	start := time.Now()
	b.ResetTimer()
	done := make(chan error, writers)
	var left atomic.Int64
	left.Store(int64(b.N))
	for range writers {
		go func() {
			key := KeyOf("bench", fmt.Sprint(names.Add(1)))
			for left.Add(-1) >= 0 {
				if _, err := bucket.Put(context.Background(), key, value); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "acked/s")
}

func BenchmarkReads(b *testing.B) {
	bucket := open(b, Options{}).Bucket(Contexts)
	ctx := context.Background()
	must[uint64](b)(bucket.Put(ctx, KeyOf("k"), make([]byte, 512)))
	for name, read := range map[string]func(context.Context, Key) (Entry, error){"any": bucket.Get, "leader": bucket.GetStrict} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := read(ctx, KeyOf("k")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// From a write to what a follower of another connection is told.
func BenchmarkWriteToFollower(b *testing.B) {
	bucket := open(b, Options{}).Bucket(Contexts)
	ctx := context.Background()
	heard := make(chan uint64, 1)
	stop, err := bucket.Follow(ctx, Key{}, func(e Event) {
		if !e.Synced {
			heard <- e.Sequence
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	for b.Loop() {
		if _, err := bucket.Put(ctx, KeyOf("k"), make([]byte, 256)); err != nil {
			b.Fatal(err)
		}
		<-heard
	}
}

func BenchmarkSnapshot(b *testing.B) {
	bucket := open(b, Options{}).Bucket(Contexts)
	ctx := context.Background()
	for i := range 1000 {
		must[uint64](b)(bucket.Put(ctx, KeyOf("t", fmt.Sprint(i)), make([]byte, 1024)))
	}
	for b.Loop() {
		stop, err := bucket.Follow(ctx, Key{}, func(Event) {})
		if err != nil {
			b.Fatal(err)
		}
		stop()
	}
}

// Opening a directory again: what is in it is checked first.
func BenchmarkOpen(b *testing.B) {
	for _, values := range []int{0, 1000} {
		b.Run(fmt.Sprintf("values=%d", values), func(b *testing.B) {
			dir := privateDir(b)
			s := open(b, Options{Dir: dir})
			for i := range values {
				must[uint64](b)(s.Bucket(Contexts).Put(context.Background(), KeyOf("k", fmt.Sprint(i)), make([]byte, 1024)))
			}
			for {
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				if !b.Loop() {
					return
				}
				s = open(b, Options{Dir: dir})
			}
		})
	}
}

// Checking the records of a directory.
func BenchmarkCheck(b *testing.B) {
	dir := privateDir(b)
	s := open(b, Options{Dir: dir})
	for i := range 100 {
		must[uint64](b)(s.Bucket(Contexts).Put(context.Background(), KeyOf("k", fmt.Sprint(i)), make([]byte, 1<<20)))
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(100 << 20)
	for b.Loop() {
		if damage, err := VerifyDirectory(dir); err != nil || damage != nil {
			b.Fatal(damage, err)
		}
	}
}
