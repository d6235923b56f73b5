package store

// Snapshot is what a Store has counted. Connected and Committing say how it is now; all else only grows.
type Snapshot struct {
	// Connected: there is a connection to the engine. Reconnects counts the connections that took the place of a lost one.
	Connected  bool
	Reconnects uint64
	// Committing are the writes that wait for the embedded engine's next batch.
	Committing int
	// Gaps counts how often a follower found that it had missed news, and compared with a snapshot.
	Gaps uint64
	// Slow counts how often news came faster than a follower took them.
	Slow uint64
	// InBytes and OutBytes are what went over the connection to the engine.
	InBytes, OutBytes uint64
}

// Snapshot returns the counters. They are not read in one moment.
func (s *Store) Snapshot() Snapshot {
	stats := s.conn.Stats()
	n := Snapshot{
		Connected: !s.closing() && s.conn.IsConnected(), Reconnects: stats.Reconnects, Gaps: s.gaps.Load(), Slow: s.slow.Load(),
		InBytes: stats.InBytes, OutBytes: stats.OutBytes,
	}
	for _, c := range s.committers {
		n.Committing += len(c.queue)
	}
	return n
}
