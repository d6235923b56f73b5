package origin

import (
	"strings"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Lint names a kind of warning.
type Lint string

// The lints.
const (
	// LintApex: a block list has *.example.com, but example.com itself stays free.
	LintApex Lint = "apex-not-covered"
	// LintBareSuffix: a wildcard is part of the name that people register, so that it matches strangers' names.
	LintBareSuffix Lint = "bare-suffix-wildcard"
	// LintOpenEnd: a wildcard is in the last label.
	LintOpenEnd Lint = "open-end"
	// LintPublicSuffix: the pattern covers everybody's names under a suffix such as com or github.io.
	LintPublicSuffix Lint = "public-suffix"
	// LintNeverMatches: no browser writes a host so.
	LintNeverMatches Lint = "never-matches"
	// LintDoubleStar: "**" is read as "*".
	LintDoubleStar Lint = "double-star"
)

// Warning says that a pattern probably does not mean what was meant.
type Warning struct {
	// Index is the pattern's place in the list, from 0, and Pattern its text as written.
	Index   int
	Pattern string
	Lint    Lint
	Message string
}

// String returns the warning as one line.
func (w Warning) String() string {
	return "origin pattern " + jsontext.Quote(w.Pattern) + ": " + w.Message + " (" + string(w.Lint) + ")"
}

// lint returns the warnings for a list; texts are the patterns as written.
func lint(list *Patterns, texts []string) (warnings []Warning) {
	for i := range list.list {
		p := &list.list[i]
		warn := func(kind Lint, message string) {
			warnings = append(warnings, Warning{Index: i, Pattern: texts[i], Lint: kind, Message: message})
		}
		if p.stars {
			warn(LintDoubleStar, "** means the same as *, which does not cross a dot except in front")
		}
		if p.null || p.host == anyHost && !p.deep {
			continue
		}
		lintHost(p, warn)
		if list.kind == BlockList && p.deep && !publicSuffix(p.host) && !list.coversApex(p) {
			warn(LintApex, "it does not match "+p.host+" itself; add a pattern for that")
		}
	}
	return warnings
}

// lintHost looks at the host of one pattern alone.
func lintHost(p *Pattern, warn func(Lint, string)) {
	last, _, _ := cutLastLabel(p.host)
	if strings.Contains(last, "*") {
		warn(LintOpenEnd, "the wildcard in its last label matches every ending, also those of strangers")
		return
	}
	if endsInNumber(last) && !canonicalIPv4(p.host) {
		if !strings.Contains(p.host, "*") {
			warn(LintNeverMatches, "browsers write this host as an address of four decimal numbers; write that")
		}
		return
	}
	if p.deep && publicSuffix(p.host) {
		warn(LintPublicSuffix, "it matches every name under "+p.host+", whoever owns it")
		return
	}
	if name, suffix, ok := registrable(p.host); ok && strings.Contains(name, "*") {
		example := fill(name, "evil") + "." + suffix
		warn(LintBareSuffix, "the wildcard also matches names that strangers can register, such as "+example)
	}
}

// coversApex reports whether the list also matches the name that p, a pattern with "*." in front, leaves out. One
// representative of what p matches stands for all.
func (p *Patterns) coversApex(deep *Pattern) bool {
	for _, scheme := range []string{"http", "https"} {
		if deep.scheme != "" && deep.scheme != scheme {
			continue
		}
		apex := Origin{Scheme: scheme, Host: fill(deep.host, "x"), Port: deep.effectivePort(scheme)}
		if !p.matches(apex) {
			return false
		}
	}
	return true
}

// fill returns a name that a host pattern matches: each * becomes the letters.
func fill(host, letters string) string {
	var out []byte
	for i := range len(host) {
		if host[i] == '*' {
			out = append(out, letters...)
		} else {
			out = append(out, host[i])
		}
	}
	return string(out)
}
