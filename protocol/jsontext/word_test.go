package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestEveryByteAtEveryPlaceOfAWord puts each byte behind and before so many plain ones, in a string and in a number, and
// wants the judgement of encoding/json. Two of them in a row show a mark that spoils the one before it.
func TestEveryByteAtEveryPlaceOfAWord(t *testing.T) {
	for c := range 256 {
		for before := range 18 {
			for after := range 10 {
				for _, mid := range [][]byte{{byte(c)}, {byte(c), byte(c)}, {byte(c), '"'}, {byte(c), '0'}, {0xc3, byte(c)}} {
					inString := `["` + strings.Repeat("x", before) + string(mid) + strings.Repeat("x", after) + `"]`
					inNumber := `[1` + strings.Repeat("7", before) + string(mid) + strings.Repeat("2", after) + `]`
					for _, text := range []string{inString, inNumber} {
						want := json.Valid([]byte(text)) && utf8.ValidString(text)
						if err := Check([]byte(text)); (err == nil) != want {
							t.Fatalf("%q: got %v, want %t", text, err, want)
						}
					}
				}
			}
		}
	}
}

// TestTextsThatEndAnywhere cuts a text at each place: nothing is read behind the end, and nothing but the whole is valid.
func TestTextsThatEndAnywhere(t *testing.T) {
	whole := `{"a":[-12345678901.5e+10,true,null,"é\u00e9\n` + strings.Repeat("plain ", 4) + `"],"name of more than eight":{"b":{}}}`
	for n := range len(whole) {
		cut := make([]byte, n)
		copy(cut, whole)
		if err := Check(cut); err == nil {
			t.Errorf("%q is valid", cut)
		}
		// The bytes behind a slice are none of its own.
		if err := Check([]byte(whole)[:n]); err == nil {
			t.Errorf("%q is valid within a longer text", cut)
		}
	}
	if err := Check([]byte(whole)); err != nil {
		t.Error(err)
	}
}

// TestNamesAreToldApart has names that nameBit sees alike, or that differ in one byte, at lengths around those at which
// it looks at them differently.
func TestNamesAreToldApart(t *testing.T) {
	for n := range 40 {
		for place := range n {
			a := []byte(strings.Repeat("n", n))
			a[place] = 'm'
			text := `{"` + strings.Repeat("n", n) + `":1,"` + string(a) + `":2}`
			if err := Check([]byte(text)); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		twice := `{"` + strings.Repeat("n", n) + `":1,"x` + strings.Repeat("n", n) + `":2,"` + strings.Repeat("n", n) + `":2}`
		if err, ok := Check([]byte(twice)).(*Error); !ok || err.Reason != Duplicate {
			t.Errorf("%s: got %v", twice, err)
		}
	}
}
