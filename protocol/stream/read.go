package stream

import (
	"math"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
)

// Limits bound what Read takes. A zero field means the bound that the protocol sets for what an app sends.
type Limits struct {
	// NameBytes bounds a name and the connection id; if zero, protocol.MaxHeaderBytes.
	NameBytes int
	// HeadBytes bounds a head; if zero, protocol.MaxHeadBytes.
	HeadBytes int
	// BodyBytes bounds a body; if zero, the default of protocol.Limits.
	BodyBytes int
	// Messages bounds the messages of a frame; if zero, protocol.MaxTuplesPerFrame.
	Messages int
}

func (l Limits) orDefault() Limits {
	pick := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	pick(&l.NameBytes, protocol.MaxHeaderBytes)
	pick(&l.HeadBytes, protocol.MaxHeadBytes)
	pick(&l.BodyBytes, int(protocol.DefaultLimits().BodyBytes))
	pick(&l.Messages, protocol.MaxTuplesPerFrame)
	return l
}

// Read appends the messages of a frame to dst. Where there is a fault (BAD_MESSAGE, TOO_LARGE), dst comes back as it
// was: nothing is taken from a frame that has one.
//
// Heads and bodies are parts of data, which must not change while they are in use; to keep one means to keep all of
// data. Names and the connection id are copies, since they become keys of maps that live long.
func Read(dst []protocol.Envelope, data []byte, limits Limits) (connectionID string, messages []protocol.Envelope, fault *protocol.Fault) {
	r := reader{rest: data, limits: limits.orDefault()}
	if version := r.byte(); r.fault == nil && version != Version {
		r.fail(protocol.BadMessage, "the frame is of another version")
	}
	connectionID = string(r.text(r.limits.NameBytes, "connection id"))
	messages = dst
	for r.fault == nil && len(r.rest) > 0 {
		if len(messages)-len(dst) == r.limits.Messages {
			r.fail(protocol.BadMessage, "the frame has too many messages")
			break
		}
		messages = append(messages, r.message())
	}
	if r.fault != nil {
		clear(messages[len(dst):])
		return "", dst, r.fault
	}
	return connectionID, messages, nil
}

// reader takes a frame apart from the front. After the first fault it takes nothing more.
type reader struct {
	rest   []byte
	limits Limits
	fault  *protocol.Fault
}

func (r *reader) fail(code protocol.Code, message string) {
	if r.fault == nil {
		r.fault = protocol.NewFault(code, message)
	}
	r.rest = nil
}

func (r *reader) message() protocol.Envelope {
	return protocol.Envelope{
		Op:   protocol.Op(r.number(math.MaxUint32, "op")),
		ID:   r.number(protocol.MaxID, "id"),
		Ref:  r.number(protocol.MaxID, "ref"),
		Peer: uint32(r.number(math.MaxUint32, "peer")),
		Name: string(r.text(r.limits.NameBytes, "name")),
		Head: r.text(r.limits.HeadBytes, "head"),
		Body: r.body(),
	}
}

func (r *reader) body() protocol.Body {
	switch protocol.BodyKind(r.byte()) {
	case protocol.BodyNone:
		return protocol.Body{}
	case protocol.BodyText:
		return protocol.TextBody(r.text(r.limits.BodyBytes, "body"))
	case protocol.BodyBinary:
		return protocol.BinaryBody(r.bytes(r.limits.BodyBytes, "body"))
	}
	r.fail(protocol.BadMessage, "a body is of an unknown kind")
	return protocol.Body{}
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail(protocol.BadMessage, "the frame ends too early")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// number reads a uvarint in its shortest form.
func (r *reader) number(limit uint64, field string) uint64 {
	v, n := readNumber(r.rest)
	switch {
	case n == 0:
		r.fail(protocol.BadMessage, "the frame ends too early")
		return 0
	case n < 0 || n > 1 && r.rest[n-1] == 0:
		r.fail(protocol.BadMessage, field+" is not a number in its shortest form")
		return 0
	case v > limit:
		r.fail(protocol.BadMessage, field+" is a number out of range")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes(limit int, field string) []byte {
	n := r.number(math.MaxUint64, "length of "+field)
	switch {
	case r.fault != nil:
		return nil
	case n > uint64(limit):
		r.fail(protocol.TooLarge, field+" is too large")
		return nil
	case n > uint64(len(r.rest)):
		r.fail(protocol.BadMessage, "the frame ends too early")
		return nil
	}
	// The capacity ends with the part, so that appending to it cannot write over what follows.
	part := r.rest[:n:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) text(limit int, field string) []byte {
	text := r.bytes(limit, field)
	if !utf8.Valid(text) {
		r.fail(protocol.BadMessage, field+" is not UTF-8")
		return nil
	}
	return text
}
