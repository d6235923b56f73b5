package schema

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// look checks what one reading of the value tells: its type, and the rules of that type.
func (c *checker) look(n *node) *Error {
	if n.never {
		c.r.Skip()
		return c.fail("expected no value here")
	}
	switch c.r.Kind() {
	case jsontext.KindObject:
		if n.allows(typeObject) {
			return c.object(n.object)
		}
	case jsontext.KindArray:
		if n.allows(typeArray) {
			return c.array(n.array)
		}
	case jsontext.KindString:
		if n.allows(typeString) {
			return c.string(n.text)
		}
	case jsontext.KindNumber:
		return c.number(n)
	case jsontext.KindBool:
		if n.allows(typeBool) {
			c.r.Skip()
			return nil
		}
	case jsontext.KindNull:
		if n.allows(typeNull) {
			c.r.Skip()
			return nil
		}
	}
	c.r.Skip()
	return c.fail(n.types.expectation())
}

func (n *node) allows(t typeSet) bool { return n.types == 0 || n.types&t != 0 }

func (c *checker) object(o *objectRules) *Error {
	if o == nil {
		c.r.Skip()
		return nil
	}
	c.r.Kind() // goes to the first byte of the value
	start, missing := c.r.Offset(), len(o.required)
	for s := c.r.Object(); s.Next(); {
		m := o.members[string(s.Name)]
		if m.required {
			missing--
		}
		n := m.node
		if n == nil {
			n = o.rest
		}
		c.path = append(c.path, step{name: s.Name})
		if err := c.check(n); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	if missing == 0 || c.r.Err() != nil {
		return nil
	}
	return c.fail("expected the member " + jsontext.Quote(o.firstMissing(c.text[start:])))
}

// firstMissing returns the first required name that the object at the beginning of text does not have.
func (o *objectRules) firstMissing(text []byte) string {
	names := make(map[string]struct{})
	r := jsontext.NewReader(text)
	for s := r.Object(); s.Next(); r.Skip() {
		names[string(s.Name)] = struct{}{}
	}
	for _, name := range o.required {
		if _, ok := names[name]; !ok {
			return name
		}
	}
	return ""
}

func (c *checker) array(a *arrayRules) *Error {
	if a == nil {
		c.r.Skip()
		return nil
	}
	var seen map[string]struct{}
	if a.unique {
		seen = make(map[string]struct{})
	}
	i := 0
	for s := c.r.Array(); s.Next(); i++ {
		n := a.items
		if i < len(a.prefix) {
			n = a.prefix[i]
		}
		c.path = append(c.path, step{index: i})
		if err := c.element(n, seen); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	if c.r.Err() == nil && !a.length.hold(i) {
		return c.fail("expected " + a.length.expectation("elements"))
	}
	return nil
}

// element checks one element, and that it is new where seen is not nil.
func (c *checker) element(n *node, seen map[string]struct{}) *Error {
	if seen == nil {
		return c.check(n)
	}
	text := c.r.Value()
	if c.r.Err() != nil {
		return nil
	}
	err := c.again(text, func() *Error {
		value := string(appendCanonical(nil, c.r))
		if _, twice := seen[value]; twice {
			return c.fail("expected an element that was not there before")
		}
		seen[value] = struct{}{}
		return nil
	})
	if err != nil {
		return err
	}
	return c.again(text, func() *Error { return c.check(n) })
}

func (c *checker) string(t *textRules) *Error {
	if t == nil {
		c.r.Skip()
		return nil
	}
	if s := c.r.Str(); c.r.Err() == nil && !t.length.hold(utf8.RuneCountInString(s)) {
		return c.fail("expected " + t.length.expectation("characters"))
	}
	return nil
}

func (c *checker) number(n *node) *Error {
	if n.types == 0 && n.number == nil {
		c.r.Skip()
		return nil
	}
	text := c.r.Value()
	if c.r.Err() != nil {
		return nil
	}
	f, ok := float(text)
	switch {
	case !n.allows(typeNumber | typeInteger):
		return c.fail(n.types.expectation())
	case !ok:
		return c.fail("expected a number in the range of a double")
	case !n.allows(typeNumber) && f != math.Trunc(f):
		return c.fail(n.types.expectation())
	case n.number == nil:
		return nil
	}
	return c.between(n.number, f)
}

func (c *checker) between(n *numberRules, f float64) *Error {
	switch {
	case n.hasMin && n.aboveMin && f <= n.min:
		return c.fail("expected a number above " + decimal(n.min))
	case n.hasMin && f < n.min:
		return c.fail("expected a number of at least " + decimal(n.min))
	case n.hasMax && n.belowMax && f >= n.max:
		return c.fail("expected a number below " + decimal(n.max))
	case n.hasMax && f > n.max:
		return c.fail("expected a number of at most " + decimal(n.max))
	}
	return nil
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// expectation says in words what the bounds ask for.
func (b bounds) expectation(of string) string {
	least := "at least " + strconv.Itoa(b.min)
	most := "at most " + strconv.Itoa(b.max)
	switch {
	case !b.hasMax:
		return least + " " + of
	case b.min == 0:
		return most + " " + of
	}
	return least + " and " + most + " " + of
}
