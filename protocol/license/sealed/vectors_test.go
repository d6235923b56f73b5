package sealed

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// vectorFile is read here and by hostpage/test/license.test.ts, so that Open and the browser's cryptography agree.
const vectorFile = "../../testdata/license.json"

var update = flag.Bool("update", false, "write protocol/testdata/license.json anew; look at the difference before committing")

type vectors struct {
	About string   `json:"about"`
	Now   int64    `json:"now"`
	Cases []vector `json:"cases"`
}

type vector struct {
	Why     string                `json:"why"`
	Key     string                `json:"key"`
	Trusted []protocol.TrustedKey `json:"trusted"`
	// Claims is what was signed; "" where the key opens on none of the pages.
	Claims string   `json:"claims"`
	Pages  []onPage `json:"pages"`
}

// onPage is what comes of a key on one page.
type onPage struct {
	Origin string `json:"origin"`
	// Opens: the claims come out, and a trusted key signed them.
	Opens bool `json:"opens"`
	// Code is what Open says at the time of the vectors; "" where the license holds.
	Code protocol.Code `json:"code"`
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	var v vectors
	readJSON(t, vectorFile, &v)
	if len(v.Cases) == 0 {
		t.Fatal("there are no cases")
	}
	for _, c := range v.Cases {
		for _, p := range c.Pages {
			claims, _, fault := authenticate(c.Key, p.Origin, c.Trusted)
			if (fault == nil) != p.Opens || p.Opens && string(claims) != c.Claims || !p.Opens && fault.Code != p.Code {
				t.Errorf("%s: on %s it opens as %s, %v; want %+v", c.Why, p.Origin, claims, fault, p)
			}
			if _, fault := Open(c.Key, p.Origin, c.Trusted, v.Now); codeOf(fault) != p.Code {
				t.Errorf("%s: on %s %v, want %q", c.Why, p.Origin, fault, p.Code)
			}
			if _, fault := license.Check([]byte(c.Claims), p.Origin, v.Now); p.Opens && codeOf(fault) != p.Code {
				t.Errorf("%s: on %s the claims give %v, want %q", c.Why, p.Origin, fault, p.Code)
			}
		}
	}
}

// writeVectors makes the same keys each time: what is random elsewhere follows from a number here.
func writeVectors(t *testing.T) {
	t.Helper()
	v := vectors{
		About: "License keys, the origins of pages, who is trusted, and what comes of it. Made by TestVectors of " +
			"protocol/license/sealed with -update; all keys in it are known to everybody.",
		Now: now,
	}
	for _, c := range vectorCases(t) {
		for i := range c.Pages {
			p := &c.Pages[i]
			claims, _, fault := authenticate(c.Key, p.Origin, c.Trusted)
			if p.Opens = fault == nil; p.Opens {
				c.Claims = string(claims)
			}
			_, fault = Open(c.Key, p.Origin, c.Trusted, now)
			p.Code = codeOf(fault)
		}
		v.Cases = append(v.Cases, c)
	}
	writeJSON(t, vectorFile, v)
}

func writeJSON(t *testing.T, file string, v any) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
