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
	// names are the members seen so far of all open objects, the innermost last.
	names [][]byte
	first [12][]byte
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
	r.names = r.first[:0]
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

// End fails unless nothing but white space is left.
func (r *Reader) End() *Error {
	r.space()
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
	r.space()
	return kindOf(r.peek())
}

func kindOf(c byte) ValueKind {
	switch c {
	case '{':
		return KindObject
	case '[':
		return KindArray
	case '"':
		return KindString
	case 't', 'f':
		return KindBool
	case 'n':
		return KindNull
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return KindNumber
	}
	return KindInvalid
}

// Object enters an object; the Scope steps through its members.
func (r *Reader) Object() Scope { return r.enter('{', '}', "want an object") }

// Array enters an array; the Scope steps through its elements.
func (r *Reader) Array() Scope { return r.enter('[', ']', "want an array") }

// Value takes the value ahead, whatever it is, and returns its text without white space around it.
func (r *Reader) Value() []byte {
	r.space()
	start := r.pos
	r.Skip()
	if r.err != nil {
		return nil
	}
	return r.text[start:r.pos:r.pos]
}

// Str takes the string ahead and returns it unescaped.
func (r *Reader) Str() string {
	if r.Kind() != KindString {
		r.Fail(WrongKind, "want a string")
		return ""
	}
	inner, escaped := r.quoted()
	if escaped {
		return string(unescape(make([]byte, 0, len(inner)), inner))
	}
	return string(inner)
}

// Skip takes the value ahead, whatever it is.
func (r *Reader) Skip() {
	switch r.Kind() {
	case KindObject:
		for s := r.Object(); s.Next(); {
			r.Skip()
		}
	case KindArray:
		for s := r.Array(); s.Next(); {
			r.Skip()
		}
	case KindString:
		r.quoted()
	case KindNumber:
		r.number()
	case KindBool:
		if r.peek() == 't' {
			r.literal("true")
		} else {
			r.literal("false")
		}
	case KindNull:
		r.literal("null")
	default:
		r.Fail(Malformed, "want a value")
	}
}

func (r *Reader) enter(open, end byte, want string) Scope {
	if r.Kind(); r.peek() != open {
		r.Fail(WrongKind, want)
	}
	if r.depth >= MaxDepth {
		r.Fail(TooDeep, tooDeep)
	}
	if r.err == nil {
		r.pos++
		r.depth++
	}
	return Scope{r: r, end: end, base: len(r.names)}
}

// peek returns the next byte; 0, which begins nothing, at the end.
func (r *Reader) peek() byte {
	if r.pos < len(r.text) {
		return r.text[r.pos]
	}
	return 0
}

func (r *Reader) space() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\n', '\r', '\t':
			r.pos++
		default:
			return
		}
	}
}

func (r *Reader) literal(word string) {
	if end := r.pos + len(word); end <= len(r.text) && string(r.text[r.pos:end]) == word {
		r.pos = end
		return
	}
	r.Fail(Malformed, "want "+word)
}
