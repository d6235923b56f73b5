package hub_test

import (
	"slices"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
	"github.com/crossframe/crossframe/wasm/peer"
)

// TestGateOperations sends every operation number from an app, and from the main page.
func TestGateOperations(t *testing.T) {
	d, main := newDesk(t)
	app := d.Connect(main, "crm", crm)
	for _, c := range []*hubtest.Client{app, main} {
		for op := protocol.Op(0); op < 400; op++ {
			if op == protocol.OpBye {
				continue
			}
			info, known := op.Info()
			page := len(d.PageLog)
			c.Log = nil
			c.Send(protocol.Envelope{Op: op, ID: 1 << 40, Peer: uint32(app.Port), Ref: 1, Name: crm})
			f := c.Fault(protocol.OpError)
			if served := f.Code != protocol.UnknownOperation; served != (known && info.From&protocol.FromApp != 0) {
				t.Errorf("operation %d: %v", op, f)
			}
			if op >= 100 && (f.Code != protocol.UnknownOperation || len(d.PageLog) != page) {
				t.Errorf("operation %d of the page works from a port", op)
			}
		}
	}
	for _, op := range []protocol.Op{1 << 16, 1<<32 - 1, 256 + protocol.OpPolicySet} {
		if app.Send(protocol.Envelope{Op: op, ID: 5}); app.Fault(protocol.OpError).Code != protocol.UnknownOperation {
			t.Errorf("operation %d: %v", op, app.Fault(protocol.OpError))
		}
	}
	if app.Closed || main.Closed {
		t.Fatal("unknown operations ended a connection")
	}
}

// TestGateRequestsNeedIDs: a request that could not be answered is refused.
func TestGateRequestsNeedIDs(t *testing.T) {
	d, main := newDesk(t)
	app := d.Connect(main, "crm", crm)
	for _, info := range protocol.Ops() {
		if info.From&protocol.FromApp == 0 || !info.Reply {
			continue
		}
		app.Send(protocol.Envelope{Op: info.Op, Name: "x"})
		if e, _ := app.Last(protocol.OpError); e.ID != 0 || app.Fault(protocol.OpError).Code != protocol.BadMessage {
			t.Errorf("%s without an id: %d, %v", info.Name, e.ID, app.Fault(protocol.OpError))
		}
	}
	if len(d.Journal) != 3 {
		t.Errorf("the journal holds %d keys, want two connections and an instance", len(d.Journal))
	}
}

// TestGatePageLine: the page's own messages of the wrong direction change nothing.
func TestGatePageLine(t *testing.T) {
	d, main := newDesk(t)
	app := d.Connect(main, "crm", crm)
	page, heard := len(d.PageLog), len(app.Log)
	for op := protocol.Op(0); op < 300; op++ {
		switch op {
		case protocol.OpPageGreet, protocol.OpPageLoaded, protocol.OpPageRemoved, protocol.OpPageFailed, protocol.OpPageMisuse:
		default:
			d.ToHub(protocol.Envelope{Op: op, ID: 1, Ref: app.Frame, Peer: uint32(app.Port), Name: "x", Head: []byte(`{"apps":[]}`)})
		}
	}
	for _, op := range []protocol.Op{protocol.OpPageFailed, protocol.OpPageMisuse} {
		d.ToHub(protocol.Envelope{Op: op, Ref: app.Frame, Peer: uint32(app.Port), Head: []byte(`{`)})
	}
	d.ToHub(protocol.Envelope{Op: protocol.OpPageMisuse, Peer: 999, Head: []byte(`{"code":"BAD_MESSAGE","count":1,"close":true}`)})
	if len(d.PageLog) != page || len(app.Log) != heard || app.Closed {
		t.Fatalf("the page heard %v, the app %v", d.PageLog[page:], app.Log[heard:])
	}
}

// TestMisuse: what the guard dropped is told to the app, and ends it where the guard asks for that.
func TestMisuse(t *testing.T) {
	misuse := func(d *hubtest.Desk, c *hubtest.Client, m protocol.Misuse) {
		d.ToHub(protocol.Envelope{Op: protocol.OpPageMisuse, Peer: uint32(c.Port), Head: m.AppendJSON(nil)})
	}
	d, main := newDesk(t)
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	app := d.Connect(main, "crm", crm)
	misuse(d, app, protocol.Misuse{Code: protocol.TooLarge, Count: 1})
	if f := app.Fault(protocol.OpError); f.Code != protocol.TooLarge {
		t.Fatalf("told %v", f)
	}
	misuse(d, app, protocol.Misuse{Code: protocol.RateLimited, Count: 5})
	if n := len(app.All(protocol.OpError)); n != 1 {
		t.Fatalf("the guard answers by itself, and the hub said %d things", n)
	}
	misuse(d, app, protocol.Misuse{Code: protocol.RateLimited, Count: 900, Close: true})
	wantEnd(t, app, protocol.SessionRevoked)
	var codes []protocol.Code
	for _, e := range events(t, main) {
		if e.App != "crm" || e.Instance != app.Ack.Me.Instance || e.Origin != crm || e.TimeMs < 1_700_000_000_000 {
			t.Errorf("event %+v", e)
		}
		codes = append(codes, e.Code)
	}
	want := []protocol.Code{protocol.TooLarge, protocol.RateLimited, protocol.RateLimited, protocol.SessionRevoked}
	if len(codes) != len(want) {
		t.Errorf("audit %v, want %v", codes, want)
	}
	frame, _ := d.Open(main, "crm")
	early := d.Greet(hubtest.Visit{Frame: frame, Origin: crm})
	for range 3 {
		misuse(d, early, protocol.Misuse{Code: protocol.BadMessage, Count: 1})
	}
	wantEnd(t, early, protocol.SessionRevoked)
}

// TestPanicCostsOneTurn: a handler that fails answers INTERNAL, and nothing of its turn leaves the hub.
func TestPanicCostsOneTurn(t *testing.T) {
	d, main := newDesk(t)
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	app, other := d.Connect(main, "crm", crm), d.Connect(main, "chart", chart)
	d.Hub.(*hub.Hub).Handle(protocol.OpContextSet, func(t *peer.Turn) {
		t.Out.Send(uint32(other.Ack.Me.Peer), protocol.Envelope{Op: protocol.OpProgress, ID: 1})
		t.Out.Put("contexts/value/x", []byte(`{}`), protocol.Body{})
		t.Reply(nil)
		panic("on purpose")
	})
	keys, heard := len(d.Journal), len(other.Log)
	e := message(protocol.OpContextSet, "x", nil)
	for range 3 {
		if f := app.Refused(e); f.Code != protocol.Internal || !f.Retryable {
			t.Fatalf("answered %v", f)
		}
	}
	if len(d.Journal) != keys || len(other.Log) != heard {
		t.Fatal("a turn that failed left something behind")
	}
	if got := events(t, main); len(got) != 3 || got[0].Code != protocol.Internal {
		t.Errorf("audit %+v", got)
	}
	if app.Ask(message(protocol.OpContextGet, "x", nil)).Op != protocol.OpContextValue || app.Closed {
		t.Fatal("the hub does not go on")
	}
}

// TestPanicInARoom: a room that fails whenever somebody comes or goes, or time passes, does not stop the others.
func TestPanicInARoom(t *testing.T) {
	d, main := newDesk(t)
	app := d.Connect(main, "crm", crm)
	other := d.Connect(main, "chart", chart)
	calls := 0
	d.Hub.(*hub.Hub).AddRoom(func(string) { calls++; panic("on purpose") })
	app.Ask(message(protocol.OpRegister, "m", nil))
	id, _ := other.Request(message(protocol.OpInvoke, "m", &protocol.InvokeOptions{TimeoutMs: 500}))
	d.Now += 500
	d.Hub.Tick(d.Now)
	if answer, _ := other.Answer(id); answer.Op != protocol.OpError {
		t.Fatal("the room's failing kept a call from timing out")
	}
	app.Send(protocol.Envelope{Op: protocol.OpBye})
	d.Remove(app.Frame)
	if answer := other.Ask(message(protocol.OpDiscover, "", nil)); string(answer.Head) != `{"methods":[]}` || !app.Closed || calls < 3 {
		t.Fatalf("after %d failures: %s", calls, answer.Head)
	}
}

// TestNumbersAreUsedOnce, also across a crash: nobody can be reached under the number of one who left.
func TestNumbersAreUsedOnce(t *testing.T) {
	d, main := newDesk(t)
	peers, frames := map[int64]bool{}, map[uint64]bool{}
	for i := range 12 {
		c := d.Connect(main, "crm", crm)
		if peers[c.Ack.Me.Peer] || frames[c.Frame] {
			t.Fatalf("round %d: peer %d, frame %d were there before", i, c.Ack.Me.Peer, c.Frame)
		}
		peers[c.Ack.Me.Peer], frames[c.Frame] = true, true
		d.Remove(c.Frame)
		if i%4 == 3 {
			d.Crash()
		}
	}
}

// TestOpenAndClose leaves nothing behind.
func TestOpenAndClose(t *testing.T) {
	d, main := newDesk(t)
	h := d.Hub.(*hub.Hub)
	tables, keys := h.Tables(), len(d.Journal)
	for i := range 300 {
		c := d.Connect(main, "shell", nestedApp)
		c.Ask(message(protocol.OpRegister, "m", nil))
		c.Ask(message(protocol.OpContextSubscribe, "x", nil))
		c.Ask(protocol.Envelope{Op: protocol.OpAppWatch})
		nested := d.Greet(hubtest.Visit{Frame: c.Frame, Window: 1, Origin: partner})
		if i%2 == 0 {
			nested.Prove()
		}
		d.Load(c.Frame)
		d.Remove(c.Frame)
	}
	if h.Tables() != tables || len(d.Journal) != keys || h.Buckets() != 0 {
		t.Fatalf("tables %d (were %d), journal %d (was %d), buckets %d", h.Tables(), tables, len(d.Journal), keys, h.Buckets())
	}
	if d.Hub.Deadline() != 0 {
		t.Error("something is still due")
	}
}

// TestLastWords: a peer that leaves is introduced to whoever hears of it for the first time then, and its leaving is told
// behind that.
func TestLastWords(t *testing.T) {
	d, main := newDesk(t)
	app, other := d.Connect(main, "crm", crm), d.Connect(main, "chart", chart)
	app.Ask(message(protocol.OpRegister, "m", nil))
	id, _ := other.Request(message(protocol.OpInvoke, "m", &protocol.InvokeOptions{Target: protocol.TargetAll}))
	from := len(other.Log)
	d.Remove(app.Frame)
	var got []protocol.Op
	for _, e := range other.Log[from:] {
		if got = append(got, e.Op); e.Op != protocol.OpEnd && e.Peer != uint32(app.Ack.Me.Peer) || e.Op == protocol.OpEnd && e.ID != id {
			t.Errorf("heard %+v", e)
		}
	}
	if want := []protocol.Op{protocol.OpPeer, protocol.OpPart, protocol.OpEnd, protocol.OpGone}; !slices.Equal(got, want) {
		t.Fatalf("heard %v, want %v", got, want)
	}
}
