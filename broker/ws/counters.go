package ws

import "sync/atomic"

// counters count what a Server does.
type counters struct {
	open                                                    atomic.Int64
	opened, badOrigin, badRequest, full                     atomic.Uint64
	framesIn, messagesIn, bytesIn                           atomic.Uint64
	framesOut, bytesOut                                     atomic.Uint64
	tooSlow, tooMuch, malformed, tooLarge, silent, panicked atomic.Uint64
}

// Snapshot is what a Server has counted. Open is how many connections there are; all else only grows.
type Snapshot struct {
	Open int64
	// Opened counts connections, BadOrigin, BadRequest and Full the requests that did not become one.
	Opened, BadOrigin, BadRequest, Full uint64
	// What arrived, without the WebSocket's own frames and headers.
	FramesIn, MessagesIn, BytesIn uint64
	// What was written, one frame with one write.
	FramesOut, BytesOut uint64
	// Connections that were ended because they read too slowly, sent too much, sent what is no frame, sent too large a
	// frame, or were silent.
	TooSlow, TooMuch, Malformed, TooLarge, Silent uint64
	// Panicked counts connections that a panic of their Receiver ended.
	Panicked uint64
}

// Snapshot returns the counters. Each is exact, but they are not read in one moment.
func (s *Server) Snapshot() Snapshot {
	n := &s.counters
	return Snapshot{
		Open:   n.open.Load(),
		Opened: n.opened.Load(), BadOrigin: n.badOrigin.Load(), BadRequest: n.badRequest.Load(), Full: n.full.Load(),
		FramesIn: n.framesIn.Load(), MessagesIn: n.messagesIn.Load(), BytesIn: n.bytesIn.Load(),
		FramesOut: n.framesOut.Load(), BytesOut: n.bytesOut.Load(),
		TooSlow: n.tooSlow.Load(), TooMuch: n.tooMuch.Load(), Malformed: n.malformed.Load(), TooLarge: n.tooLarge.Load(),
		Silent: n.silent.Load(), Panicked: n.panicked.Load(),
	}
}
