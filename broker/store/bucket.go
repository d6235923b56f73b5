package store

import (
	"context"
	"errors"
	"time"
)

// Entry is one value.
type Entry struct {
	Key   Key
	Value []byte
	// Sequence grows with every write to the bucket; that of a key identifies its value. It means nothing in another Epoch
	// of the bucket.
	Sequence uint64
	// Written is when, by the clock of the node that wrote it.
	Written time.Time
}

// Bucket is a set of keyed values of one class. It may be used concurrently.
type Bucket struct {
	trait
	store *Store
}

// Epoch identifies the bucket's data: Sequences are comparable only within one. It is the Store's for durable
// buckets, but changes with the engine for volatile ones.
func (b *Bucket) Epoch() string { return "" }

// Get returns a value or ErrNotFound. In a cluster it may be one that was replaced a moment ago, unless the class is strict;
// see GetStrict. Embedded, it is always the last one.
func (b *Bucket) Get(ctx context.Context, key Key) (Entry, error) {
	return Entry{}, errors.ErrUnsupported
}

// GetStrict returns the last value that was acknowledged before the call, or ErrNotFound.
func (b *Bucket) GetStrict(ctx context.Context, key Key) (Entry, error) {
	return Entry{}, errors.ErrUnsupported
}

// Lifetime makes a write whose value ends by itself. It is at least a second; 0 is for ever. The next write of the key sets
// its own.
func Lifetime(d time.Duration) WriteOption { return func(w *write) { w.lifetime = d } }

// WriteOption changes one write.
type WriteOption func(*write)

type write struct {
	lifetime time.Duration
}

// Create writes a value where there is none, or else fails with ErrExists. It returns the value's sequence.
func (b *Bucket) Create(ctx context.Context, key Key, value []byte, options ...WriteOption) (uint64, error) {
	return 0, errors.ErrUnsupported
}

// Update writes a value over the one with that sequence, or else fails with ErrConflict: also where there is none any more.
func (b *Bucket) Update(ctx context.Context, key Key, value []byte, last uint64, options ...WriteOption) (uint64, error) {
	return 0, errors.ErrUnsupported
}

// Put writes a value, whatever is there.
func (b *Bucket) Put(ctx context.Context, key Key, value []byte, options ...WriteOption) (uint64, error) {
	return 0, errors.ErrUnsupported
}

// Delete ends the value with that sequence and all before it, or else fails with ErrConflict. It returns the sequence of the
// deletion.
func (b *Bucket) Delete(ctx context.Context, key Key, last uint64) (uint64, error) {
	return 0, errors.ErrUnsupported
}

// Remove ends a value, whatever it is. It does nothing wrong where there is none.
func (b *Bucket) Remove(ctx context.Context, key Key) (uint64, error) {
	return 0, errors.ErrUnsupported
}

// List calls f with every value below a key, in the order in which they were written, until f returns an error, which it
// returns. It sees every value that was acknowledged before the call, unless that was replaced or deleted during it.
func (b *Bucket) List(ctx context.Context, below Key, f func(Entry) error) error {
	return errors.ErrUnsupported
}

// History calls f with the values of a key that are still kept, oldest first.
func (b *Bucket) History(ctx context.Context, key Key, f func(Entry) error) error {
	return errors.ErrUnsupported
}
