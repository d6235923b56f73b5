package browser

import (
	"errors"
	"math"
	"slices"
	"unsafe"

	"github.com/crossframe/crossframe/protocol"
)

// The layout of what crosses between JavaScript and Go. Numbers are float64, which JavaScript reads
// and writes as a Float64Array; strings follow as UTF-8; every record ends at a multiple of eight bytes.
//
// In: the clock (milliseconds, monotonic), then records of
//
//	op  id  ref  peer  len(name)  len(head)  body kind  body size   name head
//
// The body's bytes stay in JavaScript under the record's index; its size is an upper bound in bytes.
//
// Out: records of
//
//	kind  port  op  id  ref  peer  len(name)  len(head)  body kind  body   name head body
//
// where body is the length of the bytes that follow, or -(index+1) for a body of the incoming records.
const (
	wordBytes = 8
	inWords   = 8
	outWords  = 10
)

// Kinds of outgoing records.
const (
	// outSend: a tuple for a port.
	outSend = 1
	// outAdmit: op is the form, name the connection id, head the limits.
	outAdmit = 2
	// outClose: close the port behind what was sent.
	outClose = 3
	// outPage: a message for the page.
	outPage = 4
	// outJournal: op is the kind of the journal record, name its key.
	outJournal = 5
	// outText: head is a text for a port of the form Texts.
	outText = 6
)

var errShort = errors.New("record is cut off")

func padded(n int) int { return (n + wordBytes - 1) &^ (wordBytes - 1) }

// word reads a number. Records begin at multiples of eight bytes of memory that is aligned alike.
func word(b []byte, i int) float64 { return *(*float64)(unsafe.Pointer(&b[i*wordBytes])) }

// maxBody bounds the size that a record may give its body: more than a string of JavaScript can be long, and little
// enough for an int of 32 bits.
const maxBody = math.MaxInt32

// length returns n where it is a length of at most limit.
func length(n float64, limit int) (int, bool) {
	if !(n >= 0 && n <= float64(limit)) {
		return 0, false
	}
	return int(n), true
}

// reader walks incoming records.
type reader struct {
	data   []byte
	names  names
	bodies protocol.BodySource
	index  uint32
}

// reset points the reader at the records in data.
func (r *reader) reset(data []byte) { r.data, r.index = data, 0 }

// next decodes one record. Name, head and body are valid until the reader is reset.
func (r *reader) next(e *protocol.Envelope) (more bool, err error) {
	if len(r.data) == 0 {
		return false, nil
	}
	const fixed = inWords * wordBytes
	if len(r.data) < fixed {
		return false, errShort
	}
	b := r.data
	name, ok := length(word(b, 4), len(b))
	head, ok2 := length(word(b, 5), len(b))
	size, ok3 := length(word(b, 7), maxBody)
	end := padded(fixed + name + head)
	if !ok || !ok2 || !ok3 || end > len(b) {
		return false, errShort
	}
	*e = protocol.Envelope{
		Op: protocol.Op(word(b, 0)), ID: uint64(word(b, 1)), Ref: uint64(word(b, 2)), Peer: uint32(word(b, 3)),
		Name: r.names.intern(b[fixed : fixed+name]),
		Head: b[fixed+name : fixed+name+head : fixed+name+head],
	}
	if kind := protocol.BodyKind(word(b, 6)); kind != protocol.BodyNone {
		e.Body = protocol.HeldBody(r.bodies, r.index, kind, size)
	}
	r.index++
	r.data = b[end:]
	return true, nil
}

// names keeps one string for each name seen lately, so that a busy name costs no allocation.
type names map[string]string

// maxNames bounds the names kept.
const maxNames = 4096

func (n *names) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := (*n)[string(b)]; ok {
		return s
	}
	if *n == nil || len(*n) >= maxNames {
		*n = make(names)
	}
	s := string(b)
	(*n)[s] = s
	return s
}

// writer collects outgoing records.
type writer struct{ data []byte }

func (w *writer) reset() { w.data = w.data[:0] }

func (w *writer) put(kind int, port uint32, e *protocol.Envelope) {
	body, inline := 0.0, []byte(nil)
	switch {
	case e.Body.Kind == protocol.BodyNone:
	case e.Body.Held():
		body = -float64(e.Body.Handle) - 1
	default:
		inline = e.Body.Bytes()
		body = float64(len(inline))
	}
	at := len(w.data)
	w.data = slices.Grow(w.data, outWords*wordBytes+padded(len(e.Name)+len(e.Head)+len(inline)))
	w.data = w.data[:at+outWords*wordBytes]
	*(*[outWords]float64)(unsafe.Pointer(&w.data[at])) = [outWords]float64{
		float64(kind), float64(port), float64(e.Op), float64(e.ID), float64(e.Ref), float64(e.Peer),
		float64(len(e.Name)), float64(len(e.Head)), float64(e.Body.Kind), body,
	}
	w.data = append(w.data, e.Name...)
	w.data = append(w.data, e.Head...)
	w.data = append(w.data, inline...)
	for (len(w.data)-at)%wordBytes != 0 {
		w.data = append(w.data, 0)
	}
}
