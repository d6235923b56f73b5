package relay

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// claim writes down that a hub is connected here. It fails where the id is in use and the secret another one. A store that
// does not answer keeps nobody out: reading goes on, and the record is written later.
func (ro *roster) claim(s *session) *protocol.Fault {
	if before := ro.relay.at(s.key); before != nil && before != s && !same(before.record.Secret, s.record.Secret) {
		return inUse()
	}
	f, err := ro.put(context.Background(), s)
	if err != nil {
		ro.relay.options.Log.Warn("it was not written down that a hub is connected", "error", err)
	}
	return f
}

// put writes it down. A fault says that the id is another's.
func (ro *roster) put(ctx context.Context, s *session) (*protocol.Fault, error) {
	value, err := json.Marshal(s.record)
	if err != nil {
		return protocol.NewFault(protocol.Internal, "the broker failed at this"), nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	key := store.KeyOf(keyHub, s.key.tenant, s.key.hub)
	for range 10 {
		var sequence uint64
		if sequence, err = ro.bucket.Create(ctx, key, value); errors.Is(err, store.ErrExists) {
			var f *protocol.Fault
			if sequence, f, err = ro.takeOver(ctx, s, key, value); f != nil {
				return f, nil
			}
		}
		if err == nil {
			ro.mu.Lock()
			if s.claimed = sequence; ro.hubs[s.key].sequence < sequence {
				ro.hubs[s.key] = hubEntry{s.record, sequence}
			}
			ro.mu.Unlock()
			return nil, nil
		}
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	return nil, err
}

// takeOver replaces the record of a connection of the same hub, or of one that is no more.
func (ro *roster) takeOver(ctx context.Context, s *session, key store.Key, value []byte) (uint64, *protocol.Fault, error) {
	found, err := ro.bucket.GetStrict(ctx, key)
	if err != nil {
		return 0, nil, err
	}
	var h hubRecord
	if json.Unmarshal(found.Value, &h) == nil && !same(h.Secret, s.record.Secret) {
		ro.mu.Lock()
		there := ro.nodes[h.Node]
		ro.mu.Unlock()
		// Of this broker's own hubs, the connections decide.
		if there {
			return 0, inUse(), nil
		}
	}
	sequence, err := ro.bucket.Update(ctx, key, value, found.Sequence)
	return sequence, nil, err
}

func inUse() *protocol.Fault {
	f := protocol.NewFault(protocol.BadHandshake, "hub: another one of that id is connected")
	// That may be the hub's own connection, half open still, of before its page lost what it kept.
	f.Retryable = true
	return f
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// mend writes down those hubs of this broker that the store does not have. One that does not answer is asked again later: waiting for
// it once for each hub, the broker would count as gone.
func (ro *roster) mend(ctx context.Context) {
	for _, s := range ro.relay.all() {
		if _, known := ro.entry(s.key); known {
			continue
		}
		if _, err := ro.put(ctx, s); store.CodeOf(err) == protocol.StorageDown || ctx.Err() != nil {
			return
		}
	}
}
