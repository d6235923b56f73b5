package jsontext

// edit is what a patch does to one value: a tree along the patch's paths. Collecting the paths first and
// then going through the value once keeps a patch of many paths from costing a pass for each of them.
type edit struct {
	// value replaces what was there, before the edits below apply. Removed does the same with nothing.
	value   []byte
	removed bool
	// creates: something is set here or below, so that a member comes to be where there is none.
	creates bool
	// before is an edit that this one replaces. It has no effect, but it may have an error.
	before *edit
	below  []*edit
	name   string
	index  map[string]*edit // of below, once there are more than fewMembers
	done   bool
}

// remove adds the removal of a path.
func (e *edit) remove(path []string) error {
	if len(path) == 0 {
		return errEmptyPath()
	}
	for _, name := range path {
		if e.removed {
			return nil
		}
		e = e.at(name)
	}
	e.removed, e.below, e.index = true, nil, nil
	return nil
}

// set adds the setting of a path, which lies depth objects deep. The value is checked and not copied.
func (e *edit) set(path []string, value []byte, depth int) error {
	if len(path) == 0 {
		return errEmptyPath()
	}
	value, err := checked(value, depth+len(path))
	if err != nil {
		return err
	}
	for _, name := range path {
		e.creates = true
		e = e.at(name)
	}
	if err := e.replace(); err != nil {
		return err
	}
	e.value, e.removed, e.creates = value, false, true
	return nil
}

// replace gives up what was set here or below, after it has shown its errors: at once where it is known what it
// applied to, else in rewrite.
func (e *edit) replace() error {
	switch {
	case !e.creates:
	case e.value != nil || e.removed:
		r := NewReader(nil)
		e.fresh(r, nil)
		if r.err != nil {
			return r.err
		}
	default:
		replaced := *e
		e.before = &replaced
	}
	e.below, e.index = nil, nil
	return nil
}

// at returns the edit of a member, which it adds where it is missing.
func (e *edit) at(name string) *edit {
	if e.index == nil && len(e.below) > fewMembers {
		e.index = make(map[string]*edit, 2*len(e.below))
		for _, b := range e.below {
			e.index[b.name] = b
		}
	}
	if b := e.lookup([]byte(name)); b != nil {
		return b
	}
	b := &edit{name: name}
	e.below = append(e.below, b)
	if e.index != nil {
		e.index[name] = b
	}
	return b
}

func (e *edit) lookup(name []byte) *edit {
	if e.index != nil {
		return e.index[string(name)]
	}
	for _, b := range e.below {
		if b.name == string(name) {
			return b
		}
	}
	return nil
}

// rewrite takes the value ahead of r and appends what the edit makes of it; nothing where it is removed.
func (e *edit) rewrite(r *Reader, dst []byte) []byte {
	if e.before != nil {
		start := *r
		e.before.rewrite(r, nil)
		if r.err != nil {
			return dst
		}
		*r = start
	}
	switch {
	case e.value != nil || e.removed:
		r.Skip()
		return e.fresh(r, dst)
	case r.Kind() == KindObject:
		return e.members(r, dst)
	case e.creates:
		r.Fail(WrongKind, "want an object on the path")
		return dst
	}
	return append(dst, r.Value()...)
}

// create is rewrite where there is no value.
func (e *edit) create(r *Reader, dst []byte) []byte {
	if e.before != nil {
		e.before.create(r, nil)
	}
	return e.fresh(r, dst)
}

// fresh appends the value that the edit makes by itself; nothing where it makes none. Errors go to r.
func (e *edit) fresh(r *Reader, dst []byte) []byte {
	if e.value == nil && !e.creates {
		return dst
	}
	text := e.value
	if text == nil {
		text = []byte("{}")
	}
	if len(e.below) == 0 {
		return append(dst, text...)
	}
	base := *e
	base.value, base.removed, base.before = nil, false, nil
	inner := NewReader(text)
	dst = base.rewrite(inner, dst)
	if inner.err != nil {
		r.Fail(inner.err.Reason, inner.err.Want)
	}
	return dst
}

// members takes the object ahead and appends it with the edits below.
func (e *edit) members(r *Reader, dst []byte) []byte {
	dst = append(dst, '{')
	empty := len(dst)
	for s := r.Object(); s.Next(); {
		before := len(dst)
		if len(dst) > empty {
			dst = append(dst, ',')
		}
		dst = append(append(dst, s.key...), ':')
		value := len(dst)
		if b := e.lookup(s.Name); b != nil {
			b.done = true
			dst = b.rewrite(r, dst)
		} else {
			dst = append(dst, r.Value()...)
		}
		if len(dst) == value {
			dst = dst[:before]
		}
	}
	for _, b := range e.below {
		if b.done || !b.creates {
			continue
		}
		if len(dst) > empty {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, b.name), ':')
		dst = b.create(r, dst)
	}
	return append(dst, '}')
}
