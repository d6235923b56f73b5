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
		"expired":        {func(b *protocol.Boot) { b.NowMs += 93 * dayMs }, "expired", protocol.LicenseExpired},
		"revoked":        {func(b *protocol.Boot) { b.LicenseFault = revoked() }, "revoked", protocol.LicenseRevoked},
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

func revoked() *protocol.Fault {
	return protocol.NewFault(protocol.LicenseRevoked, "license lic-1 was revoked by its issuer")
}

// report tells the hub what the Worker found when it looked again.
func report(d *hubtest.Desk, r protocol.LicenseReport) {
	if r.NowMs == 0 {
		r.NowMs = licensedMs + d.Now
	}
	d.ToHub(protocol.Envelope{Op: protocol.OpPageLicense, Head: r.AppendJSON(nil)})
}

// said returns what the hub told the page of its license since its log had that length.
func said(t *testing.T, d *hubtest.Desk, from int) (list []protocol.BootResult) {
	t.Helper()
	for _, e := range d.PageLog[from:] {
		var r protocol.BootResult
		if err := r.DecodeJSON(e.Head); e.Op == protocol.OpPageReady && err == nil {
			list = append(list, r)
		}
	}
	return list
}

// TestLicenseIsRevoked under a running hub: nobody new is admitted from then on, and who is connected has fifteen minutes, which
// neither another report nor the end of the program makes longer than that from the last start.
func TestLicenseIsRevoked(t *testing.T) {
	d := licensed(t, func(*protocol.Boot) {})
	main := d.Main()
	app := d.Connect(main, "crm", crm)
	from := len(d.PageLog)
	report(d, protocol.LicenseReport{Fault: revoked()})
	told := said(t, d, from)
	if len(told) != 1 || told[0].License != "revoked" || told[0].Fault.Code != protocol.LicenseRevoked || told[0].LicenseUntilMs != licensedMs+d.Now+15*60_000 {
		t.Fatalf("the page heard %+v", told)
	}
	frame, _ := d.Open(main, "crm")
	wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: crm}), protocol.LicenseRevoked)
	d.Pass(10 * 60_000)
	report(d, protocol.LicenseReport{Fault: revoked()})
	d.Pass(5*60_000 - 1)
	if app.Closed || len(said(t, d, from)) != 1 {
		t.Fatalf("the connection ended early, or the page heard twice: %+v", said(t, d, from))
	}
	d.Pass(1)
	wantEnd(t, app, protocol.LicenseRevoked)
	if answer := main.Ask(protocol.Envelope{Op: protocol.OpAppInstances}); main.Closed || answer.Op != protocol.OpReply {
		t.Error("the main page cannot show what became of its apps")
	}
	for id, in := range instances(t, main) {
		if in.Reason == nil || in.Reason.Code != protocol.LicenseRevoked {
			t.Errorf("instance %s is %s, %v", id, in.State, in.Reason)
		}
	}
	if told := said(t, d, from); len(told) != 2 || told[1].LicenseUntilMs != 0 {
		t.Errorf("the page heard %+v", told)
	}
}

func TestRevokedLicenseOutlivesTheProgram(t *testing.T) {
	d := licensed(t, func(*protocol.Boot) {})
	app := d.Connect(d.Main(), "crm", crm)
	// The supervisor hands each run what the Worker found last.
	d.Reconfigure(func(b *protocol.Boot) { b.LicenseClaims, b.LicenseFault = "", revoked() })
	if lost := d.Crash(); len(lost) != 0 {
		t.Fatalf("lost %q", lost)
	}
	app.Prove()
	d.Pass(15*60_000 - 1)
	if app.Closed {
		t.Fatalf("the connection ended early: %v", app.Log[len(app.Log)-1])
	}
	d.Pass(1)
	wantEnd(t, app, protocol.LicenseRevoked)
}

// TestLicenseIsRenewed while the hub runs: also one that has stopped admitting goes on.
func TestLicenseIsRenewed(t *testing.T) {
	for what, stop := range map[string]func(d *hubtest.Desk){
		"revoked":    func(d *hubtest.Desk) { report(d, protocol.LicenseReport{Fault: revoked()}) },
		"expired":    func(d *hubtest.Desk) { d.Pass(93 * dayMs) },
		"taken away": func(d *hubtest.Desk) { report(d, protocol.LicenseReport{}) },
	} {
		d := licensed(t, func(*protocol.Boot) {})
		main := d.Main()
		app := d.Connect(main, "crm", crm)
		stop(d)
		frame, _ := d.Open(main, "chart")
		if client := d.Greet(hubtest.Visit{Frame: frame, Origin: chart}); !client.Closed {
			t.Fatalf("%s: somebody new was admitted", what)
		}
		from := len(d.PageLog)
		report(d, protocol.LicenseReport{Claims: strings.Replace(licensedClaims, "1787776000", "1890000000", 1)})
		if told := said(t, d, from); len(told) != 1 || told[0].License != "valid" || told[0].Fault != nil || told[0].LicenseUntilMs != 1890000000_000 {
			t.Errorf("%s: the page heard %+v", what, told)
		}
		d.Connect(main, "chart", chart)
		d.Pass(20 * 60_000)
		if app.Closed {
			t.Errorf("%s: who was connected was ended", what)
		}
	}
}

// TestClockOfReports: the license is judged by the clock that the Worker brings, not by the one of the boot.
func TestClockOfReports(t *testing.T) {
	d := licensed(t, func(*protocol.Boot) {})
	d.Main()
	from := len(d.PageLog)
	report(d, protocol.LicenseReport{NowMs: licensedMs + 91*dayMs, Claims: licensedClaims})
	d.Pass(2 * dayMs)
	told := said(t, d, from)
	if len(told) != 2 || told[0].License != "grace" || told[1].License != "expired" {
		t.Errorf("the page heard %+v", told)
	}
}

func TestReportsWhereNoneAreNeeded(t *testing.T) {
	d, main := newDesk(t)
	from := len(d.PageLog)
	report(d, protocol.LicenseReport{Fault: revoked()})
	d.ToHub(protocol.Envelope{Op: protocol.OpPageLicense, Head: []byte("x")})
	d.Connect(main, "crm", crm)
	if told := said(t, d, from); len(told) != 0 {
		t.Errorf("the page heard %+v", told)
	}
	d = licensed(t, func(b *protocol.Boot) { b.Policy.BlockList = []string{"https://a/b"} })
	report(d, protocol.LicenseReport{Claims: licensedClaims})
	wantRefusal(t, d.Greet(hubtest.Visit{Main: true}), protocol.InvalidArgument)
}

// TestAppLimit: the app that is one too many is refused at the door and told why; everybody else goes on, may reload, and
// makes room by leaving.
func TestAppLimit(t *testing.T) {
	d := licensed(t, func(b *protocol.Boot) {
		b.LicenseClaims = strings.Replace(licensedClaims, `"graceDays"`, `"limits":{"apps":2},"graceDays"`, 1)
	})
	main := d.Main()
	first, shell := d.Connect(main, "crm", crm), d.Connect(main, "shell", nestedApp)
	nested := d.Greet(hubtest.Visit{Frame: shell.Frame, Window: 1, Origin: partner})
	if nested.Closed {
		t.Fatalf("a document nested in an app counts: %v", nested.Log)
	}
	frame, spec := d.Open(main, "chart")
	fault := wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: chart}), protocol.LicenseLimit)
	if !strings.Contains(fault.Message, "(2)") || strings.Contains(fault.Message, "lic-1") {
		t.Errorf("it says %q", fault.Message)
	}
	if in := instances(t, main)[spec.Instance]; in.State != protocol.StateRefused || in.Reason.Code != protocol.LicenseLimit {
		t.Errorf("the instance is %+v", in)
	}
	for _, c := range []*hubtest.Client{first, shell} {
		if answer := c.Ask(protocol.Envelope{Op: protocol.OpContextList}); c.Closed || answer.Op != protocol.OpReply {
			t.Errorf("who is connected does not go on: %v", answer)
		}
	}
	d.Crash()
	again := d.Greet(hubtest.Visit{Frame: first.Frame, Origin: crm})
	if again.Closed {
		t.Fatalf("a connected app may not connect anew: %v", again.Log)
	}
	wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: chart}), protocol.LicenseLimit)
	again.Send(protocol.Envelope{Op: protocol.OpBye})
	if client := d.Greet(hubtest.Visit{Frame: frame, Origin: chart}); client.Closed {
		t.Errorf("the place that became free is not given away: %v", client.Log)
	}
}
