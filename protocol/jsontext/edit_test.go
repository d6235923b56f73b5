package jsontext

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// The naive second implementation: plain maps, one path after the other.

var errBlocked = errors.New("blocked")

func naiveSet(v any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errBlocked
	}
	old, ok := m[path[0]]
	if !ok && len(path) > 1 {
		old = map[string]any{}
	}
	inner, err := naiveSet(old, path[1:], value)
	if err == nil {
		m[path[0]] = inner
	}
	return m, err
}

func naiveRemove(v any, path []string) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	if len(path) > 1 {
		return naiveRemove(m[path[0]], path[1:])
	}
	_, ok = m[path[0]]
	delete(m, path[0])
	return ok
}

func parse(t testing.TB, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

func same(t testing.TB, what string, got []byte, want any) {
	t.Helper()
	if err := Check(got); err != nil {
		t.Fatalf("%s: made %q: %v", what, got, err)
	}
	if g := parse(t, got); !reflect.DeepEqual(g, want) {
		t.Fatalf("%s: got %s, want %v", what, got, want)
	}
}

func TestSetPath(t *testing.T) {
	for _, c := range []struct{ text, path, value, want string }{
		{`{}`, "a", `1`, `{"a":1}`},
		{`{}`, "a b c", ` [1] `, `{"a":{"b":{"c":[1]}}}`},
		{` { "a" : 1 , "b" : 2 } `, "a", `3`, `{"a":3,"b":2}`},
		{`{"a":{"x":1},"b":2}`, "a y", `{}`, `{"a":{"x":1,"y":{}},"b":2}`},
		{`{"a":{ }}`, "a y", `0`, `{"a":{"y":0}}`},
		{`{"\u0061":1}`, "a", `2`, `{"\u0061":2}`},
		{`{"__proto__":{}}`, "__proto__ constructor", `2`, `{"__proto__":{"constructor":2}}`},
		{`{"a":1}`, "a b", `2`, "JSON at byte 5: want an object on the path"},
		{`{"a":null}`, "a b", `2`, "JSON at byte 5: want an object on the path"},
		{`[1]`, "0", `2`, "JSON at byte 0: want an object on the path"},
		{`{"a":1}`, "", `2`, "JSON at byte 0: want a path of at least one member"},
		{`{"a":1}`, "a", `x`, "JSON at byte 0: want a value"},
		{`{"a":1}`, "a", `1 2`, "JSON at byte 2: want the end of the text"},
		{`{"a":1,"b":{"c":1,"c":2}}`, "a", `1`, "JSON at byte 18: duplicate member"},
		{`{"a":1} {}`, "a", `1`, "JSON at byte 8: want the end of the text"},
	} {
		text := []byte(c.text)
		got, err := SetPath(text, strings.Fields(c.path), []byte(c.value))
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != c.want || string(text) != c.text {
			t.Errorf("%s at %q = %s: got %s, want %s", c.text, c.path, c.value, got, c.want)
		}
	}
}

func TestRemovePath(t *testing.T) {
	for _, c := range []struct {
		text, path, want string
		ok               bool
	}{
		{`{"a":1}`, "a", `{}`, true},
		{`{"a":1, "b":2}`, "a", `{"b":2}`, true},
		{`{"a":1, "b":2}`, "b", `{"a":1}`, true},
		{`{"a":1, "b":2,"c":3}`, "b", `{"a":1,"c":3}`, true},
		{`{"a":{"b":{"c":1}}}`, "a b c", `{"a":{"b":{}}}`, true},
		{`{"a": 1}`, "b", `{"a": 1}`, false},
		{`{"a": 1}`, "a b", `{"a": 1}`, false},
		{`{"a": 1}`, "b c", `{"a": 1}`, false},
		{`[ ]`, "0", `[ ]`, false},
		{`{"a":1,}`, "a", "JSON at byte 7: want a member name", false},
		{`{}`, "", "JSON at byte 0: want a path of at least one member", false},
	} {
		got, ok, err := RemovePath([]byte(c.text), strings.Fields(c.path))
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != c.want || ok != c.ok {
			t.Errorf("%s without %q: got %s, %t, want %s, %t", c.text, c.path, got, ok, c.want, c.ok)
		}
	}
}

func TestResultsOfSetPathAreWithinMaxDepth(t *testing.T) {
	long := make([]string, MaxDepth)
	if _, err := SetPath([]byte(`{}`), long, []byte(`1`)); err != nil {
		t.Errorf("%d deep: %v", len(long), err)
	}
	for _, c := range []struct {
		path  []string
		value string
	}{{long, `[]`}, {append(long, "x"), `1`}, {long[1:], `[[]]`}} {
		_, err := SetPath([]byte(`{}`), c.path, []byte(c.value))
		if e, ok := err.(*Error); !ok || e.Reason != TooDeep {
			t.Errorf("%d names and %s: got %v", len(c.path), c.value, err)
		}
	}
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ text, delta, remove, want string }{
		{`{}`, `{}`, "", `{}`},
		{`{"a":1,"b":2}`, `{"a": 3 ,"c":4}`, "", `{"a":3,"b":2,"c":4}`},
		{`{"a":1,"b":2}`, `{}`, "a a x", `{"b":2}`},
		{`{"a":1,"b":2}`, `{"a":9}`, "a b", `{"a":9}`},
		{`{"a":1,"b":2}`, `[]`, "", "JSON at byte 0: want an object"},
		{`{"a":1,"b":2}`, `{"c":1,"c":1}`, "a", "JSON at byte 7: duplicate member"},
		{`{"a":1,"b":2}`, ``, "a", "JSON at byte 0: want an object"},
		{`[]`, `{}`, "", "JSON at byte 0: want an object"},
	} {
		got, err := Merge([]byte(c.text), []byte(c.delta), strings.Fields(c.remove))
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != c.want {
			t.Errorf("%s with %s without %q: got %s, want %s", c.text, c.delta, c.remove, got, c.want)
		}
	}
}

// script turns fuzz bytes into paths over a few names, so that paths often meet.
func script(text string) (paths [][]string) {
	for _, line := range strings.Split(text, ",") {
		if len(line) > 6 {
			line = line[:6]
		}
		path := strings.Split(line, "")
		if len(path) > 0 && strings.ToValidUTF8(line, "") == line {
			paths = append(paths, path)
		}
	}
	return paths
}

// FuzzPatch: an Object's Patch, and SetPath and RemovePath one after the other, end where plain maps end.
func FuzzPatch(f *testing.F) {
	f.Add(`{"a":{"b":1,"c":{}},"b":2}`, "ab,abc,b", "ac", "ab,b,ad")
	f.Add(`{"a":1}`, "ab,a", "", "a")
	f.Add(`{"a":{}}`, "ab,a,ab,a,abc", "aa,a", "ab")
	f.Add(`{"a":{"b":{"c":1}}}`, "abcd,ab,abc", "abc,ab", "a,ab,abc,abcd,b,c,d,e,f,g,h,i,j,k,aa,ac,ad,ae,af,ag,ah,ai")
	f.Fuzz(func(t *testing.T, text, remove, values, set string) {
		o, err := ParseObject([]byte(text))
		if err != nil {
			return
		}
		want := parse(t, []byte(text))
		raw := []byte(text)
		removals, sets := script(remove), script(set)
		for _, p := range removals {
			var got bool
			if raw, got, err = RemovePath(raw, p); err != nil || got != naiveRemove(want, p) {
				t.Fatalf("remove %q: %t, %v", p, got, err)
			}
		}
		// What is set depends on the place in the list, and is an object at some.
		list := "["
		var blocked error
		for i, p := range sets {
			value := []string{`1`, `{"b":{}}`, `{}`, `[{}]`}[(i+len(values))%4]
			if i > 0 {
				list += ","
			}
			list += value
			if blocked != nil {
				continue
			}
			want, blocked = naiveSet(want, p, parse(t, []byte(value)))
			var err error
			if raw, err = SetPath(raw, p, []byte(value)); (err != nil) != (blocked != nil) {
				t.Fatalf("set %q: got %v, want %v", p, err, blocked)
			}
		}
		before := string(o.Append(nil))
		err = o.Patch(sets, []byte(list+"]"), removals, 0)
		after := o.Append(nil)
		if (err != nil) != (blocked != nil) {
			t.Fatalf("patch: got %v, want %v", err, blocked)
		}
		if err != nil {
			if string(after) != before {
				t.Fatalf("a patch that failed changed %s to %s", before, after)
			}
			return
		}
		same(t, "paths", raw, want)
		same(t, "patch", after, want)
		if o.Size() != len(after) {
			t.Fatalf("size is %d, want %d", o.Size(), len(after))
		}
	})
}

// FuzzMerge: an Object that lives through two merges says what plain maps say.
func FuzzMerge(f *testing.F) {
	f.Add(`{"a":1,"b":2}`, `{"a":3}`, "b,c", `{"b":1}`)
	f.Add(`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":0}`, `{"é\u0001":[1,{}]}`, "a,b,c,d,e,f,g,h,i", `{"a":1}`)
	f.Fuzz(func(t *testing.T, text, delta, remove, again string) {
		o, err := ParseObject([]byte(text))
		if err != nil {
			return
		}
		want := parse(t, []byte(text)).(map[string]any)
		names := strings.Split(remove, ",")
		for _, d := range []string{delta, again} {
			before := string(o.Append(nil))
			if err := o.Merge([]byte(d), names, 0); err != nil {
				if Check([]byte(d)) == nil && Kind([]byte(d)) == KindObject {
					t.Fatalf("%s: %v", d, err)
				}
				if got := string(o.Append(nil)); got != before {
					t.Fatalf("a merge that failed changed %s to %s", before, got)
				}
				continue
			}
			for _, n := range names {
				delete(want, n)
			}
			for k, v := range parse(t, []byte(d)).(map[string]any) {
				want[k] = v
			}
			names = names[:len(names)/2]
			got := o.Append(nil)
			same(t, "merge", got, want)
			if o.Size() != len(got) || o.Len() != len(want) {
				t.Fatalf("size %d, len %d, want %d, %d", o.Size(), o.Len(), len(got), len(want))
			}
		}
	})
}
