package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/broker/licensing"
)

// tellAudit tells the audit of changes of the license and the directory, until the function that it returns is called.
func (w *workspace) tellAudit() (untell func()) {
	trail := w.link.trail()
	if trail == nil {
		return func() {}
	}
	stop := w.license.Watch(func(s licensing.Standing) {
		subject := string(s.State)
		if s.Fault != nil {
			subject += " " + string(s.Fault.Code)
		}
		trail.Note(audit.Event{Code: audit.LicenseChanged, Subject: strings.TrimSpace(subject + " " + s.License.ID)})
	})
	begun := false
	unwatch := w.apps.Watch(func(s *directory.Snapshot) {
		if begun {
			trail.Note(audit.Event{Code: audit.DirectoryChanged, Subject: strconv.Itoa(len(s.Entries)) + " apps, " + s.Tag})
		}
		begun = true
	})
	return func() { stop(); unwatch() }
}

// auditCommand has the commands for the audit trail.
type auditCommand struct {
	Search auditSearchCommand `cmd:"" help:"Search the audit trail: of a running broker, or in a store that no broker has open."`
}

// auditSearchCommand prints events, the oldest first.
type auditSearchCommand struct {
	storeFlags
	URL       string `name:"url" placeholder:"URL" env:"CROSSFRAME_URL" help:"Address of a running broker; its trail is that of the credential's tenant."`
	TokenFile string `placeholder:"FILE" help:"File with the credential of an admin or auditor; or the environment variable CROSSFRAME_TOKEN."`
	Tenant    string `placeholder:"NAME" help:"Of a store: whose trail. If none, that of the broker's operators."`
	Nobody    bool   `help:"Of a store: what has no tenant, where no tenant of operators is named."`
	Since     string `placeholder:"TIME" help:"From then on: 2026-03-01, 2026-03-01T12:00:00Z, or 90m, which is 90 minutes ago."`
	Until     string `placeholder:"TIME" help:"Before then."`
	Code      string `help:"Of this code, such as PERMISSION_DENIED."`
	User      string `help:"Of this user."`
	App       string `help:"Of this app."`
	Limit     int    `help:"At most so many; if 0, all."`
	JSON      bool   `name:"json" help:"Print each event as a line of JSON."`
}

// Run prints what it finds as it finds it.
func (c *auditSearchCommand) Run(ctx context.Context, on *console) (err error) {
	q := audit.Query{Code: c.Code, User: c.User, App: c.App}
	if q.Since, err = readTime("--since", c.Since, time.Now()); err != nil {
		return err
	}
	if q.Until, err = readTime("--until", c.Until, time.Now()); err != nil {
		return err
	}
	if c.Limit < 0 {
		return errors.New("--limit: must not be below 0")
	}
	pages, done, err := c.pages(ctx, on)
	if err != nil {
		return err
	}
	return errors.Join(c.print(on.out, q, pages), done())
}

// pages is where pages of events come from.
type pages func(audit.Query) (audit.Page, error)

func (c *auditSearchCommand) pages(ctx context.Context, on *console) (next pages, done func() error, err error) {
	if c.URL != "" {
		remote, err := newRemoteAudit(c.URL, c.TokenFile)
		if err != nil {
			return nil, nil, err
		}
		return func(q audit.Query) (audit.Page, error) { return remote.page(ctx, q) }, func() error { return nil }, nil
	}
	loaded, err := c.load()
	if err != nil {
		return nil, nil, errors.Join(errors.New("there is no trail to search\n  fix: name a running broker by --url, or a store"), err)
	}
	tenant := c.Tenant
	switch {
	case c.Nobody:
		tenant = audit.NoTenant
	case tenant == "":
		if tenant = loaded.AuditTenant(); tenant == "" {
			return nil, nil, errors.New("each tenant has a trail of its own\n  fix: name one by --tenant, or --nobody")
		}
	}
	s, err := c.open(ctx, on)
	if err != nil {
		return nil, nil, err
	}
	return func(q audit.Query) (audit.Page, error) { return audit.Search(ctx, s.Audit(), tenant, q) }, s.Close, nil
}

// print goes through the pages up to the limit.
func (c *auditSearchCommand) print(out io.Writer, q audit.Query, next pages) error {
	left := c.Limit
	if left == 0 {
		left = math.MaxInt
	}
	show := printEvent
	if c.JSON {
		show = func(out io.Writer, e *audit.Event) error { return json.NewEncoder(out).Encode(e) }
	}
	for left > 0 {
		q.Limit = min(left, audit.MaxLimit)
		page, err := next(q)
		if err != nil {
			return err
		}
		for i := range page.Events {
			if err := show(out, &page.Events[i]); err != nil {
				return fmt.Errorf("print events: %w", err)
			}
		}
		left -= len(page.Events)
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
	return nil
}

// printEvent prints an event for people: time, code, and what else it has, quoted where it is no word.
func printEvent(out io.Writer, e *audit.Event) error {
	text := e.Time.UTC().Format("2006-01-02T15:04:05.000Z") + " " + word(string(e.Code))
	for _, f := range [...]struct{ name, value string }{
		{"tenant", e.Tenant}, {"user", e.User}, {"hub", e.Hub}, {"app", e.App}, {"instance", e.Instance}, {"origin", e.Origin},
		{"subject", e.Subject}, {"source", e.Source}, {"node", e.Node}, {"request", e.Request},
	} {
		if f.value != "" {
			text += " " + f.name + "=" + word(f.value)
		}
	}
	if e.HubTime != nil {
		text += " hubTime=" + e.HubTime.UTC().Format(time.RFC3339Nano)
	}
	if e.Dropped > 0 {
		text += " dropped=" + strconv.FormatUint(e.Dropped, 10)
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

// word quotes what is not one word of plain signs: names are as others wrote them.
func word(s string) string {
	for _, r := range s {
		if r <= ' ' || r == '"' || r == '=' || r == '\\' || r >= 0x7f {
			return strconv.QuoteToASCII(s)
		}
	}
	return s
}

// readTime reads a point in time, or how long ago it was.
func readTime(name, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: %q is no time\n  fix: write 2026-03-01, 2026-03-01T12:00:00Z, or 90m for 90 minutes ago", name, text)
}
