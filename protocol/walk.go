package protocol

import "github.com/crossframe/crossframe/protocol/jsontext"

// payload is a payload struct as the codecs see it; codec.gen.go implements it.
type payload interface {
	// walk names the members in order, each by the method of w for its type.
	walk(w *walker)
}

// presence says whether a member is written where its value is empty.
type presence bool

const (
	always   presence = false
	optional presence = true
)

// walker goes over the members of a payload struct. One walk both writes and reads, so that of the
// generated code, which is most of what a codec adds to the hub's size, there is half as much.
type walker struct {
	// dst is what has been written.
	dst []byte
	// d reads, where it is not nil: the value ahead of it belongs to the member called name, if there is one.
	d     *decoder
	name  []byte
	taken bool
}

// encode appends v as a JSON object.
//
//go:noinline
func encode(dst []byte, v payload) []byte {
	w := walker{dst: dst}
	w.objectValue(v)
	return w.dst
}

// at reports whether the member of that name has its turn: to be written, behind its key, or to be read.
func (w *walker) at(name string, p presence, empty bool) bool {
	if w.d != nil {
		if w.taken || string(w.name) != name {
			return false
		}
		w.taken = true
		return true
	}
	if empty && p == optional {
		return false
	}
	// Nothing but an object that has just been opened ends in a brace that opens.
	if w.dst[len(w.dst)-1] != '{' {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, name...)
	w.dst = append(w.dst, '"', ':')
	return true
}

func (w *walker) string(name string, p presence, s *string) {
	if w.at(name, p, *s == "") {
		w.stringValue(s)
	}
}

func (w *walker) stringValue(s *string) {
	if w.d != nil {
		*s = w.d.Str()
		return
	}
	w.dst = jsontext.AppendString(w.dst, *s)
}

func (w *walker) int(name string, p presence, n *int64) {
	if w.at(name, p, *n == 0) {
		w.intValue(n)
	}
}

func (w *walker) intValue(n *int64) {
	if w.d != nil {
		*n = w.d.Int()
		return
	}
	w.dst = jsontext.AppendInt(w.dst, *n)
}

func (w *walker) bool(name string, p presence, b *bool) {
	switch {
	case !w.at(name, p, !*b):
	case w.d != nil:
		*b = w.d.Bool()
	default:
		w.dst = jsontext.AppendBool(w.dst, *b)
	}
}

// raw leaves out what is not JSON, so that no struct can become a text that is not. What it reads is copied: the
// text belongs to the caller.
func (w *walker) raw(name string, p presence, raw *Raw) {
	switch {
	case !w.at(name, p, len(*raw) == 0 || jsontext.Check(*raw) != nil):
	case w.d != nil:
		*raw = append(Raw(nil), w.d.Value()...)
	default:
		w.dst = append(w.dst, *raw...)
	}
}

// object leaves out an optional object that has no members.
func (w *walker) object(name string, p presence, v payload) {
	before := len(w.dst)
	if !w.at(name, p, false) {
		return
	}
	w.objectValue(v)
	if n := len(w.dst); p == optional && w.d == nil && w.dst[n-2] == '{' {
		w.dst = w.dst[:before]
	}
}

func (w *walker) objectValue(v payload) {
	if w.d != nil {
		w.d.object(v)
		return
	}
	w.dst = append(w.dst, '{')
	v.walk(w)
	w.dst = append(w.dst, '}')
}

// pointer leaves out nil, and nothing else: an empty struct may mean something.
func pointer[T any, P interface {
	*T
	payload
}](w *walker, name string, p presence, v **T) {
	if !w.at(name, p, *v == nil) {
		return
	}
	if w.d != nil {
		*v = new(T)
	}
	w.objectValue(P(*v))
}

func (w *walker) strings(name string, p presence, v *[]string) {
	if w.at(name, p, len(*v) == 0) {
		w.stringsValue(v)
	}
}

func (w *walker) stringsValue(v *[]string) { list(w, v, (*walker).stringValue) }

func (w *walker) paths(name string, p presence, v *[][]string) {
	if w.at(name, p, len(*v) == 0) {
		list(w, v, (*walker).stringsValue)
	}
}

func (w *walker) ints(name string, p presence, v *[]int64) {
	if w.at(name, p, len(*v) == 0) {
		list(w, v, (*walker).intValue)
	}
}

func structs[T any, P interface {
	*T
	payload
}](w *walker, name string, p presence, v *[]T) {
	if w.at(name, p, len(*v) == 0) {
		list(w, v, func(w *walker, element *T) { w.objectValue(P(element)) })
	}
}

func list[T any](w *walker, v *[]T, element func(w *walker, element *T)) {
	w.elements(len(*v), func(i int) {
		if i == len(*v) {
			*v = append(*v, *new(T))
		}
		element(w, &(*v)[i])
	})
}

// elements writes an array of n elements, or reads one of any number.
func (w *walker) elements(n int, element func(i int)) {
	if w.d != nil {
		w.d.elements(element)
		return
	}
	w.dst = append(w.dst, '[')
	for i := range n {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		element(i)
	}
	w.dst = append(w.dst, ']')
}
