package relay

import (
	"sync"
	"sync/atomic"

	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/histogram"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
)

// counters count what a Relay does.
type counters struct {
	admitted, turns, relinked atomic.Uint64

	mu     sync.Mutex
	faults map[protocol.Code]uint64
	calls  map[string]uint64

	callTimes histogram.Histogram
}

// refused counts a refusal, or something that the room of methods audits.
func (c *counters) refused(code protocol.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.faults == nil {
		c.faults = make(map[protocol.Code]uint64)
	}
	c.faults[code]++
}

// Snapshot is what a Relay has counted.
type Snapshot struct {
	Socket   ws.Snapshot
	Contexts contexts.Snapshot
	// Hubs are connected here, Peers are theirs and those of other brokers; Nodes are the other brokers.
	Hubs, Peers, Nodes int
	// Admitted counts connections that said who they are, Turns those of the room of methods, Relinked how often the link to
	// another broker was made anew.
	Admitted, Turns, Relinked uint64
	// Refused counts refusals by code.
	Refused map[protocol.Code]uint64
	// Waiting are the bytes that wait to be written to connections, MostWaiting those of the one for which most wait.
	Waiting, MostWaiting int
	// OpenCalls wait for their answers; Calls counts those that have ended, by outcome, and CallTimes how long they took. Both are
	// of callers that are connected here.
	OpenCalls int
	Calls     map[string]uint64
	CallTimes histogram.Snapshot
}

// Snapshot returns the counters. Each is exact, but they are not read in one moment.
func (r *Relay) Snapshot() Snapshot {
	s := Snapshot{
		Socket: r.socket.Snapshot(), Contexts: r.contexts.Snapshot(), Hubs: len(r.all()),
		Admitted: r.counters.admitted.Load(), Turns: r.counters.turns.Load(), Relinked: r.counters.relinked.Load(),
		Refused: make(map[protocol.Code]uint64), Calls: make(map[string]uint64), CallTimes: r.counters.callTimes.Snapshot(),
	}
	sessions := r.all()
	for _, one := range sessions {
		n := one.Waiting()
		s.Waiting, s.MostWaiting = s.Waiting+n, max(s.MostWaiting, n)
	}
	r.methods.mu.Lock()
	s.Peers = len(r.methods.parties)
	for _, one := range sessions {
		s.OpenCalls += len(one.asked)
	}
	for _, n := range r.nodes.list {
		if n.bridge != nil {
			s.Nodes++
		}
	}
	r.methods.mu.Unlock()
	r.counters.mu.Lock()
	defer r.counters.mu.Unlock()
	for code, n := range r.counters.faults {
		s.Refused[code] = n
	}
	for outcome, n := range r.counters.calls {
		s.Calls[outcome] = n
	}
	return s
}
