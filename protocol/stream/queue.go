package stream

import (
	"errors"
	"slices"

	"github.com/crossframe/crossframe/protocol"
)

// FrameBytes is how large a frame may grow by joining messages. A message that is larger has a frame of its own.
const FrameBytes = 64 << 10

// ErrFull says that more waits to be written than the queue may hold.
var ErrFull = errors.New("send: more waits to be written than the queue may hold")

// Queue holds messages that wait to be written, already in frames, in the order in which they came. Messages that
// wait together share a frame. The zero value is empty and holds no memory. It is not safe for concurrent use.
type Queue struct {
	id      string
	frames  []frame
	waiting int
}

type frame struct {
	data []byte
	// size is how much of data are messages, and count how many they are; a heartbeat has none.
	size, count int
	// whole: the frame takes no more messages.
	whole bool
}

// Bounds say how much a Queue takes. They are handed in, because many queues share them.
type Bounds struct {
	// QueueBytes bounds what waits. A message that comes while nothing waits is taken whatever its size.
	QueueBytes int
	// MessageBytes bounds one message: what the other side reads.
	MessageBytes int
}

// Bind sets the connection id of the messages that are pushed from now on.
func (q *Queue) Bind(connectionID string) {
	q.id = connectionID
	q.seal()
}

func (q *Queue) seal() {
	if n := len(q.frames); n > 0 {
		q.frames[n-1].whole = true
	}
}

// Push takes all of the messages, or none and says why: ErrFull, or a *protocol.Fault (TOO_LARGE) about one of them.
// The messages are copied.
func (q *Queue) Push(messages []protocol.Envelope, b Bounds) error {
	before := *q
	var last frame
	if n := len(q.frames); n > 0 {
		last = q.frames[n-1]
	}
	room := 0
	for i := range messages {
		room += sizeAtMost(&messages[i])
	}
	for i := range messages {
		size := sizeAtMost(&messages[i])
		if err := q.push(&messages[i], room, b); err != nil {
			clear(q.frames[len(before.frames):])
			*q = before
			if n := len(q.frames); n > 0 {
				q.frames[n-1] = last
			}
			return err
		}
		room -= size
	}
	return nil
}

// sizeAtMost returns how long a message is, encoded, or a little more.
func sizeAtMost(m *protocol.Envelope) int {
	const numbers = 48
	return numbers + len(m.Name) + len(m.Head) + m.Body.Size
}

// push encodes the message where it most likely belongs, and moves it to a frame of its own where that is too full. room is how long
// it is together with those that come behind it, so that a frame for many is made once.
func (q *Queue) push(m *protocol.Envelope, room int, b Bounds) error {
	if n := len(q.frames); n == 0 || q.frames[n-1].whole {
		q.add(0)
	}
	f := &q.frames[len(q.frames)-1]
	if left := max(FrameBytes-len(f.data), 0); cap(f.data)-len(f.data) < room && (f.count == 0 || sizeAtMost(m) <= left) {
		f.data = slices.Grow(f.data, min(room, max(left, sizeAtMost(m))))
	}
	start := len(f.data)
	data := appendMessage(f.data, m)
	size := len(data) - start
	switch {
	case size > b.MessageBytes:
		return protocol.NewFault(protocol.TooLarge, "the message is larger than the other side reads")
	case q.waiting > 0 && q.waiting+size > b.QueueBytes:
		return ErrFull
	}
	q.waiting += size
	if f.count > 0 && len(data) > FrameBytes {
		own := q.add(size)
		own.data, own.size, own.count = append(own.data, data[start:]...), size, 1
		return nil
	}
	f.data, f.size, f.count = data, f.size+size, f.count+1
	f.whole = f.count == protocol.MaxTuplesPerFrame
	return nil
}

// add begins a frame with room for a message of that size.
func (q *Queue) add(size int) *frame {
	const header = 64
	q.frames = append(q.frames, frame{data: appendStart(make([]byte, 0, header+len(q.id)+size), q.id)})
	return &q.frames[len(q.frames)-1]
}

// Beat takes a heartbeat, unless one waits already.
func (q *Queue) Beat() {
	for i := range q.frames {
		if q.frames[i].count == 0 {
			return
		}
	}
	q.seal()
	q.add(0).whole = true
}

// Pop returns the oldest frame; nil where nothing waits.
func (q *Queue) Pop() []byte {
	if len(q.frames) == 0 {
		return nil
	}
	f := q.frames[0]
	q.frames[0] = frame{}
	q.frames = q.frames[1:]
	q.waiting -= f.size
	if len(q.frames) == 0 {
		q.frames = nil
	}
	return f.data
}

// Waiting is how many bytes of messages wait.
func (q *Queue) Waiting() int { return q.waiting }

// Drop forgets what waits.
func (q *Queue) Drop() { q.frames, q.waiting = nil, 0 }

// Empty reports whether nothing waits.
func (q *Queue) Empty() bool { return len(q.frames) == 0 }
