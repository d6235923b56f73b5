package source

import (
	"errors"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

type target struct {
	Name   string       `json:"name"`
	Count  int64        `json:"count"`
	On     bool         `json:"on"`
	List   []string     `json:"list"`
	Inner  *target      `json:"inner"`
	Custom protocol.Raw `json:"custom"`
}

func TestBothFormatsGiveTheSame(t *testing.T) {
	yaml := "\ufeffname: 1.10\ncount: 7\non: true\nlist: [a, \"b\"]\ninner:\n  name: \"\\u00fc\"\ncustom:\n  z: [1, 2.50, .5, 0x10, .inf, null, true, 2026-01-02]\n  a: \"q\\\"\"\n"
	json := `{"name": 1.10, "count": 7, "on": true, "list": ["a", "b"], "inner": {"name": "ü"},
		"custom": {"z": [1, 2.50, 0.5, 16, ".inf", null, true, "2026-01-02"], "a": "q\""}}`
	for name, text := range map[string]string{"x.yaml": yaml, "x.JSON": json} {
		var got target
		if err := into(name, text, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Name != "1.10" || got.Count != 7 || !got.On || strings.Join(got.List, "") != "ab" || got.Inner.Name != "ü" {
			t.Errorf("%s: %+v", name, got)
		}
		if want := `{"z":[1,2.50,0.5,16,".inf",null,true,"2026-01-02"],"a":"q\""}`; string(got.Custom) != want {
			t.Errorf("%s: custom is %s, want %s", name, got.Custom, want)
		}
	}
}

func TestJSONKeepsWhatYAMLWouldNotRead(t *testing.T) {
	var got target
	if err := into("x.json", "{\n\t\"name\":\t\"\\ud83d\\ude00\"\n}", &got); err != nil || got.Name != "😀" {
		t.Fatalf("got %q, %v", got.Name, err)
	}
}

func TestEmptyFilesLeaveTheTarget(t *testing.T) {
	for _, text := range []string{"", "\n# nothing\n", "---\n", "null"} {
		got := target{Name: "kept"}
		if err := into("x.yaml", text, &got); err != nil || got.Name != "kept" {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	for _, test := range []struct{ name, file, text, want string }{
		{"unknown field", "a.yaml", "name: x\nlisst: []\n", "a.yaml:2:1: lisst: there is no such field\n  fix: did you mean list?"},
		{"unknown field, case", "a.json", "{\n  \"NAME\": 1}", "a.json:2:3: NAME: there is no such field\n  fix: did you mean name?"},
		{"unknown field, nothing like it", "a.yaml", "whatever: x\n", "a.yaml:1:1: whatever: there is no such field\n  fix: the fields here are: count, custom, inner, list, name, on"},
		{"unknown inner field", "a.yaml", "inner:\n  cuont: 1\n", "a.yaml:2:3: inner.cuont: there is no such field\n  fix: did you mean count?"},
		{"twice", "a.yaml", "name: x\ncount: 1\nname: y\n", "a.yaml:3:1: name: written twice, first in line 1\n  fix: keep one of them"},
		{"twice in JSON", "a.json", "{\"name\": 1,\n \"name\": 2}", "a.json:2:2: name: written twice, first in line 1\n  fix: keep one of them"},
		{"wrong type", "a.yaml", "list: a\n", "a.yaml:1:7: list: must be a list, not a text"},
		{"wrong type inside", "a.json", "{\"list\": [\"a\",\n  {}]}", "a.json:2:3: list[1]: must be a text, not a mapping"},
		{"empty item", "a.yaml", "list:\n  - a\n  -\n", "a.yaml:3:4: list[1]: is empty\n  fix: remove it, or give it a value"},
		{"a truth as text", "a.yaml", "name: true", "a.yaml:1:7: name: must be a text, not true or false\n  fix: put it into quotes"},
		{"a text as truth", "a.yaml", "on: yes", "a.yaml:1:5: on: must be true or false, not a text"},
		{"a fraction", "a.yaml", "count: 1.5", "a.yaml:1:8: count: must be a whole number, not 1.5"},
		{"too large", "a.yaml", "count: 9007199254740992", "a.yaml:1:8: count: must be a whole number, not 9007199254740992"},
		{"not a mapping", "a.yaml", "- a", "a.yaml:1:1: must be a mapping, not a list"},
		{"anchor", "a.yaml", "list: &x [a]\n", "a.yaml:1:7: anchors and aliases are not supported\n  fix: write the value out"},
		{"alias bomb", "a.yaml", "name: &a x\nlist: [*a, *a]\n", "a.yaml:1:7: anchors and aliases are not supported\n  fix: write the value out"},
		{"merge key", "a.yaml", "<<: {name: x}\n", "a.yaml:1:1: a field's name must be a plain text"},
		{"tag", "a.yaml", "name: !!binary aGk=\n", "a.yaml:1:7: the tag !!binary is not supported\n  fix: remove it"},
		{"two documents", "a.yaml", "name: x\n---\nname: y\n", "a.yaml:2:1: a second document in one file\n  fix: put it into a file of its own"},
		{"tab", "a.yaml", "inner:\n\tname: x\n", "a.yaml:2:1: this is not YAML: found character that cannot start any token\n  fix: indent with spaces, not tabs, and quote texts that begin with @, ` or %"},
		{"not UTF-8", "a.yaml", "name: \xff", "a.yaml: the file is not UTF-8 text\n  fix: save it with the encoding UTF-8"},
		{"too deep", "a.yaml", "custom: " + deep, "a.yaml:1:73: nested deeper than 64"},
		{"too deep in JSON", "a.json", `{"custom": ` + deep + `}`, "a.json:1:76: this is not JSON: nested deeper than 64"},
		{"JSON ends early", "a.json", "{\"name\": \"x\",\n", "a.json:2:1: this is not JSON: the file ends too early"},
		{"JSON comma", "a.json", "{\"name\": \"x\"\n \"count\": 1}", "a.json:2:2: this is not JSON: invalid character '\"' after object key:value pair"},
		{"JSON comment", "a.json", "// hi\n{}", "a.json:1:1: this is not JSON: invalid character '/' looking for beginning of value"},
		{"JSON trailing", "a.json", "{}\n{}", "a.json:2:1: this is not JSON: there is more behind the end of the value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := into(test.file, test.text, &target{})
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestFindGoesAsFarAsThereIsSomething(t *testing.T) {
	root, err := Parse("a.yaml", []byte("inner:\n  list:\n    - a\n    - b\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"inner.list[1]": 4, "inner.list[9]": 3, "inner.list": 3, "inner.name": 2, "": 1, "zzz": 1} {
		if got := root.Find(path).Fault("", "").Line; got != want {
			t.Errorf("Find(%q) is in line %d, want %d", path, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"blockList", "allowList", "listen"}
	for name, want := range map[string]string{"blocklist": "blockList", "blockLists": "blockList", "lisen": "listen", "apps": "", "": "", "alowlst": "allowList"} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a: 1", "{\"a\": [1, {}]}", "- x\n- y: [z]", "\"\\ud800\"", "a: &x [*x]", "{,}", "[1 2]"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, asJSON bool) {
		name := "f.yaml"
		if asJSON {
			name = "f.json"
		}
		root, err := Parse(name, []byte(text))
		if err != nil {
			if fault := new(Error); !errors.As(err, &fault) || fault.File != name {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		again, err := Parse("f.json", root.JSON())
		if err != nil {
			t.Fatalf("%q became %q: %v", text, root.JSON(), err)
		}
		if string(again.JSON()) != string(root.JSON()) {
			t.Fatalf("%q, then %q", root.JSON(), again.JSON())
		}
	})
}

func into(name, text string, target any) error {
	root, err := Parse(name, []byte(text))
	if err != nil {
		return err
	}
	return root.Into(target)
}
