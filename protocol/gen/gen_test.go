package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a package of one file and returns its directory.
func write(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wire.go"), []byte("package protocol\n"+source), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRefusesWhatDoesNotTravel(t *testing.T) {
	for _, c := range []struct{ field, want string }{
		{"Base", "T embeds Base: members of a payload struct are spelled out"},
		{"a string `json:\"a\"`", "T.a is not exported: a payload struct has no private part"},
		{"A string", "T.A needs a json tag that names the member in letters and digits"},
		{"A string `json:\"\"`", "T.A needs a json tag that names the member in letters and digits"},
		{"A string `json:\"-\"`", "T.A needs a json tag that names the member in letters and digits"},
		{"A string `json:\"a b\"`", "T.A needs a json tag that names the member in letters and digits"},
		{"A string `json:\"ok\"`", "T.A: the member \"ok\" is there twice"},
		{"A string `json:\"a,string\"`", "T.A: the codecs know no tag option but omitempty, not \"string\""},
		{"A time.Duration `json:\"a\"`", "T.A is time.Duration, which does not travel: use an int64 whose name ends in Ms"},
		{"A time.Time `json:\"a\"`", "T.A is time.Time, which does not travel: types of other packages have no codec"},
		{"A any `json:\"a\"`", "T.A is any, which does not travel: both ends must know the type; use Raw for JSON of the app's own"},
		{"A interface{ M() } `json:\"a\"`", "T.A is interface{M()}, which does not travel: both ends must know the type; use Raw for JSON of the app's own"},
		{"A error `json:\"a\"`", "T.A is error, which does not travel: it is neither a payload struct nor a string"},
		{"A map[int64]string `json:\"a\"`", "T.A is map[int64]string, which does not travel: the names of JSON members are strings"},
		{"A map[string]string `json:\"a\"`", "T.A is map[string]string, which does not travel: the codecs have no maps; use a list of structs, whose order is the same everywhere"},
		{"A int `json:\"a\"`", "T.A is int, which does not travel: use int64, of which 53 bits travel"},
		{"A uint64 `json:\"a\"`", "T.A is uint64, which does not travel: use int64, of which 53 bits travel"},
		{"A float64 `json:\"a\"`", "T.A is float64, which does not travel: no payload needs fractions yet; use an int64 of a smaller unit"},
		{"A chan string `json:\"a\"`", "T.A is chan string, which does not travel: it is not data"},
		{"A func() `json:\"a\"`", "T.A is func(), which does not travel: it is not data"},
		{"A []byte `json:\"a\"`", "T.A is []byte, which does not travel: use Raw for JSON, or a string for base64url"},
		{"A [3]string `json:\"a\"`", "T.A is [3]string, which does not travel: JSON arrays have no fixed length; use a slice"},
		{"A [][]int64 `json:\"a\"`", "T.A is [][]int64, which does not travel: lists hold strings, integers, lists of strings or payload structs"},
		{"A []*Base `json:\"a\"`", "T.A is []*Base, which does not travel: lists hold strings, integers, lists of strings or payload structs"},
		{"A *string `json:\"a,omitempty\"`", "T.A is *string, which does not travel: only payload structs may be pointed to"},
		{"A *Base `json:\"a\"`", "T.A is *Base, which does not travel: a pointer needs omitempty, so that nil has one spelling"},
		{"A Raw `json:\"a\"`", "T.A is Raw, which does not travel: Raw needs omitempty, because empty is not JSON"},
		{"A struct{} `json:\"a\"`", "T.A is struct{}, which does not travel: declare a payload struct of its own"},
		{"A Plain `json:\"a\"`", "T.A is Plain, which has no json tags and so is no payload struct"},
		{"A Base `json:\"a,omitempty\"`", "T.A: omitempty, but Base has members that are always written; use a pointer"},
	} {
		_, err := load(write(t, `import "time"
type Raw []byte
type Base struct { ID string `+"`json:\"id\"`"+` }
type Plain struct { X string }
type T struct { Ok bool `+"`json:\"ok\"`"+`
`+c.field+`
}`))
		if want := "wire.go:7: " + c.want; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", c.field, err, want)
		}
	}
}

func TestRefusesTablesWithHoles(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`type Op uint32
const OpA Op = 1`, "wire.go:3: OpA has no row in opTable"},
		{`type Code string
const Bad Code = "BAD"`, "wire.go:3: Bad has no row in codeTable"},
		{`type Op uint32
const OpA Op = 1
type OpInfo struct { Op Op; Head string }
var opTable = [...]OpInfo{{Op: OpA, Head: "Missing"}}`, "wire.go:3: OpA has the head Missing, which is no payload struct"},
		{`const x = `, "wire.go:2:11: expected operand, found 'EOF'"},
	} {
		_, err := load(write(t, c.source))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.source, err, c.want)
		}
	}
}

// TestUnexportedAndUntaggedStructsStayInside: what has no tags is no payload.
func TestUnexportedAndUntaggedStructsStayInside(t *testing.T) {
	m, err := load(write(t, "type inner struct { A chan int `json:\"a\"` }\ntype Outer struct { B chan int }"))
	if err != nil || len(m.structs) != 0 {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestOutputs(t *testing.T) {
	m, err := load(write(t, "// Wish is a wish.\n//\n// It has two lines.\ntype Wish struct {\n// Of is who has it.\nOf Name `json:\"of\"`\n"+
		"More []Wish `json:\"more,omitempty\"`\n}\n// Name is a name.\ntype Name string\n"))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := writeCodec(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ got, want string }{
		"codec": {string(codec), `func (v *Wish) walk(w *walker) {
	w.string("of", always, (*string)(&v.Of))
	structs(w, "more", optional, &v.More)
}`},
		"TypeScript": {string(writeTypeScript(m)), `/**
 * Wish is a wish.
 *
 * It has two lines.
 */
export interface Wish {
  /** Of is who has it. */
  readonly of: string;
  readonly more?: readonly Wish[];
}`},
		"docs": {string(writeTables(m)), "| `of` | string | Of is who has it. |\n| `more`? | list of [Wish](#wish) |  |"},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("%s: got\n%s\nwant it to hold\n%s", name, c.got, c.want)
		}
	}
}

func TestReplaceTables(t *testing.T) {
	doc := "a\n" + tablesBegin + "\nold\n" + tablesEnd + "\nb\n"
	got, err := replaceTables([]byte(doc), []byte("new\n"))
	if want := strings.Replace(doc, "old", "new", 1); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := replaceTables([]byte("a\n"+tablesBegin), nil); err == nil {
		t.Error("a document without the second marker is taken")
	}
}

func TestCompare(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("1\n2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := compare(root, []file{{"a", []byte("1\n2\n3\n")}}); err != nil {
		t.Error(err)
	}
	err := compare(root, []file{{"a", []byte("1\nx\n3\n")}})
	if want := "a:2: out of date, run make generate\n\t- 2\n\t+ x"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := compare(root, []file{{"missing", nil}}); err == nil {
		t.Error("a file that is missing is up to date")
	}
}

// TestGeneratedFilesAreUpToDate is -check as a test.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	if err := run(true); err != nil {
		t.Error(err)
	}
}
