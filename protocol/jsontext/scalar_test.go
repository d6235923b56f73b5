package jsontext

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestInt(t *testing.T) {
	for text, want := range map[string]int64{
		`0`: 0, `-0`: 0, ` 7 `: 7, `-1`: -1, `9007199254740991`: 1<<53 - 1, `-9007199254740991`: 1 - 1<<53,
	} {
		if got, err := Int([]byte(text)); err != nil || got != want {
			t.Errorf("%s: got %d, %v", text, got, err)
		}
	}
	for _, text := range []string{`9007199254740992`, `-9007199254740992`, `99999999999999999999`, `1.0`, `1.5`, `1e3`, `0e0`, `"1"`, `true`, `null`, `[]`, `01`, `1 2`, ``, `-`} {
		if got, err := Int([]byte(text)); err == nil {
			t.Errorf("%q: got %d", text, got)
		}
	}
}

func TestUnquoteRefusesOtherKinds(t *testing.T) {
	for _, text := range []string{`1`, `null`, `"a`, `"a" "b"`, ``, `{"a":"b"}`} {
		if got, err := Unquote([]byte(text)); err == nil || got != "" {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestKind(t *testing.T) {
	for text, want := range map[string]ValueKind{
		``: KindInvalid, ` `: KindInvalid, `x`: KindInvalid, ` {`: KindObject, "\n[": KindArray, `"`: KindString, `-`: KindNumber, `0`: KindNumber,
		`9`: KindNumber, `t`: KindBool, `f`: KindBool, `n`: KindNull,
	} {
		if got := Kind([]byte(text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestAppendString(t *testing.T) {
	for s, want := range map[string]string{
		"":                         `""`,
		"plain é € 😀":              `"plain é € 😀"`,
		"\"\\/":                    `"\"\\/"`,
		"\b\f\n\r\t\x00\x1f\x7f":   "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"",
		"a\u2028b\u2029c</script>": `"a\u2028b\u2029c</script>"`,
		"a\xffb\xed\xa0\x80":       "\"a\ufffdb\ufffd\ufffd\ufffd\"",
		"\ufffd":                   "\"\ufffd\"",
	} {
		if got := string(AppendString([]byte("x"), s)); got != "x"+want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\xff\u2028\x00\"")
	f.Fuzz(func(t *testing.T, s string) {
		text := AppendString(nil, s)
		got, err := Unquote(text)
		if want := strings.ToValidUTF8(s, "\ufffd"); err != nil || !utf8.Valid(text) || len([]rune(got)) < len([]rune(want)) || utf8.ValidString(s) && got != s {
			t.Fatalf("%q: wrote %s, read %q, %v", s, text, got, err)
		}
	})
}

func TestAppendIntAndBool(t *testing.T) {
	if got := string(AppendBool(AppendBool(AppendInt(AppendInt(nil, -1<<53), 7), true), false)); got != "-90071992547409927truefalse" {
		t.Errorf("got %s", got)
	}
}

func TestMembersAndElements(t *testing.T) {
	var got []string
	note := func(name string, value []byte) error {
		got = append(got, name+"="+string(value))
		return nil
	}
	if err := Members([]byte(` { "b" : [ 1 ] , "\u0061" : {"x":null} , "" : "" } `), note); err != nil {
		t.Error(err)
	}
	if err := Elements([]byte(` [ 1 , [ ] ,"c"] `), func(i int, v []byte) error { return note(strconv.Itoa(i), v) }); err != nil {
		t.Error(err)
	}
	if want := []string{"b=[ 1 ]", `a={"x":null}`, `=""`, "0=1", "1=[ ]", `2="c"`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	stop := errors.New("stop")
	if err := Members([]byte(`{"a":1,`), func(string, []byte) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
	if err := Elements([]byte(`[1,`), func(int, []byte) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

func TestMembersAndElementsCheckTheWholeText(t *testing.T) {
	for _, text := range []string{``, `[]`, `{"a":1}x`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[1,]}`, `{"a":"\ud800"}`, `{"a":1`} {
		if err := Members([]byte(text), func(string, []byte) error { return nil }); err == nil {
			t.Errorf("Members takes %s", text)
		}
	}
	for _, text := range []string{``, `{}`, `[]x`, `[{"a":1,"a":2}]`, `[1,]`, `["\ud800"]`, `[1`} {
		if err := Elements([]byte(text), func(int, []byte) error { return nil }); err == nil {
			t.Errorf("Elements takes %s", text)
		}
	}
}
