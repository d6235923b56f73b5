package jsontext

// MaxDepth bounds how deep objects and arrays may be nested.
const MaxDepth = 64

// MaxNumberBytes bounds the digits of one number. A float64 needs 25; the rest is for people who write zeros.
const MaxNumberBytes = 400

const tooDeep = "nested more than 64 deep"

// ValueKind says what a JSON value is.
type ValueKind uint8

// The kinds of value.
const (
	// KindInvalid: there is no value.
	KindInvalid ValueKind = iota
	KindObject
	KindArray
	KindString
	KindNumber
	KindBool
	KindNull
)

// Reader reads one JSON text from front to back and checks all that it passes. The caller asks for the Kind of
// the value ahead and then takes it with Object, Array, Str, Value or Skip. The first error stays: from then on
// every method returns a zero value at once, so that a caller may look at Err at the end.
type Reader struct {
	text  []byte
	pos   int
	depth int
	err   *Error
	// names are those of the members seen so far of all open objects, the innermost last.
	names names
}

// NewReader returns a Reader of the text. The text must not change while it is read.
func NewReader(text []byte) *Reader {
	r := new(Reader)
	r.Reset(text)
	return r
}

// Reset makes r read another text from its beginning.
func (r *Reader) Reset(text []byte) {
	*r = Reader{text: text}
}

// Err returns the first error, or nil.
func (r *Reader) Err() *Error { return r.err }

// Fail makes the Reader fail at the present place, unless it has failed already.
func (r *Reader) Fail(reason Reason, want string) {
	if r.err == nil {
		r.err = &Error{Offset: r.pos, Reason: reason, Want: want}
	}
}

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.pos }

// failAt fails at offset i; it returns the -1 that stands for "no offset".
func (r *Reader) failAt(i int, reason Reason, want string) int {
	if r.err == nil {
		r.pos = i
		r.Fail(reason, want)
	}
	return -1
}

// End fails unless nothing but white space is left.
func (r *Reader) End() *Error {
	r.pos = gap(r.text, r.pos)
	if r.pos < len(r.text) {
		r.Fail(Malformed, "want the end of the text")
	}
	return r.err
}

// Kind returns the kind of the value ahead, as its first byte tells it.
func (r *Reader) Kind() ValueKind {
	if r.err != nil {
		return KindInvalid
	}
	r.pos = gap(r.text, r.pos)
	return kinds[peek(r.text, r.pos)]
}

// kinds holds the kind of value that a byte begins.
var kinds = [256]ValueKind{
	'{': KindObject, '[': KindArray, '"': KindString, 't': KindBool, 'f': KindBool, 'n': KindNull, '-': KindNumber,
	'0': KindNumber, '1': KindNumber, '2': KindNumber, '3': KindNumber, '4': KindNumber,
	'5': KindNumber, '6': KindNumber, '7': KindNumber, '8': KindNumber, '9': KindNumber,
}

// Object enters an object; the Scope steps through its members.
func (r *Reader) Object() Scope { return r.enter('{', '}', "want an object") }

// Array enters an array; the Scope steps through its elements.
func (r *Reader) Array() Scope { return r.enter('[', ']', "want an array") }

// Value takes the value ahead, whatever it is, and returns its text without white space around it.
func (r *Reader) Value() []byte {
	if r.err != nil {
		return nil
	}
	start := gap(r.text, r.pos)
	end := r.skip(start)
	if end < 0 {
		return nil
	}
	r.pos = end
	return r.text[start:end:end]
}

// Str takes the string ahead and returns it unescaped.
func (r *Reader) Str() string {
	if r.Kind() != KindString {
		r.Fail(WrongKind, "want a string")
		return ""
	}
	end, escaped := r.str(r.pos)
	if end < 0 {
		return ""
	}
	inner := r.text[r.pos+1 : end-1]
	r.pos = end
	if escaped {
		return string(unescape(make([]byte, 0, len(inner)), inner))
	}
	return string(inner)
}

// Skip takes the value ahead, whatever it is.
func (r *Reader) Skip() {
	if r.err != nil {
		return
	}
	if end := r.skip(r.pos); end >= 0 {
		r.pos = end
	}
}

func (r *Reader) enter(open, end byte, want string) Scope {
	if r.Kind(); peek(r.text, r.pos) != open {
		r.Fail(WrongKind, want)
	}
	if r.depth >= MaxDepth {
		r.Fail(TooDeep, tooDeep)
	}
	if r.err == nil {
		r.pos++
		r.depth++
	}
	return Scope{r: r, end: end, seen: seen{base: r.names.count}}
}
