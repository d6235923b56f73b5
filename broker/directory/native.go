package directory

import (
	"github.com/crossframe/crossframe/broker/idn"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/origin"
)

// readNative reads a definition in the platform's own form.
func readNative(value source.Value) (*protocol.Definition, placer, error) {
	d := new(protocol.Definition)
	if err := value.Into(d); err != nil {
		return nil, nil, err
	}
	return d, value.Find, nil
}

// check puts the host names of a definition into the form that browsers give them, and refuses what the hub would
// refuse.
func check(d *protocol.Definition, place placer) error {
	ToASCII(d.Origins, origin.AllowList)
	ToASCII(d.NestedOrigins, origin.AllowList)
	if p := definition.First(d); p != nil {
		fault := place(p.Field).Fault(p.Text, "")
		fault.Field = definition.Path(d, p.Field)
		return fault
	}
	return nil
}

// ToASCII writes the patterns that have Unicode host names with punycode, in place: the hub has no tables for names.
// What is no pattern stays; whoever reads the list next says what is wrong with it.
func ToASCII(patterns []string, kind origin.ListKind) {
	options := origin.Options{ToASCII: idn.ToASCII}
	for i, text := range patterns {
		if p, err := options.ParsePattern(text, kind); err == nil && !ascii(text) {
			patterns[i] = p.String()
		}
	}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
