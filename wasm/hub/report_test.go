package hub_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// TestReports: what the hub refuses it tells its broker: at most ten of a code in a second, and what happens without a
// connection when there is one, as far as a bounded list goes.
func TestReports(t *testing.T) {
	o := online(t)
	app := o.Connect(o.main, "crm", crm)
	o.wire.log = nil
	o.Now += 5000
	stir := func() { app.Refused(protocol.Envelope{Op: protocol.OpPolicyGet}) }
	reports := func() (n int, dropped string) {
		for _, text := range o.wire.log {
			if strings.HasPrefix(text, `audit.report {"timeMs":`) && strings.Contains(text, `"code":"PERMISSION_DENIED","origin":"`+crm+`","app":"crm"`) {
				n++
				if _, after, ok := strings.Cut(text, `"dropped":`); ok {
					dropped += after
				}
			}
		}
		o.wire.log = nil
		return n, dropped
	}
	for range 25 {
		stir()
	}
	if n, dropped := reports(); n != 10 || dropped != "" {
		t.Fatalf("told %d, dropped %q", n, dropped)
	}
	o.Now += 1000
	stir()
	if n, dropped := reports(); n != 1 || dropped != "15}" {
		t.Fatalf("told %d, dropped %q", n, dropped)
	}

	// While there is no connection, a hundred wait.
	o.closed(stream.CloseAbnormal)
	for range 12 {
		o.Now += 1000
		for range 10 {
			stir()
		}
	}
	if n, _ := reports(); n != 0 {
		t.Fatalf("told %d without a connection", n)
	}
	o.connectAgain()
	if n, dropped := reports(); n != 100 || dropped != "20}" {
		t.Fatalf("then it told %d, dropped %q", n, dropped)
	}
	o.Now += 1000
	stir()
	if n, dropped := reports(); n != 1 || dropped != "" {
		t.Fatalf("told %d, dropped %q", n, dropped)
	}

	// A link that takes nothing loses nothing, and is not asked again and again.
	asked := 0
	o.wire.refuse = func(e protocol.Envelope) error {
		if e.Op == protocol.OpAuditReport {
			asked++
		}
		return stream.NewClosed(stream.CloseAbnormal, "")
	}
	o.Now += 1000
	stir()
	o.wire.refuse = nil
	o.closed(stream.CloseAbnormal)
	o.connectAgain()
	if n, _ := reports(); n != 1 || asked != 1 {
		t.Fatalf("told %d, after %d attempts", n, asked)
	}
}

// TestReportsCarryNoPayload: of a refused message only what the hub derived is told.
func TestReportsCarryNoPayload(t *testing.T) {
	o := online(t)
	app := o.Connect(o.main, "chart", chart)
	o.wire.log = nil
	const secret = "canary"
	for _, op := range []protocol.Op{protocol.OpAppStart, protocol.OpPolicySet, protocol.OpAppRemove} {
		e := message(op, secret, &protocol.Policy{BlockList: []string{secret}})
		e.Body = text(`{"` + secret + `":1}`)
		app.Refused(e)
	}
	told := fmt.Sprint(o.wire.log)
	if strings.Count(told, "audit.report") != 3 || strings.Contains(told, secret) {
		t.Fatalf("told %s", told)
	}
}
