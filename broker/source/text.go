package source

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// appendText appends a JSON string.
func appendText(out []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return append(out, `""`...)
	}
	return append(out, text...)
}

// jsonNumber reports whether JSON writes a number like this.
func jsonNumber(s string) bool {
	return s != "" && s[0] != '+' && json.Valid([]byte(s))
}

// unknownFix says which field was probably meant.
func unknownFix(name string, fields map[string]int) string {
	known := slices.Sorted(maps.Keys(fields))
	if near := Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "the fields here are: " + strings.Join(known, ", ")
}

// Nearest returns the known name that is most like name, or "" where none is like it.
func Nearest(name string, known []string) string {
	best, least := "", 1+len(name)/3
	for _, k := range known {
		if strings.EqualFold(name, k) {
			return k
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= least {
			best, least = k, d-1
		}
	}
	return best
}

// distance counts the letters to insert, remove or replace on the way from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
