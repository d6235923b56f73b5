package contexts

import (
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// state is a context as it stands: what its record says, with the value ready to be changed.
type state struct {
	record
	// value is nil until a write needs it, and where there is no context.
	value *jsontext.Object
	// kind is the bucket that the record is in, and sequences its place in each bucket, 0 where there is nothing.
	kind      int
	sequences [kinds]uint64
}

// Bounds of what a record remembers: the changes that other brokers can tell one by one.
const (
	// keptChanges and keptBytes bound those that are stored with one write.
	keptChanges = 256
	keptBytes   = 64 << 10
	// olderBytes bounds the others. They are for a broker that missed a message or two, and are written again with each write.
	olderBytes = 2 << 10
)

func (s *state) exists() bool { return s.lifetime != "" }

// prepare makes the value ready to be changed.
func (s *state) prepare() error {
	if s.value != nil || !s.exists() {
		return nil
	}
	value, err := jsontext.ParseObject(s.text)
	s.value = value
	return err
}

// bump makes the next revision, by a change.
func (s *state) bump(c change) {
	s.revision++
	s.changes = append(s.changes, c)
}

// trim forgets the oldest changes beyond the bounds; the last so many are new. What was whole and is not the last needs its own
// body, so it goes with all before it where it is large.
func (s *record) trim(fresh uint64) {
	bytes, older, from := 0, 0, len(s.changes)
	for i := len(s.changes) - 1; i >= 0 && len(s.changes)-i <= keptChanges; i-- {
		c := &s.changes[i]
		size := len(c.head)
		if !c.whole || i < len(s.changes)-1 {
			size += len(c.body)
		}
		bytes += size
		if uint64(len(s.changes)-i) > fresh {
			older += size
		}
		if bytes > keptBytes || older > olderBytes {
			break
		}
		from = i
	}
	s.since += uint64(from)
	s.changes = slices.Clone(s.changes[from:])
}

// after returns the changes that led from a revision to this one; ok is false where they are not all known.
func (r *record) after(revision uint64) (list []change, ok bool) {
	if revision < r.since || revision > r.revision {
		return nil, false
	}
	return r.changes[revision-r.since:], true
}

// info describes the context.
func (s *state) info(a *address) protocol.ContextInfo {
	i := protocol.ContextInfo{Name: a.name, Scope: a.scope}
	if s.exists() {
		i.Revision, i.Lifetime, i.Bytes = int64(s.revision), s.lifetime, int64(len(s.text))
	}
	if s.lifetime == protocol.LifetimeOwner {
		i.Owner = s.owner.Instance
	}
	return i
}

// current is the revision as others see it: 0 where there is no such context.
func (s *state) current() uint64 {
	if !s.exists() {
		return 0
	}
	return s.revision
}
