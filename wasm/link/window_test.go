package link

import "testing"

func TestWindow(t *testing.T) {
	const half = windowBytes / 2
	var w window
	for i, step := range []struct {
		do         func()
		open, beat bool
	}{
		{func() {}, true, false},
		{func() { w.wrote(half - 1) }, true, false},
		{func() { w.wrote(1) }, true, true},
		{func() { w.wrote(half) }, false, false}, // one is on the way; no other
		{func() { w.answered() }, true, true},    // the first half was read, the second waits for its own
		{func() { w.wrote(3 * windowBytes) }, false, false},
		{func() { w.answered() }, false, true},
		{func() { w.beat() }, false, false},
		{func() { w.answered() }, true, false},
		{func() { w.answered() }, true, false}, // nobody asked
		{func() { w.beat() }, true, true},
	} {
		step.do()
		if open, beat := w.open(), w.takeBeat(); open != step.open || beat != step.beat {
			t.Errorf("step %d: open %t, beat %t", i, open, beat)
		}
	}
}
