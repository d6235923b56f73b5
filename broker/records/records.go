package records

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Records are the records of a store. They may be used concurrently.
type Records struct {
	bucket *store.Bucket
	stop   func()

	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

// New returns the records of a bucket, and follows them until Close.
func New(ctx context.Context, bucket *store.Bucket) (*Records, error) {
	r := &Records{bucket: bucket, watchers: make(map[*watcher]struct{})}
	var err error
	r.stop, err = bucket.Follow(ctx, store.Key{}, r.tell)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Close ends following.
func (r *Records) Close() { r.stop() }

// Get returns a record. It is the last one that any broker acknowledged.
func (r *Records) Get(ctx context.Context, who *identity.Identity, ref Ref) (Record, error) {
	if err := ref.check(); err != nil {
		return Record{}, err
	}
	if !mayRead(who, ref.Kind, ref.Owner) {
		return Record{}, errRead
	}
	entry, err := r.bucket.GetStrict(ctx, ref.key(who.Tenant))
	if err != nil {
		return Record{}, faultOf(err)
	}
	return r.recordOf(ref, &entry), nil
}

func (r *Records) recordOf(ref Ref, entry *store.Entry) Record {
	record := Record{Ref: ref, Revision: revisionOf(r.bucket.Epoch(), entry.Sequence)}
	record.read(entry.Value)
	return record
}

// Condition is what must be true for a write. The zero Condition is always true: the last writer wins.
type Condition struct {
	// Absent: there must be no record.
	Absent bool
	// Present: there must be a record, whatever its revision.
	Present bool
	// Revision is that which the record must have; if empty, it does not matter.
	Revision string
}

// Put writes a record, and reports whether there was none before.
func (r *Records) Put(ctx context.Context, who *identity.Identity, ref Ref, value []byte, c Condition) (record Record, created bool, err error) {
	if err := r.checkPut(who, &ref, value); err != nil {
		return Record{}, false, err
	}
	record = Record{Ref: ref, Value: value, By: who.User.ID, At: time.Now().UTC()}
	sequence, created, err := r.put(ctx, ref.key(who.Tenant), record.stored(), c, func() error { return r.checkQuota(ctx, who.Tenant, &ref) })
	if err != nil {
		return Record{}, false, faultOf(err)
	}
	record.Revision = revisionOf(r.bucket.Epoch(), sequence)
	return record, created, nil
}

func (r *Records) checkPut(who *identity.Identity, ref *Ref, value []byte) error {
	if err := ref.check(); err != nil {
		return err
	}
	switch {
	case !mayWrite(who, ref.Kind, ref.Owner):
		return errWrite
	case len(value) > MaxValueBytes:
		return protocol.NewFault(protocol.TooLarge, "A value has at most 256 KiB.")
	case jsontext.Check(value) != nil:
		return protocol.NewFault(protocol.BadMessage, "A value is one JSON text.")
	}
	return nil
}

// put writes as the condition asks; room says whether there may be one record more.
func (r *Records) put(ctx context.Context, key store.Key, text []byte, c Condition, room func() error) (sequence uint64, created bool, err error) {
	if c.Revision != "" {
		sequence, err = r.bucket.Update(ctx, key, text, sequenceOf(r.bucket.Epoch(), c.Revision))
		return sequence, false, err
	}
	if !c.Absent {
		entry, err := r.bucket.GetStrict(ctx, key)
		switch {
		case err == nil && c.Present:
			sequence, err = r.bucket.Update(ctx, key, text, entry.Sequence)
			return sequence, false, err
		case err == nil:
			sequence, err = r.bucket.Put(ctx, key, text)
			return sequence, false, err
		case !errors.Is(err, store.ErrNotFound):
			return 0, false, err
		case c.Present:
			return 0, false, store.ErrConflict
		}
	}
	if err := room(); err != nil {
		return 0, false, err
	}
	sequence, err = r.bucket.Create(ctx, key, text)
	if errors.Is(err, store.ErrExists) && !c.Absent {
		// Somebody was faster, and the last writer wins.
		sequence, err = r.bucket.Put(ctx, key, text)
		return sequence, false, err
	}
	return sequence, err == nil, err
}

var (
	errEnough = errors.New("enough")
	errQuota  = protocol.NewFault(protocol.QuotaExceeded, "The owner has as many records of this kind as he may.")
)

// checkQuota counts the records of an owner. Two who create at the same time may both be let in: the bound keeps a
// store from being filled, and is no exact number.
func (r *Records) checkQuota(ctx context.Context, tenant string, ref *Ref) error {
	n := 0
	err := r.bucket.List(ctx, store.KeyOf(tenant, ref.Kind, ref.Owner.Kind, ref.Owner.Name), func(store.Entry) error {
		if n++; n >= MaxPerOwner {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return errQuota
	}
	return err
}

// Delete ends a record.
func (r *Records) Delete(ctx context.Context, who *identity.Identity, ref Ref, c Condition) error {
	if err := ref.check(); err != nil {
		return err
	}
	if !mayWrite(who, ref.Kind, ref.Owner) {
		return errWrite
	}
	key := ref.key(who.Tenant)
	if c.Revision != "" {
		_, err := r.bucket.Delete(ctx, key, sequenceOf(r.bucket.Epoch(), c.Revision))
		return faultOf(err)
	}
	if _, err := r.bucket.GetStrict(ctx, key); err != nil {
		return faultOf(err)
	}
	_, err := r.bucket.Remove(ctx, key)
	return faultOf(err)
}

// faultOf gives an error of the store the code and the text that a client gets.
func faultOf(err error) error {
	of := new(protocol.Fault)
	switch {
	case err == nil, errors.As(err, &of):
		return err
	case errors.Is(err, store.ErrNotFound):
		return protocol.NewFault(NotFound, "There is no such record.")
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrExists):
		return protocol.NewFault(protocol.RevisionConflict, "The record is not as the request says; read it, and try again.")
	}
	if errors.Is(err, store.ErrInvalidKey) {
		return protocol.NewFault(protocol.InvalidName, "The names of tenant, owner and record are too long together.")
	}
	if code := store.CodeOf(err); code != protocol.Internal {
		return protocol.NewFault(code, "The store cannot do this now.")
	}
	return err
}
