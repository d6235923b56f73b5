package hub

// Bounds on how often one window may greet. A document needs one greeting, and a few more while it loads anew;
// a window cannot be closed like a port, so who floods is no longer answered: at most ten times in any second.
const (
	greetBurst     = 5
	nestedBurst    = 20
	greetPerSecond = 1
	answerBurst    = 5
	answersPerSec  = 5
)

// bucket bounds the greetings of one window, and the refusals it gets for exceeding them.
type bucket struct {
	tokens, answers float64
	at              int64
}

// bell returns whose bucket a window draws from: its own, where it is an app's; one for all windows nested in an app,
// for an app can make as many of them as it likes; and one for all windows that the hub does not know.
func (h *Hub) bell(s source) source {
	if h.apps != nil && h.apps.ByFrame(s.frame) == nil {
		return source{}
	}
	return source{s.frame, min(s.window, 1)}
}

// mayGreet takes a token for a greeting.
func (h *Hub) mayGreet(s source) bool {
	s = h.bell(s)
	burst := float64(greetBurst)
	if s.window != 0 {
		burst = nestedBurst
	}
	b := h.greetings[s]
	if b == nil {
		b = &bucket{tokens: burst, answers: answerBurst, at: h.turn.Now}
		h.greetings[s] = b
	}
	passed := float64(h.turn.Now-b.at) / 1000
	b.at = h.turn.Now
	b.tokens = min(burst, b.tokens+passed*greetPerSecond)
	b.answers = min(answerBurst, b.answers+passed*answersPerSec)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// mayAnswer takes a token for telling a window that it greets too often.
func (h *Hub) mayAnswer(s source) bool {
	b := h.greetings[h.bell(s)]
	if b == nil || b.answers < 1 {
		return false
	}
	b.answers--
	return true
}

// forgetGreetings drops the buckets of a frame that is gone.
func (h *Hub) forgetGreetings(frame uint64) {
	for s := range h.greetings {
		if s.frame == frame {
			delete(h.greetings, s)
		}
	}
}
