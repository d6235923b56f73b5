package licensing

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/crossframe/crossframe/broker/idn"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
	"github.com/crossframe/crossframe/protocol/origin"
)

// IssueCmd issues a license key.
type IssueCmd struct {
	Key       string           `required:"" placeholder:"FILE" help:"Signing key, made with keygen."`
	Subject   string           `required:"" placeholder:"NAME" help:"Whom the license is for."`
	Origin    []string         `required:"" sep:"none" placeholder:"PATTERN" help:"Origin of a main page, such as https://desk.example.com, https://*.example.com or https://desk.example.com:*; may be repeated."`
	Days      int              `default:"365" help:"Days until it expires, from its beginning."`
	Expires   string           `placeholder:"DATE" help:"Last day (2027-12-31, UTC) or moment (RFC 3339), in place of --days."`
	From      string           `placeholder:"DATE" help:"First day or moment; if empty, now."`
	GraceDays int64            `default:"14" help:"Days for which hubs go on, with warnings, after it has expired."`
	Feature   []string         `sep:"none" placeholder:"NAME" help:"Feature that it includes; may be repeated."`
	Limit     map[string]int64 `mapsep:"none" placeholder:"NAME=N" help:"Limit that it sets; may be repeated."`
	Issuer    string           `default:"Crossframe" placeholder:"NAME" help:"Who issues it."`
	ID        string           `placeholder:"ID" help:"Id of the license; if empty, a random one."`
	Log       string           `placeholder:"FILE" help:"File to which a line about the license, without the key, is appended."`
	JSON      bool             `help:"Print key and license as JSON."`
}

// Run prints the license key. Where there is a log, the line is in it before the key is out.
func (c *IssueCmd) Run(env *Env) error {
	key, err := readSigningKey(c.Key, keyFileMark)
	if err != nil {
		return err
	}
	l, err := c.license(env.now())
	if err != nil {
		return err
	}
	text, err := sealed.Issue(l, key)
	if err != nil {
		return err
	}
	l.KeyID = key.ID
	if err := c.log(l); err != nil {
		return err
	}
	if c.JSON {
		return env.printJSON(struct {
			Key     string `json:"key"`
			License *view  `json:"license"`
		}{text, viewOf(l)})
	}
	viewOf(l).print(env.err())
	_, err = fmt.Fprintln(env.out(), text)
	return err
}

// license makes a license of the flags.
func (c *IssueCmd) license(now time.Time) (l license.License, err error) {
	l = license.License{
		Issuer: c.Issuer, Subject: c.Subject, ID: c.ID, IssuedAt: now.Unix(), NotBefore: now.Unix(),
		GraceDays: c.GraceDays, Features: c.Feature, Limits: c.Limit,
	}
	if l.ID == "" {
		l.ID = rand.Text()
	}
	if c.From != "" {
		from, _, err := parseTime(c.From)
		if err != nil {
			return l, fmt.Errorf("--from: %w", err)
		}
		l.NotBefore = from.Unix()
	}
	if l.Expires, err = c.expires(l.NotBefore); err != nil {
		return l, err
	}
	if l.Expires <= now.Unix() {
		return l, errors.New("the license would have expired already; give a later --expires or more --days")
	}
	for _, pattern := range c.Origin {
		p, err := origin.Options{ToASCII: idn.ToASCII}.ParsePattern(pattern, origin.AllowList)
		if err != nil {
			return l, fmt.Errorf("--origin: %w", err)
		}
		l.Origins = append(l.Origins, p.String())
	}
	return l, nil
}

func (c *IssueCmd) expires(from int64) (int64, error) {
	if c.Expires == "" {
		if c.Days < 1 || c.Days > 36525 {
			return 0, errors.New("--days: give 1 to 36525 days")
		}
		return from + int64(c.Days)*24*60*60, nil
	}
	at, wholeDay, err := parseTime(c.Expires)
	if err != nil {
		return 0, fmt.Errorf("--expires: %w", err)
	}
	if wholeDay {
		at = at.AddDate(0, 0, 1)
	}
	return at.Unix(), nil
}

// parseTime reads a day, which begins at midnight UTC, or a moment.
func parseTime(text string) (at time.Time, wholeDay bool, err error) {
	if at, err = time.Parse(time.DateOnly, text); err == nil {
		return at, true, nil
	}
	if at, err = time.Parse(time.RFC3339, text); err == nil {
		return at, false, nil
	}
	return at, false, fmt.Errorf("%q is no date; write 2027-12-31 or 2027-12-31T23:59:59Z", text)
}

// log appends what was issued to the log file: that is how to know which licenses exist.
func (c *IssueCmd) log(l license.License) error { return appendLog(c.Log, viewOf(l)) }
