package store

import (
	"context"
	"time"
)

// compare tells how a snapshot differs from what was told. It reports whether it came to the end.
func (fo *follower) compare() bool {
	b := fo.bucket
	info, err := b.store.info(fo.live, b.class.stream())
	if err != nil {
		return fo.failed(err)
	}
	renewed := fo.born != 0 && fo.born != info.created.UnixNano()
	b.bear(info)
	if renewed {
		fo.forget(nil)
	}
	fo.born = info.created.UnixNano()
	there := make(map[Key]bool, len(fo.known))
	err = b.scan(fo.live, fo.below, func(e Entry, deleted bool) error {
		there[e.Key] = true
		fo.seen = max(fo.seen, e.Sequence)
		if e.Sequence > fo.known[e.Key].sequence {
			fo.tell(Event{Entry: e, Deleted: deleted, Resync: true})
		}
		return fo.live.Err()
	})
	if err != nil {
		return fo.failed(err)
	}
	fo.seen = max(fo.seen, info.last)
	fo.forget(there)
	fo.f(Event{Synced: true, Renewed: renewed, Resync: true, Epoch: b.Epoch()})
	fo.once.Do(func() { close(fo.synced) })
	return true
}

// forget tells the deletion of what is not there, and drops it.
func (fo *follower) forget(there map[Key]bool) {
	for key, t := range fo.known {
		if there[key] {
			continue
		}
		if !t.deleted {
			fo.f(Event{Entry: Entry{Key: key}, Deleted: true, Resync: true})
		}
		delete(fo.known, key)
	}
	if there == nil {
		fo.seen = 0
	}
}

// check asks whether there was anything of which there was no news. It returns when to ask again.
func (fo *follower) check() time.Duration {
	b := fo.bucket
	ctx, cancel := context.WithTimeout(fo.live, callTimeout)
	defer cancel()
	info, err := b.store.info(ctx, b.class.stream())
	asked := fo.asked
	fo.asked = 0
	switch {
	case err != nil:
		fo.failed(err)
	case info.created.UnixNano() != fo.born, asked > fo.seen:
		// Another stream; or what was there when it was asked a moment ago has not come since.
		fo.lost.Store(true)
	case info.last > fo.seen:
		fo.asked = info.last
		return soon
	}
	return b.store.options.CheckEvery
}
