package jsontext

// Check returns nil where text is exactly one JSON value within the bounds of this package; else an *Error.
func Check(text []byte) error {
	r := NewReader(text)
	r.Skip()
	return r.End().orNil()
}

// Kind returns the kind of value that text begins with. It looks at the first byte behind white space only.
func Kind(text []byte) ValueKind {
	r := Reader{text: text}
	return r.Kind()
}

// Members calls f for each member of the object that text is, in order, with the name unescaped and the value's
// text without white space around it. Everything before the member has been checked then; the rest
// is checked before Members returns. It stops at the first error, its own or f's.
func Members(text []byte, f func(name string, value []byte) error) error {
	r := NewReader(text)
	for s := r.Object(); s.Next(); {
		value := r.Value()
		if r.err != nil {
			break
		}
		if err := f(string(s.Name), value); err != nil {
			return err
		}
	}
	return r.End().orNil()
}

// Elements calls f for each element of the array that text is; see Members.
func Elements(text []byte, f func(i int, value []byte) error) error {
	r := NewReader(text)
	i := 0
	for s := r.Array(); s.Next(); i++ {
		value := r.Value()
		if r.err != nil {
			break
		}
		if err := f(i, value); err != nil {
			return err
		}
	}
	return r.End().orNil()
}

// orNil keeps a nil *Error from becoming an error that is not nil.
func (e *Error) orNil() error {
	if e == nil {
		return nil
	}
	return e
}
