package hub_test

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestAuditIsBounded: at most ten events of a code in a second, the others counted; other codes are not held up.
func TestAuditIsBounded(t *testing.T) {
	d, main := newDesk(t)
	d.Now = 5000
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	app := d.Connect(main, "crm", crm)
	for range 100 {
		app.Refused(protocol.Envelope{Op: protocol.OpPolicyGet})
	}
	d.Greet(hubtest.Visit{Frame: 99, Origin: evil})
	got := events(t, main)
	if len(got) != 11 || got[10].Code != protocol.SourceUnknown || got[9].Dropped != 0 {
		t.Fatalf("%d events: %+v", len(got), got)
	}
	d.Now += 1000
	app.Refused(protocol.Envelope{Op: protocol.OpPolicyGet})
	got = events(t, main)
	if len(got) != 12 || got[11].Dropped != 90 || got[11].TimeMs-got[0].TimeMs != 1000 {
		t.Fatalf("%d events, the last %+v", len(got), got[11])
	}
	d.Now += 1000
	app.Refused(protocol.Envelope{Op: protocol.OpPolicyGet})
	if got = events(t, main); got[12].Dropped != 0 {
		t.Fatalf("counted twice: %+v", got[12])
	}
}

// TestAuditCarriesNoPayload: of a refused message only what the hub derived is told.
func TestAuditCarriesNoPayload(t *testing.T) {
	d, main := newDesk(t)
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	app := d.Connect(main, "chart", chart)
	const secret = "canary"
	for _, op := range []protocol.Op{protocol.OpRegister, protocol.OpContextSet, protocol.OpAppStart, protocol.OpPolicySet, protocol.OpAppRemove, 99} {
		e := message(op, secret, &protocol.Policy{BlockList: []string{secret}})
		e.Body = text(`{"` + secret + `":1}`)
		if answer := app.Ask(e); answer.Op != protocol.OpError {
			t.Errorf("operation %d is served", op)
		}
	}
	d.Greet(hubtest.Visit{Frame: app.Frame, Origin: crm, Text: `{"crossframe":"INIT_REQUEST","versions":[1],"app":"` + secret + `"}`})
	list := main.All(protocol.OpAuditEvent)
	if len(list) < 6 {
		t.Fatalf("%d events", len(list))
	}
	for _, e := range list {
		if strings.Contains(string(e.Head), secret) || e.Name != "" || e.Body.Kind != protocol.BodyNone {
			t.Errorf("event %s", e.Head)
		}
	}
}

// TestAuditWatch: each watch ends when its peer says so, or with the peer, and survives the program.
func TestAuditWatch(t *testing.T) {
	d, main := newDesk(t)
	ops := d.Connect(main, "ops", "https://ops.example")
	stir := func() { d.Greet(hubtest.Visit{Frame: 99, Origin: evil}) }
	first, _ := ops.Request(protocol.Envelope{Op: protocol.OpAuditWatch})
	second, _ := ops.Request(protocol.Envelope{Op: protocol.OpAuditWatch})
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	stir()
	if list := ops.All(protocol.OpAuditEvent); len(list) != 2 || list[0].Ref+list[1].Ref != first+second || first == second {
		t.Fatalf("heard %v", list)
	}
	ops.Ask(protocol.Envelope{Op: protocol.OpAuditUnwatch, Ref: first})
	if f := ops.Refused(protocol.Envelope{Op: protocol.OpAuditUnwatch, Ref: first}); f.Code != protocol.NotOwner {
		t.Fatalf("ending a watch that is over: %v", f)
	}
	if lost := d.Crash(); len(lost) != 0 {
		t.Fatalf("lost %v", lost)
	}
	stir()
	if list := ops.All(protocol.OpAuditEvent); len(list) != 3 || list[2].Ref != second {
		t.Fatalf("after a crash it heard %v", list)
	}
	ops.Ask(protocol.Envelope{Op: protocol.OpAuditUnwatch, Ref: second})
	stir()
	if len(ops.All(protocol.OpAuditEvent)) != 3 {
		t.Fatal("the watch did not end")
	}
	main.Send(protocol.Envelope{Op: protocol.OpBye})
	stir()
	for key := range d.Journal {
		if strings.HasPrefix(key, "hub/audit") {
			t.Errorf("the journal keeps %s", key)
		}
	}
}
