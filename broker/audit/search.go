package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// Bounds of one page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
	// scanned bounds the records of the store that are read for one page, so that a search for what is rare ends in time, with
	// fewer events than it may have; the next page goes on.
	scanned = 2000
)

// Query says which events are looked for. The zero Query means all of them.
type Query struct {
	// Since and Until bound the time, Until not included; if zero, without bound.
	Since, Until time.Time
	// Code, User and App are texts that an event must have; if empty, any.
	Code, User, App string
	// After is Page.Next of the page before; if empty, the first page.
	After string
	// Limit bounds the events of the page; if zero, DefaultLimit.
	Limit int
}

// Page is a part of what was found, the oldest first.
type Page struct {
	Events []Event `json:"events"`
	// Next is what the next page begins after; empty where this one is the last.
	Next string `json:"next,omitempty"`
}

// position is a place in the trail: a record of the store, and how many of its events are before it.
type position struct {
	sequence uint64
	events   int
}

func (p position) String() string {
	return strconv.FormatUint(p.sequence, 36) + "-" + strconv.Itoa(p.events)
}

// readPosition reads what String wrote.
func readPosition(text string) (p position, err error) {
	sequence, events, ok := strings.Cut(text, "-")
	if p.sequence, err = strconv.ParseUint(sequence, 36, 64); err == nil {
		p.events, err = strconv.Atoi(events)
	}
	if !ok || err != nil || p.sequence == 0 || p.events < 0 || p.events > recordEvents {
		return position{}, protocol.NewFault(protocol.InvalidArgument, "After: this is not where a page ended.")
	}
	return p, nil
}

// errFull ends a page.
var errFull = errors.New("the page is full")

// Search returns a page of a tenant's trail.
func Search(ctx context.Context, log *store.Log, tenant string, q Query) (Page, error) {
	s := search{q: q, numbers: make(map[string]uint64), page: Page{Events: []Event{}}}
	in := store.Search{}
	if q.Limit == 0 {
		s.q.Limit = DefaultLimit
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return Page{}, protocol.NewFault(protocol.InvalidArgument, "The limit is a number from 1 to "+strconv.Itoa(MaxLimit)+".")
	}
	if q.After != "" {
		at, err := readPosition(q.After)
		if err != nil {
			return Page{}, err
		}
		s.from, in.After = at, at.sequence-1
	}
	// An event is written after it was noted: soon, but where the store did not answer. The clocks of two machines differ.
	if !q.Since.IsZero() {
		in.From = q.Since.Add(-time.Hour)
	}
	if !q.Until.IsZero() {
		in.To = q.Until.Add(24 * time.Hour)
	}
	err := log.Search(ctx, tenant, in, s.record)
	if err != nil && !errors.Is(err, errFull) {
		return Page{}, fmt.Errorf("search audit: %w", err)
	}
	return s.page, nil
}

// search is one search under way.
type search struct {
	q    Query
	from position
	page Page
	// numbers are the last ones seen of each node: one that is not higher is a second copy.
	numbers map[string]uint64
	records int
}

// record looks at the events of one record.
func (s *search) record(r store.Record) error {
	if s.records++; s.records > scanned {
		s.page.Next = position{r.Sequence, 0}.String()
		return errFull
	}
	i := -1
	for text := range bytes.Lines(r.Data) {
		i++
		var e Event
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("%w: record %d of the audit log: %w", store.ErrCorrupt, r.Sequence, err)
		}
		again := e.Number <= s.numbers[e.Node] && e.Number != 0
		s.numbers[e.Node] = max(s.numbers[e.Node], e.Number)
		if again || r.Sequence == s.from.sequence && i < s.from.events || !s.q.matches(&e) {
			continue
		}
		if len(s.page.Events) == s.q.Limit {
			s.page.Next = position{r.Sequence, i}.String()
			return errFull
		}
		s.page.Events = append(s.page.Events, e)
	}
	return nil
}

func (q *Query) matches(e *Event) bool {
	equal := func(want, is string) bool { return want == "" || want == is }
	return equal(q.Code, string(e.Code)) && equal(q.User, e.User) && equal(q.App, e.App) &&
		!e.Time.Before(q.Since) && (q.Until.IsZero() || e.Time.Before(q.Until))
}
