package ws

import "time"

// slots is into how many parts the connections are divided, so that their pings are not all due at once.
const slots = 8

// wheel holds all connections, and pings each part of them in turn, with one timer that runs while there are any.
type wheel struct {
	parts [slots]map[*Conn]struct{}
	count int
	// added and turned choose the part of the next connection and of the next turn.
	added, turned int
	timer         *time.Timer
}

// add registers a connection; tick is called each time that a part is due.
func (w *wheel) add(c *Conn, round time.Duration, tick func()) {
	w.added, w.count = w.added+1, w.count+1
	c.slot = w.added % slots
	if w.parts[c.slot] == nil {
		w.parts[c.slot] = map[*Conn]struct{}{}
	}
	w.parts[c.slot][c] = struct{}{}
	if w.timer == nil {
		w.timer = time.AfterFunc(round/slots, tick)
	}
}

func (w *wheel) remove(c *Conn) {
	delete(w.parts[c.slot], c)
	if w.count--; w.count == 0 {
		w.timer.Stop()
		w.timer = nil
	}
}

// turn returns the connections that are due, and winds the timer up again.
func (w *wheel) turn(round time.Duration) []*Conn {
	if w.timer == nil {
		return nil
	}
	w.timer.Reset(round / slots)
	w.turned++
	part := w.parts[w.turned%slots]
	due := make([]*Conn, 0, len(part))
	for c := range part {
		due = append(due, c)
	}
	return due
}

// all yields every connection.
func (w *wheel) all(yield func(*Conn) bool) {
	for _, part := range w.parts {
		for c := range part {
			if !yield(c) {
				return
			}
		}
	}
}

// ping is what the wheel's timer calls.
func (s *Server) ping() {
	s.mu.Lock()
	due := s.wheel.turn(s.options.PingEvery)
	s.mu.Unlock()
	for _, c := range due {
		c.ping()
	}
}
