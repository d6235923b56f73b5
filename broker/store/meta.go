package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// storeRecord is what a store knows of itself. It is kept in the meta bucket, so that it goes where the data go, and
// embedded in the directory's mark too.
type storeRecord struct {
	Format int    `json:"format"`
	Epoch  string `json:"epoch"`
	// Buckets are the durable buckets that were made.
	Buckets []Class `json:"buckets"`
}

// recordKey is the key of the record in the meta bucket.
var recordKey = KeyOf("store")

// prepare makes what is missing, and refuses a store in which something is missing that was there once.
func (s *Store) prepare(ctx context.Context) error {
	accept := s.options.DangerouslyOpenDamaged
	var marked mark
	if s.engine != nil && s.engine.dir != nil {
		marked = s.engine.dir.mark
	}
	known := func(c Class) bool { return !accept && slices.Contains(marked.Buckets, c) }
	if err := s.ensure(ctx, s.configOf(*traitOf(meta)), known(meta)); err != nil {
		return err
	}
	sequence, err := s.readRecord(ctx)
	if err != nil {
		return err
	}
	if marked.Epoch != "" && marked.Epoch != s.record.Epoch && !accept {
		return fmt.Errorf("%w: it does not know its epoch any more", ErrCorrupt)
	}
	before := s.record
	s.record.Buckets = slices.Clone(before.Buckets)
	for _, t := range traits[1:] {
		once := slices.Contains(before.Buckets, t.class)
		if err := s.ensure(ctx, s.configOf(t), once && !accept); err != nil {
			return err
		}
		if !t.memory && !once {
			s.record.Buckets = append(s.record.Buckets, t.class)
		}
	}
	if err := s.ensure(ctx, s.auditConfig(), len(before.Buckets) > 0 && !accept); err != nil {
		return err
	}
	if err := s.readBirths(ctx); err != nil {
		return err
	}
	if accept {
		s.record.Epoch = random()
	}
	return s.writeRecord(ctx, before, sequence)
}

// readRecord reads the store's record, or makes it. Of several brokers that make it at once, one does.
func (s *Store) readRecord(ctx context.Context) (sequence uint64, err error) {
	b := s.buckets[meta]
	err = s.persist(ctx, func(ctx context.Context) error {
		entry, err := b.GetStrict(ctx, recordKey)
		if errors.Is(err, ErrNotFound) {
			sequence, err = s.makeRecord(ctx)
			return err
		}
		if err != nil {
			return err
		}
		sequence, s.record = entry.Sequence, storeRecord{}
		if err := json.Unmarshal(entry.Value, &s.record); err != nil || s.record.Epoch == "" {
			return fmt.Errorf("%w: its record is not readable", ErrCorrupt)
		}
		return nil
	})
	if err == nil && s.record.Format > format {
		err = fmt.Errorf("the store has the format %d, and this version knows %d: %w\n  fix: use the version that wrote it, or one that is newer", s.record.Format, format, ErrFormat)
	}
	return sequence, err
}

func (s *Store) makeRecord(ctx context.Context) (sequence uint64, err error) {
	s.record = storeRecord{Format: format, Epoch: random()}
	text, err := json.Marshal(s.record)
	if err != nil {
		return 0, err
	}
	return s.buckets[meta].Create(ctx, recordKey, text)
}

// writeRecord writes the record down where it has changed, and the directory's mark after it.
func (s *Store) writeRecord(ctx context.Context, before storeRecord, sequence uint64) error {
	if s.record.Epoch != before.Epoch || !slices.Equal(s.record.Buckets, before.Buckets) {
		text, err := json.Marshal(s.record)
		if err != nil {
			return err
		}
		_, err = s.buckets[meta].Update(ctx, recordKey, text, sequence)
		// Another broker of the same version has written the same buckets meanwhile.
		if err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	if s.engine == nil || s.engine.dir == nil {
		return nil
	}
	d := s.engine.dir
	d.mark.Epoch, d.mark.Buckets = s.record.Epoch, append([]Class{meta}, s.record.Buckets...)
	return d.writeMark()
}

// renew gives the store another epoch: sequences that anybody remembers are not those of what is in it now.
func (s *Store) renew(ctx context.Context) error {
	sequence, err := s.readRecord(ctx)
	if err != nil {
		return err
	}
	before := s.record
	s.record.Epoch = random()
	if err := s.writeRecord(ctx, before, sequence); err != nil {
		return fmt.Errorf("renew epoch: %w", err)
	}
	return nil
}

// readBirths finds out when the buckets' streams were made, for their epochs.
func (s *Store) readBirths(ctx context.Context) error {
	for _, b := range s.buckets {
		err := s.persist(ctx, func(ctx context.Context) error {
			info, err := s.info(ctx, b.class.stream())
			if err == nil {
				b.bear(info)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
