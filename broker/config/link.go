package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/origin"
)

// LinkPath is where hubs and programs connect, on the main page's listener.
const LinkPath = "/link"

// How long the connections may take to end, in milliseconds.
const (
	defaultDrainMs = 10_000
	maxDrainMs     = 10 * 60 * 1000
)

// Link is about hubs and programs that connect, to share what is for more than one page.
type Link struct {
	// Disabled: nobody may connect, and apps share with those of their own page only. It is so too where Identity accepts nobody.
	Disabled bool `json:"disabled"`
	// URL is the address that the main page connects to, where that is not on its own server: wss://, without a query.
	URL string `json:"url"`
	// TokenURL is where the main page gets a token: a path on its own server, or an address of its own origin.
	TokenURL string `json:"tokenUrl"`
	// EveryoneRoles are the roles that may share with everyone, so with all tenants; if left out, admin and publisher.
	EveryoneRoles []string `json:"everyoneRoles"`
	// Connections bounds those of this broker, and PerAddress those of one address; if 0, 10,000 and 200.
	Connections int64 `json:"connections"`
	PerAddress  int64 `json:"perAddress"`
	// Contexts bounds the shared contexts of one tenant; if 0, 10,000.
	Contexts int64 `json:"contexts"`
}

// Linked reports whether hubs and programs may connect: nobody can whose credentials nobody accepts.
func (c *Config) Linked() bool {
	return !c.Link.Disabled && (c.Identity.JWT != nil || len(c.Identity.Development.Users) > 0)
}

// Drain is how long the connections may take to end.
func (c *Config) Drain() time.Duration {
	if c.DrainMs == 0 {
		return defaultDrainMs * time.Millisecond
	}
	return time.Duration(c.DrainMs) * time.Millisecond
}

// PageLink returns what the main page is told of the way to its broker; nil where there is none.
func (c *Config) PageLink() *protocol.LinkConfig {
	if !c.Linked() {
		return nil
	}
	link := &protocol.LinkConfig{URL: LinkPath, TokenURL: c.Link.TokenURL}
	if c.Link.URL != "" {
		link.URL = c.Link.URL
	}
	for i := range c.Identity.Development.Users {
		u := &c.Identity.Development.Users[i]
		link.Development = append(link.Development, protocol.User{ID: u.ID, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email})
	}
	return link
}

// LinkOrigin returns the origin that the main page connects to, where it is not its own; else "".
func (c *Config) LinkOrigin() string {
	u, err := url.Parse(c.Link.URL)
	if err != nil || u.Host == "" || !c.Linked() {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (l *loader) checkLink() error {
	if text := l.Link.URL; text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return l.fault("link.url", "is no address of a WebSocket, or has more in it than one", `write one such as "wss://desk.example.com/link"`)
		}
	}
	if text := l.Link.TokenURL; text != "" && !strings.HasPrefix(text, "/") {
		u, err := url.Parse(text)
		own := err == nil && slices.ContainsFunc(l.Origins, func(o origin.Origin) bool { return o.String() == u.Scheme+"://"+u.Host })
		if !own || u.User != nil {
			return l.fault("link.tokenUrl", "is not of the main page's own origin", `write a path on its server, such as "/token"`)
		}
	}
	for key, n := range map[string]int64{"link.connections": l.Link.Connections, "link.perAddress": l.Link.PerAddress, "link.contexts": l.Link.Contexts} {
		if n < 0 {
			return l.fault(key, "must be above 0", "leave it out for the default")
		}
	}
	return l.checkSharing()
}

// checkSharing holds the platform's rules to what those of definitions are held to.
func (l *loader) checkSharing() error {
	probe := protocol.Definition{Name: "x", URL: "https://x.example", Sharing: l.Sharing}
	if p := definition.First(&probe); p != nil {
		return l.fault(p.Field, p.Text, "")
	}
	if len(l.Sharing) > 0 && !l.Linked() {
		l.Warnings = append(l.Warnings, l.fault("sharing", "nothing is shared beyond the page: nobody can connect", "set identity, and leave link.disabled out").Error())
	}
	return nil
}
