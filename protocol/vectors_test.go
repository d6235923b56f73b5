package protocol

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// The files in testdata are read here and by the tests of protocol/ts, so that both sides agree on them.

var update = flag.Bool("update", false, "write the results in testdata anew; look at the difference before committing")

// vectors is the form of a file in testdata.
type vectors[T any] struct {
	About string `json:"about"`
	Cases []T    `json:"cases"`
}

func readVectors[T any](t *testing.T, name string) vectors[T] {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var v vectors[T]
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(v.Cases) == 0 {
		t.Fatalf("%s has no cases", name)
	}
	return v
}

// writeVectors writes one case a line.
func writeVectors[T any](t *testing.T, name string, v vectors[T]) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	line := func(before string, v any, after string) {
		b.WriteString(before)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		b.Truncate(b.Len() - 1)
		b.WriteString(after)
	}
	line("{\n  \"about\": ", v.About, ",\n  \"cases\": [\n")
	for i, c := range v.Cases {
		after := ",\n"
		if i == len(v.Cases)-1 {
			after = "\n"
		}
		line("    ", c, after)
	}
	b.WriteString("  ]\n}\n")
	if err := os.WriteFile(filepath.Join("testdata", name), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

type payloadVector struct {
	Struct string `json:"struct"`
	// Text is what AppendJSON writes.
	Text string `json:"text"`
	// JS is what JSON.stringify makes of the same value.
	JS string `json:"js"`
}

func TestPayloadVectors(t *testing.T) {
	v := readVectors[payloadVector](t, "payloads.json")
	if *update {
		v.Cases = nil
		for _, p := range payloads() {
			var n int64
			zero := string(p.AppendJSON(nil))
			fill(reflect.ValueOf(p).Elem(), &n)
			for _, text := range []string{zero, string(p.AppendJSON(nil))} {
				v.Cases = append(v.Cases, payloadVector{nameOf(p), text, stringified(text)})
			}
		}
		writeVectors(t, "payloads.json", v)
	}
	byName := map[string]codec{}
	for _, p := range payloads() {
		byName[nameOf(p)] = p
	}
	for _, c := range v.Cases {
		p := byName[c.Struct]
		if p == nil {
			t.Fatalf("there is no payload struct %s", c.Struct)
		}
		if err := p.DecodeJSON([]byte(c.Text)); err != nil {
			t.Errorf("%s: %v in %s", c.Struct, err, c.Text)
		}
		if got := string(p.AppendJSON(nil)); got != c.Text {
			t.Errorf("%s: got\n%s\nwant\n%s", c.Struct, got, c.Text)
		}
		fromJS := fresh(p)
		if err := fromJS.DecodeJSON([]byte(c.JS)); err != nil || !sameButRaw(fromJS, p) {
			t.Errorf("%s: reads %s as %+v, %v", c.Struct, c.JS, fromJS, err)
		}
	}
	for name := range byName {
		if !strings.Contains(string(mustRead(t, "payloads.json")), `"struct":"`+name+`"`) {
			t.Errorf("payloads.json has no %s; run with -update", name)
		}
	}
}

// stringified is text as JSON.stringify would write it: only U+2028 and U+2029 differ, which it does not escape.
func stringified(text string) string {
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(text)
}

// sameButRaw compares what the structs mean: a Raw keeps the escapes that it came with.
func sameButRaw(a, b codec) bool {
	var x, y any
	return json.Unmarshal(a.AppendJSON(nil), &x) == nil && json.Unmarshal(b.AppendJSON(nil), &y) == nil && reflect.DeepEqual(x, y)
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type nameVector struct {
	Name     string `json:"name"`
	Valid    bool   `json:"valid"`
	Reserved bool   `json:"reserved,omitempty"`
	Why      string `json:"why"`
}

func TestNameVectors(t *testing.T) {
	v := readVectors[nameVector](t, "names.json")
	for _, c := range v.Cases {
		if got := ValidName(c.Name); got != c.Valid {
			t.Errorf("ValidName(%q) is %t: %s", c.Name, got, c.Why)
		}
		if got := Reserved(c.Name); got != c.Reserved {
			t.Errorf("Reserved(%q) is %t: %s", c.Name, got, c.Why)
		}
	}
}

type versionVector struct {
	Offered []int64 `json:"offered"`
	// Version is the one agreed on, 0 where there is none.
	Version int64  `json:"version"`
	Why     string `json:"why"`
}

func TestVersionVectors(t *testing.T) {
	v := readVectors[versionVector](t, "versions.json")
	for _, c := range v.Cases {
		if got, ok := Negotiate(c.Offered); got != c.Version || ok != (c.Version != 0) {
			t.Errorf("Negotiate(%v) is %d, %t, want %d: %s", c.Offered, got, ok, c.Version, c.Why)
		}
	}
}

type frameVector struct {
	Why   string `json:"why"`
	Frame any    `json:"frame"`
	// Result is the number of messages, or a code.
	Result any `json:"result"`
}

// bodyBytes is the limit that the cases of frames.json are held against.
const bodyBytes = 2048

func TestFrameVectors(t *testing.T) {
	v := readVectors[frameVector](t, "frames.json")
	for i, c := range v.Cases {
		got := naiveCheckFrame(expand(c.Frame))
		if *update {
			v.Cases[i].Result = got
		} else if !reflect.DeepEqual(got, c.Result) {
			t.Errorf("%s: got %v, want %v", c.Why, got, c.Result)
		}
	}
	if *update {
		writeVectors(t, "frames.json", v)
	}
}

// buffer stands for an ArrayBuffer of so many bytes, other for what is neither JSON nor an ArrayBuffer.
type (
	buffer int
	other  struct{}
)

// expand makes the values that JSON cannot say or that would be long; frames.json describes them.
func expand(v any) any {
	switch v := v.(type) {
	case []any:
		var out []any
		for _, e := range v {
			if m, ok := e.(map[string]any); ok && m["messages"] != nil {
				for range int(m["messages"].(float64)) {
					out = append(out, 26., 0., 0., 0., "", "", nil)
				}
				continue
			}
			out = append(out, expand(e))
		}
		return out
	case map[string]any:
		switch {
		case v["repeat"] != nil:
			return strings.Repeat(v["repeat"].(string), int(v["times"].(float64)))
		case v["unit"] != nil:
			return strings.Repeat(string(rune(v["unit"].(float64))), int(v["times"].(float64)))
		case v["buffer"] != nil:
			return buffer(v["buffer"].(float64))
		}
		return other{}
	}
	return v
}

// naiveCheckFrame is checkFrame of protocol/ts/src/frame.ts, written a second time and without its shortcuts.
func naiveCheckFrame(v any) any {
	frame, ok := v.([]any)
	if !ok || len(frame)%7 != 1 || len(frame) == 1 || len(frame) > 1+7*MaxTuplesPerFrame {
		return string(BadMessage)
	}
	limits := [...]float64{1<<32 - 1, MaxID, MaxID, 1<<32 - 1, MaxHeaderBytes, MaxHeadBytes, bodyBytes}
	if worst := checkField(4, frame[0], limits[4]); worst != "" {
		return worst
	}
	for at := 1; at < len(frame); at += 7 {
		large := ""
		for i := range 6 {
			switch checkField(i, frame[at+i], limits[i]) {
			case string(BadMessage):
				return string(BadMessage)
			case string(TooLarge):
				large = string(TooLarge)
			}
		}
		if large != "" {
			return large
		}
		if worst := checkField(6, frame[at+6], limits[6]); worst != "" {
			return worst
		}
	}
	return float64(len(frame) / 7)
}

// checkField returns the code for field i of a message, or "".
func checkField(i int, v any, limit float64) string {
	switch v := v.(type) {
	case float64:
		if i < 4 && v >= 0 && v <= limit && v == float64(int64(v)) {
			return ""
		}
	case string:
		if i < 4 {
			break
		}
		if float64(len(v)) > limit {
			return string(TooLarge)
		}
		return ""
	case buffer:
		if i == 6 && float64(v) > limit {
			return string(TooLarge)
		}
		if i == 6 {
			return ""
		}
	case nil:
		if i == 6 {
			return ""
		}
	}
	return string(BadMessage)
}

// FuzzValidName holds ValidName against its words.
func FuzzValidName(f *testing.F) {
	for _, s := range []string{"a", "", ".", "..", "...", " a", "a ", "a b", "\u00a0", "\u00ad", "\u02ff", "\u0300", "\xff", strings.Repeat("é", 256)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		runes := []rune(s)
		want := utf8.ValidString(s) && len(runes) >= 1 && len(runes) <= MaxNameRunes && len(utf16.Encode(runes)) == len(runes) &&
			s != "." && s != ".." && strings.Trim(s, " ") == s
		for _, r := range runes {
			control := r < 0x20 || r >= 0x7f && r < 0xa0
			invisible := r == 0xa0 || r == 0xad
			want = want && !control && !invisible && r < 0x300
		}
		if got := ValidName(s); got != want {
			t.Errorf("ValidName(%q) is %t", s, got)
		}
	})
}
