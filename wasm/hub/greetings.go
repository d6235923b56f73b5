package hub

// Bounds on how often one window may greet. A document needs one greeting, and a few more while it loads anew;
// a window cannot be closed like a port, so who floods is no longer answered.
const (
	greetBurst     = 5
	greetPerSecond = 1
	answerBurst    = 10
	answersPerSec  = 10
)

// bucket bounds the greetings of one window, and the refusals it gets for exceeding them.
type bucket struct {
	tokens, answers float64
	at              int64
}

func (b *bucket) refill(now int64) {
	passed := float64(now-b.at) / 1000
	b.at = now
	b.tokens = min(greetBurst, b.tokens+passed*greetPerSecond)
	b.answers = min(answerBurst, b.answers+passed*answersPerSec)
}

// mayGreet takes a token for a greeting.
func (h *Hub) mayGreet(s source) bool {
	b := h.greetings[s]
	if b == nil {
		b = &bucket{tokens: greetBurst, answers: answerBurst, at: h.turn.Now}
		h.greetings[s] = b
	}
	b.refill(h.turn.Now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// mayAnswer takes a token for telling a window that it greets too often.
func (h *Hub) mayAnswer(s source) bool {
	b := h.greetings[s]
	if b == nil || b.answers < 1 {
		return false
	}
	b.answers--
	return true
}

// forgetGreetings drops the buckets of a frame that is gone. Windows that the hub never knew share one bucket.
func (h *Hub) forgetGreetings(frame uint64) {
	for s := range h.greetings {
		if s.frame == frame {
			delete(h.greetings, s)
		}
	}
}
