package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// Source is a place that definitions come from.
type Source interface {
	// Name is shown to operators.
	Name() string
	// Load returns what is there now, or nil where that is what the last Load returned. It is not called concurrently.
	Load(ctx context.Context) (*Listing, error)
	// Every is how long to wait between two loads; 0 means that the source never changes.
	Every() time.Duration
}

// Listing is what a source has.
type Listing struct {
	Apps []protocol.Definition
	// Refused are those that cannot be used.
	Refused []Refused
	// Version names this state of the source for operators, where it has a name.
	Version string
}

// Refused is a definition, or a file of them, that is not used.
type Refused struct {
	// App is its name, where it has one that could be read.
	App string `json:"app,omitempty"`
	// Reason says what is wrong, and where.
	Reason string `json:"reason"`
}

// Catalog merges the definitions of its sources: of two with one name, that of the earlier source counts. What a source
// had stays until the source says otherwise. It may be used concurrently.
type Catalog struct {
	log    *slog.Logger
	accept func(d *protocol.Definition) error

	mu       sync.Mutex
	states   []state
	now      *Snapshot
	watchers map[*watcher]struct{}
}

// state is what is known of one source.
type state struct {
	source  Source
	listing *Listing
	// records are those of the listing's apps.
	records [][]byte
	loaded  time.Time
	fault   string
}

// watcher is somebody who wants to know.
type watcher struct {
	mu     sync.Mutex
	f      func(*Snapshot)
	closed bool
}

// NewCatalog returns a catalog of the sources, which are in the order of their precedence. Accept says what is wrong with a
// definition beyond what it is by itself; if nil, nothing is. Nothing is loaded yet.
func NewCatalog(log *slog.Logger, accept func(*protocol.Definition) error, sources ...Source) *Catalog {
	if accept == nil {
		accept = func(*protocol.Definition) error { return nil }
	}
	c := &Catalog{log: log, accept: accept, watchers: make(map[*watcher]struct{})}
	for _, source := range sources {
		c.states = append(c.states, state{source: source})
	}
	c.now = c.merge()
	return c
}

// Load loads every source once, all at the same time, until ctx ends.
func (c *Catalog) Load(ctx context.Context) {
	var loading sync.WaitGroup
	for i := range c.states {
		loading.Go(func() { c.load(ctx, i) })
	}
	loading.Wait()
}

// Run loads the sources again, each as often as it says, until ctx ends.
func (c *Catalog) Run(ctx context.Context) {
	var running sync.WaitGroup
	for i := range c.states {
		every := c.states[i].source.Every()
		if every == 0 {
			continue
		}
		running.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					c.load(ctx, i)
				}
			}
		})
	}
	running.Wait()
}

// load asks one source, and tells what has changed.
func (c *Catalog) load(ctx context.Context, i int) {
	source := c.states[i].source
	listing, err := source.Load(ctx)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	var records [][]byte
	if listing != nil {
		for j := range listing.Apps {
			records = append(records, Record(&listing.Apps[j]))
		}
	}
	c.mu.Lock()
	s := &c.states[i]
	before := s.fault
	if s.fault = ""; err != nil {
		s.fault = err.Error()
	} else {
		s.loaded = time.Now()
		if listing != nil {
			s.listing, s.records = listing, records
		}
	}
	c.now = c.mergeAndTell()
	fault := s.fault
	c.mu.Unlock()
	c.report(source.Name(), listing, before, fault)
}

// report logs what operators want to know, once each time.
func (c *Catalog) report(name string, listing *Listing, before, fault string) {
	if fault != "" && fault != before {
		c.log.Warn("app directory not loaded; what it had is still used", "source", name, "err", fault)
	}
	if fault == "" && before != "" {
		c.log.Info("app directory loaded again", "source", name)
	}
	if listing == nil {
		return
	}
	c.log.Info("app directory loaded", "source", name, "version", listing.Version, "apps", len(listing.Apps), "refused", len(listing.Refused))
	for _, r := range listing.Refused {
		c.log.Warn("app definition refused", "source", name, "app", r.App, "reason", r.Reason)
	}
}

// mergeAndTell merges, and calls the watchers where the definitions have changed. The caller holds c.mu, so that every
// watcher learns of all changes in their order.
func (c *Catalog) mergeAndTell() *Snapshot {
	next := c.merge()
	if next.Tag != c.now.Tag {
		for w := range c.watchers {
			w.tell(next)
		}
	}
	return next
}

// merge makes a snapshot of what the sources have.
func (c *Catalog) merge() *Snapshot {
	s := &Snapshot{index: make(map[string]int)}
	sum := sha256.New()
	for i := range c.states {
		status := c.states[i].status()
		if listing := c.states[i].listing; listing != nil {
			for j := range listing.Apps {
				if reason := c.reject(s, &listing.Apps[j]); reason != "" {
					status.Refused = append(status.Refused, Refused{listing.Apps[j].Name, reason})
					continue
				}
				record := c.states[i].records[j]
				sum.Write(record)
				s.index[listing.Apps[j].Name] = len(s.Entries)
				s.Entries = append(s.Entries, Entry{listing.Apps[j], record, status.Name})
				status.Apps++
			}
		}
		s.Sources = append(s.Sources, status)
	}
	s.Tag = hex.EncodeToString(sum.Sum(nil)[:16])
	return s
}

// reject says why a definition is not used beside those that the snapshot has.
func (c *Catalog) reject(s *Snapshot, d *protocol.Definition) string {
	if first, ok := s.Find(d.Name); ok {
		return "there is an app of that name already, in " + first.Source
	}
	if len(s.Entries) >= MaxApps {
		return "there are as many apps as there may be"
	}
	if err := c.accept(d); err != nil {
		return err.Error()
	}
	return ""
}

func (s *state) status() Status {
	status := Status{Name: s.source.Name(), Fault: s.fault}
	if !s.loaded.IsZero() {
		at := s.loaded.UTC()
		status.Loaded = &at
	}
	if s.listing != nil {
		status.Version = s.listing.Version
		status.Refused = append([]Refused(nil), s.listing.Refused...)
	}
	return status
}

// Snapshot returns the catalog as it is now.
func (c *Catalog) Snapshot() *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Watch calls f with the catalog as it is now, and with each later state whose definitions are others, one after the other,
// until the function that it returns is called; after that, f is not called any more. F must neither block nor call the
// catalog.
func (c *Catalog) Watch(f func(*Snapshot)) (stop func()) {
	w := &watcher{f: f}
	c.mu.Lock()
	c.watchers[w] = struct{}{}
	w.tell(c.now)
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.watchers, w)
		c.mu.Unlock()
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
	}
}

func (w *watcher) tell(s *Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.f(s)
	}
}
