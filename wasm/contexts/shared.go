package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// shared is one shared context. It does not exist while its revision is 0.
type shared struct {
	name string
	// key is its key in the journal.
	key      string
	revision uint64
	lifetime string
	// creator is the instance that created it.
	creator string
	value   *jsontext.Object
	// parsed is the length of the text that value was parsed from and may still hold as a whole.
	parsed int
	// text is the value's JSON text, or nil until someone asks for it. It is never changed in place, as it
	// may be on its way to a peer.
	text []byte
	// appends and appended count the chunks behind the value in the journal, and their bytes.
	appends, appended int

	subscribers []*subscription
}

func (c *shared) exists() bool { return c.revision > 0 }

// size returns the length of the value's JSON text; 0 where there is none.
func (c *shared) size() int {
	if c.value == nil {
		return 0
	}
	return c.value.Size()
}

// encoded returns the value's JSON text.
func (c *shared) encoded() []byte {
	if c.text == nil {
		c.text = c.value.Append(nil)
	}
	return c.text
}

// shrink lets go of the text that the value was parsed from once the value is much smaller: one small member would
// keep all of it.
func (c *shared) shrink() {
	if c.parsed <= 4*c.size()+4<<10 {
		return
	}
	if value, err := jsontext.ParseObject(c.encoded()); err == nil {
		c.value, c.parsed = value, len(c.text)
	}
}

// info describes the context to apps.
func (c *shared) info() protocol.ContextInfo {
	i := protocol.ContextInfo{Name: c.name, Revision: int64(c.revision), Bytes: int64(c.size())}
	if c.exists() {
		i.Lifetime = c.lifetime
	}
	if c.lifetime == protocol.LifetimeOwner {
		i.Owner = c.creator
	}
	return i
}
