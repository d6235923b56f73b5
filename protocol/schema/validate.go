package schema

import (
	"slices"
	"strconv"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Bounds of one Validate's work: how many bytes it may read again for enums, unique items and alternatives. What
// has none of them is read once.
const (
	workPerByte = 16
	minWork     = 1 << 20
)

// Validate checks a JSON text. The error is an *Error where the value does not match, and a *jsontext.Error
// where the text is not JSON, or not JSON that everybody reads alike.
func (s *Schema) Validate(text []byte) error {
	c := checker{text: text, r: jsontext.NewReader(text), work: max(minWork, workPerByte*len(text))}
	violation := c.check(s.root)
	switch {
	case c.r.Err() != nil:
		return c.r.Err()
	case c.work < 0:
		return &Error{Problem: "takes too long to check against this schema"}
	case violation != nil:
		return violation
	}
	if err := c.r.End(); err != nil {
		return err
	}
	return nil
}

// checker walks one value.
type checker struct {
	text []byte
	r    *jsontext.Reader
	path []step
	work int
}

// step is one member or element on the way to the value ahead.
type step struct {
	name  []byte
	index int
}

func (c *checker) fail(problem string) *Error {
	var path []byte
	for _, s := range c.path {
		if s.name != nil {
			path = appendStep(path, s.name)
		} else {
			path = append(append(path, '/'), strconv.Itoa(s.index)...)
		}
	}
	return &Error{Path: clip(path), Problem: problem}
}

// check takes the value ahead and returns how it does not match, or nil. After a violation the rest is unread.
func (c *checker) check(n *node) *Error {
	if n.free() {
		c.r.Skip()
		return nil
	}
	if n.plain() {
		return c.look(n)
	}
	text := c.r.Value()
	if c.r.Err() != nil {
		return nil
	}
	if err := c.again(text, func() *Error { return c.look(n) }); err != nil {
		return err
	}
	if err := c.among(n.values, text); err != nil {
		return err
	}
	return c.combine(n.logic, text)
}

// again looks at a text that has been read before. Its work is counted: alternatives inside of alternatives
// multiply.
func (c *checker) again(text []byte, look func() *Error) *Error {
	if c.work -= len(text) + 1; c.work < 0 {
		return c.fail("takes too long")
	}
	outer, outerText, depth := c.r, c.text, len(c.path)
	c.r, c.text = jsontext.NewReader(text), text
	err := look()
	c.r, c.text, c.path = outer, outerText, c.path[:depth]
	return err
}

// among checks const and enum.
func (c *checker) among(sets []map[string]struct{}, text []byte) *Error {
	if sets == nil {
		return nil
	}
	var value []byte
	err := c.again(text, func() *Error {
		value = appendCanonical(nil, c.r)
		return nil
	})
	if err != nil {
		return err
	}
	for _, set := range sets {
		if _, ok := set[string(value)]; !ok {
			return c.fail("expected one of the listed values")
		}
	}
	return nil
}

// combine checks allOf, anyOf, oneOf and not.
func (c *checker) combine(l *logicRules, text []byte) *Error {
	if l == nil {
		return nil
	}
	match := func(n *node) *Error { return c.again(text, func() *Error { return c.check(n) }) }
	for _, n := range l.allOf {
		if err := match(n); err != nil {
			return err
		}
	}
	if l.anyOf != nil && !slices.ContainsFunc(l.anyOf, func(n *node) bool { return match(n) == nil }) {
		return c.fail("expected to match one of the alternatives (anyOf)")
	}
	if l.oneOf != nil {
		matches := 0
		for _, n := range l.oneOf {
			if match(n) == nil {
				matches++
			}
		}
		if matches != 1 {
			return c.fail("expected to match exactly one of the alternatives (oneOf)")
		}
	}
	if l.not != nil && match(l.not) == nil {
		return c.fail("expected not to match the excluded schema (not)")
	}
	return nil
}
