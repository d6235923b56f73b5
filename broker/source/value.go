package source

import (
	"strconv"
	"strings"
)

// Kind says what a value is.
type Kind uint8

// The kinds of value. A number keeps the text that it was written with.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Mapping
)

// String names the kind as messages do.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// Value is one value of a file, with its place. The zero Value is nothing, nowhere.
type Value struct {
	file string
	path string
	node *node
}

// node is a value as the parsers give it.
type node struct {
	kind         Kind
	text         string
	line, column int
	// keys are the names of a mapping's members; items are its values, or those of a list.
	keys  []*node
	items []*node
}

// Member is one member of a mapping.
type Member struct {
	Name  string
	Value Value
}

// Kind says what the value is.
func (v Value) Kind() Kind {
	if v.node == nil {
		return Null
	}
	return v.node.kind
}

// File is the name of the file that the value is in.
func (v Value) File() string { return v.file }

// Text is the text of a scalar: of a text what it says, of a number how it was written.
func (v Value) Text() string {
	if v.node == nil {
		return ""
	}
	return v.node.text
}

// Items are the values of a list, in order.
func (v Value) Items() []Value {
	if v.Kind() != List {
		return nil
	}
	items := make([]Value, len(v.node.items))
	for i, n := range v.node.items {
		items[i] = Value{v.file, v.path + "[" + strconv.Itoa(i) + "]", n}
	}
	return items
}

// Members are the members of a mapping, in order.
func (v Value) Members() []Member {
	if v.Kind() != Mapping {
		return nil
	}
	members := make([]Member, len(v.node.items))
	for i, n := range v.node.items {
		name := v.node.keys[i].text
		members[i] = Member{name, Value{v.file, join(v.path, name), n}}
	}
	return members
}

// Member returns the mapping's member of that name; ok is false where there is none.
func (v Value) Member(name string) (member Value, ok bool) {
	for _, m := range v.Members() {
		if m.Name == name {
			return m.Value, true
		}
	}
	return Value{}, false
}

// Find returns the value at a path such as "frame.sandbox[2]" below v, or as much of the way there as exists.
func (v Value) Find(path string) Value {
	for path != "" {
		step, rest := cutStep(path)
		next, ok := v.step(step)
		if !ok {
			return v
		}
		v, path = next, rest
	}
	return v
}

// At returns the value at a path below v; ok is false where there is none.
func (v Value) At(path string) (found Value, ok bool) {
	found = v.Find(path)
	return found, found.node != nil && found.path == join(v.path, path)
}

// Without returns the value without the members, at any depth of mappings, whose path below v drop names.
func (v Value) Without(drop func(path string) bool) Value {
	v.node = without(v.node, "", drop)
	return v
}

func without(n *node, path string, drop func(path string) bool) *node {
	if n == nil || n.kind != Mapping {
		return n
	}
	kept := *n
	kept.keys, kept.items = nil, nil
	for i, key := range n.keys {
		if below := join(path, key.text); !drop(below) {
			kept.keys = append(kept.keys, key)
			kept.items = append(kept.items, without(n.items[i], below, drop))
		}
	}
	return &kept
}

// cutStep takes the first member name or "[index]" off a path.
func cutStep(path string) (step, rest string) {
	end := len(path)
	if i := strings.IndexAny(path[1:], ".["); i >= 0 {
		end = i + 1
	}
	return path[:end], strings.TrimPrefix(path[end:], ".")
}

func (v Value) step(step string) (Value, bool) {
	index, ok := strings.CutPrefix(step, "[")
	if !ok {
		return v.Member(step)
	}
	i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
	items := v.Items()
	if err != nil || i < 0 || i >= len(items) {
		return Value{}, false
	}
	return items[i], true
}

// Fault returns an error at the place of this value.
func (v Value) Fault(message, fix string) *Error {
	e := &Error{File: v.file, Field: v.path, Message: message, Fix: fix}
	if v.node != nil {
		e.Line, e.Column = v.node.line, v.node.column
	}
	return e
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
