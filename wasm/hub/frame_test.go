package hub_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestReload: a document that loads anew supersedes its connection, or says goodbye, and finds its instance.
func TestReload(t *testing.T) {
	for _, bye := range []bool{true, false} {
		d, main := newDesk(t)
		watch, _ := main.Request(protocol.Envelope{Op: protocol.OpAppWatch})
		c := d.Connect(main, "crm", crm)
		d.Load(c.Frame)
		c.Prove()
		if bye {
			c.Send(protocol.Envelope{Op: protocol.OpBye})
			if !c.Closed || len(c.All(protocol.OpRefused)) != 0 || d.LastState(c.Frame).State != protocol.StateGone {
				t.Fatalf("after goodbye: %v", d.LastState(c.Frame))
			}
		}
		again := d.Enter(hubtest.Visit{Frame: c.Frame, Origin: crm})
		d.Load(c.Frame)
		again.Prove()
		if d.Pass(protocol.DefaultStartMs * 2); again.Closed || again.Ack.Me.Instance != c.Ack.Me.Instance {
			t.Fatal("the reloaded document did not take over")
		}
		var states []string
		for _, e := range main.All(protocol.OpAppChanged) {
			var change protocol.AppChange
			if err := change.DecodeJSON(e.Head); err != nil || e.Ref != watch {
				t.Fatal(err, e)
			}
			for _, in := range change.Instances {
				states = append(states, in.State)
			}
		}
		if want := []string{"loading", "connected", "gone", "connected"}; !slices.Equal(states, want) {
			t.Errorf("states %v, want %v", states, want)
		}
	}
}

// TestOpaqueDocuments cannot be challenged: one lives through one load event, its own.
func TestOpaqueDocuments(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after int // load events before and after the greeting
		ends          bool
	}{
		{"greets while it loads", 0, 1, false},
		{"greets while it loads, then another document", 0, 2, true},
		{"greets behind its load", 1, 0, false},
		{"greets behind its load, then another document, which is not told from its own", 1, 1, false},
		{"greets behind its load, then two", 1, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t)
			frame, _ := d.Open(main, "box")
			for range c.before {
				d.Load(frame)
			}
			client := d.Greet(hubtest.Visit{Frame: frame, Origin: "null"})
			if client.Ack.Challenge || !client.Ready() || client.Ack.Me.Origin != "null" {
				t.Fatalf("ack %+v", client.Ack)
			}
			for range c.after {
				d.Load(frame)
			}
			if d.Pass(10 * protocol.ProofMs); client.Closed != c.ends {
				t.Fatalf("closed: %v", client.Closed)
			}
			if c.ends {
				wantEnd(t, client, protocol.SessionRevoked)
			}
			if len(d.Challenges(frame, 0)) != 0 {
				t.Error("it was challenged")
			}
		})
	}
}

// TestFrameRemoved: everything in the frame ends, and the rooms hear of it.
func TestFrameRemoved(t *testing.T) {
	d, main := newDesk(t)
	other := d.Connect(main, "crm", crm)
	shell := d.Connect(main, "shell", nestedApp)
	inner := d.Enter(hubtest.Visit{Frame: shell.Frame, Window: 1, Origin: partner})
	fresh := d.Greet(hubtest.Visit{Frame: shell.Frame, Window: 2, Origin: partner})
	for i, c := range []*hubtest.Client{shell, inner} {
		c.Ask(message(protocol.OpRegister, "m"+strconv.Itoa(i), nil))
		own := message(protocol.OpContextSet, "own"+strconv.Itoa(i), &protocol.WriteOptions{Lifetime: protocol.LifetimeOwner})
		own.Body = text(`{}`)
		c.Ask(own)
	}
	other.Request(message(protocol.OpInvoke, "m0", nil))
	call, _ := shell.Last(protocol.OpCall)
	shell.Send(protocol.Envelope{Op: protocol.OpResult, ID: call.ID})
	pending, _ := other.Request(message(protocol.OpInvoke, "m0", nil))
	toOther, _ := shell.Request(message(protocol.OpInvoke, "none", &protocol.InvokeOptions{WaitMs: 5000}))
	other.Ask(message(protocol.OpAppWatch, "", nil))
	d.Remove(shell.Frame)
	for _, c := range []*hubtest.Client{shell, inner, fresh} {
		wantEnd(t, c, protocol.SessionClosed)
	}
	answer, _ := other.Answer(pending)
	if f := (protocol.Fault{}); f.DecodeJSON(answer.Head) != nil || answer.Op != protocol.OpError {
		t.Fatalf("the open call was answered %+v", answer)
	}
	if other.Fault(protocol.OpError).Code != protocol.TargetGone {
		t.Fatalf("the open call got %v", other.Fault(protocol.OpError))
	}
	for i := range 2 {
		if f := other.Refused(message(protocol.OpInvoke, "m"+strconv.Itoa(i), nil)); f.Code != protocol.MethodNotFound {
			t.Errorf("method %d: %v", i, f)
		}
		if value := other.Ask(message(protocol.OpContextGet, "own"+strconv.Itoa(i), nil)); value.Ref != 0 {
			t.Errorf("context %d outlived its owner", i)
		}
	}
	gone, _ := other.Last(protocol.OpGone)
	if gone.Peer != uint32(shell.Ack.Me.Peer) || len(other.All(protocol.OpGone)) != 1 {
		t.Errorf("other heard %v of those who left", other.All(protocol.OpGone))
	}
	change, _ := other.Last(protocol.OpAppChanged)
	if want := `{"stopped":[{"instance":"` + shell.Ack.Me.Instance + `","app":"shell","title":"shell","state":"gone","startedBy":"main"}]}`; string(change.Head) != want {
		t.Errorf("the watch heard %s, want %s", change.Head, want)
	}
	if _, runs := instances(t, main)[shell.Ack.Me.Instance]; runs {
		t.Error("the instance is still listed")
	}
	// What arrives late for the frame has no effect.
	d.Load(shell.Frame)
	d.Fail(shell.Frame, protocol.NewFault(protocol.AppFailed, "late"))
	d.Remove(shell.Frame)
	if _, answered := shell.Answer(toOther); answered {
		t.Error("a closed connection was answered")
	}
	if c := d.Greet(hubtest.Visit{Frame: shell.Frame, Origin: nestedApp}); c.Fault(protocol.OpRefused).Code != protocol.SourceUnknown {
		t.Error("the frame still opens the door")
	}
	for key := range d.Journal {
		if strings.Contains(key, "/"+strconv.FormatUint(shell.Frame, 10)) && strings.HasPrefix(key, "apps/instance") {
			t.Errorf("the journal keeps %s", key)
		}
	}
}

// TestLateOpaqueDocument: an opaque document that greets after its own load event does not outlive the next one, be it
// of a document that took its place. Its own load event, still on the way from the page, costs it nothing.
func TestLateOpaqueDocument(t *testing.T) {
	const loaded = `{"crossframe":"INIT_REQUEST","versions":[1],"loaded":true}`
	for _, c := range []struct {
		name          string
		before, after int
		text          string
		ended         bool
	}{
		{"early", 0, 1, "", false},
		{"early, replaced", 0, 2, "", true},
		{"late", 1, 0, loaded, false},
		{"late, replaced", 1, 1, loaded, true},
		{"late by a silent library, replaced", 1, 1, "", false},
		{"late, its load event overtaken", 0, 1, loaded, false},
		{"late, overtaken, replaced", 0, 2, loaded, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t)
			frame, _ := d.Open(main, "box")
			for range c.before {
				d.Load(frame)
			}
			client := d.Greet(hubtest.Visit{Frame: frame, Origin: "null", Text: c.text})
			for range c.after {
				d.Load(frame)
			}
			if d.Pass(protocol.ProofMs); client.Closed != c.ended {
				t.Errorf("ended: %v", client.Closed)
			}
		})
	}
	// A load event of the frame is not one of a document nested in it.
	d, main := newDesk(t)
	list := protocol.AppList{Apps: []protocol.Definition{{Name: "box", URL: "https://box.example/", AllowOpaque: true, AllowNested: true}}}
	main.Ask(message(protocol.OpAppDefine, "", &list))
	box := d.Connect(main, "box", "null")
	d.Load(box.Frame)
	inner := d.Greet(hubtest.Visit{Frame: box.Frame, Window: 1, Origin: "null", Text: loaded})
	if d.Load(box.Frame); inner.Closed {
		t.Error("a nested document was ended with the first load of the frame around it")
	}
}

// TestPageFailed: why a frame does not show its app becomes its state, at once where nothing is connected, and else
// if the document does not prove itself.
func TestPageFailed(t *testing.T) {
	blocked := protocol.NewFault(protocol.AppFailed, "blocked https://evil.example")
	d, main := newDesk(t)
	frame, _ := d.Open(main, "crm")
	waiting, _ := main.Request(protocol.Envelope{Op: protocol.OpAppStart, Name: "chart"})
	d.Fail(frame, blocked)
	d.Load(frame)
	if s := d.LastState(frame); s.State != protocol.StateFailed || s.Reason.Message != blocked.Message {
		t.Fatalf("the frame shows %+v", s)
	}
	d.Fail(frame+1, blocked)
	if answer, _ := main.Answer(waiting); answer.Op != protocol.OpError {
		t.Fatal("whoever waits was not told")
	}
	d.Load(frame)
	if s := d.LastState(frame); s.State != protocol.StateLoading {
		t.Fatalf("loaded anew, the frame shows %+v", s)
	}

	away := d.Connect(main, "crm", crm)
	d.Fail(away.Frame, blocked)
	d.Load(away.Frame)
	if away.Closed || d.LastState(away.Frame).State != protocol.StateConnected {
		t.Fatal("a guess of the page ended a connection")
	}
	// F01: it has less time than after a load that nothing was seen before.
	if d.Pass(hub.AwayMs - 1); away.Closed {
		t.Fatal("ended before its time")
	}
	d.Pass(1)
	wantEnd(t, away, protocol.SessionRevoked)
	if s := d.LastState(away.Frame); s.State != protocol.StateFailed || s.Reason.Message != blocked.Message {
		t.Fatalf("the frame shows %+v", s)
	}

	wronged := d.Connect(main, "crm", crm)
	d.Fail(wronged.Frame, blocked)
	d.Load(wronged.Frame)
	wronged.Prove()
	d.Load(wronged.Frame)
	d.Pass(protocol.ProofMs)
	if s := d.LastState(wronged.Frame); s.State != protocol.StateRefused || s.Reason.Code != protocol.SessionRevoked {
		t.Fatalf("what was disproven is shown: %+v", s)
	}
}
