package contexts

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Keys of the journal. The values and the floor also outlive the main page's reload; subscriptions are of
// peers, which then are all new.
const (
	// keyValue and the name: first a whole value, its head a protocol.ContextInfo whose Owner is the creating
	// instance whatever the lifetime; then changes, each with head and body of its event. Each is one revision.
	keyValue = "contexts/value/"
	// keySubscription, the peer's number, "/" and the subscription's id: the head is the context's name.
	keySubscription = "contexts/sub/"
	// keyFloor: the head is the floor in decimal digits.
	keyFloor = "contexts/floor"
)

// When the changes behind a value are replaced by the value as it has become.
const (
	// compactAfter changes it is worth it, as soon as they weigh a quarter of the value: so a write of
	// a few bytes into a large value does not pay for writing all of it.
	compactAfter = 32
	// maxAppends changes are replaced whatever they weigh.
	maxAppends = 1024
	// slackBytes is what the changes of a small value may weigh; those of a large one twice what it weighs.
	slackBytes = 8 << 10
	// chunkBytes is what a change weighs besides its head and body.
	chunkBytes = 64
)

// put journals the context with the body as its whole value.
func (c *shared) put(out *peer.Outbox, body protocol.Body) {
	c.appends, c.appended = 0, 0
	info := protocol.ContextInfo{Name: c.name, Revision: int64(c.revision), Lifetime: c.lifetime, Owner: c.creator}
	out.Put(c.key, info.AppendJSON(nil), body)
}

// append journals a change that has been made to the value. The body's own Size is only an upper bound.
func (c *shared) append(out *peer.Outbox, head []byte, body protocol.Body, bodyBytes int) {
	if c.weigh(len(head), bodyBytes); c.heavy() {
		c.put(out, protocol.TextBody(c.encoded()))
		return
	}
	out.Append(c.key, head, body)
}

func (c *shared) weigh(head, body int) {
	c.appends++
	c.appended += head + body + chunkBytes
}

func (c *shared) heavy() bool {
	return heavy(c.appends, c.appended, c.size())
}

// heavy reports whether the changes behind a value of that size are replaced by the value.
func heavy(appends, appended, size int) bool {
	return appends >= compactAfter && appended >= size/4 || appends >= maxAppends || appended > max(slackBytes, 2*size)
}

func putFloor(out *peer.Outbox, floor uint64) {
	out.Put(keyFloor, strconv.AppendUint(nil, floor, 10), protocol.Body{})
}
