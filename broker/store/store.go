package store

import (
	"context"
	"errors"
)

// Store is an open engine. It may be used concurrently.
type Store struct {
	options Options
}

// State says whether the store can be used.
type State struct {
	// Connected: there is a connection to the engine. Without one, every call fails with ErrUnavailable at once.
	Connected bool
	// Resumed: the connection was lost and is there again. Followers tell what they missed by themselves; who keeps
	// anything else of what the Bus brought asks for it anew.
	Resumed bool
}

// Open opens the engine and makes what is missing in it. In a cluster that is still forming it tries until ctx ends.
func Open(ctx context.Context, o Options) (*Store, error) {
	return nil, errors.ErrUnsupported
}

// Close ends followers and subscriptions, waits for them, and closes the engine. It may be called twice.
func (s *Store) Close() error { return nil }

// Epoch identifies the data. It is made with the store and kept in it; it is another one after an import, and after a
// damaged store was opened all the same. Whoever remembers sequences remembers it beside them: they mean nothing in
// another epoch.
func (s *Store) Epoch() string { return "" }

// Node identifies this open store. It is random, and another one each time.
func (s *Store) Node() string { return "" }

// Missing says what keeps the store from working, and what to do about it. It asks the engine, for at most as long as ctx
// lasts. Nothing missing is nil.
func (s *Store) Missing(ctx context.Context) []string { return nil }

// Watch calls f with the state now and with each later one, one after the other. It returns a function that ends that; f is
// not called after it has returned. f must neither block nor end it.
func (s *Store) Watch(f func(State)) (stop func()) { return func() {} }

// Bucket returns a bucket; a class that is none of the constants panics.
func (s *Store) Bucket(c Class) *Bucket { return nil }

// Bus returns the messages between brokers.
func (s *Store) Bus() *Bus { return nil }

// Audit returns the log of what was done, for each tenant.
func (s *Store) Audit() *Log { return nil }
