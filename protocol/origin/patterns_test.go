package origin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMisuseIsSafe(t *testing.T) {
	const candidate = "https://a.example.com"
	var zero Patterns
	if zero.Blocks(candidate) || zero.Allows(candidate) || !zero.Empty() {
		t.Error("the zero list is not an empty block list")
	}
	if !zero.Blocks("https://A.example.com") {
		t.Error("an empty block list lets pass what is no origin")
	}
	block, _, _ := NewPatterns(BlockList, []string{candidate})
	if block.Allows(candidate) || block.Allows("https://b.example.com") {
		t.Error("a block list allows")
	}
	allow, _, _ := NewPatterns(AllowList, []string{candidate})
	if !allow.Blocks(candidate) || !allow.Blocks("https://b.example.com") {
		t.Error("an allow list does not block when it is asked to")
	}
	for _, kind := range []ListKind{BlockList, AllowList, ExactList} {
		broken, _, err := NewPatterns(kind, []string{candidate, "https://{a}"})
		if err == nil || !broken.Blocks(candidate) || broken.Allows(candidate) || broken.Empty() {
			t.Errorf("kind %d: a list that cannot be read does not fail closed", kind)
		}
	}
}

func TestNewPatternsReportsAll(t *testing.T) {
	_, _, err := NewPatterns(BlockList, []string{"https://a/b", "https://ok", "c?"})
	for _, want := range []string{`"https://a/b", position 11`, `"c?", position 2`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	var fault *PatternError
	if !errors.As(err, &fault) {
		t.Errorf("%v holds no *PatternError", err)
	}
	if _, _, err := NewPatterns(BlockList, make([]string, MaxPatterns+1)); !errors.Is(err, errTooMany) {
		t.Errorf("too many patterns: %v", err)
	}
}

func TestLint(t *testing.T) {
	rows := []struct {
		kind ListKind
		list []string
		want []string
	}{
		{BlockList, []string{"https://example.com", "*", "null", "https://*", "app.*.example.com"}, nil},
		{BlockList, []string{"*.another-example.com/*"}, []string{"0 apex-not-covered"}},
		{BlockList, []string{"*.example.com", "example.com"}, nil},
		{BlockList, []string{"*.example.com", "https://example.com"}, []string{"0 apex-not-covered"}},
		{BlockList, []string{"https://*.example.com", "https://example.com"}, nil},
		{BlockList, []string{"https://*.a-*.example.com", "https://a-*.example.com"}, nil},
		{BlockList, []string{"https://*.example.com", "http://example.com"}, []string{"0 apex-not-covered"}},
		{AllowList, []string{"https://*.example.com"}, nil},
		{BlockList, []string{"*another-example.com"}, []string{"0 bare-suffix-wildcard"}},
		{BlockList, []string{"https://a.b*.co.uk"}, []string{"0 bare-suffix-wildcard"}},
		{AllowList, []string{"https://app-*.example.com", "https://app-*.com", "https://x-*.github.io"},
			[]string{"1 bare-suffix-wildcard", "2 bare-suffix-wildcard"}},
		{BlockList, []string{"https://example.*", "example.com*"}, []string{"0 open-end", "1 open-end"}},
		{AllowList, []string{"https://*.com", "https://*.github.io", "https://*.co.uk", "https://*.localhost"},
			[]string{"0 public-suffix", "1 public-suffix", "2 public-suffix"}},
		{BlockList, []string{"http://0x7f.1", "http://127.0.0.1", "http://1.2.3.400"}, []string{"0 never-matches", "2 never-matches"}},
		{BlockList, []string{"**"}, []string{"0 double-star"}},
	}
	for _, row := range rows {
		_, warnings, err := NewPatterns(row.kind, row.list)
		var got []string
		for _, w := range warnings {
			got = append(got, fmt.Sprintf("%d %s", w.Index, w.Lint))
			if !strings.Contains(w.String(), row.list[w.Index]) || w.Message == "" {
				t.Errorf("%v does not name its pattern", w)
			}
		}
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%q: %q, %v; want %q", row.list, got, err, row.want)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	list, _, err := NewPatterns(BlockList, []string{"https://x.example", "*.b*r.example.com", "http://[::1]:9", "null"})
	if err != nil {
		t.Fatal(err)
	}
	for _, candidate := range []string{
		"https://a.bar.example.com:8443", "https://a.b.example.org", "http://[2001:db8::1]", "null", "https://A", "x",
	} {
		if n := testing.AllocsPerRun(100, func() { list.Blocks(candidate) }); n != 0 {
			t.Errorf("%s: %v allocations", candidate, n)
		}
	}
}

// TestMatchIsLinear compares the worst pattern with a plain one of the same length; a matcher that backtracks needs
// millions of times as long.
func TestMatchIsLinear(t *testing.T) {
	host := strings.Repeat("a", 200)
	plain, _, _ := NewPatterns(BlockList, []string{host + "b.example"})
	worst, _, err := NewPatterns(BlockList, []string{strings.Repeat("*a", 100) + "*b.example"})
	if err != nil {
		t.Fatal(err)
	}
	took := func(p *Patterns) time.Duration {
		best := time.Hour
		for range 20 {
			start := time.Now()
			for range 100 {
				p.Blocks("https://" + host + ".example")
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	if a, b := took(&plain), took(&worst); b > 100*a {
		t.Errorf("100 wildcards took %v, none took %v", b, a)
	}
}

func BenchmarkBlocks(b *testing.B) {
	list, _, err := NewPatterns(BlockList, []string{"https://example.com/", "*.another-example.com/*", "https://app-*.example.com"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		list.Blocks("https://app.team-1.example.com")
	}
}
