package link

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crossframe/crossframe/protocol/stream"
)

var errBroken = fmt.Errorf("run link: %w", stream.NewClosed(stream.CloseAbnormal, ""))

func TestRetryWaits(t *testing.T) {
	const ms = time.Millisecond
	almostOne := 1 - 1e-9
	for _, c := range []struct {
		why    string
		random float64
		want   []time.Duration
	}{
		{"the longest", almostOne, []time.Duration{1000 * ms, 2000 * ms, 4000 * ms, 8000 * ms, 16000 * ms, 30000 * ms, 30000 * ms}},
		{"the shortest", 0, []time.Duration{500 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms}},
		{"the middle", 0.5, []time.Duration{750 * ms, 1250 * ms, 2250 * ms, 4250 * ms, 8250 * ms, 15250 * ms, 15250 * ms}},
	} {
		synctest.Test(t, func(t *testing.T) {
			retry := Retry{Random: func() float64 { return c.random }}
			for i, want := range append(c.want, c.want[0]) {
				if i == len(c.want) {
					retry.Reset()
				}
				begin := time.Now()
				if err := retry.Wait(t.Context(), errBroken); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin).Round(ms); took != want {
					t.Errorf("%s: wait %d took %v, want %v", c.why, i, took, want)
				}
			}
		})
	}
}

// TestRetrySpreads: two hubs that lost a broker at the same time come back at different times, within the bounds.
func TestRetrySpreads(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		var retry Retry
		for range 50 {
			wait := retry.next()
			if wait < 500*time.Millisecond || wait > 30*time.Second {
				t.Fatalf("%v", wait)
			}
			seen[wait] = true
		}
	}
	if len(seen) < 4000 {
		t.Errorf("only %d different waits of 5000", len(seen))
	}
	for _, odd := range []Retry{{Min: time.Minute}, {Min: 1 << 62, Max: 1<<63 - 1}, {Max: time.Millisecond}} {
		for range 100 {
			if wait := odd.next(); wait < odd.Min || wait <= 0 {
				t.Fatalf("%+v: %v", odd, wait)
			}
		}
	}
}

func TestRetryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var retry Retry
		begin := time.Now()
		refused := fmt.Errorf("run link: %w", stream.NewClosed(stream.CloseOrigin, ""))
		if err := retry.Wait(t.Context(), refused); err != refused {
			t.Errorf("a final code: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := retry.Wait(ctx, errBroken); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a context that ends: %v", err)
		}
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if err := retry.Wait(ctx, refused); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a context that has ended: %v", err)
		}
	})
}
