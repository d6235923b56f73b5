package crossframe_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const abuseList = "docs/abuse-list.md"

// abuseRows are the rows that the list must have: numbers and ranges of each group.
var abuseRows = map[byte]string{
	'H': "1-4 6-21 23 24", 'P': "1-8 11-13", 'R': "1-5 7-12 15-22", 'X': "1-4 6-10 12 13 15 18-20", 'L': "1-4 8-13 15-18 20-22",
	'F': "1-9 11-17 19 20", 'O': "1-9 11-13 15 18 19 21 23", 'N': "1 3 5 8 10 11", 'K': "1-3 5-8 11-15",
	'B': "1 3-12 14-18", 'D': "1-5 7 8 10", 'C': "1-3", 'W': "1-3 5-22",
}

var (
	abuseRow  = regexp.MustCompile(`^\| ([A-Z]\d\d) \| (.+) \| (.+) \| (.*) \|$`)
	reference = regexp.MustCompile("`([^`:]+): ([^`]+)`")
)

// TestAbuseList: each row of docs/abuse-list.md names tests that exist, or says why there is none; and no row is missing.
func TestAbuseList(t *testing.T) {
	text, err := os.ReadFile(abuseList)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		row := abuseRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		id, happens := row[1], row[3]
		if found[id] {
			t.Errorf("%s is there twice", id)
		}
		found[id] = true
		references := reference.FindAllStringSubmatch(row[4], -1)
		if len(references) == 0 && !strings.HasPrefix(happens, "Not covered") && !strings.HasPrefix(happens, "Does not apply: ") {
			t.Errorf("%s names no test, and does not say why", id)
		}
		if left := reference.ReplaceAllString(row[4], ""); strings.ReplaceAll(left, "<br>", "") != "" {
			t.Errorf("%s: this is no reference to a test: %q", id, left)
		}
		for _, r := range references {
			if why := missingTest(r[1], r[2]); why != "" {
				t.Errorf("%s: %s", id, why)
			}
		}
	}
	for group, numbers := range abuseRows {
		for _, id := range rowsOf(t, group, numbers) {
			if !found[id] {
				t.Errorf("%s is not in %s", id, abuseList)
			}
			delete(found, id)
		}
	}
	for id := range found {
		t.Errorf("%s is in %s, and not known here", id, abuseList)
	}
}

// missingTest says why there is no such test; "" where there is one.
func missingTest(file, name string) string {
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		return err.Error()
	case strings.HasSuffix(file, ".go") && strings.Contains(string(text), "\nfunc "+name+"("):
		return ""
	case strings.HasSuffix(file, ".ts") && titled(string(text), name):
		return ""
	}
	return fmt.Sprintf("%s has no test %q", file, name)
}

// titled reports whether a TypeScript file has a test of that title: as the first argument of a call, or on a line of its own.
func titled(text, title string) bool {
	for _, quote := range []string{`"`, "`"} {
		quoted := quote + title + quote + ","
		if strings.Contains(text, "("+quoted) || regexp.MustCompile(`(?m)^\s+`+regexp.QuoteMeta(quoted)+`$`).MatchString(text) {
			return true
		}
	}
	return false
}

// rowsOf writes a group's numbers and ranges out as row ids.
func rowsOf(t *testing.T, group byte, numbers string) (ids []string) {
	t.Helper()
	for _, part := range strings.Fields(numbers) {
		var first, last int
		if n, _ := fmt.Sscanf(part, "%d-%d", &first, &last); n == 1 {
			last = first
		} else if n == 0 {
			t.Fatalf("%c: %q is no number", group, part)
		}
		for n := first; n <= last; n++ {
			ids = append(ids, fmt.Sprintf("%c%02d", group, n))
		}
	}
	return ids
}
