package schema

import "github.com/crossframe/crossframe/protocol/jsontext"

// Bounds of what Compile takes.
const (
	// MaxBytes bounds the text.
	MaxBytes = 64 << 10
	// MaxNodes bounds the schemas inside a schema, and the values in its enums.
	MaxNodes = 1024
	// MaxDepth bounds how deep schemas are nested.
	MaxDepth = 32
)

// Schema is a compiled signature or JSON Schema. It does not change, so any number of goroutines may use it.
type Schema struct {
	root *node
}

// Compile reads a schema: a JSON string is a signature, an object or a boolean is a JSON Schema. The error is an
// *Error where the schema cannot be used, and a *jsontext.Error where the text is not JSON.
func Compile(text []byte) (*Schema, error) {
	if len(text) > MaxBytes {
		return nil, &Error{Problem: "longer than 64 KiB"}
	}
	r := jsontext.NewReader(text)
	c := compiler{r: r}
	var root *node
	if r.Kind() == jsontext.KindString {
		root = c.signature(r.Str())
	} else {
		root = c.schema()
	}
	if c.err == nil || r.Err() != nil {
		if err := r.End(); err != nil {
			return nil, err
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	return &Schema{root: root}, nil
}

// node is one schema. Its zero value matches everything; what a value's kind has no rules for is skipped.
type node struct {
	// types are the kinds of value that match; 0 is every kind.
	types typeSet
	// never matches nothing: the schema false.
	never  bool
	object *objectRules
	array  *arrayRules
	text   *textRules
	number *numberRules
	// values are sets of canonical values; each of them must have the value.
	values []map[string]struct{}
	logic  *logicRules
}

type objectRules struct {
	members map[string]member
	// required lists names in the order of the schema.
	required []string
	// rest is the schema of all members that properties does not list.
	rest *node
}

type member struct {
	// node is nil where the name is required and not listed.
	node     *node
	required bool
}

type arrayRules struct {
	prefix []*node
	items  *node
	length bounds
	unique bool
}

type textRules struct {
	length bounds
}

type numberRules struct {
	min, max           float64
	hasMin, hasMax     bool
	aboveMin, belowMax bool
}

type logicRules struct {
	anyOf, oneOf, allOf []*node
	not                 *node
}

// bounds are inclusive.
type bounds struct {
	min, max int
	hasMax   bool
}

func (b bounds) hold(n int) bool { return n >= b.min && (!b.hasMax || n <= b.max) }

// free reports whether the node matches everything, so that nobody needs to look.
func (n *node) free() bool {
	return n == nil || n.types == 0 && !n.never && n.plain() &&
		n.object == nil && n.array == nil && n.text == nil && n.number == nil
}

// plain reports whether one look at a value is enough.
func (n *node) plain() bool { return n.values == nil && n.logic == nil }

// typeSet is a set of JSON Schema types.
type typeSet uint8

const (
	typeNull typeSet = 1 << iota
	typeBool
	typeObject
	typeArray
	typeString
	typeNumber
	typeInteger
)

var typeNames = [...]struct {
	name, article string
	bit           typeSet
}{
	{"string", "a string", typeString},
	{"number", "a number", typeNumber},
	{"integer", "an integer", typeInteger},
	{"boolean", "true or false", typeBool},
	{"object", "an object", typeObject},
	{"array", "an array", typeArray},
	{"null", "null", typeNull},
}

// typeNamed returns the type of that name; 0 where there is none.
func typeNamed(name string) typeSet {
	for _, t := range typeNames {
		if t.name == name {
			return t.bit
		}
	}
	return 0
}

// expectation says in words what the set asks for.
func (s typeSet) expectation() string {
	words, before := "", "expected "
	for _, t := range typeNames {
		if s&t.bit != 0 {
			words += before + t.article
			before = " or "
		}
	}
	return words
}
