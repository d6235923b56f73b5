package directory

import (
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// Entry is one definition of a catalog.
type Entry struct {
	Definition protocol.Definition
	// Record is the definition as an FDC3 record.
	Record []byte
	// Source is the name of the source that it is from.
	Source string
}

// Snapshot is a catalog at one time. It is never changed.
type Snapshot struct {
	// Tag identifies the definitions: it is the same where they are.
	Tag     string
	Entries []Entry
	// Sources are in the order of their precedence.
	Sources []Status
	index   map[string]int
}

// Status says how a source is.
type Status struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Apps counts those that are used.
	Apps int `json:"apps"`
	// Loaded is when the source was last found to be as it is here; nil where it never was.
	Loaded *time.Time `json:"loaded,omitempty"`
	// Fault is why the last load failed; what was there before it is still used.
	Fault   string    `json:"fault,omitempty"`
	Refused []Refused `json:"refused,omitempty"`
}

// Find returns the entry of that name.
func (s *Snapshot) Find(name string) (*Entry, bool) {
	i, ok := s.index[name]
	if !ok {
		return nil, false
	}
	return &s.Entries[i], true
}

// Definitions returns the definitions in order.
func (s *Snapshot) Definitions() []protocol.Definition {
	list := make([]protocol.Definition, len(s.Entries))
	for i := range s.Entries {
		list[i] = s.Entries[i].Definition
	}
	return list
}
