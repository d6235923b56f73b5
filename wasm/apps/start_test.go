package apps

import (
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

func connected(p peer.ID, room *Room) func(*peer.Turn, *Instance) {
	return func(t *peer.Turn, in *Instance) { room.Connected(t, in, p) }
}

func TestStartWaitsForTheConnection(t *testing.T) {
	w := newWorld(t)
	w.send(main, start(1, "crm", ``, ``), crm1Open, crm1Record)
	ready := as(crm1, "connected", `,"peer":9`)
	w.event(1, connected(9, w.room), `to page: page.state ref=1 {"state":"connected"}`, `to 1: reply id=1 `+ready, record(ready, 0))
	if w.room.Deadline() != 0 {
		t.Error("something is still due")
	}
	w.after(protocol.MaxTimeoutMs)
}

func TestStartAnswersWhenCreated(t *testing.T) {
	w := newWorld(t)
	w.send(main, start(1, "crm", `{"waitFor":"created"}`, ``), crm1Open, `to 1: reply id=1 `+crm1, crm1Record)
	ready := as(crm1, "connected", `,"peer":9`)
	w.event(1, connected(9, w.room), `to page: page.state ref=1 {"state":"connected"}`, record(ready, 0))
}

// TestStartHandsOnContextAndPlacement: both as they came; only the context is for the app, and it is in the journal.
func TestStartHandsOnContextAndPlacement(t *testing.T) {
	w := newWorld(t)
	placement := `{"area":"left"}`
	open := strings.TrimSuffix(crm1Open, "}") + `,"placement":` + placement + `} {"a": [1]}`
	w.send(main, start(1, "crm", `{"placement":`+placement+`}`, `{"a": [1]}`), open, crm1Record+` {"a": [1]}`)
	if got := string(w.room.ByFrame(1).Context); got != `{"a": [1]}` {
		t.Errorf("the context is %s", got)
	}
}

func TestStartTimesOut(t *testing.T) {
	for _, c := range []struct {
		options string
		loads   int
		ms      int64
	}{
		{``, 0, protocol.DefaultStartMs}, {``, 1, protocol.DefaultStartMs}, {`{"timeoutMs":500}`, 0, 500},
		{`{"timeoutMs":1}`, 0, protocol.MinTimeoutMs}, {`{"timeoutMs":9007199254740991}`, 2, protocol.MaxTimeoutMs}, {`{"timeoutMs":-5}`, 0, protocol.MinTimeoutMs},
	} {
		w := newWorld(t)
		w.send(main, start(1, "crm", c.options, ``), crm1Open, crm1Record)
		for i := range c.loads {
			w.event(1, w.room.Loaded, record(crm1, i+1))
		}
		w.after(c.ms - 1)
		if due := w.room.Deadline(); due != w.now+1 {
			t.Fatalf("due at %d, now it is %d", due, w.now)
		}
		f := protocol.NewFault(protocol.HandshakeTimeout, silentReason(int64(c.loads)))
		reason := string(f.AppendJSON(nil))
		w.after(1, `to page: page.state ref=1 {"state":"failed","reason":`+reason+`}`,
			fail(main, 1, "APP_FAILED", "HANDSHAKE_TIMEOUT: "+silentReason(int64(c.loads))),
			record(strings.Replace(as(crm1, "failed", ""), `,"startedBy"`, `,"reason":`+reason+`,"startedBy"`, 1), c.loads))
		// Late is better than never.
		ready := as(crm1, "connected", `,"peer":9`)
		w.event(1, connected(9, w.room), `to page: page.state ref=1 {"state":"connected"}`, record(ready, c.loads))
	}
}

func TestStartRefusals(t *testing.T) {
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	for _, c := range []struct {
		name string
		from peer.ID
		e    protocol.Envelope
		want []string
	}{
		{"no such app", main, start(1, "none", ``, ``), []string{fail(main, 1, "APP_NOT_FOUND", `no app definition is named "none"`)}},
		{"no name", main, start(1, "", ``, ``), []string{fail(main, 1, "APP_NOT_FOUND", `no app definition is named ""`)}},
		{"long name", main, start(1, strings.Repeat("ä", 400), ``, ``), []string{fail(main, 1, "APP_NOT_FOUND", `no app definition is named "`+strings.Repeat("ä", 32)+`…"`)}},
		{"not granted", chart, start(1, "one", ``, ``), []string{
			fail(chart, 1, "PERMISSION_DENIED", `this app may not start "one"`), "audit PERMISSION_DENIED chart chart https://chart.example"}},
		{"not granted, not there", chart, start(1, "none", ``, ``), []string{
			fail(chart, 1, "PERMISSION_DENIED", `this app may not start "none"`), "audit PERMISSION_DENIED chart chart https://chart.example"}},
		{"options", main, start(1, "crm", `{"waitFor":1}`, ``), []string{fail(main, 1, "BAD_MESSAGE", "waitFor: want a string")}},
		{"waitFor", main, start(1, "crm", `{"waitFor":"ever"}`, ``), []string{fail(main, 1, "INVALID_ARGUMENT", `waitFor: want "connected" or "created"`)}},
		{"instance of an app", crm, start(1, "crm", `{"instance":"x"}`, ``), []string{
			fail(crm, 1, "PERMISSION_DENIED", "only the main app may choose an instance id"), "audit PERMISSION_DENIED crm crm https://crm.example"}},
		{"instance with control characters", main, start(1, "crm", `{"instance":"\u0007"}`, ``), []string{fail(main, 1, "INVALID_ARGUMENT", "instance: this cannot be the id of an instance")}},
		{"instance of the main page", main, start(1, "crm", `{"instance":"main"}`, ``), []string{fail(main, 1, "INVALID_ARGUMENT", "instance: this cannot be the id of an instance")}},
		{"binary", main, protocol.Envelope{Op: protocol.OpAppStart, ID: 1, Name: "crm", Body: protocol.BinaryBody([]byte{1})}, []string{fail(main, 1, "INVALID_ARGUMENT", "a start context is JSON, not binary")}},
		{"context that is no JSON", main, start(1, "crm", ``, `{"a":1},"x":{}`), []string{fail(main, 1, "BAD_MESSAGE", "JSON at byte 7: want the end of the text")}},
		{"context that is deep", main, start(1, "crm", ``, deep), []string{fail(main, 1, "TOO_DEEP", "JSON at byte 64: nested more than 64 deep")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.send(c.from, c.e, c.want...)
			if len(w.room.instances) != 0 || w.room.Deadline() != 0 {
				t.Error("something was started")
			}
		})
	}
}

// TestStartOfARequestedInstance: a restored layout gets the ids that it had, where they are free.
func TestStartOfARequestedInstance(t *testing.T) {
	w := newWorld(t)
	id := func(e protocol.Envelope) string {
		t.Helper()
		w.room.Start(w.turn(main, e))
		var info protocol.InstanceInfo
		if err := info.DecodeJSON(w.out.Messages[len(w.out.Messages)-1].Head); err != nil {
			t.Fatal(err)
		}
		return info.Instance
	}
	const created = `{"waitFor":"created","instance":"crm-abc"}`
	if got := id(start(1, "crm", created, ``)); got != "crm-abc" {
		t.Errorf("got %q", got)
	}
	if got := id(start(2, "crm", created, ``)); got != "crm-abc" || len(w.room.instances) != 1 {
		t.Errorf("asked for again: %q, %d instances", got, len(w.room.instances))
	}
	if got := id(start(3, "one", created, ``)); got != "one-11111111" || len(w.room.instances) != 2 {
		t.Errorf("the id of another app's instance: %q", got)
	}
	long := strings.Repeat("n", protocol.MaxNameRunes)
	if f := w.room.Add(protocol.Definition{Name: long, URL: "https://long.example"}); f != nil {
		t.Fatal(f)
	}
	if got := id(start(4, long, `{"waitFor":"created"}`, ``)); !protocol.ValidName(got) {
		t.Errorf("%d characters cannot be asked for again", len(got))
	}
}

func TestStartOfASingleApp(t *testing.T) {
	w := newWorld(t)
	w.send(main, start(1, "one", ``, ``), one1Open, record(one1, 0))
	// It is shown, and whoever asks waits for the same connection.
	w.send(crm, start(1, "one", `{"placement":{"x":1}}`, `{"ignored":1}`), strings.TrimSuffix(one1Open, "}")+`,"placement":{"x":1}}`)
	ready := as(one1, "connected", `,"peer":9`)
	w.event(1, connected(9, w.room), `to page: page.state ref=1 {"state":"connected"}`, `to 1: reply id=1 `+ready, `to 2: reply id=1 `+ready, record(ready, 0))
	w.send(crm, start(2, "one", ``, ``), one1Open, `to 2: reply id=2 `+ready)
}

// TestStartOfASingleAppThatIsOver: it begins anew, and whoever asked is answered.
func TestStartOfASingleAppThatIsOver(t *testing.T) {
	revoked := protocol.NewFault(protocol.SessionRevoked, "why")
	for _, end := range []func(w *world){
		func(w *world) { w.room.Disconnected(w.turn(0, protocol.Envelope{}), w.room.ByFrame(1), 9, nil) },
		func(w *world) { w.room.Disconnected(w.turn(0, protocol.Envelope{}), w.room.ByFrame(1), 9, revoked) },
		func(w *world) {
			w.room.Disconnected(w.turn(0, protocol.Envelope{}), w.room.ByFrame(1), 9, nil)
			w.room.Failed(w.turn(0, protocol.Envelope{}), w.room.ByFrame(1), revoked)
		},
	} {
		w := newWorld(t)
		w.room.Start(w.turn(main, start(1, "one", ``, `{"n":1}`)))
		w.room.Connected(w.turn(0, protocol.Envelope{}), w.room.ByFrame(1), 9)
		end(w)
		w.send(main, start(2, "one", `{"timeoutMs":700}`, `{"n":2}`), one1Open+` {"n":2}`, `to page: page.state ref=1 {"state":"loading"}`, record(one1, 0)+` {"n":2}`)
		w.after(699)
		if w.after(1, w.linesOfFailure(2)...); w.room.ByFrame(1).Info.State != protocol.StateFailed {
			t.Error("it did not fail")
		}
	}
}

// linesOfFailure are what a start that times out leads to, with the context of the test above.
func (w *world) linesOfFailure(id uint64) []string {
	f := protocol.NewFault(protocol.HandshakeTimeout, silentReason(0))
	reason := string(f.AppendJSON(nil))
	info := strings.Replace(as(one1, "failed", ""), `,"startedBy"`, `,"reason":`+reason+`,"startedBy"`, 1)
	return []string{
		`to page: page.state ref=1 {"state":"failed","reason":` + reason + `}`, fail(main, id, "APP_FAILED", "HANDSHAKE_TIMEOUT: "+silentReason(0)), record(info, 0) + ` {"n":2}`,
	}
}

// TestStartIsBounded: in what waits, and in what one app has started.
func TestStartIsBounded(t *testing.T) {
	w := newWorld(t)
	w.peers[crm].Limits.PendingCalls = 3
	for id := range uint64(3) {
		w.room.Start(w.turn(crm, start(id+1, "one", ``, ``)))
	}
	w.send(crm, start(4, "one", ``, ``), fail(crm, 4, "QUOTA_EXCEEDED", "this app waits for as many instances as it may"), "audit QUOTA_EXCEEDED crm crm https://crm.example")
	w.send(crm, start(2, "one", ``, ``), fail(crm, 2, "BAD_MESSAGE", "id: already in use"), "audit BAD_MESSAGE crm crm https://crm.example")

	w = newWorld(t)
	for id := range uint64(maxStarted) {
		w.room.Start(w.turn(crm, start(id+1, "crm", `{"waitFor":"created"}`, ``)))
	}
	w.send(crm, start(500, "crm", ``, ``), fail(crm, 500, "QUOTA_EXCEEDED", "this app has started as many instances as it may; the limit is "+strconv.Itoa(maxStarted)),
		"audit QUOTA_EXCEEDED crm crm https://crm.example")
	w.event(7, w.room.Removed, `drop apps/instance/7`)
	if w.room.Start(w.turn(crm, start(501, "crm", ``, ``))); len(w.room.instances) != maxStarted {
		t.Error("the end of an instance made no room")
	}
	for id := range uint64(2 * maxStarted) {
		w.room.Start(w.turn(main, start(1000+id, "crm", `{"waitFor":"created"}`, ``)))
	}
	if len(w.room.instances) != 3*maxStarted {
		t.Error("the main page is bounded")
	}
}

func TestStop(t *testing.T) {
	w := newWorld(t)
	w.room.Start(w.turn(main, start(1, "crm", ``, ``)))
	w.room.Start(w.turn(crm, start(2, "one", ``, ``)))
	stop := func(name string) protocol.Envelope {
		return protocol.Envelope{Op: protocol.OpAppStop, ID: 9, Name: name}
	}
	w.send(main, stop("none"), fail(main, 9, "INSTANCE_NOT_FOUND", `no running instance is "none"`))
	w.send(chart, stop("crm-11111111"), fail(chart, 9, "PERMISSION_DENIED", `this app did not start "crm-11111111"`), "audit PERMISSION_DENIED chart chart https://chart.example")
	w.send(chart, stop("one-22222222"), fail(chart, 9, "PERMISSION_DENIED", `this app did not start "one-22222222"`), "audit PERMISSION_DENIED chart chart https://chart.example")
	// What it started, itself, and anything by the grant.
	w.send(crm, stop("one-22222222"), "to 2: reply id=9", "to page: page.close ref=2")
	w.peers[crm].Info.Instance = "crm-11111111"
	w.send(crm, stop("crm-11111111"), "to 2: reply id=9", "to page: page.close ref=1")
	w.send(main, stop("one-22222222"), "to 1: reply id=9", "to page: page.close ref=2")
	// The page has the last word.
	w.event(2, w.room.Removed, fail(crm, 2, "APP_FAILED", "APP_FAILED: the instance was stopped"), "drop apps/instance/2")
	w.send(main, stop("one-22222222"), fail(main, 9, "INSTANCE_NOT_FOUND", `no running instance is "one-22222222"`))
}
