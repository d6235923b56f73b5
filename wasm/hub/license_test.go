package hub_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

const (
	licensedOrigin = "https://desk.example.com"
	dayMs          = 24 * 60 * 60 * 1000
	// licensedMs is in 2026; the claims begin then, and last ninety days and two days of grace.
	licensedMs     = 1_780_000_000_000
	licensedClaims = `{"sub":"Example Corp","jti":"lic-1","iat":1780000000,"exp":1787776000,"graceDays":2,"origins":["` + licensedOrigin + `"]}`
)

func licensed(t *testing.T, change func(b *protocol.Boot)) *hubtest.Desk {
	t.Helper()
	boot := protocol.Boot{Origin: licensedOrigin, NowMs: licensedMs, LicenseClaims: licensedClaims, Apps: apps()}
	change(&boot)
	return hubtest.New(t, hubtest.Options{Boot: boot})
}

func TestLicenseAtBoot(t *testing.T) {
	foreign := protocol.NewFault(protocol.LicenseOrigin, "the Worker says so")
	for what, row := range map[string]struct {
		change func(b *protocol.Boot)
		state  string
		code   protocol.Code
	}{
		"good":           {func(*protocol.Boot) {}, "valid", ""},
		"in its grace":   {func(b *protocol.Boot) { b.NowMs += 91 * dayMs }, "grace", ""},
		"expired":        {func(b *protocol.Boot) { b.NowMs += 93 * dayMs }, "", protocol.LicenseExpired},
		"too early":      {func(b *protocol.Boot) { b.NowMs -= dayMs }, "", protocol.LicenseNotYetValid},
		"other origin":   {func(b *protocol.Boot) { b.Origin = "https://evil.example" }, "", protocol.LicenseOrigin},
		"no claims":      {func(b *protocol.Boot) { b.LicenseClaims = "" }, "", protocol.LicenseMissing},
		"no license":     {func(b *protocol.Boot) { b.LicenseClaims = "{}" }, "", protocol.LicenseInvalid},
		"a fault":        {func(b *protocol.Boot) { b.LicenseFault = foreign }, "", protocol.LicenseOrigin},
		"none is needed": {func(b *protocol.Boot) { b.Origin, b.LicenseFault = hubtest.MainOrigin, foreign }, "development", ""},
	} {
		d := licensed(t, row.change)
		code := protocol.Code("")
		if d.Booted.Fault != nil {
			code = d.Booted.Fault.Code
		}
		if d.Booted.License != row.state || code != row.code {
			t.Errorf("%s: %q, %v; want %q, %q", what, d.Booted.License, d.Booted.Fault, row.state, row.code)
		}
		if code != "" {
			wantRefusal(t, d.Greet(hubtest.Visit{Origin: crm}), code)
			wantRefusal(t, d.Greet(hubtest.Visit{Main: true}), code)
			continue
		}
		app := d.Connect(d.Main(), "crm", crm)
		if told := fmt.Sprint(app.Log, d.PageLog[1:]); strings.Contains(told, "Example Corp") || strings.Contains(told, "lic-1") {
			t.Errorf("%s: the license is told to an app", what)
		}
	}
}

// TestLicenseRunsOut: a hub that runs for days tells each new state once; at the end who is connected goes on, and
// nobody new comes in.
func TestLicenseRunsOut(t *testing.T) {
	d := licensed(t, func(*protocol.Boot) {})
	main := d.Main()
	app := d.Connect(main, "crm", crm)
	from := len(d.PageLog)
	d.Pass(93 * dayMs)
	var states []string
	for _, e := range d.PageLog[from:] {
		var said protocol.BootResult
		if err := said.DecodeJSON(e.Head); e.Op != protocol.OpPageReady || err != nil {
			t.Fatalf("the hub told the page %v %s", e.Op, e.Head)
		}
		states = append(states, said.License)
		if (said.Fault != nil) != (said.License == "expired") {
			t.Errorf("%s beside %v", said.License, said.Fault)
		}
	}
	if len(states) != 3 || states[0] != "expiring" || states[1] != "grace" || states[2] != "expired" {
		t.Errorf("the page heard of %q", states)
	}
	if d.Hub.Deadline() != 0 {
		t.Error("the hub looks again at a license that has expired")
	}
	id, _ := app.Request(protocol.Envelope{Op: protocol.OpAppInstances})
	if answer, _ := app.Answer(id); answer.Op != protocol.OpReply {
		t.Errorf("who is connected does not go on: %v", answer)
	}
	frame, _ := d.Open(main, "crm")
	wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: crm}), protocol.LicenseExpired)
}
