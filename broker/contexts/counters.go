package contexts

import (
	"sync/atomic"
	"time"

	"github.com/crossframe/crossframe/broker/histogram"
)

// counters count what a Room does.
type counters struct {
	writes, stores, conflicts, unsaved, events, collapsed atomic.Uint64
	writeTimes                                            histogram.Histogram
	storeMicros                                           atomic.Uint64
}

func (c *counters) stored(took time.Duration) {
	c.stores.Add(1)
	c.storeMicros.Add(uint64(took.Microseconds()))
}

// Snapshot is what a Room has counted. Contexts, Entries and Subscriptions are how many there are; all else only grows.
type Snapshot struct {
	// Contexts exist in the store; Entries of them are in memory here.
	Contexts, Entries, Subscriptions int
	// Writes were acknowledged, with Stores writes of the store, which took StoreSeconds together.
	Writes, Stores uint64
	StoreSeconds   float64
	// Conflicts is how often another broker was faster, Unsaved how often the store did not confirm.
	Conflicts, Unsaved uint64
	// Waiting operations have not been done yet. WriteTimes is how long writes took, from their arrival to their acknowledgement:
	// that a durable one is on disk.
	Waiting    int
	WriteTimes histogram.Snapshot
	// Events were sent to subscribers; Collapsed counts values sent in place of changes, to who reads too slowly.
	Events, Collapsed uint64
}

// Snapshot returns the counters. Each is exact, but they are not read in one moment.
func (r *Room) Snapshot() Snapshot {
	c := &r.counters
	s := Snapshot{
		Contexts: r.Count(),
		Writes:   c.writes.Load(), Stores: c.stores.Load(), StoreSeconds: float64(c.storeMicros.Load()) / 1e6,
		Conflicts: c.conflicts.Load(), Unsaved: c.unsaved.Load(), WriteTimes: c.writeTimes.Snapshot(), Events: c.events.Load(), Collapsed: c.collapsed.Load(),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Entries = len(r.entries)
	for _, e := range r.entries {
		e.mu.Lock()
		s.Subscriptions += len(e.subscribers)
		s.Waiting += len(e.queue)
		e.mu.Unlock()
	}
	return s
}
