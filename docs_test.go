package crossframe_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// link finds the target of a Markdown link; those to elsewhere have a scheme.
var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// TestLinksLead: every relative link of a page of the documentation leads to a file, and its fragment to a heading there.
func TestLinksLead(t *testing.T) {
	files, checked := pages(t), 0
	for _, page := range files {
		for _, found := range link.FindAllStringSubmatch(prose(t, page), -1) {
			target := found[1]
			if strings.Contains(target, ":") {
				continue
			}
			checked++
			name, fragment, _ := strings.Cut(target, "#")
			to := page
			if name != "" {
				to = filepath.Join(filepath.Dir(page), name)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, target)
			} else if fragment != "" && !headings(t, to)[fragment] {
				t.Errorf("%s links to %s: %s has no such heading", page, target, to)
			}
		}
	}
	if len(files) < 30 || checked < 100 {
		t.Fatalf("only %d links of %d pages were found", checked, len(files))
	}
}

// TestPagesAreFound: the README leads to every page of the documentation.
func TestPagesAreFound(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil || len(files) < 10 {
		t.Fatal("there is no documentation", err)
	}
	readme := prose(t, "README.md")
	for _, file := range files {
		if !strings.Contains(readme, "]("+file+")") {
			t.Errorf("README.md does not link to %s", file)
		}
	}
}

// TestDecisionsAreListed: the index of the decisions has each file, under its title.
func TestDecisionsAreListed(t *testing.T) {
	index := read(t, "docs/decisions/README.md")
	files, err := filepath.Glob("docs/decisions/0*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no decisions", err)
	}
	for _, file := range files {
		heading, _, _ := strings.Cut(read(t, file), "\n")
		number, title, ok := strings.Cut(strings.TrimPrefix(heading, "# "), ": ")
		name := filepath.Base(file)
		if row := "| [" + number + "](" + name + ") | " + title + " |"; !ok || !strings.HasPrefix(name, number+"-") || !strings.Contains(index, row) {
			t.Errorf("%s begins with %q, and the index has no row %s", file, heading, row)
		}
	}
	if rows := strings.Count(index, "\n| [0"); rows != len(files) {
		t.Errorf("the index has %d rows for %d decisions", rows, len(files))
	}
}

// required finds a module that go.mod requires directly, and its version.
var required = regexp.MustCompile(`(?m)^(?:require )?\s*(\S+) v([^\s/]+)$`)

// TestDependenciesAreExplained: the decision on dependencies names every module that is required, or the one that it is a part of,
// at its version.
func TestDependenciesAreExplained(t *testing.T) {
	why, modules := read(t, "docs/decisions/0008-dependencies.md"), required.FindAllStringSubmatch(read(t, "go.mod"), -1)
	if len(modules) < 10 {
		t.Fatalf("go.mod was not understood: %v", modules)
	}
	for _, m := range modules {
		explained := false
		for name := m[1]; name != "." && !explained; name = path.Dir(name) {
			explained = strings.Contains(why, strings.TrimPrefix(name, "github.com/")+" "+m[2])
		}
		if !explained {
			t.Errorf("docs/decisions/0008-dependencies.md says nothing of %s %s", m[1], m[2])
		}
	}
}

// TestFloorsAreDrawn: the table in docs/architecture.md has every package, on its floor.
func TestFloorsAreDrawn(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "docs/architecture.md"), "## Floors\n")
	_, table, _ = strings.Cut(table, "```\n")
	table, _, _ = strings.Cut(table, "```")
	drawn := make(map[string]int)
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		floor, err := strconv.Atoi(words[0])
		if err != nil {
			t.Fatalf("no floor: %q", line)
		}
		for _, word := range words[1:] {
			drawn[word] = floor
		}
	}
	for _, p := range append(ours(t, ""), ours(t, "js")...) {
		name := strings.TrimPrefix(p.ImportPath, module)
		floor, _ := floorOf(name)
		if there, ok := drawn[name]; !ok || there != floor {
			t.Errorf("docs/architecture.md does not have %s on floor %d", name, floor)
		}
	}
	for name := range drawn {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("docs/architecture.md has %s on a floor, which does not exist", name)
		}
	}
}

// pages returns the Markdown files of the sources.
func pages(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "node_modules" || name == "dist" || name == "build" || len(name) > 1 && name[0] == '.'):
			return fs.SkipDir
		case filepath.Ext(name) == ".md":
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// prose returns a page without its blocks of code.
func prose(t *testing.T, file string) string {
	t.Helper()
	var text strings.Builder
	code := false
	for line := range strings.Lines(read(t, file)) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		} else if !code {
			text.WriteString(line)
		}
	}
	return text.String()
}

// headings returns the fragments of a page's headings: in small letters, without punctuation, "-" for spaces.
func headings(t *testing.T, file string) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	for line := range strings.Lines(prose(t, file)) {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		found[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title))] = true
	}
	return found
}
