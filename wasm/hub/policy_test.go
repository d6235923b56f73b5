package hub_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestPolicyRevokes: whoever the new lists refuse is refused now, and the others go on.
func TestPolicyRevokes(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy protocol.Policy
		ends   map[string]protocol.Code // by app; the others stay
	}{
		{"nothing", protocol.Policy{}, nil},
		{"block one", protocol.Policy{BlockList: []string{"crm.example"}}, map[string]protocol.Code{"crm": protocol.OriginBlocked}},
		{"block all", protocol.Policy{BlockList: []string{"*", "null"}}, map[string]protocol.Code{
			"crm": protocol.OriginBlocked, "chart": protocol.OriginBlocked, "box": protocol.OriginBlocked, "shell": protocol.OriginBlocked, "inner": protocol.OriginBlocked}},
		{"block opaque", protocol.Policy{BlockList: []string{"null"}}, map[string]protocol.Code{"box": protocol.OriginBlocked}},
		{"block a nested one", protocol.Policy{BlockList: []string{partner}}, map[string]protocol.Code{"inner": protocol.OriginBlocked}},
		{"allow one", protocol.Policy{AllowList: []string{crm}}, map[string]protocol.Code{
			"chart": protocol.OriginNotAllowed, "shell": protocol.OriginNotAllowed, "inner": protocol.OriginNotAllowed}},
		{"allow and block", protocol.Policy{AllowList: []string{crm, chart}, BlockList: []string{crm}}, map[string]protocol.Code{
			"crm": protocol.OriginBlocked, "shell": protocol.OriginNotAllowed, "inner": protocol.OriginNotAllowed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t)
			main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
			clients := map[string]*hubtest.Client{
				"crm": d.Connect(main, "crm", crm), "chart": d.Connect(main, "chart", chart), "box": d.Connect(main, "box", "null"),
				"shell": d.Connect(main, "shell", nestedApp),
			}
			clients["inner"] = d.Enter(hubtest.Visit{Frame: clients["shell"].Frame, Window: 1, Origin: partner})
			setPolicy(t, main, c.policy)
			for app, client := range clients {
				code := c.ends[app]
				if code == "" {
					if client.Closed || client.Ask(protocol.Envelope{Op: protocol.OpAppInstances}).Op != protocol.OpReply {
						t.Errorf("%s was ended", app)
					}
					continue
				}
				wantEnd(t, client, code)
				if s := d.LastState(client.Frame); app != "inner" && (s.State != protocol.StateRefused || s.Reason.Code != code) {
					t.Errorf("%s shows %+v", app, s)
				}
				again := d.Greet(hubtest.Visit{Frame: client.Frame, Window: client.Window, Origin: client.Ack.Me.Origin})
				wantRefusal(t, again, code)
			}
			if main.Closed {
				t.Error("the main page was hit")
			}
			if n := len(events(t, main)); n != 2*len(c.ends) {
				t.Errorf("%d audit events for %d ends and as many refusals", n, len(c.ends))
			}
			answer := main.Ask(protocol.Envelope{Op: protocol.OpPolicyGet})
			if string(answer.Head) != string(c.policy.AppendJSON(nil)) {
				t.Errorf("policy.get answers %s", answer.Head)
			}
			if lost := d.Crash(); len(lost) > 0 {
				t.Errorf("lost %v", lost)
			}
			if answer := main.Ask(protocol.Envelope{Op: protocol.OpPolicyGet}); string(answer.Head) != string(c.policy.AppendJSON(nil)) {
				t.Errorf("after a crash policy.get answers %s", answer.Head)
			}
		})
	}
}

// TestPolicyUnreadable: lists that cannot be read change nothing.
func TestPolicyUnreadable(t *testing.T) {
	d, main := newDesk(t, func(o *hubtest.Options) { o.Boot.Policy.BlockList = []string{evil} })
	c := d.Connect(main, "crm", crm)
	before := main.Ask(protocol.Envelope{Op: protocol.OpPolicyGet}).Head
	for _, head := range []string{
		`{"blockList":["` + crm + `","https://x.example/path"]}`, `{"blockList":["` + crm + `"],"allowList":["{a,b}.example"]}`, `{"allowList":["https://x.example/path"]}`,
		`{"blockList":7}`, `{"blockList":[null]}`, `[`, `{"blockList":["` + crm + `"],"blockList":[]}`,
		`{"blockList":[` + strings.Repeat(`"a.example",`, 2000) + `"` + crm + `"]}`,
	} {
		if f := main.Refused(protocol.Envelope{Op: protocol.OpPolicySet, Head: []byte(head)}); f.Code != protocol.InvalidArgument || f.Message == "" {
			t.Errorf("%.60s: %v", head, f)
		}
	}
	if after := main.Ask(protocol.Envelope{Op: protocol.OpPolicyGet}).Head; string(after) != string(before) || c.Closed {
		t.Fatalf("the policy is %s", after)
	}
	frame, _ := d.Open(main, "chart")
	wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: evil}), protocol.OriginBlocked)
}

// TestAdministrationNeedsItsGrant: no app may administrate but one whose definition says so.
func TestAdministrationNeedsItsGrant(t *testing.T) {
	d, main := newDesk(t)
	victim := d.Connect(main, "chart", chart)
	app := d.Connect(main, "crm", crm)
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	list := protocol.AppList{Apps: []protocol.Definition{{Name: "crm", URL: crm + "/", Grants: &protocol.Grants{Admin: true}}}}
	admin := []protocol.Envelope{
		{Op: protocol.OpPolicyGet},
		message(protocol.OpPolicySet, "", &protocol.Policy{BlockList: []string{chart}}),
		{Op: protocol.OpAuditWatch},
		message(protocol.OpAppDefine, "", &list),
		{Op: protocol.OpAppRemove, Name: "chart"},
		{Op: protocol.OpAppStop, Name: victim.Ack.Me.Instance},
	}
	for _, e := range admin {
		if f := app.Refused(e); f.Code != protocol.PermissionDenied {
			t.Errorf("operation %d: %v", e.Op, f)
		}
	}
	if n := len(events(t, main)); n != len(admin) {
		t.Errorf("%d audit events for %d refusals", n, len(admin))
	}
	if victim.Closed || len(app.All(protocol.OpAuditEvent)) != 0 {
		t.Error("a refused operation had an effect")
	}
	if answer := app.Refused(protocol.Envelope{Op: protocol.OpAuditUnwatch, Ref: 1}); answer.Code != protocol.NotOwner {
		t.Errorf("ending somebody else's audit watch: %v", answer)
	}
	ops := d.Connect(main, "ops", "https://ops.example")
	for _, e := range admin {
		if answer := ops.Ask(e); answer.Op != protocol.OpReply {
			t.Errorf("operation %d of an app with the grant: %s", e.Op, answer.Head)
		}
	}
	if !victim.Closed {
		t.Error("the app with the grant changed nothing")
	}
}

func define(t *testing.T, main *hubtest.Client, list ...protocol.Definition) {
	t.Helper()
	if answer := main.Ask(message(protocol.OpAppDefine, "", &protocol.AppList{Apps: list})); answer.Op != protocol.OpReply {
		t.Fatalf("apps.define: %s", answer.Head)
	}
}

// TestDefineRechecks: live connections are held against the new definition.
func TestDefineRechecks(t *testing.T) {
	for _, c := range []struct {
		name         string
		def          protocol.Definition
		shell, inner protocol.Code
	}{
		{"same", protocol.Definition{Name: "shell", URL: nestedApp + "/", AllowNested: true, NestedOrigins: []string{partner}}, "", ""},
		{"other origin", protocol.Definition{Name: "shell", URL: "https://new.example/", AllowNested: true, NestedOrigins: []string{partner}}, protocol.OriginMismatch, ""},
		{"another one beside it", protocol.Definition{Name: "shell", URL: "https://new.example/", Origins: []string{"https://new.example", nestedApp}}, "", protocol.SourceUnknown},
		{"nothing nested", protocol.Definition{Name: "shell", URL: nestedApp + "/"}, "", protocol.SourceUnknown},
		{"others nested", protocol.Definition{Name: "shell", URL: nestedApp + "/", AllowNested: true, NestedOrigins: []string{crm}}, "", protocol.OriginMismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t)
			shell := d.Connect(main, "shell", nestedApp)
			inner := d.Enter(hubtest.Visit{Frame: shell.Frame, Window: 1, Origin: partner})
			other := d.Connect(main, "crm", crm)
			define(t, main, c.def)
			for client, code := range map[*hubtest.Client]protocol.Code{shell: c.shell, inner: c.inner, other: "", main: ""} {
				if code != "" {
					wantEnd(t, client, code)
				} else if client.Closed {
					t.Errorf("%s was ended", client.Ack.Me.Instance)
				}
			}
		})
	}
	d, main := newDesk(t)
	box := d.Connect(main, "box", "null")
	define(t, main, protocol.Definition{Name: "box", URL: "https://box.example/"})
	wantEnd(t, box, protocol.OriginOpaque)
}

// TestDefineCountsForThoseWhoCome: an instance that has not greeted yet is admitted by the definition of now.
func TestDefineCountsForThoseWhoCome(t *testing.T) {
	d, main := newDesk(t)
	frame, _ := d.Open(main, "crm")
	define(t, main, protocol.Definition{Name: "crm", URL: "https://new.example/"})
	wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: crm}), protocol.OriginMismatch)
	d.Enter(hubtest.Visit{Frame: frame, Origin: "https://new.example"})
}

// TestGrantsChangeAtOnce: the next request is judged by the new grants, and an audit watch ends with its grant.
func TestGrantsChangeAtOnce(t *testing.T) {
	d, main := newDesk(t)
	ops := d.Connect(main, "ops", "https://ops.example")
	ops.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	app := d.Connect(main, "crm", crm)
	main.Ask(message(protocol.OpRegister, "desk.m", nil))
	if answer := app.Ask(message(protocol.OpRegister, "crm.m", nil)); answer.Op != protocol.OpReply {
		t.Fatal("by default an app may offer")
	}
	define(t, main,
		protocol.Definition{Name: "crm", URL: crm + "/", Grants: &protocol.Grants{Start: []string{"chart"}}},
		protocol.Definition{Name: "ops", URL: "https://ops.example/", Grants: &protocol.Grants{}})
	for _, c := range []struct {
		e    protocol.Envelope
		want protocol.Code
	}{
		{message(protocol.OpRegister, "crm.n", nil), protocol.PermissionDenied},
		{message(protocol.OpInvoke, "desk.m", nil), protocol.MethodNotFound},
		{message(protocol.OpContextGet, "x", nil), protocol.PermissionDenied},
		{message(protocol.OpContextDestroy, "x", nil), protocol.PermissionDenied},
		{message(protocol.OpAppStart, "crm", nil), protocol.PermissionDenied},
	} {
		if f := app.Refused(c.e); f.Code != c.want {
			t.Errorf("operation %d: %v", c.e.Op, f)
		}
	}
	if f := ops.Refused(protocol.Envelope{Op: protocol.OpPolicyGet}); f.Code != protocol.PermissionDenied {
		t.Errorf("policy.get: %v", f)
	}
	if got := events(t, ops); len(got) != 0 {
		t.Errorf("the audit is still told: %v", got)
	}
	var names []string
	var list protocol.AppList
	if err := list.DecodeJSON(app.Ask(protocol.Envelope{Op: protocol.OpAppList}).Head); err != nil {
		t.Fatal(err)
	}
	for _, a := range list.Apps {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, []string{"chart"}) {
		t.Errorf("the app sees %v", names)
	}
}

// TestGrantsEndWhatStands: what an app has begun by grants that it has no longer ends in every room, is told to it, and
// does not come back with a new run of the program.
func TestGrantsEndWhatStands(t *testing.T) {
	d, main := newDesk(t)
	main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
	app, ops := d.Connect(main, "crm", crm), d.Connect(main, "ops", "https://ops.example")
	begin := func(c *hubtest.Client, e protocol.Envelope) uint64 {
		t.Helper()
		id, _ := c.Request(e)
		if answer, _ := c.Answer(id); answer.Op == protocol.OpError {
			t.Fatalf("operation %d: %s", e.Op, answer.Head)
		}
		return id
	}
	offer := begin(app, message(protocol.OpRegister, "crm.m", nil))
	kept := begin(app, message(protocol.OpRegister, "crm.kept", nil))
	subscription := begin(app, message(protocol.OpContextSubscribe, "client", nil))
	watch := begin(ops, protocol.Envelope{Op: protocol.OpAuditWatch})
	define(t, main,
		protocol.Definition{Name: "crm", URL: crm + "/", Grants: &protocol.Grants{Offer: []string{"crm.kept"}}},
		protocol.Definition{Name: "ops", URL: "https://ops.example/", Grants: &protocol.Grants{}})
	for _, ended := range []struct {
		of *hubtest.Client
		id uint64
	}{{app, offer}, {app, subscription}, {ops, watch}} {
		if codes := errorsOf(t, ended.of, ended.id); !slices.Equal(codes, []protocol.Code{protocol.PermissionDenied}) {
			t.Errorf("%d of %s heard %v", ended.id, ended.of.Ack.Me.App, codes)
		}
	}
	if codes := errorsOf(t, app, kept); len(codes) != 0 {
		t.Errorf("an offer that is still granted heard %v", codes)
	}
	audited := map[string]int{}
	for _, e := range events(t, main) {
		if e.Code == protocol.PermissionDenied {
			audited[e.App]++
		}
	}
	if audited["crm"] != 2 || audited["ops"] != 1 {
		t.Errorf("the audit heard %v", audited)
	}
	for range 2 {
		if f := main.Refused(message(protocol.OpInvoke, "crm.m", nil)); f.Code != protocol.MethodNotFound {
			t.Errorf("the method answers %v", f)
		}
		heard := len(app.All(protocol.OpContextEvent)) + len(ops.All(protocol.OpAuditEvent))
		main.Ask(protocol.Envelope{Op: protocol.OpContextSet, Name: "client", Body: protocol.TextBody([]byte("{}"))})
		app.Refused(message(protocol.OpContextGet, "client", nil))
		if now := len(app.All(protocol.OpContextEvent)) + len(ops.All(protocol.OpAuditEvent)); now != heard {
			t.Error("an app hears what it may not any more")
		}
		if lost := d.Crash(); len(lost) != 0 {
			t.Errorf("lost %v", lost)
		}
		for _, c := range []*hubtest.Client{app, ops} {
			c.Prove()
		}
	}
}

// errorsOf returns the codes of the errors that a client heard of a request.
func errorsOf(t *testing.T, c *hubtest.Client, id uint64) (codes []protocol.Code) {
	t.Helper()
	for _, e := range c.All(protocol.OpError) {
		var f protocol.Fault
		if err := f.DecodeJSON(e.Head); err != nil {
			t.Fatal(err)
		} else if e.ID == id {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

// TestDefineAllOrNothing: one bad definition, and nothing changes.
func TestDefineAllOrNothing(t *testing.T) {
	d, main := newDesk(t)
	c := d.Connect(main, "crm", crm)
	list := protocol.AppList{Apps: []protocol.Definition{
		{Name: "crm", URL: "https://new.example/"}, {Name: "fresh", URL: "https://fresh.example"},
		{Name: "bad", URL: "https://bad.example", Frame: protocol.Frame{Sandbox: []string{"allow-scripts", "allow-top-navigation"}}},
	}}
	f := main.Refused(message(protocol.OpAppDefine, "", &list))
	if f.Code != protocol.InvalidApp || !strings.HasPrefix(f.Message, "apps[bad].frame.sandbox[1]:") {
		t.Fatalf("answered %v", f)
	}
	if f := main.Refused(protocol.Envelope{Op: protocol.OpAppDefine, Head: []byte(`{"apps":[{"name":"x","url":7}]}`)}); f.Code != protocol.InvalidApp || !strings.Contains(f.Message, "apps[0].url") {
		t.Fatalf("answered %v", f)
	}
	if c.Closed {
		t.Fatal("a definition that was not taken ended a session")
	}
	for _, app := range []string{"fresh", "bad"} {
		if f := main.Refused(message(protocol.OpAppStart, app, nil)); f.Code != protocol.AppNotFound {
			t.Errorf("%s: %v", app, f)
		}
	}
}
