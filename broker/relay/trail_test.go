package relay

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
)

// watched is a broker with a trail, in which what has no tenant is that of "ops".
func watched(t *testing.T, o Options) (b *broker, trail func(tenant string) []audit.Event) {
	t.Helper()
	s := openStore(t, store.Options{})
	o.Audit = audit.New(audit.Options{To: s.Audit(), Node: s.Node(), Operators: "ops", Log: quiet, TellEvery: 100 * time.Millisecond})
	t.Cleanup(func() { o.Audit.Close(within(t)) })
	o.Contexts.Alone = true
	b = start(t, s, o)
	return b, func(tenant string) []audit.Event {
		t.Helper()
		until(t, "everything is written", func() bool { return o.Audit.Snapshot().Waiting == 0 })
		page, err := audit.Search(within(t), s.Audit(), tenant, audit.Query{Limit: audit.MaxLimit})
		if err != nil || page.Next != "" {
			t.Fatal(err, page.Next)
		}
		return page.Events
	}
}

// told is an event in few words.
func told(e *audit.Event) string {
	return strings.Join(slices.DeleteFunc([]string{string(e.Code), e.Source, e.User, e.Hub, e.App, e.Instance, e.Origin, e.Subject},
		func(s string) bool { return s == "" }), " ")
}

// TestTrail: what happens at the door and behind it is in the trail, of whose it is, and nothing that was sent is.
func TestTrail(t *testing.T) {
	const canary = "canary"
	b, trail := watched(t, Options{HelloTimeout: 300 * time.Millisecond})
	wants := func(tenant string, want ...string) {
		t.Helper()
		var got []string
		until(t, tenant+"'s events", func() bool {
			got = nil
			for _, e := range trail(tenant) {
				got = append(got, told(&e))
				if text := fmt.Sprintf("%+v", e); strings.Contains(text, canary) || e.Node == "" || e.Time.IsZero() {
					t.Fatalf("told: %s", text)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			return slices.Equal(got, want) || len(got) > len(want)
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s: told\n\t%s\nwant\n\t%s", tenant, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	// At the door.
	foreign, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(b.url, "ws"), nil)
	foreign.Header = http.Header{"Origin": {"https://evil.test"}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
	answer, err := http.DefaultClient.Do(foreign)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	b.dial(page).end()
	stranger := b.dial(page)
	h := hello(protocol.KindHub, canary, "h9")
	stranger.send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: h.AppendJSON(nil)})
	stranger.end()
	wants("ops", "ORIGIN_FORBIDDEN broker https://evil.test", "UNAUTHENTICATED broker "+page, "UNAUTHENTICATED broker "+page)

	// Behind it.
	hub := b.hub("anna", "h1", "crm")
	hub.answer(hub.ask(protocol.Envelope{Op: 4711, Name: canary}))
	for _, m := range []protocol.Envelope{
		{Op: protocol.OpContextSet, Ref: 1, Name: canary, Head: []byte(`{"scope":"everyone"}`), Body: protocol.TextBody([]byte(`{"` + canary + `":1}`))},
		{Op: protocol.OpContextGet, Name: canary, Head: []byte(`{"scope":"everyone"}`)},
		{Op: protocol.OpContextSet, Ref: 1, Name: canary, Head: []byte(`{"scope":"user","ifRevision":7}`), Body: protocol.TextBody([]byte(`{}`))},
	} {
		hub.answer(hub.ask(m))
	}
	begun, ended := "SESSION_BEGUN broker anna h1 hub "+page, "SESSION_ENDED broker anna h1 hub "+page+" closed with 4401"
	unknown, denied := "UNKNOWN_OPERATION broker anna h1 hub "+page, "PERMISSION_DENIED broker anna h1 crm crm@h1"
	wants("acme", begun, unknown, denied)
	// What the hub reports. The broker's word on whose it is counts.
	when := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	report := protocol.AuditEvent{TimeMs: when.UnixMilli(), Code: protocol.OriginBlocked, Origin: "https://bad.test", App: "chart", Instance: "chart-1", Dropped: 3}
	hub.send(protocol.Envelope{Op: protocol.OpAuditReport, Head: report.AppendJSON(nil)})
	hub.answer(hub.ask(protocol.Envelope{Op: protocol.OpAuditReport, Head: []byte(`{"timeMs":1,"code":"` + canary + `"}`)}))
	if err := b.Revoke("acme", "anna"); err != nil {
		t.Fatal(err)
	}
	hub.end()
	wants("acme", begun, unknown, denied, "ORIGIN_BLOCKED hub anna h1 chart chart-1 https://bad.test",
		"BAD_MESSAGE broker anna h1 hub "+page, "SESSION_REVOKED broker anna h1 hub "+page, ended)
	for _, e := range trail("acme") {
		if e.Source == audit.SourceHub && (e.HubTime == nil || !e.HubTime.Equal(when) || e.Dropped != 3 || e.Request == "") {
			t.Errorf("reported: %+v", e)
		}
	}
	// A program has no hub to report for.
	program := b.dial("")
	program.greet(hello(protocol.KindProgram, "mal", "p1"))
	if m := program.answer(program.ask(protocol.Envelope{Op: protocol.OpAuditReport, Head: report.AppendJSON(nil)})); codeOf(&m) != protocol.UnknownOperation {
		t.Errorf("a program reports: %s", m.Head)
	}
	patterns, _, err := origin.NewPatterns(origin.BlockList, []string{"desk.test"})
	if err != nil {
		t.Fatal(err)
	}
	b.Block(patterns)
	if code, _ := b.dial(page).end(); code != stream.CloseOrigin {
		t.Errorf("blocked: %d", code)
	}
	wants("ops", "ORIGIN_FORBIDDEN broker https://evil.test", "UNAUTHENTICATED broker "+page, "UNAUTHENTICATED broker "+page, "ORIGIN_BLOCKED broker "+page)
	wants("evil", "SESSION_BEGUN broker mal p1 program", "UNKNOWN_OPERATION broker mal p1 program")
}

// TestFloodOfRefusals (L21): of 100,000 refused messages, and as many reports of a hub, at most ten a second are in the trail, all
// others are counted in it, and the connection is answered as before.
func TestFloodOfRefusals(t *testing.T) {
	const flood, chunk = 100_000, 1000
	b, trail := watched(t, Options{Socket: ws.Options{MessagesPerSecond: 1 << 20, BurstMessages: 1 << 20, BytesPerSecond: 1 << 30, BurstBytes: 1 << 30}})
	w := b.hub("anna", "h1")
	event := protocol.AuditEvent{Code: protocol.SourceUnknown}
	report := protocol.Envelope{Op: protocol.OpAuditReport, Head: event.AppendJSON(nil)}
	begin := time.Now()
	for range flood / chunk {
		for range chunk {
			w.send(protocol.Envelope{Op: 4711})
			w.send(report)
		}
		if m := w.answer(w.ask(protocol.Envelope{Op: protocol.OpDiscover})); m.Op != protocol.OpReply {
			t.Fatal(m.Op)
		}
		w.mu.Lock()
		w.got = w.got[:0]
		w.mu.Unlock()
	}
	// Each second that has begun may have ten of each, and one that tells what was dropped.
	most := 11 * (int(time.Since(begin).Seconds()) + 2)
	count := func(code protocol.Code) (n, all int) {
		for _, e := range trail("acme") {
			if e.Code == code {
				n, all = n+1, all+int(e.Dropped)
			}
		}
		return n, n + all
	}
	for _, code := range []protocol.Code{protocol.UnknownOperation, protocol.SourceUnknown} {
		// What tells of the dropped ones where nothing comes after them is an event more.
		until(t, "all are told", func() bool { _, all := count(code); return all >= flood })
		if n, all := count(code); n > most || all > flood+n {
			t.Errorf("%s: %d events are in the trail, at most %d may be; %d were told", code, n, most, all)
		}
	}
}
