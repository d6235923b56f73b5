package ws

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// drainRate is how many connections a second are ended at most where there is time for it: no broker that is left notices so
	// few newcomers.
	drainRate = 200
	// drainStep is the time between two looks at how many should be gone.
	drainStep = 10 * time.Millisecond
)

// Drain refuses new connections and ends those that there are with CloseRestart, in a random order and spread over that time, or
// less where there are few: if all came back at once, they would be a storm for the brokers that are left. Who is not at the end
// yet is served as before. It returns when each has been told, or when ctx ends; Close does the rest.
func (s *Server) Drain(ctx context.Context, over time.Duration) {
	s.mu.Lock()
	s.closed = true
	waiting := make([]*Conn, 0, s.wheel.count)
	for c := range s.wheel.all {
		waiting = append(waiting, c)
	}
	s.mu.Unlock()
	rand.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	over = drainTime(len(waiting), over)
	begin, ticker := time.Now(), time.NewTicker(drainStep)
	defer ticker.Stop()
	for ended := 0; ended < len(waiting); {
		for due := drainDue(len(waiting), time.Since(begin), over); ended < due; ended++ {
			waiting[ended].end(restart(), keepQueue)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// drainTime is how long n connections take to end, where they have that long.
func drainTime(n int, over time.Duration) time.Duration {
	return min(over, time.Duration(n)*time.Second/drainRate)
}

// drainDue is how many of n connections should have been ended when so much of the time is over: the first at once, the last one
// at its end.
func drainDue(n int, elapsed, over time.Duration) int {
	if elapsed >= over {
		return n
	}
	return min(n, 1+int(float64(n)*float64(elapsed)/float64(over)))
}
