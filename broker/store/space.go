package store

import (
	"fmt"
	"sync/atomic"
)

// space is the free space of an embedded engine's file system. A disk that is really full makes the engine give up a
// stream until it is started anew, so writing stops before that.
type space struct {
	dir     string
	reserve int64
	// coming is what writes that are under way may still take.
	coming atomic.Int64
}

// recordBytes is what a record takes beside subject and value, generously.
const recordBytes = 512

// take reserves space for a write of n bytes. What it returns gives it back.
func (s *space) take(n int) (release func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	need := int64(n) + recordBytes
	coming := s.coming.Add(need)
	release = func() { s.coming.Add(-need) }
	if err := s.check(coming); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// check says whether n bytes can be written.
func (s *space) check(n int64) error {
	free, total, readOnly, err := freeBytes(s.dir)
	switch {
	case err != nil:
		return fmt.Errorf("%w: ask for free space: %w", ErrUnavailable, err)
	case readOnly:
		return fmt.Errorf("%w: the file system of %s is read-only", ErrUnavailable, s.dir)
	}
	reserve := s.reserve
	if reserve == 0 {
		reserve = min(32<<20, total/20)
	}
	if free-n < reserve {
		return fmt.Errorf("%w: %s has %d bytes free, and %d are kept in reserve", ErrFull, s.dir, free, reserve)
	}
	return nil
}
