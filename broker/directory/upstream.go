package directory

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/remote"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// upstreamTimeout bounds one request to another directory.
const upstreamTimeout = 20 * time.Second

// upstream is another directory as a source.
type upstream struct {
	settings Upstream
	document *remote.Source
	// tag and sum are of the document that was read last.
	tag    string
	sum    [sha256.Size]byte
	loaded bool
}

// NewUpstream returns another app directory as a source; close ends its connections. Token is what the directory asks
// for, or empty.
func NewUpstream(settings Upstream, token string) (s Source, close func(), err error) {
	document, err := remote.NewSource(settings.URL, remote.Options{MaxBytes: source.MaxBytes, Timeout: upstreamTimeout, Bearer: token})
	if err != nil {
		return nil, nil, err
	}
	return &upstream{settings: settings, document: document}, document.Close, nil
}

func (u *upstream) Name() string { return "upstream " + u.settings.Name }

func (u *upstream) Every() time.Duration { return duration(u.settings.RefreshMs, defaultRefresh) }

// Load asks whether the list is another one than the last.
func (u *upstream) Load(ctx context.Context) (*Listing, error) {
	tag := ""
	if u.loaded {
		tag = u.tag
	}
	document, err := u.document.Get(ctx, tag)
	if err != nil || document.Unchanged {
		return nil, err
	}
	sum := sha256.Sum256(document.Body)
	if u.loaded && sum == u.sum {
		return nil, nil
	}
	// The name ends so that the text is read as JSON.
	root, err := source.Parse(u.document.String()+"#.json", document.Body)
	if err != nil {
		return nil, err
	}
	list, err := records(root)
	if err != nil {
		return nil, err
	}
	u.tag, u.sum, u.loaded = document.Tag, sum, true
	listing := listingOf(list)
	listing.Version = document.Tag
	if !u.settings.Trusted {
		listing.refuse(asksTooMuch)
	}
	return listing, nil
}

// records returns the list of an answer.
func records(root source.Value) ([]source.Value, error) {
	list := root
	if member, ok := root.Member("applications"); ok {
		list = member
	}
	if err := list.Want(source.List); err != nil {
		return nil, errors.New(`the answer is no list of apps: it must be {"applications": […]}`)
	}
	return list.Items(), nil
}

// listingOf reads definitions one by one: what is wrong with one does not keep the others from being used.
func listingOf(values []source.Value) *Listing {
	var set Set
	listing := new(Listing)
	for _, value := range values {
		warnings := len(set.Warnings)
		err := set.Add(value)
		switch {
		case err != nil:
			listing.Refused = append(listing.Refused, Refused{nameOf(value), oneLine(err.Error())})
		case len(set.Warnings) > warnings:
			listing.Refused = append(listing.Refused, Refused{nameOf(value), set.Warnings[warnings]})
		}
	}
	listing.Apps = set.Apps
	return listing
}

// nameOf returns the name that a definition which cannot be used would have.
func nameOf(value source.Value) string {
	for _, field := range [...]string{"appId", "name"} {
		if name, ok := value.Member(field); ok && name.Kind() == source.Text {
			return name.Text()
		}
	}
	return ""
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n  fix: ", "; fix: ") }

// refuse takes definitions out of the listing, for the reason that f gives.
func (l *Listing) refuse(f func(d *protocol.Definition) string) {
	kept := l.Apps[:0]
	for i := range l.Apps {
		if reason := f(&l.Apps[i]); reason != "" {
			l.Refused = append(l.Refused, Refused{l.Apps[i].Name, reason})
			continue
		}
		kept = append(kept, l.Apps[i])
	}
	l.Apps = kept
}

// asksTooMuch is what the records of a directory that is not trusted may not have: whoever runs that directory would
// otherwise decide what is done here in the user's name.
func asksTooMuch(d *protocol.Definition) string {
	const fix = "; fix: set trusted: true for the directory, or define the app yourself"
	switch {
	case d.Grants != nil && d.Grants.Admin:
		return "it asks for the administration, and its directory is not trusted" + fix
	case d.SeesUser:
		return "it asks for the user's details, and its directory is not trusted" + fix
	case len(d.Frame.Allow) > 0:
		return "it asks for features of the browser, and its directory is not trusted" + fix
	}
	return ""
}
