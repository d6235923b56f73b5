package origin

import "errors"

// MaxPatterns bounds one list.
const MaxPatterns = 2000

var errTooMany = errors.New("list of origin patterns has more than 2000 entries")

// Patterns is a compiled list. The zero value is an empty block list: it blocks nothing but what is no origin. It may
// be used concurrently.
type Patterns struct {
	kind ListKind
	list []Pattern
	// broken: the list could not be read, and every answer is the safe one, also for a caller that ignores errors.
	broken bool
}

// NewPatterns compiles a list of ASCII patterns; see Options.NewPatterns.
func NewPatterns(kind ListKind, texts []string) (Patterns, []Warning, error) {
	return Options{}.NewPatterns(kind, texts)
}

// NewPatterns compiles a list. Warnings are patterns that probably do not mean what was meant. The error joins a
// *PatternError for each pattern that cannot be read; the list that comes with it blocks everything and allows nothing.
func (opt Options) NewPatterns(kind ListKind, texts []string) (Patterns, []Warning, error) {
	if len(texts) > MaxPatterns {
		return Patterns{kind: kind, broken: true}, nil, errTooMany
	}
	p := Patterns{kind: kind, list: make([]Pattern, 0, len(texts))}
	var faults []error
	for _, text := range texts {
		one, err := opt.ParsePattern(text, kind)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.list = append(p.list, one)
	}
	if faults != nil {
		return Patterns{kind: kind, broken: true}, nil, errors.Join(faults...)
	}
	return p, lint(&p, texts), nil
}

// Blocks reports whether a block list refuses the candidate. It refuses what is no origin. A list of another kind
// refuses everything: it was not written to be read that way.
func (p *Patterns) Blocks(candidate string) bool {
	o, err := Parse(candidate)
	return err != nil || p.broken || p.kind != BlockList || p.matches(o)
}

// Allows reports whether an allow list or an exact list admits the candidate. It never admits what is no origin. A
// block list admits nothing: not being blocked is another question, see Blocks.
func (p *Patterns) Allows(candidate string) bool {
	o, err := Parse(candidate)
	return err == nil && !p.broken && p.kind != BlockList && p.matches(o)
}

// Empty reports whether the list has no patterns. A list that could not be read is not empty.
func (p *Patterns) Empty() bool { return len(p.list) == 0 && !p.broken }

// All returns a copy of the patterns in the list's order.
func (p *Patterns) All() []Pattern { return append([]Pattern(nil), p.list...) }

func (p *Patterns) matches(o Origin) bool {
	for i := range p.list {
		if p.list[i].Matches(o) {
			return true
		}
	}
	return false
}
