package schema

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

func mustCompile(t *testing.T, text string) *Schema {
	t.Helper()
	s, err := Compile([]byte(text))
	if err != nil {
		t.Fatalf("compile %s: %v", text, err)
	}
	return s
}

// message is what an error says; "" for none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSignature(t *testing.T) {
	const customer = `"String customerId, Number? limit, String[] tags, Composite{String id, Bool active} customer"`
	const whole = `{"customerId":"c","tags":["a"],"customer":{"id":"i","active":true}}`
	for _, c := range []struct{ schema, value, want string }{
		{customer, whole, ""},
		{customer, `{"customerId":"c","tags":[],"customer":{"id":"i","active":true},"limit":1.5,"more":[]}`, ""},
		{customer, strings.Replace(whole, `"c"`, `"c","limit":null`, 1), ""},
		{customer, strings.Replace(whole, `"c"`, `"c","limit":"5"`, 1), "at /limit: expected a number or null"},
		{customer, strings.Replace(whole, `"c"`, `5`, 1), "at /customerId: expected a string"},
		{customer, strings.Replace(whole, `"c"`, `null`, 1), "at /customerId: expected a string"},
		{customer, strings.Replace(whole, `["a"]`, `["a",{}]`, 1), "at /tags/1: expected a string"},
		{customer, strings.Replace(whole, `["a"]`, `"a"`, 1), "at /tags: expected an array"},
		{customer, strings.Replace(whole, `true`, `0`, 1), "at /customer/active: expected true or false"},
		{customer, strings.Replace(whole, `"id"`, `"ID"`, 1), `at /customer: expected the member "id"`},
		{customer, `{}`, `expected the member "customerId"`},
		{customer, `[]`, "expected an object"},
		{`""`, `{"anything":1}`, ""},
		{`""`, `1`, "expected an object"},
		{`"  "`, `{}`, ""},
		{`"Integer n"`, `{"n":3.0}`, ""},
		{`"Integer n"`, `{"n":3.5}`, "at /n: expected an integer"},
		{`"Integer n"`, `{"n":"3"}`, "at /n: expected an integer"},
		{`"Number n"`, `{"n":1e999}`, "at /n: expected a number in the range of a double"},
		{`"DateTime d"`, `{"d":"2026-01-01"}`, ""},
		{`"DateTime d"`, `{"d":1}`, "at /d: expected a string"},
		{`"Any a"`, `{"a":null}`, ""},
		{`"Any a"`, `{}`, `expected the member "a"`},
		{`"Any? a"`, `{}`, ""},
		{`"Object o, Array a"`, `{"o":{},"a":[1]}`, ""},
		{`"Object o"`, `{"o":[]}`, "at /o: expected an object"},
		{`"Number[][] grid"`, `{"grid":[[1],[]]}`, ""},
		{`"Number[][] grid"`, `{"grid":[[1],[2,"x"]]}`, "at /grid/1/1: expected a number"},
		{`"Composite{ String s }[]? list"`, `{"list":[{"s":""}]}`, ""},
		{`"Composite{ String s }[]? list"`, `{"list":[{}]}`, `at /list/0: expected the member "s"`},
		{`"Composite {Composite{Bool? b} inner} outer"`, `{"outer":{"inner":{"b":1}}}`, "at /outer/inner/b: expected true or false or null"},
		{`"String __proto__"`, `{"__proto__":1}`, "at /__proto__: expected a string"},
		{`"String\n\tspread"`, `{"spread":1}`, "at /spread: expected a string"},
	} {
		if got := message(mustCompile(t, c.schema).Validate([]byte(c.value))); got != c.want {
			t.Errorf("%s on %s:\n got %q\nwant %q", c.schema, c.value, got, c.want)
		}
	}
}

func TestValidateSaysWhereAndNeverWhat(t *testing.T) {
	for _, c := range []struct{ schema, value, want string }{
		{`{"additionalProperties":{"type":"string"}}`, `{"a/b~c":"secret","x":7}`, "at /x: expected a string"},
		{`{"additionalProperties":{"type":"integer"}}`, `{"a/b~c":"secret"}`, "at /a~1b~0c: expected an integer"},
		{`{"properties":{"a":true},"additionalProperties":false}`, `{"a":1,"b":"secret"}`, "at /b: expected no value here"},
		{`{"items":{"enum":["a","b"]}}`, `["a","secret"]`, "at /1: expected one of the listed values"},
		{`{"const":{"a":[1,2]}}`, `{"a":["secret"]}`, "expected one of the listed values"},
		{`{"minimum":2}`, `1`, "expected a number of at least 2"},
		{`{"maximum":2.5}`, `3`, "expected a number of at most 2.5"},
		{`{"exclusiveMinimum":2}`, `2`, "expected a number above 2"},
		{`{"exclusiveMaximum":2}`, `2`, "expected a number below 2"},
		{`{"exclusiveMaximum":5}`, `4.99999999999999999999`, "expected a number below 5"},
		{`{"minLength":2}`, `"s"`, "expected at least 2 characters"},
		{`{"maxLength":2}`, `"secret"`, "expected at most 2 characters"},
		{`{"minItems":1,"maxItems":2}`, `[]`, "expected at least 1 and at most 2 elements"},
		{`{"uniqueItems":true}`, `[1,2,1.0]`, "at /2: expected an element that was not there before"},
		{`{"anyOf":[{"type":"string"},{"type":"null"}]}`, `1`, "expected to match one of the alternatives (anyOf)"},
		{`{"oneOf":[{"type":"string"},{"minLength":1}]}`, `"secret"`, "expected to match exactly one of the alternatives (oneOf)"},
		{`{"allOf":[true,{"properties":{"a":{"type":"null"}}}]}`, `{"a":1}`, "at /a: expected null"},
		{`{"not":{"type":"string"}}`, `"secret"`, "expected not to match the excluded schema (not)"},
		{`{"required":["b","a"]}`, `{"b":1}`, `expected the member "a"`},
		{`{"properties":{"p":{"required":["a"]}}}`, `{"p":{"b":{"a":1}}}`, `at /p: expected the member "a"`},
		{`{"type":["string","null","array"]}`, `{}`, "expected a string or an array or null"},
		{`{"prefixItems":[{"type":"string"}],"items":false}`, `["a",1]`, "at /1: expected no value here"},
		{`false`, `1`, "expected no value here"},
	} {
		if got := message(mustCompile(t, c.schema).Validate([]byte(c.value))); got != c.want {
			t.Errorf("%s on %s:\n got %q\nwant %q", c.schema, c.value, got, c.want)
		}
	}
}

func TestPathIsBounded(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	err := mustCompile(t, `{"additionalProperties":{"additionalProperties":false}}`).Validate([]byte(`{"` + long + `":{"` + long + `":1}}`))
	var violation *Error
	if !errors.As(err, &violation) || len(violation.Path) > maxPathBytes+len("…") || !strings.HasSuffix(violation.Path, "é…") {
		t.Fatalf("got %d bytes", len(message(err)))
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{`{"$ref":"#"}`, "at /$ref: this keyword is not supported"},
		{`{"properties":{"a":{"pattern":"x"}}}`, "at /properties/a/pattern: this keyword is not supported"},
		{`{"anyOf":[true,{"if":true}]}`, "at /anyOf/1/if: this keyword is not supported"},
		{`{"patternProperties":{}}`, "at /patternProperties: this keyword is not supported"},
		{`{"multipleOf":2}`, "at /multipleOf: this keyword is not supported"},
		{`{"Type":"string"}`, "at /Type: this keyword is not supported"},
		{`{"type":"text"}`, "at /type: there is no such type"},
		{`{"type":["string","string"]}`, "at /type/1: the type is there twice"},
		{`{"type":[]}`, "at /type: want at least one type"},
		{`{"type":1}`, "at /type: want the name of a type"},
		{`{"properties":[]}`, "at /properties: want an object"},
		{`{"properties":{"a":1}}`, "at /properties/a: a schema is an object or a boolean"},
		{`{"required":"a"}`, "at /required: want an array"},
		{`{"required":["a","a"]}`, "at /required/1: the name is there twice"},
		{`{"required":[1]}`, "at /required/0: want a member name"},
		{`{"items":[true]}`, "at /items: a schema is an object or a boolean"},
		{`{"anyOf":[]}`, "at /anyOf: want at least one schema"},
		{`{"prefixItems":[]}`, "at /prefixItems: want at least one schema"},
		{`{"minLength":-1}`, "at /minLength: want a whole number from 0 to 2147483647"},
		{`{"minLength":1.5}`, "at /minLength: want a whole number from 0 to 2147483647"},
		{`{"maxItems":1e10}`, "at /maxItems: want a whole number from 0 to 2147483647"},
		{`{"maxItems":"1"}`, "at /maxItems: want a number"},
		{`{"minimum":1e999}`, "at /minimum: the number is out of range"},
		{`{"exclusiveMinimum":true}`, "at /exclusiveMinimum: want a number"},
		{`{"uniqueItems":1}`, "at /uniqueItems: want a boolean"},
		{`{"enum":{}}`, "at /enum: want an array"},
		{`[]`, "a schema is an object or a boolean"},
		{`null`, "a schema is an object or a boolean"},
		{`"String"`, "want a space and a name behind the type (character 7 of the signature)"},
		{`"String "`, "want a name (character 8 of the signature)"},
		{`"Strin a"`, "want String, Number, Integer, Bool, DateTime, Object, Array, Any or Composite{...} (character 1 of the signature)"},
		{`"String a,"`, "want String, Number, Integer, Bool, DateTime, Object, Array, Any or Composite{...} (character 10 of the signature)"},
		{`"String a String b"`, "want a comma (character 10 of the signature)"},
		{`"String a, Number a"`, "the name is there twice (character 18 of the signature)"},
		{`"String?[] a"`, "want a space and a name behind the type (character 8 of the signature)"},
		{`"Composite a"`, "want '{' behind Composite (character 11 of the signature)"},
		{`"Composite{String a b"`, "want a comma (character 20 of the signature)"},
		{`"Composite{} a"`, "want String, Number, Integer, Bool, DateTime, Object, Array, Any or Composite{...} (character 11 of the signature)"},
		{`"String a}"`, "want a comma (character 9 of the signature)"},
	} {
		_, err := Compile([]byte(c.schema))
		if got := message(err); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.schema, got, c.want)
		}
	}
}

func TestCompileRefusesTextThatIsNotJSON(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `{"type":}`, `{"type":"string"`, `{"type":["string"`, `{} {}`, `"String a" 1`, `"String a`, `{"minLength":01}`,
		`{"type":"string","type":"string"}`, `{"enum":[{"a":1,"a":2}]}`, `{"uniqueItems":tru}`, `tru`, "{\"title\":\"\xff\"}",
	} {
		var malformed *jsontext.Error
		if _, err := Compile([]byte(text)); !errors.As(err, &malformed) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCompileIsBounded(t *testing.T) {
	nest := func(n int, open, inner, end string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	list := func(n int) string { return strings.TrimSuffix(strings.Repeat("1,", n), ",") }
	for name, c := range map[string]struct{ schema, want string }{
		"bytes":          {`{"title":"` + strings.Repeat("x", MaxBytes) + `"}`, "longer than 64 KiB"},
		"depth":          {nest(MaxDepth, `{"not":`, `true`, `}`), "nested more than 32 deep"},
		"values":         {`{"enum":[` + list(MaxNodes) + `]}`, "more than 1024 schemas and values"},
		"fields":         {`"` + fields(MaxNodes) + `"`, "more than 1024 schemas and values"},
		"brackets":       {`"Any` + strings.Repeat("[]", MaxNodes) + ` a"`, "more than 1024 schemas and values"},
		"composites":     {`"` + nest(MaxDepth, "Composite{", "Any a", "} a") + `"`, "nested more than 32 deep"},
		"unfinished":     {`"` + strings.Repeat("Composite{", 5000) + `"`, "nested more than 32 deep"},
		"required names": {`{"required":[` + quoted(MaxNodes) + `]}`, "more than 1024 schemas and values"},
	} {
		if _, err := Compile([]byte(c.schema)); !strings.Contains(message(err), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustCompile(t, nest(MaxDepth-1, `{"not":`, `true`, `}`))
	mustCompile(t, `{"enum":[`+list(MaxNodes-1)+`]}`)
}

func fields(n int) string {
	var list []string
	for i := range n {
		list = append(list, "Any a"+strconv.Itoa(i))
	}
	return strings.Join(list, ",")
}

func quoted(n int) string {
	var names []string
	for i := range n {
		names = append(names, strconv.Quote(strconv.Itoa(i)))
	}
	return strings.Join(names, ",")
}

func TestValidateRefusesTextThatIsNotJSON(t *testing.T) {
	for _, schema := range []string{`true`, `{"type":"object"}`, `"Any? a"`, `{"anyOf":[true]}`, `{"enum":[1]}`, `{"uniqueItems":true}`, `{"required":["a"]}`, `{"minLength":9}`} {
		s := mustCompile(t, schema)
		for _, text := range []string{``, `{`, `{"a":1`, `{"a":1,"a":1}`, `[1`, `["\ud800"]`, `"`, "[\"\xff\"]", `nul`, strings.Repeat("[", 65) + strings.Repeat("]", 65)} {
			err := s.Validate([]byte(text))
			var malformed *jsontext.Error
			var violation *Error
			if !errors.As(err, &malformed) && !errors.As(err, &violation) {
				t.Errorf("%s on %q: %v", schema, text, err)
			}
		}
	}
	var malformed *jsontext.Error
	if err := mustCompile(t, `"Any? a"`).Validate([]byte(`{"a":1} 2`)); !errors.As(err, &malformed) {
		t.Errorf("text behind the value: %v", err)
	}
}

// TestWorkIsBounded gives a schema that would look at the value 3^10 times.
func TestWorkIsBounded(t *testing.T) {
	schema := `{"type":"array"}`
	for range 10 {
		schema = `{"anyOf":[{"not":` + schema + `},{"type":"null"}]}`
	}
	s := mustCompile(t, schema)
	if got := message(s.Validate([]byte(`[` + strings.Repeat("1,", 500_000) + `1]`))); got != "takes too long to check against this schema" {
		t.Fatalf("got %q", got)
	}
	if got := message(s.Validate([]byte(`[1]`))); strings.Contains(got, "too long") {
		t.Fatalf("a small value: %q", got)
	}
}

func BenchmarkValidate(b *testing.B) {
	s, err := Compile([]byte(`"String customerId, Number? limit, String[] tags, Composite{String id, Bool active} customer"`))
	if err != nil {
		b.Fatal(err)
	}
	value := []byte(`{"customerId":"c-1","limit":20,"tags":["a","b","c"],"customer":{"id":"c-1","active":true}}`)
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate(value); err != nil {
			b.Fatal(err)
		}
	}
}
