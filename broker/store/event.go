package store

import (
	"context"
	"fmt"
)

// Event is what became of one key.
type Event struct {
	// Entry is the new value. Where Deleted, it has no Value, and Sequence is that of the deletion, or 0 if only its result
	// was seen.
	Entry
	// Deleted: there is no value any more, because somebody ended it or its lifetime did.
	Deleted bool
	// Previous is the sequence of the key's value or deletion before this one, as the writer found it, or 0. Where it is not
	// the last one that was told, values between were skipped: only the last one counts.
	Previous uint64
	// Resync: this was found by comparing with a snapshot, not told when it happened. Previous is 0.
	Resync bool
	// Synced: this is no change. The follower has told everything that was acknowledged before it began to compare: the
	// first time, this is the end of the first snapshot. Epoch is that of the bucket, and Renewed says that it is another
	// one than before: what was told before is told as deleted first.
	Synced, Renewed bool
	Epoch           string
}

// Follow calls f with every value below a key, and from then on with every change, one after the other, until stop is
// called: each change of a key once, none older than what was told of it, the last one in any case. What is told live is
// checked for gaps; after a gap, a lost connection, or if f is too slow, a snapshot is compared with what was told. When the
// bucket's epoch changes, everything is told as deleted, and what is there anew.
//
// Follow returns when the first snapshot was told, or ctx has ended. stop waits for a call of f that is under way; f must not
// call it. It may be called twice. Buckets that nobody follows (Tokens) panic.
func (b *Bucket) Follow(ctx context.Context, below Key, f func(Event)) (stop func(), err error) {
	if b.quiet {
		panic("store: nobody follows " + string(b.class))
	}
	fo := newFollower(b, below, f)
	if err := fo.start(); err != nil {
		return nil, fmt.Errorf("follow %s: %w", b.class, err)
	}
	select {
	case <-fo.synced:
		return fo.stop, nil
	case <-fo.over:
		return nil, fmt.Errorf("follow %s: %w", b.class, ErrClosed)
	case <-ctx.Done():
		err := fo.failure()
		fo.stop()
		return nil, fmt.Errorf("follow %s: %w: %w", b.class, ctx.Err(), err)
	}
}
