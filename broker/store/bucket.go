package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
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
	// born is when the stream was made, in nanoseconds.
	born atomic.Int64
}

// Epoch identifies the bucket's data: Sequences are comparable only within one. It changes with the Store's, and where the
// bucket itself was made anew, as volatile ones are with the engine.
func (b *Bucket) Epoch() string {
	return b.store.Epoch() + "." + strconv.FormatInt(b.born.Load(), 36)
}

func (b *Bucket) bear(info streamInfo) { b.born.Store(info.created.UnixNano()) }

// Get returns a value or ErrNotFound. In a cluster it may be one that was replaced a moment ago, unless the class is strict;
// see GetStrict. Embedded, it is always the last one.
func (b *Bucket) Get(ctx context.Context, key Key) (Entry, error) {
	if b.strict {
		return b.GetStrict(ctx, key)
	}
	return b.get(key, func(subject string) (record, error) { return b.store.fromAny(ctx, b.class.stream(), subject) })
}

// GetStrict returns the last value that was acknowledged before the call, or ErrNotFound.
func (b *Bucket) GetStrict(ctx context.Context, key Key) (Entry, error) {
	return b.get(key, func(subject string) (record, error) {
		return b.store.fromLeader(ctx, b.class.stream(), want{Last: subject})
	})
}

func (b *Bucket) get(key Key, read func(subject string) (record, error)) (Entry, error) {
	if err := key.check(); err != nil {
		return Entry{}, err
	}
	r, err := read(b.subject(key))
	if err != nil {
		return Entry{}, fmt.Errorf("get %s: %w", b.class, err)
	}
	if b.ended(r) {
		return Entry{}, fmt.Errorf("get %s: %w", b.class, ErrNotFound)
	}
	return b.entry(r)
}

// Lifetime makes a write whose value ends by itself. It is at least a second; 0 is for ever. The next write of the key sets
// its own.
func Lifetime(d time.Duration) WriteOption { return func(w *write) { w.lifetime = d } }

// WriteOption changes one write.
type WriteOption func(*write)

type write struct {
	lifetime time.Duration
	// expect is the sequence that the key must have, or anySequence.
	expect uint64
}

const anySequence = math.MaxUint64

// Create writes a value where there is none, or else fails with ErrExists. It returns the value's sequence.
func (b *Bucket) Create(ctx context.Context, key Key, value []byte, options ...WriteOption) (uint64, error) {
	expect := uint64(0)
	for {
		sequence, err := b.write(ctx, key, value, expect, options)
		if !errors.Is(err, ErrConflict) {
			return sequence, err
		}
		// What is there may be the mark of a deletion.
		r, err := b.store.fromLeader(ctx, b.class.stream(), want{Last: b.subject(key)})
		switch {
		case errors.Is(err, ErrNotFound):
			expect = 0
		case err != nil:
			return 0, fmt.Errorf("create in %s: %w", b.class, err)
		case !r.deleted() || r.sequence == expect:
			return 0, fmt.Errorf("create in %s: %w", b.class, ErrExists)
		default:
			expect = r.sequence
		}
	}
}

// Update writes a value over the one with that sequence, or else fails with ErrConflict: also where there is none any more.
func (b *Bucket) Update(ctx context.Context, key Key, value []byte, last uint64, options ...WriteOption) (uint64, error) {
	if last == 0 {
		return 0, fmt.Errorf("update %s: %w: no value has the sequence 0", b.class, ErrConflict)
	}
	return b.write(ctx, key, value, last, options)
}

// Put writes a value, whatever is there.
func (b *Bucket) Put(ctx context.Context, key Key, value []byte, options ...WriteOption) (uint64, error) {
	return b.write(ctx, key, value, anySequence, options)
}

// Delete ends the value with that sequence and all before it, or else fails with ErrConflict. It returns the sequence of the
// deletion.
func (b *Bucket) Delete(ctx context.Context, key Key, last uint64) (uint64, error) {
	if last == 0 {
		return 0, fmt.Errorf("delete in %s: %w: no value has the sequence 0", b.class, ErrConflict)
	}
	return b.mark(ctx, key, last)
}

// Remove ends a value, whatever it is. It does nothing wrong where there is none.
func (b *Bucket) Remove(ctx context.Context, key Key) (uint64, error) {
	return b.mark(ctx, key, anySequence)
}

func (b *Bucket) write(ctx context.Context, key Key, value []byte, expect uint64, options []WriteOption) (uint64, error) {
	w := write{expect: expect}
	for _, o := range options {
		o(&w)
	}
	if err := key.check(); err != nil {
		return 0, fmt.Errorf("write %s: %w", b.class, err)
	}
	m := sealed(b.subject(key), value)
	if w.lifetime > 0 {
		m.Header.Set(lifetimeHeader, seconds(w.lifetime))
	}
	return b.publish(ctx, m, w.expect)
}

// mark writes the mark of a deletion. Who follows hears of it; it ends by itself.
func (b *Bucket) mark(ctx context.Context, key Key, expect uint64) (uint64, error) {
	if err := key.check(); err != nil {
		return 0, fmt.Errorf("delete in %s: %w", b.class, err)
	}
	m := sealed(b.subject(key), nil)
	m.Header.Set(operationHeader, purged)
	m.Header.Set(rollupHeader, "sub")
	m.Header.Set(lifetimeHeader, seconds(markerAge))
	return b.publish(ctx, m, expect)
}

func (b *Bucket) publish(ctx context.Context, m *nats.Msg, expect uint64) (uint64, error) {
	if expect != anySequence {
		m.Header.Set(expectHeader, strconv.FormatUint(expect, 10))
	}
	sequence, err := b.store.append(ctx, m, b.class.stream(), b.memory)
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", b.class, err)
	}
	return sequence, nil
}

// seconds returns a lifetime as the engine reads it: whole seconds, rounded up, since a value must not end early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

func (b *Bucket) subject(key Key) string { return b.class.root() + key.encoded }

// below is the pattern of the subjects below a key.
func (b *Bucket) below(key Key) string { return b.class.root() + pattern(key) }

func pattern(below Key) string {
	if below == (Key{}) {
		return ">"
	}
	return below.encoded + ".>"
}

// List calls f with every value below a key, in the order in which they were written, until f returns an error, which it
// returns. It sees every value that was acknowledged before the call. Embedded, one that is written during it may come
// twice, the later one last; in a cluster all values are held in memory first.
func (b *Bucket) List(ctx context.Context, below Key, f func(Entry) error) error {
	return b.scan(ctx, below, func(e Entry, deleted bool) error {
		if deleted {
			return nil
		}
		return f(e)
	})
}

// scan is List with deletions. Of a key with several values it gives the last one.
func (b *Bucket) scan(ctx context.Context, below Key, f func(e Entry, deleted bool) error) error {
	// A node of a cluster may show what was replaced or deleted already, and its end comes later.
	if b.history > 1 || b.store.engine == nil {
		return b.scanLast(ctx, below, f)
	}
	return b.walk(ctx, b.below(below), f)
}

// found is a value, or that there is none.
type found struct {
	Entry
	deleted bool
}

// scanLast holds the last values in memory: those before them come first.
func (b *Bucket) scanLast(ctx context.Context, below Key, f func(e Entry, deleted bool) error) error {
	last := make(map[Key]found)
	err := b.walk(ctx, b.below(below), func(e Entry, deleted bool) error {
		last[e.Key] = found{e, deleted}
		return nil
	})
	if err != nil {
		return err
	}
	all := slices.SortedFunc(maps.Values(last), func(x, y found) int { return cmp.Compare(x.Sequence, y.Sequence) })
	for _, v := range all {
		if err := f(v.Entry, v.deleted); err != nil {
			return err
		}
	}
	return nil
}

// History calls f with the values of a key that are still kept, oldest first.
func (b *Bucket) History(ctx context.Context, key Key, f func(Entry) error) error {
	if err := key.check(); err != nil {
		return fmt.Errorf("read %s: %w", b.class, err)
	}
	var values []Entry
	err := b.walk(ctx, b.subject(key), func(e Entry, deleted bool) error {
		if values = append(values, e); deleted {
			values = nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	// A node that has not heard of later values has older ones that are not kept any more.
	for _, e := range values[max(0, len(values)-int(b.history)):] {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bucket) walk(ctx context.Context, subjects string, f func(e Entry, deleted bool) error) error {
	return b.store.walk(ctx, b.class.stream(), b.strict, want{Next: subjects}, func(r record) error {
		e, err := b.entry(r)
		if err != nil {
			return err
		}
		return f(e, b.ended(r))
	})
}

// ended reports whether there is no value any more. The engine marks the end of a lifetime when it gets to it, which
// after a start takes a moment. In a cluster that mark alone counts: its clocks need not be this one.
func (b *Bucket) ended(r record) bool {
	life := sequenceIn(r.header, lifetimeHeader)
	return r.deleted() || life > 0 && b.store.engine != nil && time.Since(r.written) >= time.Duration(life)*time.Second
}
