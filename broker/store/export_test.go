package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestExportImport(t *testing.T) {
	ctx := within(t)
	from := open(t, Options{Dir: privateDir(t)})
	for i, name := range hostile {
		must[uint64](t)(from.Bucket(Contexts).Put(ctx, KeyOf("t", name), []byte{byte(i), 0xff}))
	}
	must[uint64](t)(from.Bucket(Contexts).Remove(ctx, KeyOf("t", hostile[0])))
	for i := range 12 {
		must[uint64](t)(from.Bucket(Records).Put(ctx, KeyOf("layout"), []byte(fmt.Sprint(i))))
	}
	must[uint64](t)(from.Bucket(Sessions).Put(ctx, KeyOf("long"), []byte("s"), Lifetime(time.Hour)))
	must[uint64](t)(from.Bucket(Volatile).Put(ctx, KeyOf("volatile"), []byte("v")))
	if err := from.Audit().Append(ctx, "t", []byte("a line")); err != nil {
		t.Fatal(err)
	}
	var export bytes.Buffer
	sum, err := from.Export(ctx, &export)
	if err != nil || sum.Values[Contexts] != int64(len(hostile)-1) || sum.Values[Records] != 10 || sum.Records != 1 || sum.Epoch != from.Epoch() {
		t.Fatalf("%+v, %v", sum, err)
	}
	if again, err := VerifyExport(bytes.NewReader(export.Bytes())); err != nil || fmt.Sprint(again) != fmt.Sprint(sum) {
		t.Errorf("verified %+v, %v", again, err)
	}

	dir := privateDir(t)
	to := open(t, Options{Dir: dir})
	before := to.Epoch()
	if _, err := to.Import(ctx, bytes.NewReader(export.Bytes()), false); err != nil {
		t.Fatal(err)
	}
	after := to.Epoch()
	if after == before || after == from.Epoch() {
		t.Error("an import did not change the epoch")
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	to = open(t, Options{Dir: dir})
	if to.Epoch() != after {
		t.Error("the epoch did not stay")
	}
	for i, name := range hostile[1:] {
		if e := must[Entry](t)(to.Bucket(Contexts).Get(ctx, KeyOf("t", name))); !bytes.Equal(e.Value, []byte{byte(i + 1), 0xff}) {
			t.Errorf("%q came back as %v", name, e.Value)
		}
	}
	if _, err := to.Bucket(Contexts).Get(ctx, KeyOf("t", hostile[0])); !errors.Is(err, ErrNotFound) {
		t.Error("what was deleted came back:", err)
	}
	if _, err := to.Bucket(Volatile).Get(ctx, KeyOf("volatile")); !errors.Is(err, ErrNotFound) {
		t.Error("what is volatile came back:", err)
	}
	var values []string
	if err := to.Bucket(Records).History(ctx, KeyOf("layout"), func(e Entry) error { values = append(values, string(e.Value)); return nil }); err != nil || fmt.Sprint(values) != "[2 3 4 5 6 7 8 9 10 11]" {
		t.Errorf("history %v: %v", values, err)
	}
	life := must[record](t)(to.fromLeader(ctx, Sessions.stream(), want{Last: to.Bucket(Sessions).subject(KeyOf("long"))}))
	if left := sequenceIn(life.header, lifetimeHeader); left == 0 || left > 3600 {
		t.Errorf("a lifetime came back as %d s", left)
	}
	var line Record
	if err := to.Audit().Search(ctx, "t", Search{To: sum.Written}, func(r Record) error { line = r; return nil }); err != nil || string(line.Data) != "a line" || line.Written.After(sum.Written) {
		t.Errorf("the log came back as %q of %v: %v", line.Data, line.Written, err)
	}

	if _, err := to.Import(ctx, bytes.NewReader(export.Bytes()), false); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("import into a full store: %v", err)
	}
	must[uint64](t)(to.Bucket(Contexts).Put(ctx, KeyOf("own"), []byte("stays")))
	if _, err := to.Import(ctx, bytes.NewReader(export.Bytes()), true); err != nil || to.Epoch() == after {
		t.Errorf("import over a full store: %v", err)
	}
	must[Entry](t)(to.Bucket(Contexts).Get(ctx, KeyOf("own")))
}

// TestImportRefuses: nothing is written of an export that is not whole.
func TestImportRefuses(t *testing.T) {
	ctx := within(t)
	from := open(t, Options{})
	for i := range 5 {
		must[uint64](t)(from.Bucket(Contexts).Put(ctx, KeyOf("k", fmt.Sprint(i)), []byte("value")))
	}
	var buffer bytes.Buffer
	if _, err := from.Export(ctx, &buffer); err != nil {
		t.Fatal(err)
	}
	export := buffer.String()
	lines := strings.SplitAfter(export, "\n")
	head := lines[0]
	for name, text := range map[string]string{
		"empty":            "",
		"other":            "{}\n",
		"cut":              strings.Join(lines[:3], ""),
		"cut in a line":    export[:len(export)/2],
		"line missing":     head + strings.Join(lines[2:], ""),
		"lines swapped":    head + lines[2] + lines[1] + strings.Join(lines[3:], ""),
		"value changed":    strings.Replace(export, "dmFsdWU", "dmFsdXU", 1),
		"more after":       export + lines[1],
		"newer":            strings.Replace(export, `"format":1`, `"format":2`, 1),
		"unknown field":    strings.Replace(export, `"bucket"`, `"buckets"`, 1),
		"unknown bucket":   strings.Replace(export, `"contexts"`, `"meta"`, 1),
		"memory bucket":    strings.Replace(export, `"contexts"`, `"tokens"`, 1),
		"no key":           strings.Replace(export, `"key":["aw==","MA=="],`, "", 1),
		"long line":        head + `{"bucket":"` + strings.Repeat("x", maxExportLine) + "\"}\n",
		"deep":             head + strings.Repeat("[", 100_000) + "\n",
		"two in one line":  head + strings.TrimSpace(lines[1]) + lines[2],
		"binary":           head + "\x00\xff\n",
		"record of nobody": head + `{"tenant":"","value":"eA=="}` + "\n",
	} {
		to := open(t, Options{})
		_, err := to.Import(ctx, strings.NewReader(text), false)
		if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		count := 0
		if err := to.Bucket(Contexts).List(ctx, Key{}, func(Entry) error { count++; return nil }); err != nil || count > 0 {
			t.Errorf("%s: %d values were written: %v", name, count, err)
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzExport(f *testing.F) {
	s, err := Open(context.Background(), Options{Log: quietLog})
	if err != nil {
		f.Fatal(err)
	}
	var export bytes.Buffer
	if _, err := s.Bucket(Contexts).Put(context.Background(), KeyOf("k"), []byte("v")); err != nil {
		f.Fatal(err)
	}
	if _, err := s.Export(context.Background(), &export); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(export.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		sum, err := VerifyExport(bytes.NewReader(text))
		if err == nil && (sum.Epoch == "" && !bytes.Contains(text, []byte(`"epoch":""`)) || !bytes.Contains(text, []byte("sha256"))) {
			t.Errorf("took %q", text)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add("a.>", "*")
	f.Add("", "_")
	f.Fuzz(func(t *testing.T, a, b string) {
		key := KeyOf(a, b)
		if e := key.Elements(); len(e) != 2 || e[0] != a || e[1] != b {
			t.Errorf("%q, %q came back as %q", a, b, e)
		}
		if strings.ContainsAny(key.String(), " *>\r\n\t$") || strings.Count(key.String(), ".") != 1 {
			t.Errorf("%q, %q became %q", a, b, key)
		}
		if again, ok := parseKey(key.String()); len(key.String()) <= maxKeyBytes && (!ok || again != key) {
			t.Errorf("%q is not read", key)
		}
		if !key.Below(KeyOf(a)) || !key.Below(Key{}) || key.Below(key) || key.Below(KeyOf(a+"x")) {
			t.Errorf("what %q is below", key)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add("YQ.Kg")
	f.Add("Y\nQ")
	f.Fuzz(func(t *testing.T, text string) {
		if key, ok := parseKey(text); ok && KeyOf(key.Elements()...) != key {
			t.Errorf("%q has a second spelling", text)
		}
	})
}
