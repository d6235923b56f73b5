package jsontext

// fewChanges is how many changes are collected without allocating.
const fewChanges = 24

// change is what becomes of one member of an Object; a value of nil removes it.
type change struct {
	place int    // of the member, dead or alive, or -1
	name  string // where the place is -1
	value []byte
}

// Set replaces a member's value, or adds the member at the end.
func (o *Object) Set(name string, value []byte) error {
	value, err := checked(value, 1)
	if err != nil {
		return err
	}
	return o.apply([]change{{o.find(name), name, value}}, nil, 0)
}

// Delete removes a member and reports whether there was one.
func (o *Object) Delete(name string) bool {
	_, ok := o.Get(name)
	if ok {
		o.kill(o.find(name))
		o.tidy()
	}
	return ok
}

// Merge removes members by name, then sets the members of delta, an object: those that the Object has keep their
// place, new ones come at the end. It does all of that or, with an error, nothing. If maxSize is 0, the Size is not
// bounded; else a change that ends above it is refused with TooLarge.
func (o *Object) Merge(delta []byte, remove []string, maxSize int) error {
	var few [fewChanges]change
	set, next := few[:0], 0
	r := NewReader(delta)
	for s := r.Object(); s.Next(); {
		c := change{place: o.findNear(s.Name, next), value: r.Value()}
		if next = c.place + 1; c.place < 0 {
			c.name = string(s.Name)
		}
		set = append(set, c)
	}
	if err := r.End(); err != nil {
		return err
	}
	return o.apply(set, remove, maxSize)
}

// Patch removes paths, then sets paths in order, path i to element i of the array values; see RemovePath and
// SetPath. Where set is empty, values may be empty too. Like Merge it does all or nothing. Its time grows with the
// lengths of the patch and of the members that it touches, however many paths touch them.
func (o *Object) Patch(set [][]string, values []byte, remove [][]string, maxSize int) error {
	var root edit
	for _, path := range remove {
		if err := root.remove(path); err != nil {
			return err
		}
	}
	if len(set) > 0 || len(values) > 0 {
		if err := root.setAll(set, values); err != nil {
			return err
		}
	}
	changes := make([]change, 0, len(root.below))
	for _, e := range root.below {
		value, err := o.edited(e)
		if err != nil {
			return err
		}
		changes = append(changes, change{o.find(e.name), e.name, value})
	}
	return o.apply(changes, nil, maxSize)
}

// setAll adds the setting of each path to the element of the array at the same place.
func (e *edit) setAll(set [][]string, values []byte) error {
	n := 0
	err := Elements(values, func(i int, value []byte) error {
		n++
		if i >= len(set) {
			return &Error{Reason: WrongKind, Want: "want one value for each path"}
		}
		return e.set(set[i], value, 0)
	})
	if err == nil && n != len(set) {
		return &Error{Offset: len(values), Reason: WrongKind, Want: "want one value for each path"}
	}
	return err
}

// edited returns what the edit makes of the member of its name; nil where that is nothing.
func (o *Object) edited(e *edit) ([]byte, error) {
	old, ok := o.Get(e.name)
	r := NewReader(old)
	var value []byte
	// An edit that needs nothing of the old value does not read it.
	if !ok || e.before == nil && (e.value != nil || e.removed) {
		value = e.create(r, nil)
	} else {
		value = e.rewrite(r, make([]byte, 0, len(old)+64))
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(value) == 0 {
		return nil, nil
	}
	return value, nil
}

// apply makes the changes, removals by name first, or refuses them all. No two changes have one name.
func (o *Object) apply(set []change, remove []string, maxSize int) error {
	size, live := o.size, o.live
	for _, name := range remove {
		if i := o.find(name); i >= 0 {
			if m := &o.members[i]; m.value != nil && !m.leaving {
				m.leaving = true
				size -= len(m.key) + len(m.value)
				live--
			}
		}
	}
	for i := range set {
		grow, count := o.growth(&set[i])
		size += grow
		live += count
	}
	fits := maxSize == 0 || sizeOf(size, live) <= maxSize
	for _, name := range remove {
		if i := o.find(name); i >= 0 && o.members[i].leaving {
			o.members[i].leaving = false
			if fits {
				o.kill(i)
			}
		}
	}
	if !fits {
		return &Error{Reason: TooLarge, Want: "the object would be too large"}
	}
	for i := range set {
		o.put(&set[i])
	}
	o.tidy()
	return nil
}

// growth returns what a change adds to the size of the members and to their number.
func (o *Object) growth(c *change) (size, count int) {
	if c.place < 0 {
		if c.value == nil {
			return 0, 0
		}
		return keyBytes(c.name) + len(c.value), 1
	}
	m := &o.members[c.place]
	if m.value != nil && !m.leaving {
		size, count = -len(m.key)-len(m.value), -1
	}
	if c.value != nil {
		size, count = size+len(m.key)+len(c.value), count+1
	}
	return size, count
}

func (o *Object) put(c *change) {
	switch {
	case c.place < 0 && c.value != nil:
		o.add([]byte(c.name), store(nil, c.value))
	case c.place < 0:
	case c.value != nil:
		o.set(c.place, c.value)
	case o.members[c.place].value != nil:
		o.kill(c.place)
	}
}

// keyBytes is the length of a member's name as it is written, with quotes and colon.
func keyBytes(name string) int {
	var quoted [64]byte
	return len(AppendString(quoted[:0], name)) + 1
}
