package schema

import (
	"errors"
	"testing"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// FuzzSchema feeds any text as schema and as value: whatever comes, the errors are of the two kinds, and a
// value that matches is JSON.
func FuzzSchema(f *testing.F) {
	for _, schema := range []string{
		`"String a, Composite{Number[]? b} c"`, `{"type":["object","null"],"properties":{"a":{"minLength":1}},"required":["a"]}`,
		`{"enum":[{"a":[1,-0]}],"uniqueItems":true,"items":{"not":{"maximum":1}}}`, `{"oneOf":[true,{"const":null}],"prefixItems":[false]}`,
	} {
		for _, value := range []string{`{"a":"x","c":{"b":[1e5]}}`, `[1,1.0,"\ud83d\ude00"]`, `null`, `{"a":1,"a":2}`} {
			f.Add([]byte(schema), []byte(value))
		}
	}
	f.Fuzz(func(t *testing.T, schema, value []byte) {
		s, err := Compile(schema)
		if err != nil {
			coded(t, err)
			return
		}
		if jsontext.Check(schema) != nil {
			t.Fatalf("compiled, and is no JSON: %q", schema)
		}
		if err := s.Validate(value); err != nil {
			coded(t, err)
		} else if jsontext.Check(value) != nil {
			t.Fatalf("matches, and is no JSON: %q", value)
		}
	})
}

func coded(t *testing.T, err error) {
	t.Helper()
	var malformed *jsontext.Error
	var problem *Error
	if !errors.As(err, &malformed) && !errors.As(err, &problem) {
		t.Fatalf("an error of another kind: %v", err)
	}
}
