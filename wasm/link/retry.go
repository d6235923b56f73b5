package link

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/crossframe/crossframe/protocol/stream"
)

// Retry says when to connect anew. The zero value works. It is not safe for concurrent use.
//
//	for {
//		link, err := Dial(ctx, url, options)
//		if err == nil {
//			err = link.Run(ctx, func(messages []protocol.Envelope) { retry.Reset(); ... })
//		}
//		if err := retry.Wait(ctx, err); err != nil {
//			return err
//		}
//	}
type Retry struct {
	// Min is the shortest wait; if zero, 0.5 s.
	Min time.Duration
	// Max is the longest wait; if zero, 30 s.
	Max time.Duration
	// Random returns numbers in [0, 1); if nil, rand.Float64.
	Random func() float64

	failures int
}

// Wait waits before the next attempt after one that ended with err: at random between Min and a time that begins at
// twice as much and doubles with each attempt, up to Max. Hubs that lost a broker together do not come back together.
// Where there is no use in another attempt it returns err at once, and ctx's error when ctx ends.
func (r *Retry) Wait(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if why := (*stream.Closed)(nil); errors.As(err, &why) && why.Code.Final() {
		return err
	}
	timer := time.NewTimer(r.next())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Reset forgets the attempts that failed. Call it when something has arrived, not when a link opens: a broker that is
// overloaded may open one and close it.
func (r *Retry) Reset() { r.failures = 0 }

func (r *Retry) next() time.Duration {
	shortest, longest, random := r.Min, r.Max, r.Random
	if shortest == 0 {
		shortest = 500 * time.Millisecond
	}
	if longest == 0 {
		longest = 30 * time.Second
	}
	if random == nil {
		random = rand.Float64
	}
	r.failures++
	ceiling := shortest
	for i := 0; i < r.failures && ceiling < longest; i++ {
		ceiling *= 2
	}
	ceiling = max(min(ceiling, longest), shortest)
	return shortest + time.Duration(random()*float64(ceiling-shortest))
}
