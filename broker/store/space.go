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

// take reserves space for a write of n bytes. What it returns gives it back. A write that ends a value may use half of the
// reserve: else nobody could make space.
func (s *space) take(n int, ends bool) (release func(), err error) {
	need := int64(n) + recordBytes
	coming := s.coming.Add(need)
	release = func() { s.coming.Add(-need) }
	reserve := s.kept()
	if ends {
		reserve /= 2
	}
	if err := s.check(coming, reserve); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// kept is how much must stay free.
func (s *space) kept() int64 {
	if s.reserve != 0 {
		return s.reserve
	}
	_, total, _, err := freeBytes(s.dir)
	if err != nil {
		return maxReserve
	}
	return min(maxReserve, total/20)
}

const maxReserve = 32 << 20

// check says whether n bytes can be written above a reserve.
func (s *space) check(n, reserve int64) error {
	free, _, readOnly, err := freeBytes(s.dir)
	switch {
	case err != nil:
		return fmt.Errorf("%w: ask for free space: %w", ErrUnavailable, err)
	case readOnly:
		return fmt.Errorf("%w: the file system of %s is read-only", ErrUnavailable, s.dir)
	case free-n < reserve:
		return fmt.Errorf("%w: %s has %d bytes free, and %d are kept in reserve", ErrFull, s.dir, free, reserve)
	}
	return nil
}
