package schema

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// compiler reads one schema. The first error stays.
type compiler struct {
	r     *jsontext.Reader
	path  []byte
	nodes int
	depth int
	err   *Error
}

//go:noinline
func (c *compiler) fail(problem string) {
	if c.err == nil {
		c.err = &Error{Path: clip(c.path), Problem: problem}
	}
}

// ok reports whether reading may go on.
func (c *compiler) ok() bool { return c.err == nil && c.r.Err() == nil }

// count notes one more schema or value.
func (c *compiler) count() {
	if c.nodes++; c.nodes > MaxNodes {
		c.fail("more than " + strconv.Itoa(MaxNodes) + " schemas and values")
	}
}

// enter notes one more schema; each enter has its leave.
func (c *compiler) enter() {
	c.count()
	if c.depth++; c.depth > MaxDepth {
		c.fail("schemas nested more than " + strconv.Itoa(MaxDepth) + " deep")
	}
}

func (c *compiler) leave() { c.depth-- }

// schema reads the JSON Schema ahead.
func (c *compiler) schema() *node {
	c.enter()
	defer c.leave()
	n := &node{}
	switch c.r.Kind() {
	case jsontext.KindBool:
		n.never = string(c.r.Value()) == "false"
	case jsontext.KindObject:
		c.members(func(name string) { c.keyword(n, name) })
	case jsontext.KindInvalid:
		c.r.Skip()
	default:
		c.fail("a schema is an object or a boolean")
	}
	return n
}

// members calls f for each member of the object ahead, with the path set to it; f takes the value.
func (c *compiler) members(f func(name string)) {
	if !c.is(jsontext.KindObject, "want an object") {
		return
	}
	base := len(c.path)
	for s := c.r.Object(); c.ok() && s.Next(); {
		name := string(s.Name)
		c.path = appendStep(c.path, name)
		f(name)
		c.path = c.path[:base]
	}
}

// elements calls f for each element of the array ahead, with the path set to it; f takes the value.
func (c *compiler) elements(f func()) {
	if !c.is(jsontext.KindArray, "want an array") {
		return
	}
	base, i := len(c.path), 0
	for s := c.r.Array(); c.ok() && s.Next(); i++ {
		c.path = append(append(c.path, '/'), strconv.Itoa(i)...)
		f()
		c.path = c.path[:base]
	}
}

// is fails unless a value of that kind is ahead.
func (c *compiler) is(kind jsontext.ValueKind, want string) bool {
	switch c.r.Kind() {
	case kind:
		return c.ok()
	case jsontext.KindInvalid:
		c.r.Skip()
	default:
		c.fail(want)
	}
	return false
}
