package hub_test

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
	"github.com/crossframe/crossframe/wasm/peer"
)

// TestCrashInFlight: what was asked is answered, and a late answer to a call of the run that ended goes nowhere.
func TestCrashInFlight(t *testing.T) {
	d, main := newDesk(t)
	app, other := d.Connect(main, "crm", crm), d.Connect(main, "chart", chart)
	app.Ask(message(protocol.OpRegister, "m", nil))
	before, _ := other.Request(message(protocol.OpInvoke, "m", nil))
	old, _ := app.Last(protocol.OpCall)
	d.Crash()
	if answer, _ := other.Answer(before); answer.Op != protocol.OpError || other.Fault(protocol.OpError).Code != protocol.Cancelled {
		t.Fatalf("the call in flight was answered %+v", answer)
	}
	app.Prove()
	after, _ := other.Request(message(protocol.OpInvoke, "m", nil))
	fresh, _ := app.Last(protocol.OpCall)
	if fresh.ID <= old.ID {
		t.Fatalf("call %d of the new run is not above %d of the old one", fresh.ID, old.ID)
	}
	heard := len(app.Log)
	app.Send(protocol.Envelope{Op: protocol.OpProgress, ID: old.ID})
	app.Send(protocol.Envelope{Op: protocol.OpResult, ID: old.ID, Body: text(`"old"`)})
	app.Send(protocol.Envelope{Op: protocol.OpError, ID: old.ID})
	if len(app.Log) != heard {
		t.Fatalf("the late answers were answered %v", app.Log[heard:])
	}
	app.Send(protocol.Envelope{Op: protocol.OpResult, ID: fresh.ID, Body: text(`"new"`)})
	if answer, _ := other.Answer(after); string(answer.Body.Bytes()) != `"new"` {
		t.Fatalf("the new call was answered %s", answer.Body.Bytes())
	}
}

// TestCrashHalfReady: a document that had not proven itself is asked anew, and what it sent behind an echo of the
// old challenge does not end it.
func TestCrashHalfReady(t *testing.T) {
	d, main, c := unproven(t)
	old, _ := d.LastChallenge(c.Frame, 0)
	if lost := d.Crash(); len(lost) != 0 {
		t.Fatalf("lost %v", lost)
	}
	if next, _ := d.LastChallenge(c.Frame, 0); next.Nonce == old.Nonce {
		t.Fatal("it was not challenged anew")
	}
	c.Echo(old.Nonce)
	for range 20 {
		if f := c.Refused(message(protocol.OpRegister, "m", nil)); f.Code != protocol.BadMessage {
			t.Fatalf("answered %v", f)
		}
	}
	if c.Prove(); c.Ask(message(protocol.OpRegister, "m", nil)).Op != protocol.OpReply || d.LastState(c.Frame).State != protocol.StateConnected {
		t.Fatal("it cannot prove itself")
	}
	if main.Closed {
		t.Fatal("main was lost")
	}

	d, _, c = unproven(t)
	d.Crash()
	d.Pass(protocol.ProofMs)
	wantEnd(t, c, protocol.SessionRevoked)
}

// TestCrashReplaced: a document that was replaced while no program ran is found out.
func TestCrashReplaced(t *testing.T) {
	d, main := newDesk(t)
	app, other := d.Connect(main, "crm", crm), d.Connect(main, "chart", chart)
	d.Crash()
	other.Prove()
	d.Pass(protocol.ProofMs)
	wantEnd(t, app, protocol.SessionRevoked)
	if other.Closed || main.Closed {
		t.Fatal("others were hit")
	}
}

// TestCrashWhileLoading: an app that had not greeted still has its time to, and no more than that.
func TestCrashWhileLoading(t *testing.T) {
	d, main := newDesk(t)
	id, _ := main.Request(protocol.Envelope{Op: protocol.OpAppStart, Name: "crm"})
	d.Pass(protocol.DefaultStartMs - 1)
	d.Crash()
	if answer, _ := main.Answer(id); answer.Op != protocol.OpError {
		t.Fatal("the start was not answered")
	}
	d.Pass(protocol.DefaultStartMs - 1)
	if s := instances(t, main); len(s) != 1 || d.LastState(1).State != "" {
		t.Fatalf("before its time: %v", s)
	}
	d.Pass(1)
	if s := d.LastState(1); s.State != protocol.StateFailed || s.Reason.Code != protocol.HandshakeTimeout {
		t.Fatalf("after its time: %+v", s)
	}
}

// TestCrashOpaque: the load that an opaque document may live through is not given twice.
func TestCrashOpaque(t *testing.T) {
	d, main := newDesk(t)
	c := d.Connect(main, "box", "null")
	d.Load(c.Frame)
	d.Crash()
	if c.Closed {
		t.Fatal("lost")
	}
	d.Load(c.Frame)
	wantEnd(t, c, protocol.SessionRevoked)

	early := d.Connect(main, "box", "null")
	d.Crash()
	if d.Load(early.Frame); early.Closed {
		t.Fatal("its own load ended it")
	}
}

// TestCrashTwice: the state comes back from a journal that was restored and added to.
func TestCrashTwice(t *testing.T) {
	d, main := newDesk(t)
	app := d.Connect(main, "crm", crm)
	for round := range 4 {
		e := message(protocol.OpContextUpdate, "x", nil)
		e.Body = text(`{"n":` + string(rune('0'+round)) + `}`)
		if answer := app.Ask(e); answer.Ref != uint64(round+1) {
			t.Fatalf("round %d: revision %d", round, answer.Ref)
		}
		if lost := d.Crash(); len(lost) != 0 {
			t.Fatalf("lost %v", lost)
		}
		app.Prove()
	}
}

// TestCrashStartContext: a start context of any depth that is allowed comes back, and reaches the document that reloads.
func TestCrashStartContext(t *testing.T) {
	d, main := newDesk(t)
	deep := strings.Repeat("[", protocol.MaxDepth) + strings.Repeat("]", protocol.MaxDepth)
	e := message(protocol.OpAppStart, "crm", &protocol.StartOptions{WaitFor: protocol.WaitCreated})
	e.Body = text(deep)
	if answer := main.Ask(e); answer.Op != protocol.OpReply {
		t.Fatalf("apps.start: %s", answer.Head)
	}
	if lost := d.Crash(); len(lost) != 0 {
		t.Fatalf("lost %v", lost)
	}
	if c := d.Greet(hubtest.Visit{Frame: 1, Origin: crm}); string(c.Log[0].Body.Bytes()) != deep {
		t.Fatalf("the context is %s", c.Log[0].Body.Bytes())
	}
}

// TestCrashDamage: what cannot be restored is reported, costs nothing else, and a port that is lost is told so.
func TestCrashDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(journal map[string][]peer.Chunk)
		lost   int
		app    bool // whether the app's connection is lost
	}{
		{"nothing", func(map[string][]peer.Chunk) {}, 0, false},
		{"unknown keys", func(j map[string][]peer.Chunk) {
			for _, key := range []string{"", "/", "x", "hub", "hub/", "hub/x", "hub/connection/", "hub/audit/x", "apps", "apps/x/1", "apps/watch/1", "apps/watch/x/1", "apps/instance/", "interop/x", "contexts/x"} {
				j[key] = []peer.Chunk{{Head: []byte(`{}`)}}
			}
		}, 15, false},
		{"no chunks", func(j map[string][]peer.Chunk) {
			for _, key := range []string{"hub/policy", "apps/defined/x", "apps/instance/7", "interop/method/1/1", "contexts/value/x"} {
				j[key] = nil
			}
		}, 5, false},
		{"bad policy", func(j map[string][]peer.Chunk) {
			j["hub/policy"] = []peer.Chunk{{Head: []byte(`{"blockList":["a/b/c"]}`)}}
		}, 1, false},
		{"instance lost", func(j map[string][]peer.Chunk) { delete(j, "apps/instance/1") }, 2, true},
		{"connection of another dialect", func(j map[string][]peer.Chunk) {
			for key, chunks := range j {
				if strings.HasPrefix(key, "hub/connection/") && strings.Contains(string(chunks[0].Head), crm) {
					j[key] = []peer.Chunk{{Head: []byte(strings.Replace(string(chunks[0].Head), "native", "other", 1))}}
				}
			}
		}, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, main := newDesk(t)
			app := d.Connect(main, "crm", crm)
			app.Ask(message(protocol.OpRegister, "m", nil))
			c.damage(d.Journal)
			lost := d.Crash()
			if len(lost) != c.lost {
				t.Errorf("lost %q", lost)
			}
			if app.Prove(); app.Closed != c.app || main.Closed {
				t.Fatalf("the app is closed: %v", app.Closed)
			}
			if c.app {
				wantEnd(t, app, protocol.SessionRevoked)
				for _, in := range instances(t, main) {
					if in.State != protocol.StateGone || in.Peer != 0 {
						t.Errorf("the instance is %+v", in)
					}
				}
			}
			if again := d.Connect(main, "crm", crm); again.Ask(message(protocol.OpRegister, "n", nil)).Op != protocol.OpReply {
				t.Error("the hub does not go on")
			}
		})
	}
}
