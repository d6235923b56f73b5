package hub_test

import (
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// The apps of most tests, and where their documents come from.
const (
	crm       = "https://crm.example"
	chart     = "https://chart.example"
	evil      = "https://evil.example"
	partner   = "https://partner.example"
	nestedApp = "https://shell.example"
)

func apps() []protocol.Definition {
	return []protocol.Definition{
		{Name: "crm", URL: crm + "/start"},
		{Name: "chart", URL: chart + "/start", Grants: &protocol.Grants{Offer: []string{"chart.*"}, Invoke: []string{"*"}, Start: []string{"crm"}}},
		{Name: "box", URL: "https://box.example/", AllowOpaque: true},
		{Name: "shell", URL: nestedApp + "/", AllowNested: true, NestedOrigins: []string{partner}, SeesUser: true},
		{Name: "ops", URL: "https://ops.example/", Single: true, Grants: &protocol.Grants{Admin: true}},
	}
}

// newDesk boots a hub with the apps and connects the main page.
func newDesk(t testing.TB, change ...func(*hubtest.Options)) (*hubtest.Desk, *hubtest.Client) {
	t.Helper()
	opts := hubtest.Options{Boot: protocol.Boot{
		Apps: apps(), User: &protocol.User{ID: "u1", FirstName: "Ada"},
	}, Dialects: []dialect.Dialect{hubtest.Tiny{}}}
	for _, f := range change {
		f(&opts)
	}
	d := hubtest.New(t, opts)
	if d.Booted.Fault != nil {
		t.Fatalf("boot: %v", d.Booted.Fault)
	}
	return d, d.Main()
}

// message writes an envelope with a payload in its head.
func message(op protocol.Op, name string, head interface{ AppendJSON([]byte) []byte }) protocol.Envelope {
	e := protocol.Envelope{Op: op, Name: name}
	if head != nil {
		e.Head = head.AppendJSON(nil)
	}
	return e
}

func text(s string) protocol.Body { return protocol.TextBody([]byte(s)) }

// wantRefusal checks that a client got one refusal with the code, nothing else, and that its port is closed.
func wantRefusal(t *testing.T, c *hubtest.Client, code protocol.Code) protocol.Fault {
	t.Helper()
	fault := c.Fault(protocol.OpRefused)
	if fault.Code != code || fault.Message == "" || len(c.Log) != 1 || !c.Closed {
		t.Fatalf("got %q (%q), %d messages, closed: %v; want one refusal %s", fault.Code, fault.Message, len(c.Log), c.Closed, code)
	}
	if fault.Retryable != code.Retryable() {
		t.Errorf("retryable is %v", fault.Retryable)
	}
	return fault
}

// wantEnd checks that a connection ended with the code, and nothing came behind.
func wantEnd(t *testing.T, c *hubtest.Client, code protocol.Code) {
	t.Helper()
	if fault := c.Fault(protocol.OpRefused); fault.Code != code || !c.Closed || c.Log[len(c.Log)-1].Op != protocol.OpRefused {
		t.Fatalf("the connection's end is %q, closed: %v; want %s", fault.Code, c.Closed, code)
	}
}

// events returns the audit events that a client heard.
func events(t *testing.T, c *hubtest.Client) (list []protocol.AuditEvent) {
	t.Helper()
	for _, e := range c.All(protocol.OpAuditEvent) {
		var event protocol.AuditEvent
		if err := event.DecodeJSON(e.Head); err != nil {
			t.Fatal(err)
		}
		list = append(list, event)
	}
	return list
}

// instances asks for what runs.
func instances(t *testing.T, c *hubtest.Client) map[string]protocol.InstanceInfo {
	t.Helper()
	answer := c.Ask(protocol.Envelope{Op: protocol.OpAppInstances})
	var list protocol.InstanceList
	if err := list.DecodeJSON(answer.Head); err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]protocol.InstanceInfo)
	for _, in := range list.Instances {
		byID[in.Instance] = in
	}
	return byID
}

func setPolicy(t *testing.T, c *hubtest.Client, p protocol.Policy) {
	t.Helper()
	if answer := c.Ask(message(protocol.OpPolicySet, "", &p)); answer.Op != protocol.OpReply {
		t.Fatalf("policy.set: %s", answer.Head)
	}
}
