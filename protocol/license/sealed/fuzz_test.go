package sealed

import (
	"os"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol/license"
)

func FuzzOpen(f *testing.F) {
	// A key from a file, as fuzzing runs in several processes and each issue is different.
	file, err := os.ReadFile("testdata/cf1.txt")
	if err != nil {
		f.Fatal(err)
	}
	key, keys := strings.TrimSpace(string(file)), trusted(f)
	f.Add(key, page)
	f.Add(" "+key+"\n", "https://a.desk.example.org:8443")
	f.Add(key[:200], page)
	f.Add(prefix+strings.Repeat("A", 200), "null")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, at string) {
		l, fault := Open(text, at, keys, now)
		if (fault == nil) != (l.ID != "") {
			t.Fatalf("%+v beside %v", l, fault)
		}
		if fault == nil && strings.Trim(text, space) != key {
			t.Fatalf("a key that nobody issued opens at %s: %s", at, text)
		}
	})
}

// FuzzClaims: whatever is signed, claims are refused or within the bounds, and written again they are the same.
func FuzzClaims(f *testing.F) {
	l := sample()
	f.Add(appendClaims(nil, &l))
	f.Add([]byte(`{"sub":"a","jti":"b","iat":1,"exp":2,"origins":["https://a.b"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := license.Parse(text)
		if err != nil {
			return
		}
		written := appendClaims(nil, &l)
		again, err := license.Parse(written)
		if err != nil || string(appendClaims(nil, &again)) != string(written) {
			t.Fatalf("%s is written %s: %v", text, written, err)
		}
		l.At(now)
	})
}
