package contexts

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/crossframe/crossframe/protocol"
)

// record is what is stored of a context: its whole value, and what makes the last changes told to those who have an
// earlier revision. Where there is no lifetime, the context was destroyed: the record remembers how far revisions went.
type record struct {
	revision uint64
	lifetime string
	owner    Owner
	// since is the revision before the first of changes; the last of them led to revision.
	since   uint64
	changes []change
	// seen are the last writes of hubs that number them, oldest first.
	seen []seen
	// text is the value's JSON text.
	text []byte
}

// Owner is who created a context of lifetime "owner".
type Owner struct{ Hub, Instance string }

// change is one step from a revision to the next, as subscribers are told it.
type change struct {
	head, body []byte
	// whole: body is the whole value.
	whole bool
	// by says who wrote, where that is known to this broker.
	by *protocol.PeerInfo
}

// recordVersion is the first byte of a record. A broker refuses records that it does not read, rather than writing over
// them.
const recordVersion = 1

// lifetimes are written as their index; the first is that of what was destroyed.
var lifetimes = [...]string{"", protocol.LifetimeSession, protocol.LifetimeOwner, protocol.LifetimeDurable}

// append appends the record. All counts are uvarints, and texts begin with their length.
func (r *record) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, r.revision)
	for i, l := range lifetimes {
		if l == r.lifetime {
			dst = append(dst, byte(i))
		}
	}
	dst = appendText(appendText(dst, r.owner.Hub), r.owner.Instance)
	dst = binary.AppendUvarint(dst, r.since)
	dst = binary.AppendUvarint(dst, uint64(len(r.changes)))
	for i := range r.changes {
		c := &r.changes[i]
		dst = appendText(dst, c.head)
		// The last whole value is the record's own; it is not written twice.
		if own := c.whole && i == len(r.changes)-1; own {
			dst = append(dst, bodyOwn)
		} else if c.whole {
			dst = appendText(append(dst, bodyWhole), c.body)
		} else {
			dst = appendText(append(dst, bodyPart), c.body)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.seen)))
	for _, s := range r.seen {
		dst = appendText(dst, s.counter)
		dst = s.appendWrites(dst, r.revision)
		dst = binary.AppendUvarint(dst, uint64(s.at))
	}
	return append(dst, r.text...)
}

// How the body of a change is written.
const (
	bodyPart  = 0
	bodyWhole = 1
	bodyOwn   = 2
)

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

var errRecord = errors.New("the record is malformed")

// readRecord reads a record. Its texts are parts of data.
func readRecord(data []byte) (*record, error) {
	if len(data) == 0 || data[0] != recordVersion {
		return nil, fmt.Errorf("read shared context: %w: unknown version", errRecord)
	}
	d := decoder{rest: data[1:]}
	r := &record{revision: d.number()}
	if l := d.byte(); int(l) < len(lifetimes) {
		r.lifetime = lifetimes[l]
	} else {
		d.failed = true
	}
	r.owner = Owner{string(d.text()), string(d.text())}
	r.since = d.number()
	own := false
	for range d.count() {
		c := change{head: d.text()}
		switch d.byte() {
		case bodyPart:
			c.body = d.text()
		case bodyWhole:
			c.whole, c.body = true, d.text()
		case bodyOwn:
			c.whole, own = true, true
		default:
			d.failed = true
		}
		r.changes = append(r.changes, c)
	}
	for range d.count() {
		r.seen = append(r.seen, seen{counter: string(d.text()), writes: d.writes(r.revision), at: int64(d.number())})
	}
	if r.text = d.rest; own {
		r.changes[len(r.changes)-1].body = r.text
	}
	if d.failed || r.since+uint64(len(r.changes)) != r.revision || r.revision > protocol.MaxID {
		return nil, fmt.Errorf("read shared context: %w", errRecord)
	}
	return r, nil
}

// decoder reads counts and texts; after the first that is not there it reads nothing.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || d.failed {
		d.failed = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// count reads how many follow. Each takes a byte at least, so that the record's length bounds it.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.failed = true
		return 0
	}
	return int(n)
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 || d.failed {
		d.failed = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) text() []byte {
	n := d.count()
	if d.failed {
		return nil
	}
	text := d.rest[:n:n]
	d.rest = d.rest[n:]
	return text
}
