package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestPack(t *testing.T) {
	out, source := t.TempDir(), t.TempDir()
	text := strings.Repeat("compress me, ", 1000)
	write(t, filepath.Join(source, "assets/page.js"), text)
	write(t, filepath.Join(source, "small.css"), "a{}")
	write(t, filepath.Join(out, ".keep"), "kept")
	write(t, filepath.Join(out, "site/gone.js"), "of an earlier build")
	for range 2 {
		if err := (&packer{out: out, quality: 5}).pack([]string{"site=" + source}); err != nil {
			t.Fatal(err)
		}
		want := []string{".keep", ".quality", "site/assets/page.js", "site/assets/page.js.br", "site/assets/page.js.gz", "site/small.css"}
		if got := list(t, out); !slices.Equal(got, want) {
			t.Fatalf("packed %q, want %q", got, want)
		}
	}
	page := filepath.Join(out, "site/assets/page.js")
	unzip, err := gzip.NewReader(bytes.NewReader(read(t, page+".gz")))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]io.Reader{"brotli": brotli.NewReader(bytes.NewReader(read(t, page+".br"))), "gzip": unzip} {
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("%s does not give the file back: %v", name, err)
		}
	}
	// A file that is not worth compressing any more loses its compressed forms.
	write(t, filepath.Join(source, "assets/page.js"), "short")
	if err := (&packer{out: out, quality: 5}).pack([]string{"site=" + source}); err != nil {
		t.Fatal(err)
	}
	if got := list(t, out); !slices.Equal(got, []string{".keep", ".quality", "site/assets/page.js", "site/small.css"}) {
		t.Errorf("packed %q", got)
	}
}

func TestFormsOfLowerQualityAreMadeAnew(t *testing.T) {
	out, source := t.TempDir(), t.TempDir()
	write(t, filepath.Join(source, "page.js"), strings.Repeat("compress me, ", 1000))
	form := filepath.Join(out, "site/page.js.br")
	for _, step := range []struct {
		quality int
		anew    bool
	}{{5, true}, {5, false}, {11, true}, {5, false}, {11, false}} {
		write(t, form, "stale")
		if err := (&packer{out: out, quality: step.quality}).pack([]string{"site=" + source}); err != nil {
			t.Fatal(err)
		}
		if anew := string(read(t, form)) != "stale"; anew != step.anew {
			t.Errorf("quality %d: made anew is %v", step.quality, anew)
		}
	}
}

func TestPackNeedsItsSources(t *testing.T) {
	for _, source := range []string{"site", "site=" + filepath.Join(t.TempDir(), "missing")} {
		if err := (&packer{out: t.TempDir()}).pack([]string{source}); err == nil {
			t.Errorf("%q was accepted", source)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func list(t *testing.T, root string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
