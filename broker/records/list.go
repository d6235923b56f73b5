package records

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// Bounds of a page.
const (
	defaultLimit = 100
	maxLimit     = 500
	// maxPageBytes is after how many bytes of values a page ends; it has one record in any case.
	maxPageBytes = 4 << 20
)

// Query says which records a list has.
type Query struct {
	Kind string
	// Owner is whose; if nil, those that the asking one owns, those of his roles, and those of everyone, in that order.
	Owner *Owner
	// After is Next of the page before; empty for the first.
	After string
	// Limit is how many records a page has at most; if 0, 100. At most 500.
	Limit int
}

// Page is a part of a list. Owners come in the order of the query, and the records of one by their names.
type Page struct {
	Records []Record
	// Next asks for the page after this one; empty where this is the last.
	Next string
}

// List returns a page. Records that are written while somebody turns pages may or may not be in them; all others are,
// once each.
func (r *Records) List(ctx context.Context, who *identity.Identity, q Query) (Page, error) {
	if err := checkKind(q.Kind); err != nil {
		return Page{}, err
	}
	owners := visible(who)
	if q.Owner != nil {
		if !mayRead(who, q.Kind, *q.Owner) {
			return Page{}, errRead
		}
		owners = []Owner{*q.Owner}
	}
	at, err := parseCursor(q.After)
	if err != nil || q.Limit < 0 || q.Limit > maxLimit {
		return Page{}, protocol.NewFault(protocol.InvalidArgument, "A page begins after what the page before says, and has 1 to 500 records.")
	}
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	return r.page(ctx, who.Tenant, &q, owners, at)
}

// page fills a page from the lists of the owners.
func (r *Records) page(ctx context.Context, tenant string, q *Query, owners []Owner, at cursor) (page Page, err error) {
	if at != (cursor{}) {
		// An owner that is not there any more, because a role was lost, is one that was passed.
		i := slices.IndexFunc(owners, func(o Owner) bool { return o == at.owner })
		if i < 0 {
			return page, protocol.NewFault(protocol.InvalidArgument, "The list is another one than that of the page before; begin anew.")
		}
		owners = owners[i:]
	}
	size := 0
	for _, owner := range owners {
		records, err := r.all(ctx, tenant, q.Kind, owner)
		if err != nil {
			return Page{}, faultOf(err)
		}
		for _, record := range records {
			if owner == at.owner && record.Name <= at.name {
				continue
			}
			if n := len(page.Records); n > 0 && (n >= q.Limit || size+len(record.Value) > maxPageBytes) {
				page.Next = cursor{page.Records[n-1].Owner, page.Records[n-1].Name}.String()
				return page, nil
			}
			page.Records = append(page.Records, record)
			size += len(record.Value)
		}
	}
	return page, nil
}

// all returns the records of one owner by their names; there are at most MaxPerOwner, or a few more.
func (r *Records) all(ctx context.Context, tenant, kind string, owner Owner) (records []Record, err error) {
	err = r.bucket.List(ctx, store.KeyOf(tenant, kind, owner.Kind, owner.Name), func(entry store.Entry) error {
		if _, ref, ok := refOf(entry.Key); ok {
			records = append(records, r.recordOf(ref, &entry))
		}
		return nil
	})
	slices.SortFunc(records, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return records, err
}

// cursor is the last record of a page.
type cursor struct {
	owner Owner
	name  string
}

// String hides what it is made of, so that nobody relies on it.
func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.owner.Kind + "\x00" + c.owner.Name + "\x00" + c.name))
}

var errCursor = errors.New("no cursor")

func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.Split(string(plain), "\x00")
	if err != nil || len(parts) != 3 {
		return c, errCursor
	}
	return cursor{Owner{parts[0], parts[1]}, parts[2]}, nil
}
