package licensing

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

const (
	// checkEvery is how often the files, the clock and the license are looked at.
	checkEvery = 10 * time.Second
	// RevokedGrace is how long sessions go on under a license that was revoked. The hub of a page gives its apps as long.
	RevokedGrace = 15 * time.Minute
	// clockSlack is how far a clock may go back without a word in the log.
	clockSlack = time.Minute
)

// Options of a Checker.
type Options struct {
	// Key is the license key; where KeyFile is set, that file holds it and is read again and again.
	Key     string
	KeyFile string
	// Keys are trusted by configuration; KeySetFile is a key set that one of Roots signed. Files are read again and again.
	Keys       []protocol.TrustedKey
	Roots      []protocol.TrustedKey
	KeySetFile string
	// RevocationFile is a revocation list; if empty, nothing is looked up.
	RevocationFile string
	// StateFile remembers the highest time that was seen; if empty, that ends with the process.
	StateFile string
	// Origins are those of the main page. Those on this machine need no license.
	Origins []string
	// Log gets each change; if nil, slog.Default().
	Log *slog.Logger
	// Now is time.Now if nil.
	Now func() time.Time
}

// Checker checks the license on behalf of the broker, whatever the pages find. It may be used concurrently.
type Checker struct {
	o   Options
	log *slog.Logger

	mu       sync.Mutex
	floor    *floor
	key      string
	set      newest[sealed.KeySet]
	list     newest[sealed.Revocations]
	standing Standing
	// over: the time of running sessions is, and watchers know.
	over     bool
	watchers map[*func(Standing)]struct{}
	// said are the warnings that the log has.
	said map[string]bool
}

// NewChecker looks at everything once. It fails only for a state file that cannot be used: what is wrong with a license is in its
// Standing.
func NewChecker(o Options) (*Checker, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	f, err := openFloor(o.StateFile)
	if err != nil {
		return nil, err
	}
	c := &Checker{
		o: o, log: o.Log, floor: f, key: o.Key, watchers: make(map[*func(Standing)]struct{}), said: make(map[string]bool),
		set:  newest[sealed.KeySet]{file: o.KeySetFile, code: protocol.LicenseInvalid, issued: func(s *sealed.KeySet) int64 { return s.IssuedAt }, open: sealed.OpenKeySet},
		list: newest[sealed.Revocations]{file: o.RevocationFile, code: protocol.LicenseUnverified, issued: func(r *sealed.Revocations) int64 { return r.IssuedAt }, open: sealed.OpenRevocations},
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	c.Check()
	return c, nil
}

// Run checks until ctx ends.
func (c *Checker) Run(ctx context.Context) {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.Check()
		}
	}
}

// Check looks at files, clock and license now.
func (c *Checker) Check() Standing {
	c.mu.Lock()
	before := c.standing
	now := c.now()
	c.read()
	c.standing = c.judge(now)
	if c.standing.State == license.StateRevoked {
		if c.standing.EndsAt = before.EndsAt; before.State != license.StateRevoked {
			c.standing.EndsAt = now.Add(RevokedGrace)
		}
	}
	c.warn("license state", c.floor.keep())
	after := c.standing
	over := !after.runs(now)
	var tell []func(Standing)
	if before.State != after.State || codeOf(before.Fault) != codeOf(after.Fault) || over != c.over {
		c.over = over
		c.tellLog(after)
		for f := range c.watchers {
			tell = append(tell, *f)
		}
	}
	c.mu.Unlock()
	for _, f := range tell {
		f(after)
	}
	return after
}

// Standing returns what the last check found.
func (c *Checker) Standing() Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing
}

// Runs reports whether sessions that are there may go on.
func (c *Checker) Runs() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing.runs(c.now())
}

// Watch calls f after each check that has changed the state, and when the time of running sessions is over. f must not block;
// it may still be called once while stop returns.
func (c *Checker) Watch(f func(Standing)) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers[&f] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, &f)
	}
}

// Missing says what keeps the license from being good, for /readyz.
func (c *Checker) Missing() []string { return c.Standing().Missing }

// Fill puts what the page checks by itself into its configuration, and the time that the broker goes by.
func (c *Checker) Fill(page *protocol.PageConfig) {
	c.mu.Lock()
	defer c.mu.Unlock()
	page.NowMs = c.now().UnixMilli()
	page.LicenseKey, page.LicenseKeys, page.LicenseRoots = c.key, c.o.Keys, c.o.Roots
	page.LicenseKeySet, page.LicenseRevocations = c.set.text, c.list.text
}

// now is the time that counts.
func (c *Checker) now() time.Time {
	now, behind := c.floor.see(c.o.Now())
	if behind > clockSlack {
		c.warn("clock", errors.New("the clock of this machine is behind a time that was seen before; licenses are judged by that time. "+
			"If the clock is right now, and was wrong then, stop, delete "+orMemory(c.o.StateFile)+", and start again"))
	}
	return now
}

func orMemory(path string) string {
	if path == "" {
		return "nothing (license.stateFile is not set)"
	}
	return path
}

// read takes over what is new in the files. What cannot be read leaves in place what was there.
func (c *Checker) read() {
	if c.o.KeyFile != "" {
		text, err := readFile(c.o.KeyFile)
		c.warn("license key file", err)
		if err == nil {
			c.key = strings.TrimSpace(string(text))
		}
	}
	c.warn("key set", c.set.read(c.o.Roots, &c.floor.SetIssued))
	c.warn("revocation list", c.list.read(c.trusted(), &c.floor.ListIssued))
}

// trusted are the keys that may sign. Of two with one id the set's holds: that is how it retires one that the configuration names,
// too.
func (c *Checker) trusted() []protocol.TrustedKey {
	if c.set.value == nil {
		return c.o.Keys
	}
	return append(slices.Clone(c.set.value.Keys), c.o.Keys...)
}

// judge judges the key for every origin. The worst of them is what counts.
func (c *Checker) judge(now time.Time) (s Standing) {
	for _, o := range c.o.Origins {
		if !license.NeedsLicense(o) {
			continue
		}
		s.Needed = true
		l, fault := c.open(o, now)
		if l.ID != "" && s.License.ID == "" {
			s.License, s.State = l, l.State
		}
		if fault == nil {
			continue
		}
		s.Missing = append(s.Missing, "license key for "+o+": "+fault.Error())
		if s.Fault == nil {
			s.Fault, s.State = fault, stateOf(fault)
		}
	}
	return s
}

func (c *Checker) open(o string, now time.Time) (license.License, *protocol.Fault) {
	if c.set.broken != nil {
		return license.License{}, c.set.broken
	}
	l, fault := sealed.Open(c.key, o, c.trusted(), now.Unix())
	if fault != nil && fault.Code != protocol.LicenseExpired {
		return l, fault
	}
	if c.list.broken != nil {
		return l, c.list.broken
	}
	if c.list.value != nil {
		// The broker can read its files, so it has no days of grace for a list that is out of date.
		if revoked := c.list.value.Check(&l, now.Unix(), 0); revoked != nil {
			return l, revoked
		}
	}
	return l, fault
}

func (c *Checker) tellLog(s Standing) {
	switch {
	case s.Fault != nil:
		for _, text := range s.Missing {
			c.log.Error(text)
		}
	case s.State == license.StateExpiring || s.State == license.StateGrace:
		c.log.Warn("license", "state", s.State, "id", s.License.ID, "expires", stamp(s.License.Expires), "ends", stamp(s.License.Ends()))
	case s.Needed:
		c.log.Info("license", "state", s.State, "id", s.License.ID, "expires", stamp(s.License.Expires))
	}
}

// warn puts a problem into the log, once until it is another one or over.
func (c *Checker) warn(what string, err error) {
	for said := range c.said {
		if name, text, _ := strings.Cut(said, ": "); name == what && (err == nil || text != err.Error()) {
			delete(c.said, said)
		}
	}
	if err != nil && !c.said[what+": "+err.Error()] {
		c.said[what+": "+err.Error()] = true
		c.log.Warn(what, "problem", err.Error())
	}
}

func codeOf(fault *protocol.Fault) protocol.Code {
	if fault == nil {
		return ""
	}
	return fault.Code
}
