package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// shelf is a store of the tests that can be made to fail.
type shelf struct {
	mu      sync.Mutex
	fails   error
	records map[string][][]byte
}

// Append implements Appender.
func (s *shelf) Append(_ context.Context, tenant string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	if s.records == nil {
		s.records = map[string][][]byte{}
	}
	s.records[tenant] = append(s.records[tenant], data)
	return nil
}

func (s *shelf) fail(err error) { s.mu.Lock(); defer s.mu.Unlock(); s.fails = err }

// events reads what is kept for a tenant.
func (s *shelf) events(t *testing.T, tenant string) (list []Event) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, record := range s.records[tenant] {
		for text := range bytes.Lines(record) {
			var e Event
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			list = append(list, e)
		}
	}
	return list
}

func newLog(s Appender, o Options) *Log {
	o.To, o.Node, o.Log = s, "n1", slog.New(slog.DiscardHandler)
	return New(o)
}

// TestFlood (L21): of 100,000 refusals of one code ten are written in a second, and what is dropped is told: by the next one, or
// where none comes, after a while. Other codes, other tenants and hubs are not held up, and of what was done nothing is dropped.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(shelf)
		l := newLog(s, Options{})
		for range 100_000 {
			l.Note(Event{Tenant: "acme", Code: protocol.BadMessage})
		}
		l.Note(Event{Tenant: "acme", Code: protocol.PermissionDenied})
		l.Note(Event{Tenant: "acme", Code: protocol.BadMessage, Source: SourceHub})
		l.Note(Event{Tenant: "other", Code: protocol.BadMessage})
		for range 500 {
			l.Note(Event{Tenant: "acme", Code: SessionBegun})
		}
		synctest.Wait()
		count := func() (n int, dropped uint64) {
			for _, e := range s.events(t, "acme") {
				if e.Code == protocol.BadMessage && e.Source == SourceBroker {
					n, dropped = n+1, dropped+e.Dropped
				}
			}
			return n, dropped
		}
		if n, dropped := count(); n != 10 || dropped != 0 {
			t.Errorf("%d were written, %d told as dropped", n, dropped)
		}
		if n := len(s.events(t, "acme")); n != 10+1+1+500 || len(s.events(t, "other")) != 1 {
			t.Errorf("%d events in all", n)
		}
		time.Sleep(time.Second)
		l.Note(Event{Tenant: "acme", Code: protocol.BadMessage})
		synctest.Wait()
		if n, dropped := count(); n != 11 || dropped != 99_990 {
			t.Errorf("%d were written, %d told as dropped", n, dropped)
		}
		for range 15 {
			l.Note(Event{Tenant: "acme", Code: protocol.BadMessage})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n, dropped := count(); n != 21 || dropped != 99_996 {
			t.Errorf("in the end %d were written, %d told as dropped", n, dropped)
		}
		if got := l.Snapshot(); got.Waiting != 0 || got.Dropped != 99_996 {
			t.Errorf("counted %+v", got)
		}
		l.mu.Lock()
		if len(l.rates.table) != 0 {
			t.Errorf("the table keeps %d kinds", len(l.rates.table))
		}
		l.mu.Unlock()
		l.Close(t.Context())
	})
}

// TestTableIsBounded: whoever makes up tenants or codes does not fill the memory.
func TestTableIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(shelf)
		l := newLog(s, Options{Waiting: 100_000})
		for i := range 3 * maxRates {
			l.Note(Event{Code: protocol.Code(fmt.Sprint(i))})
		}
		l.mu.Lock()
		if n := len(l.rates.table); n != maxRates {
			t.Errorf("the table has %d kinds", n)
		}
		l.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		list := s.events(t, NoTenant)
		if last := list[len(list)-1]; last.Code != otherCode || len(list)-1+int(last.Dropped) != 3*maxRates {
			t.Errorf("%d events, the last %+v", len(list), last)
		}
		l.Close(t.Context())
	})
}

// TestStoreIsDown: while the store takes nothing, events wait in a bounded queue, and nobody waits with them. What did not fit is
// counted and told when it goes on.
func TestStoreIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(shelf)
		s.fail(store.ErrUnavailable)
		l := newLog(s, Options{Waiting: 100, TellEvery: time.Hour})
		for i := range 150 {
			l.Note(Event{Tenant: "acme", Code: SessionBegun, User: fmt.Sprint(i)})
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := l.Snapshot(); got.Waiting != 100 || got.Dropped != 50 || got.Written != 0 || got.Failed < 5 {
			t.Errorf("counted %+v", got)
		}
		s.fail(nil)
		time.Sleep(2 * time.Second)
		l.Note(Event{Tenant: "acme", Code: SessionBegun, User: "last"})
		synctest.Wait()
		list := s.events(t, "acme")
		if len(list) != 101 || list[99].User != "99" || list[100].User != "last" || list[100].Dropped != 50 {
			t.Errorf("%d events", len(list))
		}
		for i, e := range list {
			if e.Number != uint64(i+1) {
				t.Fatalf("event %d has the number %d", i, e.Number)
			}
		}
		l.Close(t.Context())
	})
}

// TestClose writes what waits; where the store does not take it, closing ends with its context, and the rest is counted.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(shelf)
		l := newLog(s, Options{Operators: "ops"})
		for range 40 {
			l.Note(Event{Code: protocol.Unauthenticated})
		}
		l.Close(t.Context())
		l.Close(t.Context())
		l.Note(Event{Code: protocol.Internal})
		list := s.events(t, "ops")
		if len(list) != 11 || list[10].Dropped != 30 || list[0].Tenant != "" {
			t.Errorf("%d events: %+v", len(list), list)
		}

		s.fail(store.ErrUnavailable)
		l = newLog(s, Options{})
		l.Note(Event{Code: BrokerStopped})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		l.Close(ctx)
		if got := l.Snapshot(); got.Dropped != 1 || got.Waiting != 0 {
			t.Errorf("counted %+v", got)
		}
		// A tenant whose name the store cannot keep is in nobody's way.
		s.fail(store.ErrInvalidKey)
		l = newLog(s, Options{})
		l.Note(Event{Code: BrokerStarted})
		synctest.Wait()
		if got := l.Snapshot(); got.Dropped != 1 || got.Waiting != 0 {
			t.Errorf("counted %+v", got)
		}
		l.Close(t.Context())
		var none *Log
		none.Note(Event{})
		none.Close(t.Context())
	})
}

// TestTextsAreBounded: whatever a hub calls its apps, an event is one short line of valid JSON.
func TestTextsAreBounded(t *testing.T) {
	for _, text := range []string{
		"\x1b[2J\r\n{\"code\":\"FORGED\"}\u2028\u0085", strings.Repeat("é", 4000), "a\xff\xfe" + strings.Repeat("\xf0\x9f\x98\x80", 100), strings.Repeat("\x00", 300),
	} {
		s := new(shelf)
		l := newLog(s, Options{})
		l.Note(Event{Tenant: "acme", Code: protocol.BadMessage, User: text, Hub: text, App: text, Instance: text, Origin: text, Subject: text, Request: text})
		l.Close(t.Context())
		e := s.events(t, "acme")[0]
		record := string(s.records["acme"][0])
		if strings.Count(record, "\n") != 1 || strings.ContainsAny(record[:len(record)-1], "\x1b\r\n\x00\u2028\u0085") {
			t.Errorf("written as %q", record)
		}
		for _, got := range []string{e.User, e.Hub, e.App, e.Instance, e.Origin, e.Subject, e.Request} {
			if len(got) > 3*maxText || !utf8.ValidString(got) || got == "" {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
}

var _ Appender = (*store.Log)(nil)

// doubtful writes, and says that it did not.
type doubtful struct {
	*store.Log
	times atomic.Int32
}

func (d *doubtful) Append(ctx context.Context, tenant string, data []byte) error {
	err := d.Log.Append(ctx, tenant, data)
	if d.times.Add(-1) >= 0 {
		return errors.Join(store.ErrUnavailable, err)
	}
	return err
}
