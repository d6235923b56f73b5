package main

import (
	"fmt"
	"sync"
)

// impossible is why a fault cannot be made on this machine.
type impossible string

func (i impossible) Error() string { return "not possible here: " + string(i) }

// tally is what came of a row.
type tally struct {
	mu                 sync.Mutex
	acknowledged, lost int
	notes              []string
	wrong              []string
}

// count adds writes that were acknowledged, and those of them that are missing.
func (t *tally) count(acknowledged, lost int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acknowledged += acknowledged
	t.lost += lost
}

// note says something for people.
func (t *tally) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// bad says what makes the row not ok.
func (t *tally) bad(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wrong) < 5 {
		t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
	}
}

// want notes a figure, and makes the row not ok where it is not as wanted.
func (t *tally) want(ok bool, format string, args ...any) {
	if ok {
		t.note(format, args...)
	} else {
		t.bad(format, args...)
	}
}

// row is ok where something was acknowledged, nothing lost, and nothing bad.
func (t *tally) row(f *fault) row {
	t.mu.Lock()
	defer t.mu.Unlock()
	return row{
		ID: f.id, Name: f.name, Acknowledged: t.acknowledged, Lost: t.lost, Notes: append(t.wrong, t.notes...),
		OK: t.acknowledged > 0 && t.lost == 0 && len(t.wrong) == 0,
	}
}
