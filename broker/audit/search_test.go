package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

func openStore(t *testing.T) (*store.Store, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s, err := store.Open(ctx, store.Options{Dir: t.TempDir() + "/store", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, ctx
}

// found pages through everything that a query finds.
func found(ctx context.Context, t *testing.T, s *store.Store, tenant string, q Query) (list []Event) {
	t.Helper()
	for {
		page, err := Search(ctx, s.Audit(), tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page.Events...)
		if q.After = page.Next; q.After == "" {
			return list
		}
		if len(page.Events) > q.Limit && q.Limit > 0 {
			t.Fatalf("a page has %d events", len(page.Events))
		}
	}
}

// TestWhatIsNotedIsFound, by each of the filters, in pages of any size, each event once, and never another tenant's.
func TestWhatIsNotedIsFound(t *testing.T) {
	s, ctx := openStore(t)
	// The first record is in the log twice, as after an acknowledgement that did not arrive.
	to := &doubtful{Log: s.Audit()}
	to.times.Store(1)
	l := newLog(to, Options{RetryAfter: time.Millisecond})
	for i := range 500 {
		e := Event{Tenant: "acme", Code: SessionBegun, User: fmt.Sprint("u", i%5), App: fmt.Sprint("a", i%3)}
		if i%10 == 0 {
			e.Code = SessionEnded
		}
		l.Note(e)
		l.Note(Event{Tenant: "other", Code: SessionBegun, User: "u1"})
	}
	l.Close(ctx)
	if got := l.Snapshot(); got.Written != 1000 || got.Dropped != 0 {
		t.Fatalf("counted %+v", got)
	}
	all := found(ctx, t, s, "acme", Query{Limit: MaxLimit})
	if len(all) != 500 {
		t.Fatalf("found %d events", len(all))
	}
	for i := range all {
		if all[i].Tenant != "acme" || all[i].User != fmt.Sprint("u", i%5) || all[i].Node != "n1" {
			t.Fatalf("event %d: %+v", i, all[i])
		}
	}
	for _, x := range []struct {
		q    Query
		want int
	}{
		{Query{Code: "SESSION_ENDED"}, 50}, {Query{User: "u1"}, 100}, {Query{User: "u"}, 0}, {Query{App: "a0", User: "u0"}, 34},
		{Query{Code: "SESSION_BEGUN", User: "u0", App: "a1"}, 16}, {Query{Since: all[200].Time}, 300}, {Query{Until: all[200].Time}, 200},
		{Query{Since: all[10].Time, Until: all[20].Time}, 10}, {Query{Since: time.Now().Add(time.Hour)}, 0}, {Query{Until: all[0].Time}, 0},
	} {
		// Events of one moment are on the same side of a bound; the wanted numbers say at least where it is.
		for _, x.q.Limit = range []int{0, 17} {
			list := found(ctx, t, s, "acme", x.q)
			bounded := !x.q.Since.IsZero() || !x.q.Until.IsZero()
			if !bounded && len(list) != x.want || bounded && (len(list) < x.want-20 || len(list) > x.want+20) {
				t.Errorf("%+v: %d events, want %d", x.q, len(list), x.want)
			}
			for _, e := range list {
				if e.Time.Before(x.q.Since) || !x.q.Until.IsZero() && !e.Time.Before(x.q.Until) {
					t.Errorf("%+v: an event of %v", x.q, e.Time)
				}
			}
		}
	}
	if list := found(ctx, t, s, "nobody", Query{}); list != nil {
		t.Errorf("found of nobody %v", list)
	}
	for _, q := range []Query{{After: "x"}, {After: "1"}, {After: "0-1"}, {After: "1--1"}, {After: "1-999999"}, {Limit: -1}, {Limit: MaxLimit + 1}} {
		_, err := Search(ctx, s.Audit(), "acme", q)
		if f := (*protocol.Fault)(nil); !errors.As(err, &f) || f.Code != protocol.InvalidArgument {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestRareEvents: a page reads a bounded part of the trail, and the next one goes on.
func TestRareEvents(t *testing.T) {
	s, ctx := openStore(t)
	wait := make(chan error, 64)
	e := Event{Tenant: "acme", Code: SessionBegun}
	other := Event{Tenant: "acme", Code: SessionEnded}
	for i := range scanned + 200 {
		data := e.append(nil)
		if i == scanned+100 {
			data = other.append(nil)
		}
		go func() { wait <- s.Audit().Append(ctx, "acme", data) }()
		if i >= 32 {
			if err := <-wait; err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 32 {
		if err := <-wait; err != nil {
			t.Fatal(err)
		}
	}
	page, err := Search(ctx, s.Audit(), "acme", Query{Code: "SESSION_ENDED"})
	if err != nil || len(page.Events) != 0 || page.Next == "" {
		t.Fatalf("the first page: %+v, %v", page, err)
	}
	if list := found(ctx, t, s, "acme", Query{Code: "SESSION_ENDED"}); len(list) != 1 {
		t.Errorf("found %d", len(list))
	}
}

// TestDamage: a record that is no event ends a search with an error, not with less than there is.
func TestDamage(t *testing.T) {
	s, ctx := openStore(t)
	if err := s.Audit().Append(ctx, "acme", []byte("what is this\n")); err != nil {
		t.Fatal(err)
	}
	if page, err := Search(ctx, s.Audit(), "acme", Query{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("found %+v, %v", page, err)
	}
}
