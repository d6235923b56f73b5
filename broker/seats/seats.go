// Package seats lets the brokers of one store count users together: it is the licensing.Presence of a store. Each broker writes
// whom it has into the bucket of presence, with a lifetime, and reads what all of them wrote.
//
// It may import broker/licensing and broker/store. It keeps nothing but the order of this broker's own seats, and refuses nothing:
// who may stay is for licensing.Seats to say.
package seats

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/store"
)

// root is what the keys of seats begin with: root, tenant, user, broker.
const root = "seats"

// lifetime is how long a seat stays that its broker does not hold any more.
const lifetime = 3 * licensing.HoldEvery

// Presence implements licensing.Presence. It may be used concurrently.
type Presence struct {
	bucket *store.Bucket
	node   string

	mu sync.Mutex
	// held are the orders of this broker's seats, in an epoch of the bucket: sequences mean nothing in another one.
	held  map[store.Key]uint64
	epoch string
}

// New returns the presence of the brokers that share a store.
func New(s *store.Store) *Presence {
	return &Presence{bucket: s.Bucket(store.Presence), node: s.Node(), held: make(map[store.Key]uint64)}
}

// Hold implements licensing.Presence. The order of a seat is the sequence of its first write; later ones carry it along.
func (p *Presence) Hold(ctx context.Context, s licensing.Seat) (uint64, error) {
	key := store.KeyOf(root, s.Tenant, s.User, p.node)
	epoch := p.bucket.Epoch()
	order := p.orderOf(key, epoch, s.Order)
	var value []byte
	if order != 0 {
		value = binary.BigEndian.AppendUint64(nil, order)
	}
	sequence, err := p.bucket.Put(ctx, key, value, store.Lifetime(lifetime))
	if err != nil {
		return 0, fmt.Errorf("hold a seat: %w", err)
	}
	if order == 0 {
		order = sequence
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoch == epoch {
		p.held[key] = order
	}
	return order, nil
}

// orderOf returns the order of a seat that this broker holds; 0 where it is of another epoch, or new.
func (p *Presence) orderOf(key store.Key, epoch string, known uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoch != epoch {
		p.epoch = epoch
		clear(p.held)
	}
	if p.held[key] != known {
		return 0
	}
	return known
}

// Drop implements licensing.Presence.
func (p *Presence) Drop(ctx context.Context, s licensing.Seat) error {
	key := store.KeyOf(root, s.Tenant, s.User, p.node)
	p.mu.Lock()
	delete(p.held, key)
	p.mu.Unlock()
	if _, err := p.bucket.Remove(ctx, key); err != nil {
		return fmt.Errorf("drop a seat: %w", err)
	}
	return nil
}

// Seats implements licensing.Presence.
func (p *Presence) Seats(ctx context.Context, tenant string) (list []licensing.Seat, err error) {
	err = p.bucket.List(ctx, store.KeyOf(root, tenant), func(e store.Entry) error {
		elements := e.Key.Elements()
		if len(elements) != 4 {
			return nil
		}
		one := licensing.Seat{Tenant: tenant, User: elements[2], Order: e.Sequence}
		if len(e.Value) == 8 {
			one.Order = binary.BigEndian.Uint64(e.Value)
		}
		list = append(list, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list seats: %w", err)
	}
	return list, nil
}
