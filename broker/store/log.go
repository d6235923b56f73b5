package store

import (
	"context"
	"errors"
	"time"
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
	// From and To bound when they were written, To not included; if zero, without bound.
	From, To time.Time
	// Filter decides whether a record counts; if nil, all do.
	Filter func(Record) bool
	// Limit bounds how many are found; if zero, without bound.
	Limit int
}

// Append writes a record for a tenant. When it returns, the record is on disk.
func (l *Log) Append(ctx context.Context, tenant string, data []byte) error {
	return errors.ErrUnsupported
}

// Search calls f with the records of a tenant, oldest first, until f returns an error, which it returns.
func (l *Log) Search(ctx context.Context, tenant string, s Search, f func(Record) error) error {
	return errors.ErrUnsupported
}
