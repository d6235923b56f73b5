package jsontext

// SetPath returns text with the value at the path replaced. Objects that are missing on the way are made;
// anything else on the way that is not an object is an error, and so is an empty path. Text and value are
// checked, and the result is within MaxDepth. Nothing is changed in place.
func SetPath(text []byte, path []string, value []byte) ([]byte, error) {
	var e edit
	if err := e.set(path, value, 0); err != nil {
		return nil, err
	}
	size := len(text) + len(value) + 1
	for _, name := range path {
		size += len(name) + len(`{"":},`)
	}
	r := NewReader(text)
	out := e.rewrite(r, make([]byte, 0, size))
	if err := r.End(); err != nil {
		return nil, err
	}
	return out, nil
}

// RemovePath returns text without the member at the path, and whether there was one. Where there is none, or
// the path runs through something other than an object, the text comes back as it is. It is checked either way.
func RemovePath(text []byte, path []string) ([]byte, bool, error) {
	var e edit
	if err := e.remove(path); err != nil {
		return nil, false, err
	}
	r := NewReader(text)
	out := e.rewrite(r, make([]byte, 0, len(text)))
	if err := r.End(); err != nil {
		return nil, false, err
	}
	leaf := &e
	for len(leaf.below) > 0 {
		leaf = leaf.below[0]
	}
	if !leaf.done {
		return text, false, nil
	}
	return out, true, nil
}

// Merge returns text, an object, with remove's members removed and then delta's members set; see Object.Merge.
func Merge(text, delta []byte, remove []string) ([]byte, error) {
	o, err := ParseObject(text)
	if err != nil {
		return nil, err
	}
	if err := o.Merge(delta, remove, 0); err != nil {
		return nil, err
	}
	return o.Append(nil), nil
}

func errEmptyPath() error {
	return &Error{Reason: WrongKind, Want: "want a path of at least one member"}
}

// checked returns the value without white space around it, where it may stand inside of depth objects.
func checked(value []byte, depth int) ([]byte, error) {
	r := NewReader(value)
	// A path may be longer than MaxDepth; then even a number is too deep.
	if r.depth = depth; depth > MaxDepth {
		r.Fail(TooDeep, tooDeep)
	}
	out := r.Value()
	return out, r.End().orNil()
}
