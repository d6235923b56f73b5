package jsontext

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// oneKB is a shared context's value as apps have them: twenty members, some nested.
var oneKB = []byte(`{"customer":{"id":"c-4711","name":"Ada Lovelace","address":{"street":"12 St James's Square","city":"London","zip":"SW1Y 4JH"},` +
	`"tags":["vip","newsletter","math"]},"instrument":{"isin":"DE0007164600","ticker":"SAP","price":187.32,"currency":"EUR"},` +
	`"theme":"dark","zoom":1.25,"lang":"en","open":true,"rows":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],` +
	`"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"note":"` + strings.Repeat("lorem ipsum ", 30) + `","selection":null,"time":1732233600000}`)

// rows is 1 kB of members as price rows have them: short tokens, which cost the most for each byte.
func rows(seed int) []byte {
	var b strings.Builder
	for i := range 16 {
		fmt.Fprintf(&b, `,"member%02d":{"n":%d,"s":"%s"}`, i, seed*1000+i, strings.Repeat("x", 30))
	}
	return []byte("{" + b.String()[1:] + "}")
}

// BenchmarkScan1kB is what the others are to be compared with on a machine that has other work too: a look at each byte.
func BenchmarkScan1kB(b *testing.B) {
	text, quotes := rows(1), 0
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, c := range text {
			if c == '"' {
				quotes++
			}
		}
	}
	if quotes == 0 {
		b.Fatal("no quotes")
	}
}

func BenchmarkCheckRows(b *testing.B) {
	text := rows(1)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Check(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMergeRows(b *testing.B) {
	o := mustParse(b, string(rows(0)))
	deltas := [][]byte{rows(1), rows(2)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := o.Merge(deltas[i&1], nil, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck1kB(b *testing.B) {
	b.SetBytes(int64(len(oneKB)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Check(oneKB); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardValid1kB(b *testing.B) {
	b.SetBytes(int64(len(oneKB)))
	b.ReportAllocs()
	for b.Loop() {
		if !json.Valid(oneKB) {
			b.Fatal("invalid")
		}
	}
}

func BenchmarkParseObject1kB(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseObject(oneKB); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectMerge(b *testing.B) {
	o := mustParse(b, string(oneKB))
	deltas := [][]byte{[]byte(`{"zoom":1.5,"theme":"light"}`), []byte(`{"zoom":1.25,"theme":"dark"}`)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := o.Merge(deltas[i&1], nil, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectPatch(b *testing.B) {
	o := mustParse(b, string(oneKB))
	path := [][]string{{"customer", "address", "city"}}
	values := [][]byte{[]byte(`["Paris"]`), []byte(`["London"]`)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := o.Patch(path, values[i&1], nil, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectAppend1kB(b *testing.B) {
	o := mustParse(b, string(oneKB))
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = o.Append(dst[:0])
	}
}
