package hub_test

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestDoorFlood: the first greeting connects, the rest is bounded, and other frames notice nothing.
func TestDoorFlood(t *testing.T) {
	for _, c := range []struct {
		name  string
		visit hubtest.Visit
	}{
		{"own window", hubtest.Visit{Origin: crm}},
		{"one nested window", hubtest.Visit{Window: 1, Origin: crm}},
		{"many nested windows", hubtest.Visit{Window: -1, Origin: crm}},
		{"unknown windows", hubtest.Visit{Frame: 77, Origin: evil}},
		{"blocked", hubtest.Visit{Origin: evil}},
		{"malformed", hubtest.Visit{Origin: crm, Text: greeting(`7`)}},
		{"two ports", hubtest.Visit{Origin: crm, Ports: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t, func(o *hubtest.Options) { o.Boot.Policy.BlockList = []string{evil} })
			main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
			if c.visit.Frame == 0 {
				c.visit.Frame, _ = d.Open(main, "crm")
			}
			limited, silent, served := 0, 0, 0
			for i := range 10_000 {
				v := c.visit
				if v.Window < 0 {
					v.Window = int64(i + 1)
				}
				client := d.Greet(v)
				switch {
				case len(client.Log) == 0 && client.Closed:
					silent++
				case client.Fault(protocol.OpRefused).Code == protocol.RateLimited:
					limited++
				default:
					served++
				}
				if i%10 == 9 {
					d.Now++ // all of it within a second
				}
			}
			if limited > 10 || served > 25 || silent != 10_000-limited-served {
				t.Errorf("%d served, %d told RATE_LIMITED, %d silent", served, limited, silent)
			}
			if n := len(events(t, main)); n > 10*5 {
				t.Errorf("%d audit events", n)
			}
			if healthy := d.Connect(main, "chart", chart); !healthy.Ready() {
				t.Error("another frame is affected")
			}
			if d.Pass(1000); c.visit.Frame == 1 {
				if again := d.Enter(hubtest.Visit{Frame: 1, Origin: crm}); !again.Ready() {
					t.Error("the app cannot connect afterwards")
				}
			}
		})
	}
}

// TestDoorNestedFloodLeavesTheApp: what an app embeds cannot use up the greetings of the app itself.
func TestDoorNestedFloodLeavesTheApp(t *testing.T) {
	d, main := newDesk(t)
	frame, _ := d.Open(main, "crm")
	for i := range int64(1000) {
		d.Greet(hubtest.Visit{Frame: frame, Window: i + 1, Origin: evil})
	}
	if c := d.Greet(hubtest.Visit{Frame: frame, Origin: crm}); !c.Connected() {
		t.Fatalf("refused: %v", c.Fault(protocol.OpRefused))
	}
}

// TestDoorClosed: a hub that is not booted, or cannot run as it is configured, admits nobody, and tells visitors
// nothing of its configuration.
func TestDoorClosed(t *testing.T) {
	for _, c := range []struct {
		name    string
		boot    func(b *protocol.Boot)
		raw     string
		page    protocol.Code // what the page learns
		mention string        // what the page's fault names
		visitor protocol.Code
	}{
		{name: "not JSON", raw: `{"origin":`, page: protocol.InvalidArgument, mention: "configuration", visitor: protocol.HubNotReady},
		{name: "wrong type", raw: `{"origin":"http://localhost:1","apps":[{"name":7}]}`, page: protocol.InvalidArgument, mention: "apps[0].name", visitor: protocol.HubNotReady},
		{name: "bad pattern", boot: func(b *protocol.Boot) { b.Policy.BlockList = []string{"secret.example/path"} }, page: protocol.InvalidArgument, mention: "secret.example", visitor: protocol.HubNotReady},
		{name: "bad pattern to allow", boot: func(b *protocol.Boot) { b.Policy.AllowList = []string{"ht!tp://x"} }, page: protocol.InvalidArgument, mention: "policy", visitor: protocol.HubNotReady},
		{name: "bad definition", boot: func(b *protocol.Boot) { b.Apps[1].URL = "secret" }, page: protocol.InvalidApp, mention: "apps[chart].url", visitor: protocol.HubNotReady},
		{name: "bad limit", boot: func(b *protocol.Boot) { b.Limits.Burst = -1 }, page: protocol.InvalidArgument, mention: "limits.burst", visitor: protocol.HubNotReady},
		{name: "no license", boot: func(b *protocol.Boot) { b.Origin = "https://desk.example" }, page: protocol.LicenseMissing, mention: "license.key", visitor: protocol.LicenseMissing},
		{name: "no license at all", boot: func(b *protocol.Boot) { b.Origin, b.LicenseClaims = "https://desk.example", "secret" }, page: protocol.LicenseInvalid, mention: "license", visitor: protocol.LicenseInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := hubtest.Cold(t, hubtest.Options{})
			boot := protocol.Boot{Origin: hubtest.MainOrigin, Hub: "h", Epoch: 1, NowMs: 1, Apps: apps()}
			if c.boot != nil {
				c.boot(&boot)
			}
			if c.raw == "" {
				c.raw = string(boot.AppendJSON(nil))
			}
			d.BootWith([]byte(c.raw))
			if f := d.Booted.Fault; f == nil || f.Code != c.page || !strings.Contains(f.Message, c.mention) {
				t.Fatalf("the page learns %v", f)
			}
			for _, v := range []hubtest.Visit{{Origin: crm}, {Frame: 1, Origin: crm}, {Frame: 1, Origin: evil, Text: greeting(`[9]`)}, {Origin: hubtest.MainOrigin, Ports: 3}} {
				f := wantRefusal(t, d.Greet(v), c.visitor)
				if strings.Contains(f.Message, "secret") || strings.Contains(f.Message, "chart") || strings.Contains(f.Message, "desk.example") {
					t.Errorf("a visitor learns %q", f.Message)
				}
			}
			wantRefusal(t, d.Greet(hubtest.Visit{Main: true}), c.page)
		})
	}
}

func TestDoorBeforeBoot(t *testing.T) {
	d := hubtest.Cold(t, hubtest.Options{})
	for frame := range uint64(20) {
		wantRefusal(t, d.Greet(hubtest.Visit{Frame: frame, Origin: crm}), protocol.HubNotReady)
	}
	wantRefusal(t, d.Greet(hubtest.Visit{Main: true}), protocol.HubNotReady)
	for _, op := range protocol.Ops() {
		if op.Op != protocol.OpPageBoot && op.Op != protocol.OpPageGreet {
			d.ToHub(protocol.Envelope{Op: op.Op, Ref: 1, Peer: 1, Head: []byte(`{}`)})
		}
	}
	d.Hub.Tick(5000)
	if len(d.PageLog) != 0 || d.Hub.Deadline() != 0 || len(d.Hub.Resume(6000)) != 0 {
		t.Fatal("a hub without a configuration did something")
	}
}
