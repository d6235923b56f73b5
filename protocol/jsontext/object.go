package jsontext

import "slices"

// fewMembers is how many members an Object may have before it keeps an index of their names.
const fewMembers = 8

// Object is a JSON object as a list of members in order, whose values stay texts. It is for values that change
// often and in small parts: a change costs what the change is long, not what the object is long, but for removals,
// each of which may let the Object tidy up. The zero value is an empty object.
//
// It owns its bytes: what goes in is copied. It is not for concurrent use.
type Object struct {
	members []member
	index   map[string]int // of all members, once there are more than fewMembers
	live    int            // members that are not dead
	size    int            // bytes of the live members' keys and values
}

// member is one member of an Object. Where value is nil it is dead: it was removed, and its place is
// kept for a member of that name to come back to until the Object tidies up.
type member struct {
	name  string
	key   string // the name as it is written, with quotes and colon
	value []byte
	// leaving: the change that is being applied removes it first.
	leaving bool
}

// ParseObject reads an object. Every bound and refusal of this package applies.
func ParseObject(text []byte) (*Object, error) {
	o := new(Object)
	text = slices.Clone(text)
	r := NewReader(text)
	for s := r.Object(); s.Next(); {
		if value := r.Value(); r.err == nil {
			o.add(s.Name, value)
		}
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	// The values lie in one copy of the text; white space between them must not stay in memory with them.
	if len(text) > 2*o.Size()+64 {
		for i := range o.members {
			o.members[i].value = store(nil, o.members[i].value)
		}
	}
	return o, nil
}

// Len returns the number of members.
func (o *Object) Len() int { return o.live }

// Size returns how many bytes Append adds.
func (o *Object) Size() int { return sizeOf(o.size, o.live) }

// sizeOf adds the braces, and a comma between every two members.
func sizeOf(members, count int) int { return members + 2 + max(0, count-1) }

// Append appends the object's text.
func (o *Object) Append(dst []byte) []byte {
	dst = append(slices.Grow(dst, o.Size()), '{')
	first := true
	for i := range o.members {
		m := &o.members[i]
		if m.value == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, m.key...), m.value...)
	}
	return append(dst, '}')
}

// Get returns the text of a member's value, and whether there is one. It is valid until the next change and
// must not be changed.
func (o *Object) Get(name string) (value []byte, ok bool) {
	i := o.find(name)
	if i < 0 || o.members[i].value == nil {
		return nil, false
	}
	return o.members[i].value, true
}

// Having returns those of the names that the object has.
func (o *Object) Having(names []string) []string { return o.those(names, true) }

// Lacking returns those of the names that the object does not have.
func (o *Object) Lacking(names []string) []string { return o.those(names, false) }

func (o *Object) those(names []string, wanted bool) (list []string) {
	for _, name := range names {
		if _, has := o.Get(name); has == wanted {
			list = append(list, name)
		}
	}
	return list
}

// Outgrows reports whether merging the text would leave more than limit members. Members that the same change removes make
// no room for others. Only an object near the limit pays for the counting; an error in the text is for the merge to find.
func (o *Object) Outgrows(text []byte, limit int) bool {
	const shortest = len(`"":0,`)
	n := o.Len()
	if n+len(text)/shortest < limit {
		return false
	}
	_ = Members(text, func(name string, _ []byte) error {
		if _, has := o.Get(name); !has {
			n++
		}
		return nil
	})
	return n > limit
}

// Names calls yield for each member in order, as range does, until it returns false.
func (o *Object) Names(yield func(name string) bool) {
	for i := range o.members {
		if o.members[i].value != nil && !yield(o.members[i].name) {
			return
		}
	}
}

// find returns the place of a member, dead or alive, or -1. It is called from many places, and large.
//
//go:noinline
func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].name == name {
			return i
		}
	}
	return -1
}

// findNear is find with a guess: whoever changes many members does it in their order most of the time.
func (o *Object) findNear(name []byte, guess int) int {
	if guess < len(o.members) && o.members[guess].name == string(name) {
		return guess
	}
	return o.find(string(name))
}

// add appends a member whose name is new. It keeps the value.
func (o *Object) add(plain, value []byte) {
	var short [64]byte
	key := string(append(AppendString(short[:0], string(plain)), ':'))
	name := key[1 : len(key)-2]
	if name != string(plain) {
		name = string(plain) // something was escaped: one string cannot serve as both
	}
	o.members = append(o.members, member{name: name, key: key, value: value})
	o.live++
	o.size += len(key) + len(value)
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) > fewMembers:
		o.reindex()
	}
}

// set gives member i a value, which is copied.
func (o *Object) set(i int, value []byte) {
	m := &o.members[i]
	if m.value == nil {
		o.live++
		o.size += len(m.key)
	}
	o.size += len(value) - len(m.value)
	m.value = store(m.value, value)
}

// kill removes member i.
func (o *Object) kill(i int) {
	m := &o.members[i]
	o.live--
	o.size -= len(m.key) + len(m.value)
	m.value = nil
}

// store returns a copy of value, in the memory of old where that is not much too large: a member that once was
// large must not keep that memory.
func store(old, value []byte) []byte {
	if cap(old) >= len(value) && cap(old) <= 4*len(value)+64 {
		return append(old[:0], value...)
	}
	return append(make([]byte, 0, len(value)), value...)
}

// tidy drops dead members once they are the greater part, so that their cost is spread over their removals.
func (o *Object) tidy() {
	if len(o.members) <= 2*o.live+fewMembers {
		return
	}
	o.members = slices.DeleteFunc(o.members, func(m member) bool { return m.value == nil })
	o.index = nil
	if len(o.members) > fewMembers {
		o.reindex()
	}
}

func (o *Object) reindex() {
	o.index = make(map[string]int, 2*len(o.members))
	for i := range o.members {
		o.index[o.members[i].name] = i
	}
}
