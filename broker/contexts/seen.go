package contexts

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// seen are the last writes of one hub or program.
type seen struct {
	counter string
	// at is when the last one came, in seconds since 1970.
	at int64
	// writes are in the order of their numbers.
	writes []numbered
}

// numbered is a write with its number, or several that were joined: then all numbers from first on are its own.
type numbered struct {
	first, sequence int64
	revision        uint64
}

// Bounds of the writes that a record remembers.
const (
	// keptSeen is how many hubs' last writes are remembered in any case, keptSeenMost how many at most; between them, those
	// of the last keptSeenFor.
	keptSeen     = 64
	keptSeenMost = 512
	keptSeenFor  = 15 * time.Minute
	// keptWrites of a hub are remembered one by one, if it is among the last keptHubs. Of the others one number stands for
	// all before it. A hub has at most so many writes to one context under way.
	keptWrites = 32
	keptHubs   = 16
)

// remember notes a write, which joins all of its hub's from first on.
func (s *state) remember(counter string, first, sequence int64, now time.Time) {
	if sequence == 0 {
		return
	}
	if first == 0 {
		first = sequence
	}
	// The lists are copied: a snapshot of the state may share them.
	list := make([]seen, 0, len(s.seen)+1)
	own := seen{counter: counter, at: now.Unix()}
	for _, old := range s.seen {
		if old.counter == counter {
			own.writes = old.writes
		} else {
			list = append(list, old)
		}
	}
	if n := len(list) - keptHubs; n >= 0 {
		list[n].writes = last(list[n].writes, 1)
	}
	at, _ := slices.BinarySearchFunc(own.writes, sequence, func(w numbered, n int64) int { return int(min(max(w.sequence-n, -1), 1)) })
	own.writes = slices.Insert(slices.Clone(own.writes), at, numbered{first, sequence, s.revision})
	own.writes = last(own.writes, keptWrites)
	list = append(list, own)
	oldest := now.Add(-keptSeenFor).Unix()
	for len(list) > keptSeenMost || len(list) > keptSeen && list[0].at < oldest {
		list = list[1:]
	}
	s.seen = list
}

// last returns the last n writes, of which the first stands for all that came before it.
func last(writes []numbered, n int) []numbered {
	if len(writes) <= n {
		return writes
	}
	writes = slices.Clone(writes[len(writes)-n:])
	writes[0].first = 0
	return writes
}

// repeated reports whether the context has a hub's write already, and the revision that it led to. Numbers that are missing
// among those of later writes are of writes that came to nothing: the hub may send them again, where the connection ended
// before it heard so.
func (s *state) repeated(counter string, sequence int64) (revision uint64, ok bool) {
	if sequence == 0 {
		return 0, false
	}
	for _, of := range s.seen {
		if of.counter != counter {
			continue
		}
		for _, w := range of.writes {
			if w.first <= sequence && sequence <= w.sequence {
				return w.revision, true
			}
		}
	}
	return 0, false
}

// appendWrites appends the writes. Numbers and revisions are near each other, so that differences are short.
func (s *seen) appendWrites(dst []byte, revision uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.writes)))
	before := int64(0)
	for _, w := range s.writes {
		dst = binary.AppendUvarint(dst, uint64(w.sequence-before))
		dst = binary.AppendUvarint(dst, uint64(w.sequence-w.first))
		dst = binary.AppendUvarint(dst, revision-w.revision)
		before = w.sequence
	}
	return dst
}

// writes reads what appendWrites wrote.
func (d *decoder) writes(revision uint64) (list []numbered) {
	sequence := uint64(0)
	for range d.count() {
		more, joined, since := d.number(), d.number(), d.number()
		if sequence += more; more > protocol.MaxID || sequence > protocol.MaxID || joined > sequence || since > revision {
			d.failed = true
		}
		if d.failed {
			return nil
		}
		list = append(list, numbered{int64(sequence - joined), int64(sequence), revision - since})
	}
	return list
}
