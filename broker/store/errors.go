package store

import (
	"errors"

	"github.com/crossframe/crossframe/protocol"
)

// What can go wrong. Test with errors.Is; CodeOf gives the code that a client gets.
var (
	// ErrConflict: the key has another sequence than the one that the write was based on.
	ErrConflict = errors.New("the value was changed meanwhile")
	// ErrNotFound: there is no value, or none any more.
	ErrNotFound = errors.New("there is no such value")
	// ErrExists: Create found a value.
	ErrExists = errors.New("there is a value already")
	// ErrUnavailable: no connection, no majority of the cluster, or no answer in time. A write that ends so may have been
	// done all the same: read before repeating it.
	ErrUnavailable = errors.New("the store does not answer now")
	// ErrFull: the disk, or the memory that volatile buckets may use, is full. Nothing was written; reading goes on, and
	// writing does as soon as there is space.
	ErrFull = errors.New("the store is full")
	// ErrCorrupt: what is on disk is not what was written there.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrTooLarge: the value is larger than the store takes.
	ErrTooLarge = errors.New("the value is too large")
	// ErrInvalidKey: the key has no elements, or is too long.
	ErrInvalidKey = errors.New("the key is empty or too long")
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("the store is closed")
	// ErrNotEmpty: an import found a store that has data.
	ErrNotEmpty = errors.New("the store has data already")
	// ErrFormat: what is to be read is not of a form that this version reads.
	ErrFormat = errors.New("this version does not read that")
)

// codes is the table from errors to what clients are told.
var codes = []struct {
	err  error
	code protocol.Code
}{
	{ErrConflict, protocol.RevisionConflict},
	{ErrExists, protocol.RevisionConflict},
	{ErrNotFound, protocol.ContextNotFound},
	{ErrFull, protocol.DiskFull},
	{ErrCorrupt, protocol.StorageCorrupt},
	{ErrTooLarge, protocol.TooLarge},
	{ErrInvalidKey, protocol.InvalidName},
	{ErrUnavailable, protocol.StorageDown},
	{ErrClosed, protocol.StorageDown},
}

// CodeOf returns the code of an error of this package. Errors of other packages are INTERNAL.
func CodeOf(err error) protocol.Code {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return protocol.Internal
}
