package directory

import (
	"slices"
	"strconv"
	"time"

	"github.com/crossframe/crossframe/broker/remote"
)

// Settings say where definitions come from, beside the configuration itself. The json tags are the keys of the
// configuration.
type Settings struct {
	// Git is a checkout of a repository on this machine; if nil, there is none. It comes before all Upstreams.
	Git *Git `json:"git,omitempty"`
	// Upstreams are other app directories, in the order of their precedence.
	Upstreams []Upstream `json:"upstreams,omitempty"`
}

// Git is a checkout of a repository on this machine. Somebody else fetches and checks out; the broker only reads.
type Git struct {
	// Path is the folder of the checkout.
	Path string `json:"path"`
	// Ref is the branch that must be checked out, such as "main"; if empty, whatever is. While another one is, what was
	// read last is still used.
	Ref string `json:"ref,omitempty"`
	// Files is a pattern below Path; if empty, "**/*.{yaml,yml,json}".
	Files string `json:"files,omitempty"`
	// PollMs is the time between two looks at the checkout; if 0, 5 seconds.
	PollMs int64 `json:"pollMs,omitempty"`
}

// Upstream is another app directory that speaks FDC3's API (version 2).
type Upstream struct {
	// Name is shown to operators.
	Name string `json:"name"`
	// URL is the address of the list of all apps, such as "https://apps.example.com/v2/apps".
	URL string `json:"url"`
	// TokenFile is a file that holds a bearer token for the directory; if empty, none is sent.
	TokenFile string `json:"tokenFile,omitempty"`
	// RefreshMs is the time between two requests; if 0, 5 minutes.
	RefreshMs int64 `json:"refreshMs,omitempty"`
	// Trusted lets its records ask for what only this broker's own definitions may otherwise: the administration, the
	// user's details and features of the browser.
	Trusted bool `json:"trusted,omitempty"`
}

// Bounds of the settings.
const (
	maxUpstreams = 32
	minPollMs    = 500
	maxPollMs    = 24 * 60 * 60 * 1000
)

const (
	defaultRefresh = 5 * time.Minute
	defaultPoll    = 5 * time.Second
	defaultFiles   = "**/*.{yaml,yml,json}"
)

// Problem is what is wrong with one setting.
type Problem struct {
	// Field is the path below the settings, such as "upstreams[1].url".
	Field string
	// Text says what is wrong, and Fix what would be right.
	Text, Fix string
}

// First returns the first problem of the settings, or nil.
func (s *Settings) First() *Problem {
	if s.Git != nil {
		if p := s.Git.first(); p != nil {
			p.Field = "git." + p.Field
			return p
		}
	}
	if len(s.Upstreams) > maxUpstreams {
		return &Problem{"upstreams", "has more than " + strconv.Itoa(maxUpstreams) + " directories", "leave out those that are not used"}
	}
	seen := make(map[string]bool)
	for i := range s.Upstreams {
		u := &s.Upstreams[i]
		p := u.first()
		if p == nil && seen[u.Name] {
			p = &Problem{"name", strconv.Quote(u.Name) + " is there twice", "give one of them another name"}
		}
		if p != nil {
			p.Field = "upstreams[" + strconv.Itoa(i) + "]." + p.Field
			return p
		}
		seen[u.Name] = true
	}
	return nil
}

// Effective returns the settings with every default in its place.
func (s Settings) Effective() Settings {
	if s.Git != nil {
		g := *s.Git
		g.Files, g.PollMs = g.files(), duration(g.PollMs, defaultPoll).Milliseconds()
		s.Git = &g
	}
	s.Upstreams = slices.Clone(s.Upstreams)
	for i := range s.Upstreams {
		u := &s.Upstreams[i]
		u.RefreshMs = duration(u.RefreshMs, defaultRefresh).Milliseconds()
	}
	return s
}

func (g *Git) first() *Problem {
	if g.Path == "" {
		return &Problem{"path", "is missing", "write the folder of the checkout"}
	}
	if _, err := compile(g.files()); err != nil {
		return &Problem{"files", err.Error(), "patterns have *, **, ?, [a-z] and {a,b}"}
	}
	return checkPoll("pollMs", g.PollMs)
}

func (g *Git) files() string {
	if g.Files == "" {
		return defaultFiles
	}
	return g.Files
}

func (u *Upstream) first() *Problem {
	if u.Name == "" {
		return &Problem{"name", "is missing", "write how operators call the directory"}
	}
	if err := remote.CheckURL(u.URL); err != nil {
		return &Problem{"url", err.Error(), `write the address of the list, such as "https://apps.example.com/v2/apps"`}
	}
	return checkPoll("refreshMs", u.RefreshMs)
}

func checkPoll(field string, ms int64) *Problem {
	if ms != 0 && (ms < minPollMs || ms > maxPollMs) {
		return &Problem{field, "must be " + strconv.Itoa(minPollMs) + " to " + strconv.Itoa(maxPollMs), "leave it out for the default"}
	}
	return nil
}

func duration(ms int64, def time.Duration) time.Duration {
	if ms == 0 {
		return def
	}
	return time.Duration(ms) * time.Millisecond
}
