package jsontext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func mustParse(t testing.TB, text string) *Object {
	t.Helper()
	o, err := ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObjectKeepsPlaces(t *testing.T) {
	o := mustParse(t, ` { "a" : 1 , "é\n" : [ ] , "c" : "x" } `)
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, `{"a":1,"é\n":[ ],"c":"x"}`},
		{func() error { return o.Set("a", []byte(` {"long":"value"} `)) }, `{"a":{"long":"value"},"é\n":[ ],"c":"x"}`},
		{func() error { return o.Set("d", []byte(`null`)) }, `{"a":{"long":"value"},"é\n":[ ],"c":"x","d":null}`},
		{func() error { o.Delete("é\n"); return nil }, `{"a":{"long":"value"},"c":"x","d":null}`},
		{func() error { return o.Merge([]byte(`{"c":2,"e":3}`), []string{"a"}, 0) }, `{"c":2,"d":null,"e":3}`},
		{func() error {
			return o.Patch([][]string{{"c", "x"}, {"f"}}, []byte(`[1,2]`), [][]string{{"c"}, {"e"}}, 0)
		}, `{"c":{"x":1},"d":null,"f":2}`},
		{func() error { return o.Set("bad", []byte(`{`)) }, `{"c":{"x":1},"d":null,"f":2}`},
	} {
		if err := step.do(); err != nil && !strings.Contains(step.want, `"f"`) {
			t.Fatal(err)
		}
		if got := string(o.Append([]byte("x"))); got != "x"+step.want {
			t.Errorf("got %s, want x%s", got, step.want)
		}
		if o.Size() != len(step.want) {
			t.Errorf("size %d, want %d", o.Size(), len(step.want))
		}
	}
	if names := slices.Collect(o.Names); !slices.Equal(names, []string{"c", "d", "f"}) {
		t.Errorf("names are %q", names)
	}
	if v, ok := o.Get("d"); !ok || string(v) != "null" {
		t.Errorf("d is %s, %t", v, ok)
	}
	for _, gone := range []string{"a", "e", "never"} {
		if v, ok := o.Get(gone); ok || o.Delete(gone) {
			t.Errorf("%s is %s", gone, v)
		}
	}
}

func TestZeroObjectIsEmpty(t *testing.T) {
	var o Object
	if got := string(o.Append(nil)); got != "{}" || o.Size() != 2 || o.Len() != 0 {
		t.Errorf("got %s", got)
	}
	if err := o.Patch([][]string{{"a", "b"}}, []byte(`[1]`), nil, 0); err != nil || string(o.Append(nil)) != `{"a":{"b":1}}` {
		t.Errorf("got %s, %v", o.Append(nil), err)
	}
}

func TestObjectOwnsItsBytes(t *testing.T) {
	text, value, delta := []byte(`{"a":"1111","b":"2222"}`), []byte(`"3"`), []byte(`{"d":"4"}`)
	o, err := ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Set("c", value); err != nil {
		t.Fatal(err)
	}
	if err := o.Merge(delta, nil, 0); err != nil {
		t.Fatal(err)
	}
	values := []byte(`["5"]`)
	if err := o.Patch([][]string{{"e"}}, values, nil, 0); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{text, value, delta, values} {
		clear(b)
	}
	// A value that grows must not run into its neighbour.
	if err := o.Set("a", []byte(`"11111111"`)); err != nil {
		t.Fatal(err)
	}
	if got, want := string(o.Append(nil)), `{"a":"11111111","b":"2222","c":"3","d":"4","e":"5"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSizeLimitIsExactAndChangesNothing(t *testing.T) {
	const text = `{"a":1,"é\u0000":[1,2]}`
	change := map[string]func(o *Object, limit int) error{
		"merge": func(o *Object, limit int) error {
			return o.Merge([]byte(`{"a":12345,"\u0007":{}}`), []string{"x", "é\x00", "é\x00", "a"}, limit)
		},
		"merge adds":  func(o *Object, limit int) error { return o.Merge([]byte(`{"b":12345}`), nil, limit) },
		"merge keeps": func(o *Object, limit int) error { return o.Merge([]byte(`{}`), nil, limit) },
		"patch": func(o *Object, limit int) error {
			return o.Patch([][]string{{"b", "c"}, {"a"}}, []byte(`[[],1234567890]`), [][]string{{"é\x00"}, {"b"}}, limit)
		},
	}
	for name, do := range change {
		free := mustParse(t, text)
		if err := do(free, 0); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o := mustParse(t, text)
		err, ok := do(o, free.Size()-1).(*Error)
		if !ok || err.Reason != TooLarge {
			t.Errorf("%s: got %v", name, err)
		}
		if got := string(o.Append(nil)); got != text {
			t.Errorf("%s: a refused change left %s", name, got)
		}
		if err := do(o, free.Size()); err != nil || string(o.Append(nil)) != string(free.Append(nil)) {
			t.Errorf("%s: got %s, %v, want %s", name, o.Append(nil), err, free.Append(nil))
		}
	}
}

func TestPatchRefuses(t *testing.T) {
	for _, c := range []struct {
		set    [][]string
		values string
		remove [][]string
		want   string
	}{
		{[][]string{{"a"}}, `[]`, nil, "JSON at byte 2: want one value for each path"},
		{[][]string{{"a"}}, `[1,2]`, nil, "JSON at byte 0: want one value for each path"},
		{nil, `[1]`, nil, "JSON at byte 0: want one value for each path"},
		{[][]string{{"a"}}, `{}`, nil, "JSON at byte 0: want an array"},
		{[][]string{{"a"}}, ``, nil, "JSON at byte 0: want an array"},
		{[][]string{{"b"}, {"a", "x"}}, `[1,2]`, nil, "JSON at byte 0: want an object on the path"},
		{[][]string{{"b"}, {"b", "x"}}, `[1,2]`, nil, "JSON at byte 0: want an object on the path"},
		{[][]string{{"a", "x"}, {"a"}}, `[1,{}]`, nil, "JSON at byte 0: want an object on the path"},
		{[][]string{{}}, `[1]`, nil, "JSON at byte 0: want a path of at least one member"},
		{nil, ``, [][]string{{}}, "JSON at byte 0: want a path of at least one member"},
		{[][]string{make([]string, MaxDepth+1)}, `[1]`, nil, "JSON at byte 0: nested more than 64 deep"},
	} {
		o := mustParse(t, `{"a":1}`)
		err := o.Patch(c.set, []byte(c.values), c.remove, 0)
		if err == nil || err.Error() != c.want || string(o.Append(nil)) != `{"a":1}` {
			t.Errorf("%q = %s: got %v, %s, want %s", c.set, c.values, err, o.Append(nil), c.want)
		}
	}
}

// TestPatchOfManyPathsIsOnePass is generous: one pass over the value for each path would take minutes.
func TestPatchOfManyPathsIsOnePass(t *testing.T) {
	const paths = 10_000
	o := mustParse(t, `{"a":{"fill":"`+strings.Repeat("x", 4<<20)+`"}}`)
	var set [][]string
	values := "[0"
	for i := range paths {
		set = append(set, []string{"a", strconv.Itoa(i)})
		if i > 0 {
			values += ",1"
		}
	}
	start := time.Now()
	if err := o.Patch(set, []byte(values+"]"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestMergeInAnyOrder changes members in their order, against it and with gaps, in small and in indexed objects.
func TestMergeInAnyOrder(t *testing.T) {
	for _, n := range []int{3, fewMembers, fewMembers + 1, fewChanges + 2, 3 * fewChanges} {
		o, want := mustParse(t, string(bigObject(n, false))), make([]string, n)
		for round, order := range []func(i int) int{
			func(i int) int { return i },
			func(i int) int { return n - 1 - i },
			func(i int) int { return i * 2 },
			func(i int) int { return (i + n/2) % n },
		} {
			var delta []string
			for i := range n {
				if i = order(i); i < n {
					want[i] = strconv.Itoa(round*1000 + i)
					delta = append(delta, fmt.Sprintf(`"name%d":%s`, i, want[i]))
				}
			}
			if err := o.Merge([]byte("{"+strings.Join(delta, ",")+"}"), nil, 0); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if v, _ := o.Get("name" + strconv.Itoa(i)); string(v) != want[i] {
					t.Errorf("%d members, round %d: member %d is %s, want %s", n, round, i, v, want[i])
				}
			}
		}
	}
}

// TestMergeOfKnownMembersAllocatesNothing holds the cost of the commonest change of a shared context.
func TestMergeOfKnownMembersAllocatesNothing(t *testing.T) {
	o, delta := mustParse(t, string(rows(0))), rows(1)
	if n := testing.AllocsPerRun(100, func() {
		if err := o.Merge(delta, nil, 1<<20); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// held is how many bytes of values an Object keeps alive, its own text left out.
func held(o *Object) (n int) {
	for _, m := range o.members {
		n += cap(m.value)
	}
	return n
}

func TestMemberThatWasLargeKeepsNoMemory(t *testing.T) {
	var o Object
	for i := range 100 {
		name := strconv.Itoa(i)
		for _, value := range []string{`"` + strings.Repeat("x", 100_000) + `"`, `0`} {
			if err := o.Merge([]byte(`{"`+name+`":`+value+`}`), nil, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := held(&o); n > 100*100 {
		t.Errorf("%d bytes of values hold %d", o.Size(), n)
	}
}

func TestWhiteSpaceKeepsNoMemory(t *testing.T) {
	o := mustParse(t, `{"a":`+strings.Repeat(" ", 1<<20)+`1}`)
	if v, _ := o.Get("a"); cap(v) > 64 || held(o) > 64 {
		t.Errorf("a value of %d bytes holds %d", len(v), cap(v))
	}
}

func TestRemovedMembersAreTidiedUp(t *testing.T) {
	var o Object
	for i := range 10_000 {
		if err := o.Merge([]byte(fmt.Sprintf(`{"n%d":%d}`, i, i)), []string{fmt.Sprintf("n%d", i-20)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if o.Len() != 20 || len(o.members) > 100 || len(o.index) > 100 {
		t.Errorf("%d members hold %d places and %d names", o.Len(), len(o.members), len(o.index))
	}
	if v, ok := o.Get("n9985"); !ok || string(v) != "9985" {
		t.Errorf("n9985 is %s, %t", v, ok)
	}
}

func TestHavingAndLacking(t *testing.T) {
	o, err := ParseObject([]byte(`{"a":1,"b":2,"c":3}`))
	if err != nil {
		t.Fatal(err)
	}
	o.Delete("b")
	names := []string{"a", "b", "c", "d"}
	if have := o.Having(names); !slices.Equal(have, []string{"a", "c"}) {
		t.Errorf("has %q", have)
	}
	if lack := o.Lacking(names); !slices.Equal(lack, []string{"b", "d"}) {
		t.Errorf("lacks %q", lack)
	}
}

func TestOutgrows(t *testing.T) {
	o, err := ParseObject([]byte(`{"a":1,"b":2}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		limit int
		want  bool
	}{
		{`{}`, 2, false}, {`{"a":3,"b":4}`, 2, false}, {`{"c":1}`, 2, true}, {`{"c":1}`, 3, false}, {`{"a":1,"c":1,"d":1}`, 3, true},
		{`{"c":1,"d"`, 2, true}, {`no object`, 2, false},
	} {
		if got := o.Outgrows([]byte(c.text), c.limit); got != c.want {
			t.Errorf("%s, limit %d: %v", c.text, c.limit, got)
		}
	}
}
