package jsontext

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestCheckTakes(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `null`, `true`, `false`, ` [ ] `, "\t{\r\n}\n",
		`{"a":{"b":[1,{"c":null}]},"":""}`,
		`-1.5e+10`, `1E-2`, `0.0`, `123456789012345678901234567890`, strings.Repeat("1", MaxNumberBytes),
		`"\"\\\/\b\f\n\r\t\u00e9\u0000"`, `"\ud83d\ude00"`, `"é€😀"`, "\"\u2028\ufeff\x7f\"",
		`{"a":1,"A":2}`, `{"__proto__":1,"constructor":2}`, `{"a":{"a":{"a":1}}}`, `[{"a":1},{"a":2}]`,
		nested(MaxDepth), `{"a":` + nested(MaxDepth-1) + `}`,
	} {
		if err := Check([]byte(text)); err != nil {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		text   string
		reason Reason
		want   string
	}{
		{``, Malformed, "JSON at byte 0: want a value"},
		{` `, Malformed, "JSON at byte 1: want a value"},
		{`{} {}`, Malformed, "JSON at byte 3: want the end of the text"},
		{`[1,]`, Malformed, "JSON at byte 3: want a value"},
		{`[,1]`, Malformed, "JSON at byte 1: want a value"},
		{`[1 2]`, Malformed, "JSON at byte 3: want ',' or ']'"},
		{`[1`, Malformed, "JSON at byte 2: want ',' or ']'"},
		{`[1}`, Malformed, "JSON at byte 2: want ',' or ']'"},
		{`{"a":1,}`, Malformed, "JSON at byte 7: want a member name"},
		{`{"a"}`, Malformed, "JSON at byte 4: want ':'"},
		{`{"a":}`, Malformed, "JSON at byte 5: want a value"},
		{`{"a":1 "b":2}`, Malformed, "JSON at byte 7: want ',' or '}'"},
		{`{a:1}`, Malformed, "JSON at byte 1: want a member name"},
		{`{1:1}`, Malformed, "JSON at byte 1: want a member name"},
		{`'a'`, Malformed, "JSON at byte 0: want a value"},
		{`"a`, Malformed, "JSON at byte 2: want '\"'"},
		{`"\`, Malformed, "JSON at byte 1: unknown escape"},
		{`"\x41"`, Malformed, "JSON at byte 1: unknown escape"},
		{`"\u00g0"`, Malformed, "JSON at byte 1: unknown escape"},
		{`"\u00"`, Malformed, "JSON at byte 1: unknown escape"},
		{"\"a\x00\"", Malformed, "JSON at byte 2: control character in a string"},
		{"\"a\n\"", Malformed, "JSON at byte 2: control character in a string"},
		{"\x00", Malformed, "JSON at byte 0: want a value"},
		{"[1]\x00", Malformed, "JSON at byte 3: want the end of the text"},
		{"\ufeff{}", Malformed, "JSON at byte 0: want a value"},
		{"\u00a01", Malformed, "JSON at byte 0: want a value"},
		{`01`, Malformed, "JSON at byte 1: want the end of the text"},
		{`+1`, Malformed, "JSON at byte 0: want a value"},
		{`.5`, Malformed, "JSON at byte 0: want a value"},
		{`1.`, Malformed, "JSON at byte 2: want a digit"},
		{`1e`, Malformed, "JSON at byte 2: want a digit"},
		{`-`, Malformed, "JSON at byte 1: want a digit"},
		{`0x10`, Malformed, "JSON at byte 1: want the end of the text"},
		{`NaN`, Malformed, "JSON at byte 0: want a value"},
		{`nul`, Malformed, "JSON at byte 0: want null"},
		{`True`, Malformed, "JSON at byte 0: want a value"},
		{`fals`, Malformed, "JSON at byte 0: want false"},
		{`/**/1`, Malformed, "JSON at byte 0: want a value"},
		{strings.Repeat("1", MaxNumberBytes+1), Malformed, "JSON at byte 401: number too long"},
		{nested(MaxDepth + 1), TooDeep, "JSON at byte 64: nested more than 64 deep"},
		{strings.Repeat("[", 1<<20), TooDeep, "JSON at byte 64: nested more than 64 deep"},
		{strings.Repeat(`{"a":`, 65), TooDeep, "JSON at byte 320: nested more than 64 deep"},
		{`{"a":1,"a":2}`, Duplicate, "JSON at byte 7: duplicate member"},
		{`{"a":1,"\u0061":2}`, Duplicate, "JSON at byte 7: duplicate member"},
		{`{"\ud83d\ude00":1,"😀":2}`, Duplicate, "JSON at byte 18: duplicate member"},
		{`[{"x":{"":1,"":2}}]`, Duplicate, "JSON at byte 12: duplicate member"},
		{"\"\xff\"", Unicode, "JSON at byte 1: invalid UTF-8"},
		{"\"\xc0\x80\"", Unicode, "JSON at byte 1: invalid UTF-8"},
		{"\"\xed\xa0\x80\"", Unicode, "JSON at byte 1: invalid UTF-8"},
		{"\"\xf0\x9f\x98\"", Unicode, "JSON at byte 1: invalid UTF-8"},
		{`"\ud83d"`, Unicode, "JSON at byte 1: half of a surrogate pair"},
		{`"\ude00"`, Unicode, "JSON at byte 1: half of a surrogate pair"},
		{`"\ud83d\u0041"`, Unicode, "JSON at byte 1: half of a surrogate pair"},
		{`"\ude00\ud83d"`, Unicode, "JSON at byte 1: half of a surrogate pair"},
		{`{"\ud83d":1}`, Unicode, "JSON at byte 2: half of a surrogate pair"},
	} {
		err, ok := Check([]byte(c.text)).(*Error)
		if !ok || err.Error() != c.want || err.Reason != c.reason {
			t.Errorf("%.40q: got %v, want %s", c.text, err, c.want)
		}
	}
}

// bigObject has n members, of which the last may repeat the first.
func bigObject(n int, duplicate bool) []byte {
	b := []byte{'{'}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if duplicate && i == n-1 {
			i = 0
		}
		b = append(b, `"name`...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, `":0`...)
	}
	return append(b, '}')
}

func TestDuplicatesAreFoundAmongMany(t *testing.T) {
	for _, n := range []int{2, 19, 20, 21, 22, manyNames - 1, manyNames, manyNames + 1, manyNames + 2, 1000} {
		if err := Check(bigObject(n, false)); err != nil {
			t.Errorf("%d members: %v", n, err)
		}
		if err, ok := Check(bigObject(n, true)).(*Error); !ok || err.Reason != Duplicate {
			t.Errorf("%d members, the last one twice: %v", n, err)
		}
	}
	// The names of an inner object are not those of the outer one, before and after.
	inner := string(bigObject(manyNames+5, false))
	if err := Check([]byte(`{"name0":` + inner + `,"name1":` + inner + `}`)); err != nil {
		t.Error(err)
	}
	if err, ok := Check([]byte(`{"name0":` + inner + `,"name0":` + inner + `}`)).(*Error); !ok || err.Reason != Duplicate {
		t.Errorf("got %v", err)
	}
}

// TestManyMembersTakeNoQuadraticTime is generous: comparing all pairs of so many names would take minutes.
func TestManyMembersTakeNoQuadraticTime(t *testing.T) {
	text := bigObject(400_000, false)
	start := time.Now()
	if err := Check(text); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

var escape = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)

// loneSurrogate looks for escapes of surrogates that are no pairs, in valid JSON.
func loneSurrogate(text []byte) bool {
	high := -1 // where an escape of a high surrogate ends
	for _, m := range escape.FindAllIndex(text, -1) {
		var unit uint64
		if m[1]-m[0] == 6 {
			unit, _ = strconv.ParseUint(string(text[m[0]+2:m[1]]), 16, 32)
		}
		low := unit >= 0xdc00 && unit < 0xe000
		if low != (high == m[0]) || high >= 0 && !low {
			return true
		}
		high = -1
		if unit >= 0xd800 && unit < 0xdc00 {
			high = m[1]
		}
	}
	return high >= 0
}

// strict reads tokens the way encoding/json does, and applies the rules that it does not have.
func strict(t *testing.T, d *json.Decoder, depth int) bool {
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	switch token := token.(type) {
	case json.Number:
		return len(token) <= MaxNumberBytes
	case json.Delim:
		if depth == MaxDepth {
			return false
		}
		names := map[string]bool{}
		for d.More() {
			if token == '{' {
				name, err := d.Token()
				if err != nil {
					t.Fatal(err)
				}
				if names[name.(string)] {
					return false
				}
				names[name.(string)] = true
			}
			if !strict(t, d, depth+1) {
				return false
			}
		}
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

// FuzzCheck: Check takes what encoding/json takes, but for duplicates, depth, bad Unicode and endless numbers.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,true,false,null,"é\ud83d\ude00\n"],"b":{}}`, `{"a":1,"\u0061":2}`, `"\ud83d"`, "\"\xff\"", `[1,]`,
		nested(65), ` 1 `, `"\ud83d\ud83d\ude00"`, string(bigObject(40, true)), strings.Repeat("1", 401)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want := json.Valid(text) && utf8.Valid(text) && !loneSurrogate(text)
		if want {
			d := json.NewDecoder(bytes.NewReader(text))
			d.UseNumber()
			want = strict(t, d, 0)
		}
		before := string(text)
		err := Check(text)
		if (err == nil) != want {
			t.Fatalf("%q: got %v, want %t", text, err, want)
		}
		if string(text) != before {
			t.Fatalf("%q was changed", before)
		}
		if err != nil {
			if e := err.(*Error); e.Offset < 0 || e.Offset > len(text) || e.Reason == 0 {
				t.Fatalf("%q: %+v", text, e)
			}
			return
		}
		agreeOnScalars(t, text)
	})
}

// agreeOnScalars holds Unquote and Float to what encoding/json reads, and the writers to what the readers read.
func agreeOnScalars(t *testing.T, text []byte) {
	switch Kind(text) {
	case KindString:
		var want string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got, err := Unquote(text)
		if err != nil || got != want {
			t.Fatalf("%q: got %q, %v, want %q", text, got, err, want)
		}
		if back, err := Unquote(AppendString(nil, got)); err != nil || back != got {
			t.Fatalf("%q comes back as %q, %v", got, back, err)
		}
	case KindNumber:
		var want float64
		fits := json.Unmarshal(text, &want) == nil
		if n, err := Int(text); err == nil && (!fits || float64(n) != want) {
			t.Fatalf("%q: got %d, want %v", text, n, want)
		}
	}
}
