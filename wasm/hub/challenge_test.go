package hub_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// unproven opens an app whose document has greeted and not echoed.
func unproven(t *testing.T) (d *hubtest.Desk, main, c *hubtest.Client) {
	t.Helper()
	d, main = newDesk(t)
	frame, _ := d.Open(main, "crm")
	return d, main, d.Greet(hubtest.Visit{Frame: frame, Origin: crm})
}

// TestChallengeComesFirst: before the echo everything is refused, and the third message ends the connection.
func TestChallengeComesFirst(t *testing.T) {
	for _, op := range protocol.Ops() {
		if op.Op == protocol.OpProve || op.Op == protocol.OpBye {
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			d, main, c := unproven(t)
			for id := range uint64(3) {
				if len(c.All(protocol.OpError)) != int(id) || c.Closed {
					t.Fatalf("before message %d: heard %v", id, c.Log)
				}
				c.Send(protocol.Envelope{Op: op.Op, ID: id + 1, Name: "x"})
				if id < 2 && c.Fault(protocol.OpError).Code != protocol.BadMessage {
					t.Fatalf("answered %v", c.Fault(protocol.OpError))
				}
			}
			wantEnd(t, c, protocol.SessionRevoked)
			if s := d.LastState(c.Frame); s.State != protocol.StateRefused || s.Reason.Code != protocol.SessionRevoked {
				t.Errorf("the instance shows %+v", s)
			}
			heard := len(c.Log)
			c.Prove()
			c.Send(protocol.Envelope{Op: protocol.OpAppInstances, ID: 9})
			if len(c.Log) != heard {
				t.Errorf("behind its end it heard %v", c.Log[heard:])
			}
			if main.Closed {
				t.Error("main was hit")
			}
		})
	}
}

func TestChallengeWrongNonces(t *testing.T) {
	_, _, c := unproven(t)
	c.Echo("")
	c.Echo(strings.Repeat("0", 32))
	if c.Closed || c.Fault(protocol.OpError).Code != protocol.BadMessage {
		t.Fatalf("after two wrong nonces: %v", c.Log)
	}
	c.Echo(c.ConnectionID)
	wantEnd(t, c, protocol.SessionRevoked)
}

// TestChallengeIsTheConnectionsOwn: an echo on another port proves nothing.
func TestChallengeIsTheConnectionsOwn(t *testing.T) {
	d, main, c := unproven(t)
	frame, _ := d.Open(main, "chart")
	other := d.Greet(hubtest.Visit{Frame: frame, Origin: chart})
	mine, _ := d.LastChallenge(c.Frame, 0)
	other.Echo(mine.Nonce)
	if f := other.Refused(protocol.Envelope{Op: protocol.OpAppInstances}); f.Code != protocol.BadMessage {
		t.Fatalf("answered %v", f)
	}
	if c.Prove(); c.Ask(protocol.Envelope{Op: protocol.OpAppInstances}).Op != protocol.OpReply {
		t.Fatal("the right port cannot prove itself any more")
	}
}

// TestChallengeUnanswered: no echo within the time ends the connection, and the instance says why.
func TestChallengeUnanswered(t *testing.T) {
	d, main, c := unproven(t)
	start := protocol.StartOptions{}
	waiting, _ := main.Request(message(protocol.OpAppStart, "crm", &start))
	if d.Pass(protocol.ProofMs - 1); c.Closed {
		t.Fatal("ended before its time")
	}
	nonce, _ := d.LastChallenge(c.Frame, 0)
	d.Pass(1)
	wantEnd(t, c, protocol.SessionRevoked)
	if s := d.LastState(c.Frame); s.State != protocol.StateRefused || s.Reason.Code != protocol.SessionRevoked {
		t.Fatalf("the instance shows %+v", s)
	}
	if c.Echo(nonce.Nonce); len(c.Log) != 2 {
		t.Fatal("a late echo was answered")
	}
	if _, answered := main.Answer(waiting); answered {
		t.Fatal("the start of another instance was answered")
	}
	if again := d.Enter(hubtest.Visit{Frame: c.Frame, Origin: crm}); d.LastState(c.Frame).State != protocol.StateConnected || !again.Ready() {
		t.Fatal("the document cannot greet again")
	}
}

// TestChallengeFailsTheWaitingStart: whoever waits for the instance learns that its document did not prove itself.
func TestChallengeFailsTheWaitingStart(t *testing.T) {
	d, main := newDesk(t)
	id, _ := main.Request(protocol.Envelope{Op: protocol.OpAppStart, Name: "crm"})
	d.Greet(hubtest.Visit{Frame: 1, Origin: crm})
	d.Pass(protocol.ProofMs)
	answer, _ := main.Answer(id)
	var f protocol.Fault
	if err := f.DecodeJSON(answer.Head); err != nil || f.Code != protocol.AppFailed || !strings.Contains(f.Message, "SESSION_REVOKED") {
		t.Fatalf("answered %v", f)
	}
}

// TestChallengeAfterLoad: each load asks for proof anew, and requests go on meanwhile.
func TestChallengeAfterLoad(t *testing.T) {
	d, main := newDesk(t)
	c := d.Connect(main, "crm", crm)
	first, _ := d.LastChallenge(c.Frame, 0)
	for range 3 {
		d.Load(c.Frame)
		next, _ := d.LastChallenge(c.Frame, 0)
		if next.Nonce == first.Nonce {
			t.Fatal("the load was not followed by a new challenge")
		}
		if c.Ask(protocol.Envelope{Op: protocol.OpAppInstances}).Op != protocol.OpReply {
			t.Fatal("a request was refused while the challenge is open")
		}
		heard := len(c.Log)
		if c.Echo(first.Nonce); len(c.Log) != heard {
			t.Fatal("an old echo was answered")
		}
		c.Prove()
		if d.Pass(protocol.ProofMs * 2); c.Closed {
			t.Fatal("ended though it has proven itself")
		}
		first = next
	}
	// F02, F05: the port goes on, but the document in the frame cannot echo.
	d.Load(c.Frame)
	c.Echo(first.Nonce)
	d.Pass(protocol.ProofMs)
	wantEnd(t, c, protocol.SessionRevoked)
	if in := instances(t, main)[c.Ack.Me.Instance]; in.State != protocol.StateRefused || in.Peer != 0 {
		t.Fatalf("the instance is %+v", in)
	}
}

// TestChallengeEchoUnderWay: a load event that overtakes the echo of the first challenge costs the app nothing, as
// what it sends behind its echo is served; the challenge of the load must be answered all the same.
func TestChallengeEchoUnderWay(t *testing.T) {
	for _, echoes := range []bool{true, false} {
		d, _, c := unproven(t)
		d.Load(c.Frame)
		nonces := d.Challenges(c.Frame, 0)
		c.Echo(nonces[0].Nonce)
		for i := range 5 {
			if answer := c.Ask(message(protocol.OpRegister, "m"+strconv.Itoa(i), nil)); answer.Op != protocol.OpReply {
				t.Fatalf("behind the first echo: %s", answer.Head)
			}
		}
		if echoes {
			c.Echo(nonces[1].Nonce)
		}
		if d.Pass(protocol.ProofMs); c.Closed == echoes {
			t.Fatalf("echoed: %v, closed: %v", echoes, c.Closed)
		}
	}
}

// TestChallengeCannotBePutOff: a frame that loads on and on does not keep a port alive that nobody proves.
func TestChallengeCannotBePutOff(t *testing.T) {
	for _, every := range []int64{1, 100, 500, 1500, 1999} {
		d, main := newDesk(t)
		c := d.Connect(main, "crm", crm)
		d.Load(c.Frame)
		began := d.Now
		for d.Now-began < 2*protocol.ProofMs && !c.Closed {
			d.Pass(every)
			d.Load(c.Frame)
		}
		if wantEnd(t, c, protocol.SessionRevoked); d.Now-began > protocol.ProofMs+every {
			t.Errorf("loading every %d ms: ended only after %d ms", every, d.Now-began)
		}
	}
}

// TestChallengesAreBounded: a frame whose loads nobody proves does not fill the hub with open challenges.
func TestChallengesAreBounded(t *testing.T) {
	d, main := newDesk(t)
	c := d.Connect(main, "crm", crm)
	loads := 0
	for ; !c.Closed && loads < 100; loads++ {
		d.Load(c.Frame)
	}
	if wantEnd(t, c, protocol.SessionRevoked); loads > 10 {
		t.Errorf("ended only after %d loads", loads)
	}
}
