package schema

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// oracle compiles a schema with another implementation of the standard.
func oracle(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatalf("oracle: %v in %s", err, text)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("test:schema", doc); err != nil {
		t.Fatalf("oracle: %v in %s", err, text)
	}
	s, err := c.Compile("test:schema")
	if err != nil {
		t.Fatalf("oracle: %v in %s", err, text)
	}
	return s
}

func oracleAccepts(t *testing.T, s *jsonschema.Schema, value string) bool {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(value)))
	if err != nil {
		t.Fatalf("oracle: %v in %s", err, value)
	}
	return s.Validate(v) == nil
}

// writer makes random schemas of the supported keywords, and values that often come close to them.
type writer struct{ *rand.Rand }

var names = []string{"a", "b", "c", "", "a/b", "__proto__"}

func (w writer) pick(list ...any) any { return list[w.IntN(len(list))] }

func (w writer) name() string { return names[w.IntN(len(names))] }

func (w writer) scalar() any {
	return w.pick(nil, true, false, 0, 1, 2, -1, 1.5, 2.0, json.Number("1.0"), json.Number("-0"), json.Number("10e-1"), json.Number("1e2"),
		"", "a", "ab", "é", "\U0001F600", "abc\u0000")
}

func (w writer) value(depth int) any {
	switch n := w.IntN(6); {
	case n < 3 || depth == 0:
		return w.scalar()
	case n < 5:
		object := map[string]any{}
		for range w.IntN(4) {
			object[w.name()] = w.value(depth - 1)
		}
		return object
	default:
		array := []any{}
		for range w.IntN(4) {
			array = append(array, w.value(depth-1))
		}
		return array
	}
}

func (w writer) schemas(depth int) (list []any) {
	for range 1 + w.IntN(3) {
		list = append(list, w.schema(depth-1))
	}
	return list
}

func (w writer) schema(depth int) any {
	if depth == 0 || w.IntN(12) == 0 {
		return w.pick(true, false, map[string]any{"type": "string"}, map[string]any{"type": "integer"}, map[string]any{})
	}
	s := map[string]any{}
	for range 1 + w.IntN(4) {
		w.keyword(s, depth)
	}
	return s
}

var types = []any{"string", "number", "integer", "boolean", "object", "array", "null"}

func (w writer) keyword(s map[string]any, depth int) {
	switch w.IntN(20) {
	case 0:
		s["type"] = w.pick(types...)
	case 1:
		list := append([]any(nil), types...)
		w.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		s["type"] = list[:1+w.IntN(4)]
	case 2, 3:
		properties := map[string]any{}
		for range 1 + w.IntN(3) {
			properties[w.name()] = w.schema(depth - 1)
		}
		s["properties"] = properties
	case 4:
		required := map[string]bool{w.name(): true, w.name(): true}
		list := []any{}
		for name := range required {
			list = append(list, name)
		}
		s["required"] = list
	case 5:
		s["additionalProperties"] = w.schema(depth - 1)
	case 6:
		s["items"] = w.schema(depth - 1)
	case 7:
		s["prefixItems"] = w.schemas(depth)
	case 8:
		s["enum"] = []any{w.value(2), w.value(2), w.scalar(), w.scalar()}
	case 9:
		s["const"] = w.value(1)
	case 10:
		s[w.pick("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum").(string)] = w.pick(-1, 0, 1, 1.5, 2)
	case 11:
		s[w.pick("minLength", "maxLength").(string)] = w.IntN(3)
	case 12:
		s[w.pick("minItems", "maxItems").(string)] = w.IntN(3)
	case 13:
		s["uniqueItems"] = w.IntN(3) > 0
	case 14, 15, 16:
		s[w.pick("anyOf", "oneOf", "allOf").(string)] = w.schemas(depth)
	case 17:
		s["not"] = w.schema(depth - 1)
	default:
		s[w.pick("title", "description", "default", "$comment", "format").(string)] = "date"
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAgainstAnotherImplementation holds Validate against github.com/santhosh-tekuri/jsonschema on random schemas.
func TestAgainstAnotherImplementation(t *testing.T) {
	w := writer{rand.New(rand.NewPCG(7, 11))}
	accepted, refused := 0, 0
	for range 4000 {
		schema := encode(t, w.schema(3))
		ours, theirs := mustCompile(t, schema), oracle(t, schema)
		for range 12 {
			value := encode(t, w.value(3))
			err, want := ours.Validate([]byte(value)), oracleAccepts(t, theirs, value)
			if (err == nil) != want {
				t.Fatalf("schema %s\nvalue %s\nours: %v, theirs: %v", schema, value, err, want)
			}
			if want {
				accepted++
			} else {
				refused++
			}
		}
	}
	if accepted < 5000 || refused < 5000 {
		t.Fatalf("the values are one-sided: %d accepted, %d refused", accepted, refused)
	}
}

// TestSignatureAgainstItsSchema holds signatures against the JSON Schemas that they abbreviate.
func TestSignatureAgainstItsSchema(t *testing.T) {
	w := writer{rand.New(rand.NewPCG(3, 5))}
	for signature, schema := range map[string]string{
		"String a, Number? b":         `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":["number","null"]}},"required":["a"]}`,
		"Integer[] a, Bool? c":        `{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}},"c":{"type":["boolean","null"]}},"required":["a"]}`,
		"Composite{Any? b, Any c}? a": `{"type":"object","properties":{"a":{"type":["object","null"],"required":["c"]}}}`,
		"Object? a, Array? b":         `{"type":"object","properties":{"a":{"type":["object","null"]},"b":{"type":["array","null"]}}}`,
		"DateTime? a, Any[]? b":       `{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":["array","null"]}}}`,
	} {
		ours, theirs := mustCompile(t, encode(t, signature)), oracle(t, schema)
		for range 2000 {
			value := encode(t, map[string]any{w.name(): w.value(2), w.name(): w.value(2), w.name(): w.scalar()})
			if err, want := ours.Validate([]byte(value)), oracleAccepts(t, theirs, value); (err == nil) != want {
				t.Fatalf("signature %s\nvalue %s\nours: %v, theirs: %v", signature, value, err, want)
			}
		}
	}
}
