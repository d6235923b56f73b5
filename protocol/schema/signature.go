package schema

import (
	"strconv"
	"strings"
)

// signature compiles "String customerId, Number? limit" to the schema of an object.
func (c *compiler) signature(text string) *node {
	p := parser{c: c, text: text}
	return p.fields(false)
}

// parser reads a signature. Its place is a byte, which is a character in everything it takes.
type parser struct {
	c    *compiler
	text string
	pos  int
}

// fail fails at the present place.
func (p *parser) fail(problem string) {
	p.c.fail(problem + " (character " + strconv.Itoa(p.pos+1) + " of the signature)")
}

// fields reads a list of fields up to the end, or to the brace that closes a Composite.
func (p *parser) fields(inner bool) *node {
	p.c.enter()
	defer p.c.leave()
	n := &node{types: typeObject}
	if p.space(); p.pos == len(p.text) && !inner {
		return n
	}
	n.object = &objectRules{members: make(map[string]member)}
	for p.c.err == nil {
		p.field(n.object)
		p.space()
		switch {
		case p.c.err != nil:
		case inner && p.take("}"), !inner && p.pos == len(p.text):
			return n
		case !p.take(","):
			p.fail("want a comma")
		}
	}
	return n
}

// field reads a type and a name.
func (p *parser) field(o *objectRules) {
	n := p.typ()
	for p.take("[]") {
		p.c.count()
		n = &node{types: typeArray, array: &arrayRules{items: n}}
	}
	required := !p.take("?")
	if !required && n.types != 0 {
		n.types |= typeNull
	}
	before := p.pos
	if p.space(); p.pos == before && p.c.err == nil {
		p.fail("want a space and a name behind the type")
	}
	start := p.pos
	name := p.word()
	_, twice := o.members[name]
	switch {
	case p.c.err != nil:
		return
	case name == "":
		p.fail("want a name")
	case twice:
		p.pos = start
		p.fail("the name is there twice")
	}
	o.members[name] = member{node: n, required: required}
	if required {
		o.required = append(o.required, name)
	}
}

// typ reads a type without what stands behind it.
func (p *parser) typ() *node {
	p.space()
	p.c.count()
	start := p.pos
	switch p.word() {
	case "String", "DateTime":
		return &node{types: typeString}
	case "Number":
		return &node{types: typeNumber}
	case "Integer":
		return &node{types: typeInteger}
	case "Bool":
		return &node{types: typeBool}
	case "Object":
		return &node{types: typeObject}
	case "Array":
		return &node{types: typeArray}
	case "Any":
		return &node{}
	case "Composite":
		if p.space(); p.take("{") {
			return p.fields(true)
		}
		p.fail("want '{' behind Composite")
	default:
		p.pos = start
		p.fail("want String, Number, Integer, Bool, DateTime, Object, Array, Any or Composite{...}")
	}
	return &node{}
}

// word reads letters, digits, '_', '$' and '-'; it is empty where there are none.
func (p *parser) word() string {
	start := p.pos
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '-'
}

func (p *parser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\n' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

func (p *parser) take(token string) bool {
	if strings.HasPrefix(p.text[p.pos:], token) {
		p.pos += len(token)
		return true
	}
	return false
}
