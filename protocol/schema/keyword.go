package schema

import "github.com/crossframe/crossframe/protocol/jsontext"

// keyword reads the value of one keyword into n.
func (c *compiler) keyword(n *node, name string) {
	switch name {
	case "title", "description", "default", "examples", "format", "deprecated", "readOnly", "writeOnly",
		"$schema", "$id", "$comment":
		c.r.Skip()
	case "type":
		n.types = c.types()
	case "enum":
		n.values = append(n.values, c.values())
	case "const":
		n.values = append(n.values, map[string]struct{}{c.value(): {}})
	case "properties", "required", "additionalProperties":
		c.objectKeyword(rules(&n.object), name)
	case "items", "prefixItems", "minItems", "maxItems", "uniqueItems":
		c.arrayKeyword(rules(&n.array), name)
	case "minLength":
		rules(&n.text).length.min = c.size()
	case "maxLength":
		l := &rules(&n.text).length
		l.max, l.hasMax = c.size(), true
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		rules(&n.number).narrow(name, c.float())
	case "anyOf", "oneOf", "allOf", "not":
		c.logicKeyword(rules(&n.logic), name)
	default:
		c.fail("this keyword is not supported")
	}
}

// rules returns what *p points to, made where there is none.
func rules[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

func (c *compiler) objectKeyword(o *objectRules, name string) {
	if o.members == nil {
		o.members = make(map[string]member)
	}
	switch name {
	case "properties":
		c.members(func(name string) {
			m := o.members[name]
			m.node = c.schema()
			o.members[name] = m
		})
	case "required":
		c.elements(func() {
			if !c.is(jsontext.KindString, "want a member name") {
				return
			}
			name := c.r.Str()
			m := o.members[name]
			if m.required {
				c.fail("the name is there twice")
			}
			m.required = true
			o.members[name] = m
			o.required = append(o.required, name)
			c.count()
		})
	case "additionalProperties":
		o.rest = c.schema()
	}
}

func (c *compiler) arrayKeyword(a *arrayRules, name string) {
	switch name {
	case "items":
		a.items = c.schema()
	case "prefixItems":
		a.prefix = c.schemas()
	case "minItems":
		a.length.min = c.size()
	case "maxItems":
		a.length.max, a.length.hasMax = c.size(), true
	case "uniqueItems":
		if c.is(jsontext.KindBool, "want a boolean") {
			a.unique = string(c.r.Value()) == "true"
		}
	}
}

func (c *compiler) logicKeyword(l *logicRules, name string) {
	switch name {
	case "anyOf":
		l.anyOf = c.schemas()
	case "oneOf":
		l.oneOf = c.schemas()
	case "allOf":
		l.allOf = c.schemas()
	case "not":
		l.not = c.schema()
	}
}

// narrow adds a bound; where both forms of a bound are given, both must hold, so the tighter one stays.
func (n *numberRules) narrow(name string, limit float64) {
	switch name {
	case "minimum", "exclusiveMinimum":
		above := name == "exclusiveMinimum"
		if !n.hasMin || limit > n.min || limit == n.min && above {
			n.min, n.hasMin, n.aboveMin = limit, true, above
		}
	case "maximum", "exclusiveMaximum":
		below := name == "exclusiveMaximum"
		if !n.hasMax || limit < n.max || limit == n.max && below {
			n.max, n.hasMax, n.belowMax = limit, true, below
		}
	}
}

// types reads a type's name, or a list of them.
func (c *compiler) types() (set typeSet) {
	one := func() {
		if !c.is(jsontext.KindString, "want the name of a type") {
			return
		}
		bit := typeNamed(c.r.Str())
		if bit == 0 {
			c.fail("there is no such type")
		}
		if set&bit != 0 {
			c.fail("the type is there twice")
		}
		set |= bit
	}
	if c.r.Kind() != jsontext.KindArray {
		one()
		return set
	}
	c.elements(one)
	if set == 0 {
		c.fail("want at least one type")
	}
	return set
}

// schemas reads an array of at least one schema.
func (c *compiler) schemas() (list []*node) {
	c.elements(func() { list = append(list, c.schema()) })
	if len(list) == 0 {
		c.fail("want at least one schema")
	}
	return list
}

// values reads the values of an enum.
func (c *compiler) values() map[string]struct{} {
	set := make(map[string]struct{})
	c.elements(func() { set[c.value()] = struct{}{} })
	return set
}

// value reads a value into its canonical form.
func (c *compiler) value() string {
	c.count()
	return string(appendCanonical(nil, c.r))
}

// float reads a number.
func (c *compiler) float() float64 {
	if !c.is(jsontext.KindNumber, "want a number") {
		return 0
	}
	f, ok := float(c.r.Value())
	if !ok && c.ok() {
		c.fail("the number is out of range")
	}
	return f
}

// size reads a length or a count.
func (c *compiler) size() int {
	f := c.float()
	if n := int(f); f >= 0 && f <= 1<<31-1 && float64(n) == f {
		return n
	}
	c.fail("want a whole number from 0 to 2147483647")
	return 0
}
