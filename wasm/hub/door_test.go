package hub_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestDoorAdmits follows the acknowledgement of a document whose definition sets nothing.
func TestDoorAdmits(t *testing.T) {
	d, main := newDesk(t)
	frame, spec := d.Open(main, "crm")
	if spec.URL != crm+"/start" || !strings.HasPrefix(spec.Instance, "crm-") || spec.Title != "crm" {
		t.Fatalf("frame %+v", spec)
	}
	c := d.Greet(hubtest.Visit{Frame: frame, Origin: crm})
	want := protocol.Ack{
		ConnectionID: c.ConnectionID, Version: 1, Hub: "hub-1", Challenge: true, Limits: protocol.DefaultLimits(),
		Me: protocol.PeerInfo{Peer: c.Ack.Me.Peer, Instance: spec.Instance, App: "crm", Title: "crm", Origin: crm},
	}
	if len(c.ConnectionID) != 32 || c.Ack.Me.Peer <= main.Ack.Me.Peer || string(c.Ack.AppendJSON(nil)) != string(want.AppendJSON(nil)) {
		t.Fatalf("ack %s, admitted as %q", c.Ack.AppendJSON(nil), c.ConnectionID)
	}
	challenge, _ := d.LastChallenge(frame, 0)
	if challenge.Origin != crm || len(challenge.Nonce) != 32 || challenge.Nonce == c.ConnectionID {
		t.Fatalf("challenge %+v", challenge)
	}
	if c.Prove(); instances(t, main)[spec.Instance].State != protocol.StateConnected || d.LastState(frame).State != protocol.StateConnected {
		t.Fatal("the instance is not connected")
	}
	if len(c.Log) != 1 {
		t.Fatalf("heard %v beside the acknowledgement", c.Log[1:])
	}
}

// door is one greeting and what must come of it.
type door struct {
	name   string
	app    string // whose frame it comes from; "" for a window that the hub does not know
	visit  hubtest.Visit
	policy protocol.Policy
	want   protocol.Code // "" where it is admitted
}

func greeting(versions string) string {
	return `{"crossframe":"INIT_REQUEST","versions":` + versions + `}`
}

var doors = []door{
	{name: "own origin", app: "crm", visit: hubtest.Visit{Origin: crm}},
	{name: "another app's origin", app: "crm", visit: hubtest.Visit{Origin: chart}, want: protocol.OriginMismatch},
	{name: "other port", app: "crm", visit: hubtest.Visit{Origin: crm + ":8443"}, want: protocol.OriginMismatch},
	{name: "other scheme", app: "crm", visit: hubtest.Visit{Origin: "http://crm.example"}, want: protocol.OriginMismatch},
	{name: "origin that begins alike", app: "crm", visit: hubtest.Visit{Origin: crm + ".evil.example"}, want: protocol.OriginMismatch},
	{name: "no origin", app: "crm", visit: hubtest.Visit{Origin: ""}, want: protocol.OriginBlocked},
	{name: "origin that is none", app: "crm", visit: hubtest.Visit{Origin: "https://crm.example/start"}, want: protocol.OriginBlocked},
	{name: "opaque", app: "crm", visit: hubtest.Visit{Origin: "null"}, want: protocol.OriginOpaque},
	{name: "opaque where it is asked for", app: "box", visit: hubtest.Visit{Origin: "null"}},
	{name: "not opaque where it is allowed to be", app: "box", visit: hubtest.Visit{Origin: "https://box.example"}},
	{name: "opaque and blocked", app: "box", visit: hubtest.Visit{Origin: "null"}, policy: protocol.Policy{BlockList: []string{"null"}}, want: protocol.OriginBlocked},
	{name: "opaque beside an allow list", app: "box", visit: hubtest.Visit{Origin: "null"}, policy: protocol.Policy{AllowList: []string{crm}}},
	{name: "unknown window", visit: hubtest.Visit{Origin: crm}, want: protocol.SourceUnknown},
	{name: "unknown window with the hub's origin", visit: hubtest.Visit{Origin: hubtest.MainOrigin}, want: protocol.SourceUnknown},
	{name: "frame that was never made", visit: hubtest.Visit{Frame: 99, Origin: crm}, want: protocol.SourceUnknown},
	{name: "blocked", app: "crm", visit: hubtest.Visit{Origin: crm}, policy: protocol.Policy{BlockList: []string{"crm.example"}}, want: protocol.OriginBlocked},
	{name: "blocked and allowed", app: "crm", visit: hubtest.Visit{Origin: crm}, policy: protocol.Policy{BlockList: []string{"*.example"}, AllowList: []string{crm}}, want: protocol.OriginBlocked},
	{name: "not on the allow list", app: "crm", visit: hubtest.Visit{Origin: crm}, policy: protocol.Policy{AllowList: []string{chart}}, want: protocol.OriginNotAllowed},
	{name: "on the allow list", app: "crm", visit: hubtest.Visit{Origin: crm}, policy: protocol.Policy{AllowList: []string{crm}}},
	{name: "on the allow list and not the app's", app: "crm", visit: hubtest.Visit{Origin: chart}, policy: protocol.Policy{AllowList: []string{chart}}, want: protocol.OriginMismatch},
	{name: "nested", app: "crm", visit: hubtest.Visit{Window: 1, Origin: partner}, want: protocol.SourceUnknown},
	{name: "nested with the app's own origin", app: "crm", visit: hubtest.Visit{Window: 1, Origin: crm}, want: protocol.SourceUnknown},
	{name: "nested by rule", app: "shell", visit: hubtest.Visit{Window: 1, Origin: partner}},
	{name: "nested by rule, wrong origin", app: "shell", visit: hubtest.Visit{Window: 1, Origin: evil}, want: protocol.OriginMismatch},
	{name: "nested by rule, the app's origin not among them", app: "shell", visit: hubtest.Visit{Window: 1, Origin: nestedApp}, want: protocol.OriginMismatch},
	{name: "nested by rule, opaque", app: "shell", visit: hubtest.Visit{Window: 1, Origin: "null"}, want: protocol.OriginOpaque},
	{name: "nested by rule, blocked", app: "shell", visit: hubtest.Visit{Window: 1, Origin: partner}, policy: protocol.Policy{BlockList: []string{partner}}, want: protocol.OriginBlocked},
	{name: "two ports", app: "crm", visit: hubtest.Visit{Origin: crm, Ports: 2}, want: protocol.BadHandshake},
	{name: "no port", app: "crm", visit: hubtest.Visit{Origin: crm, Ports: -1}, want: protocol.BadHandshake},
	{name: "version 999", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`[999]`)}, want: protocol.ProtocolUnsupported},
	{name: "version among others", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`[999,1]`)}},
	{name: "no versions", app: "crm", visit: hubtest.Visit{Origin: crm, Text: `{"crossframe":"INIT_REQUEST"}`}, want: protocol.ProtocolUnsupported},
	{name: "empty versions", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`[]`)}, want: protocol.ProtocolUnsupported},
	{name: "version is a text", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`"1.0.0-evil"`)}, want: protocol.ProtocolUnsupported},
	{name: "versions are texts", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`["1"]`)}, want: protocol.ProtocolUnsupported},
	{name: "version is no whole number", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`[1.5]`)}, want: protocol.ProtocolUnsupported},
	{name: "name is a number", app: "crm", visit: hubtest.Visit{Origin: crm, Text: `{"crossframe":"INIT_REQUEST","versions":[1],"app":7}`}, want: protocol.BadHandshake},
	{name: "member twice", app: "crm", visit: hubtest.Visit{Origin: crm, Text: `{"crossframe":"INIT_REQUEST","versions":[1],"versions":[1]}`}, want: protocol.BadHandshake},
	{name: "cut off", app: "crm", visit: hubtest.Visit{Origin: crm, Text: `{"crossframe":"INIT_REQUEST","versions":[1]`}, want: protocol.BadHandshake},
	{name: "foreign dialect", app: "crm", visit: hubtest.Visit{Origin: crm, Text: `{"hello":"tiny 2"}`}, want: protocol.ProtocolUnsupported},

	// The order of the checks: whoever is blocked learns nothing else.
	{name: "blocked, wrong version", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`[9]`)}, policy: protocol.Policy{BlockList: []string{crm}}, want: protocol.OriginBlocked},
	{name: "blocked, malformed", app: "crm", visit: hubtest.Visit{Origin: crm, Text: greeting(`1`)}, policy: protocol.Policy{BlockList: []string{crm}}, want: protocol.OriginBlocked},
	{name: "blocked, two ports", app: "crm", visit: hubtest.Visit{Origin: crm, Ports: 2}, policy: protocol.Policy{BlockList: []string{crm}}, want: protocol.OriginBlocked},
	{name: "blocked, unknown window", visit: hubtest.Visit{Origin: evil}, policy: protocol.Policy{BlockList: []string{evil}}, want: protocol.OriginBlocked},
	{name: "blocked, not the app's", app: "crm", visit: hubtest.Visit{Origin: evil}, policy: protocol.Policy{BlockList: []string{evil}}, want: protocol.OriginBlocked},
	{name: "not allowed, nested without a rule", app: "crm", visit: hubtest.Visit{Window: 1, Origin: evil}, policy: protocol.Policy{AllowList: []string{crm}}, want: protocol.OriginNotAllowed},
	{name: "nested without a rule, opaque", app: "crm", visit: hubtest.Visit{Window: 1, Origin: "null"}, want: protocol.SourceUnknown},
}

func TestDoor(t *testing.T) {
	for _, c := range doors {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t, func(o *hubtest.Options) { o.Boot.Policy = c.policy })
			if c.app != "" {
				c.visit.Frame, _ = d.Open(main, c.app)
			}
			main.Ask(protocol.Envelope{Op: protocol.OpAuditWatch})
			client := d.Greet(c.visit)
			if c.want == "" {
				if !client.Connected() {
					t.Fatalf("refused: %s", client.Log[0].Head)
				}
				return
			}
			if c.visit.Text == `{"hello":"tiny 2"}` {
				if len(client.Texts) != 1 || client.Texts[0] != `{"bye":"PROTOCOL_UNSUPPORTED"}` || !client.Closed {
					t.Fatalf("heard %q", client.Texts)
				}
				return
			}
			fault := wantRefusal(t, client, c.want)
			if (c.want == protocol.ProtocolUnsupported) != slices.Equal(fault.Supported, protocol.Versions()) {
				t.Errorf("supported: %v", fault.Supported)
			}
			want := protocol.AuditEvent{Code: c.want, Origin: c.visit.Origin}
			for id, in := range instances(t, main) {
				want.App, want.Instance = in.App, id
				if state := d.LastState(c.visit.Frame); (state.State == protocol.StateRefused && state.Reason.Code == c.want) != (c.visit.Window == 0) {
					t.Errorf("the instance shows %+v", state)
				}
			}
			if got := events(t, main); len(got) != 1 || got[0].Code != want.Code || got[0].Origin != want.Origin || got[0].App != want.App || got[0].Instance != want.Instance {
				t.Errorf("audit %+v, want %+v", got, want)
			}
		})
	}
}

// TestDoorIsQuietToStrangers: what is no greeting gets no answer.
func TestDoorIsQuietToStrangers(t *testing.T) {
	d, main := newDesk(t)
	frame, _ := d.Open(main, "crm")
	for _, greeting := range []string{
		`null`, `1`, `""`, `[]`, `{}`, `{"crossframe":"init_request"}`, `{"crossframe":"CHALLENGE","nonce":"x"}`, `{"crossframe":1}`,
		`{"type":"WCP1Hello"}`, `{"hello":"hub"}`, `{`, "\xff", strings.Repeat("[", 100000), `{"crossframe":["INIT_REQUEST `,
	} {
		c := d.Greet(hubtest.Visit{Frame: frame, Origin: crm, Text: greeting})
		if len(c.Log)+len(c.Texts) != 0 || !c.Closed {
			t.Errorf("%.40q: heard %v %v, closed: %v", greeting, c.Log, c.Texts, c.Closed)
		}
	}
	if c := d.Enter(hubtest.Visit{Frame: frame, Origin: crm}); !c.Ready() {
		t.Error("strangers used up the greetings of the app")
	}
}

// TestDoorBelievesNothing: whatever a greeting claims beside its versions has no effect.
func TestDoorBelievesNothing(t *testing.T) {
	d, main := newDesk(t)
	victim := d.Connect(main, "crm", crm)
	frame, spec := d.Open(main, "chart")
	claims, err := json.Marshal(map[string]any{
		"crossframe": "INIT_REQUEST", "versions": []int{1}, "app": "crm", "library": "x",
		"connectionId": victim.ConnectionID, "secret": "s", "instance": victim.Ack.Me.Instance, "instanceId": victim.Ack.Me.Instance,
		"windowId": 1, "origin": crm, "main": true, "peer": victim.Ack.Me.Peer, "source": "main",
	})
	if err != nil {
		t.Fatal(err)
	}
	thief := d.Enter(hubtest.Visit{Frame: frame, Origin: chart, Text: string(claims)})
	me := thief.Ack.Me
	if me.App != "chart" || me.Instance != spec.Instance || me.Origin != chart || me.Main || thief.ConnectionID == victim.ConnectionID || me.Peer == victim.Ack.Me.Peer {
		t.Fatalf("the thief became %+v", me)
	}
	if victim.Closed || victim.Ask(protocol.Envelope{Op: protocol.OpAppInstances}).Op != protocol.OpReply {
		t.Fatal("the victim's session was touched")
	}
}

// TestDoorSupersedes: a window has one connection, and the newest is it.
func TestDoorSupersedes(t *testing.T) {
	d, main := newDesk(t)
	first := d.Connect(main, "crm", crm)
	first.Ask(message(protocol.OpRegister, "crm.show", nil))
	other := d.Connect(main, "crm", crm)
	second := d.Greet(hubtest.Visit{Frame: first.Frame, Origin: crm})
	wantEnd(t, first, protocol.Superseded)
	if second.Prove(); !second.Ready() || second.Ack.Me.Instance != first.Ack.Me.Instance || second.Ack.Me.Peer == first.Ack.Me.Peer {
		t.Fatalf("the second connection is %+v", second.Ack.Me)
	}
	if f := other.Refused(message(protocol.OpInvoke, "crm.show", nil)); f.Code != protocol.MethodNotFound {
		t.Fatalf("the method of the old connection: %v", f)
	}
	if answer := second.Ask(message(protocol.OpRegister, "crm.show", nil)); answer.Op != protocol.OpReply {
		t.Fatal("the document cannot offer its method again")
	}
	if other.Closed {
		t.Fatal("another frame of the same app was superseded")
	}
}

// TestDoorAnswersTheOpenChallengeOfAnEarlierGreeting: a client whose greeting took long greets again, on another port,
// and may read the challenge of the first greeting only after the answer to the second.
func TestDoorAnswersTheOpenChallengeOfAnEarlierGreeting(t *testing.T) {
	d, main := newDesk(t)
	frame, _ := d.Open(main, "crm")
	d.Greet(hubtest.Visit{Frame: frame, Origin: crm})
	late := d.Greet(hubtest.Visit{Frame: frame, Origin: crm})
	nonces := d.Challenges(frame, 0)
	late.Echo(nonces[0].Nonce)
	if answer := late.Ask(message(protocol.OpRegister, "crm.show", nil)); answer.Op != protocol.OpReply {
		t.Fatalf("behind the first echo: %s", answer.Head)
	}
	if d.Pass(1000); late.Closed {
		t.Fatal("ended before its time")
	}
	late.Echo(nonces[1].Nonce)
	if d.Pass(protocol.ProofMs * 2); late.Closed {
		t.Fatal("ended though both challenges were answered")
	}
	// Another origin in the same window inherits nothing.
	d.ToHub(protocol.Envelope{Op: protocol.OpPageLoaded, Ref: frame})
	open, _ := d.LastChallenge(frame, 0)
	main.Ask(message(protocol.OpAppDefine, "", &protocol.AppList{Apps: []protocol.Definition{{Name: "crm", URL: crm + "/", Origins: []string{crm, partner}}}}))
	other := d.Greet(hubtest.Visit{Frame: frame, Origin: partner})
	if other.Echo(open.Nonce); other.Fault(protocol.OpError).Code != protocol.BadMessage {
		t.Fatal("a document proved itself by the nonce that another origin was sent")
	}
}

// TestDoorNested: a nested document has an identity of its own, and nothing of the app's around it.
func TestDoorNested(t *testing.T) {
	d, main := newDesk(t)
	start := protocol.StartOptions{WaitFor: protocol.WaitCreated}
	var in protocol.InstanceInfo
	e := message(protocol.OpAppStart, "shell", &start)
	e.Body = text(`{"secret":1}`)
	if err := in.DecodeJSON(main.Ask(e).Head); err != nil {
		t.Fatal(err)
	}
	shell := d.Enter(hubtest.Visit{Frame: 1, Origin: nestedApp})
	inner := d.Enter(hubtest.Visit{Frame: 1, Window: 3, Origin: partner})
	twin := d.Enter(hubtest.Visit{Frame: 1, Window: 4, Origin: partner})
	if string(shell.Log[0].Body.Bytes()) != `{"secret":1}` || shell.Ack.User == nil {
		t.Fatal("the app did not get its start context and its user")
	}
	if inner.Log[0].Body.Kind != protocol.BodyNone || inner.Ack.User != nil {
		t.Fatal("the nested document got what the app was started with")
	}
	want := protocol.PeerInfo{Peer: inner.Ack.Me.Peer, Instance: in.Instance + "/3", App: "shell", Title: "shell", Origin: partner, Via: in.Instance}
	if inner.Ack.Me != want || twin.Ack.Me.Instance != in.Instance+"/4" || shell.Ack.Me.Via != "" {
		t.Fatalf("nested: %+v and %+v", inner.Ack.Me, twin.Ack.Me)
	}
	if shell.Closed || len(instances(t, main)) != 1 {
		t.Fatal("nested windows are not instances, and supersede nobody")
	}
	// It can be reached by its instance id, and what it owned goes with it.
	inner.Ask(message(protocol.OpRegister, "inner.m", nil))
	owned := message(protocol.OpContextSet, "inner.own", &protocol.WriteOptions{Lifetime: protocol.LifetimeOwner})
	owned.Body = text(`{}`)
	inner.Ask(owned)
	id, _ := main.Request(message(protocol.OpInvoke, "inner.m", &protocol.InvokeOptions{Instance: in.Instance + "/3"}))
	call, _ := inner.Last(protocol.OpCall)
	inner.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID, Body: text(`7`)})
	if answer, _ := main.Answer(id); string(answer.Body.Bytes()) != `7` {
		t.Fatalf("the call by instance id: %+v", answer)
	}
	inner.Send(protocol.Envelope{Op: protocol.OpBye})
	if answer := main.Ask(message(protocol.OpContextGet, "inner.own", nil)); answer.Ref != 0 {
		t.Fatal("the nested document's own context outlived it")
	}
	if shell.Closed || instances(t, main)[in.Instance].State != protocol.StateConnected {
		t.Fatal("the end of a nested document changed the app's state")
	}
}

// TestDoorNestedGhosts: windows that went away without a word do not pile up.
func TestDoorNestedGhosts(t *testing.T) {
	d, main := newDesk(t)
	shell := d.Connect(main, "shell", nestedApp)
	var all []*hubtest.Client
	enter := func() {
		d.Pass(1000)
		all = append(all, d.Enter(hubtest.Visit{Frame: shell.Frame, Window: int64(len(all) + 1), Origin: partner}))
	}
	for range 64 {
		enter()
	}
	for i, c := range all {
		if c.Closed || len(d.Challenges(shell.Frame, int64(i+1))) != 1 {
			t.Fatalf("window %d: closed %v, after %d challenges", i+1, c.Closed, len(d.Challenges(shell.Frame, int64(i+1))))
		}
	}
	enter()
	for _, c := range all[:10] {
		c.Prove()
	}
	d.Pass(protocol.ProofMs + 1)
	for i, c := range all {
		if there := i < 10 || i == 64; c.Closed == there {
			t.Errorf("window %d: closed is %v", i+1, c.Closed)
		}
	}
	if shell.Closed || len(d.Journal) > 20 {
		t.Errorf("the app around: closed is %v; the journal has %d keys", shell.Closed, len(d.Journal))
	}
}
