package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Log is append-only: what is in it can be neither changed nor deleted, not even by this program, until it is older than
// Options.AuditMaxAge. It may be used concurrently.
type Log struct {
	store *Store
}

// Record is one line of a Log.
type Record struct {
	// Sequence orders the records of all tenants.
	Sequence uint64
	Written  time.Time
	Data     []byte
}

// Search says which records to look for.
type Search struct {
	// After is the sequence of a record: only those behind it count. If zero, all do.
	After uint64
	// From and To bound when they were written, To not included; if zero, without bound.
	From, To time.Time
	// Filter decides whether a record counts; if nil, all do.
	Filter func(Record) bool
	// Limit bounds how many are found; if zero, without bound.
	Limit int
}

// Append writes a record for a tenant. When it returns, the record is on disk.
func (l *Log) Append(ctx context.Context, tenant string, data []byte) error {
	subject, err := l.subject(tenant)
	if err != nil {
		return err
	}
	return l.append(ctx, sealed(subject, data))
}

func (l *Log) append(ctx context.Context, m *nats.Msg) error {
	if _, err := l.store.append(ctx, m, auditStream, false); err != nil {
		return fmt.Errorf("append to log: %w", err)
	}
	return nil
}

// restore appends a record with the time at which it was written first.
func (l *Log) restore(ctx context.Context, tenant string, written time.Time, data []byte) error {
	subject, err := l.subject(tenant)
	if err != nil {
		return err
	}
	m := sealed(subject, data)
	m.Header.Set(writtenHeader, written.UTC().Format(time.RFC3339Nano))
	return l.append(ctx, m)
}

// errEnough ends a search that has found everything.
var errEnough = errors.New("enough")

// Search calls f with the records of a tenant, oldest first, until f returns an error, which it returns.
func (l *Log) Search(ctx context.Context, tenant string, s Search, f func(Record) error) error {
	subject, err := l.subject(tenant)
	if err != nil {
		return err
	}
	w := want{Next: subject}
	switch {
	case s.After > 0:
		w.Sequence = s.After + 1
	case !s.From.IsZero():
		w.Since = &s.From
	}
	found := 0
	err = l.store.walk(ctx, auditStream, false, w, func(r record) error {
		written, imported := r.first()
		switch {
		case written.Before(s.From), imported && !s.To.IsZero() && !written.Before(s.To):
			return nil
		case !s.To.IsZero() && !r.written.Before(s.To) && !imported:
			return errEnough
		}
		if err := r.verify(subject); err != nil {
			return err
		}
		line := Record{r.sequence, written, r.data}
		if s.Filter != nil && !s.Filter(line) {
			return nil
		}
		if err := f(line); err != nil {
			return err
		}
		if found++; found == s.Limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (l *Log) subject(tenant string) (string, error) {
	key := KeyOf(tenant)
	if err := key.check(); err != nil {
		return "", fmt.Errorf("log: %w", err)
	}
	return auditRoot + key.encoded, nil
}
