package hubtest

import (
	"github.com/crossframe/crossframe/protocol"
)

// Main connects the main page itself.
func (d *Desk) Main() *Client {
	d.T.Helper()
	c := d.Greet(Visit{Main: true})
	if !c.Connected() {
		d.T.Fatalf("the main page was not admitted: %v", c.Log)
	}
	return c
}

// Open starts an app by apps.start from main, and returns the frame that the hub asked for.
func (d *Desk) Open(main *Client, app string) (frame uint64, spec protocol.FrameSpec) {
	d.T.Helper()
	from := len(d.PageLog)
	opts := protocol.StartOptions{WaitFor: protocol.WaitCreated}
	main.Request(protocol.Envelope{Op: protocol.OpAppStart, Name: app, Head: opts.AppendJSON(nil)})
	for _, e := range d.PageLog[from:] {
		if e.Op == protocol.OpPageOpen {
			if err := spec.DecodeJSON(e.Head); err != nil {
				d.T.Fatal(err)
			}
			return e.Ref, spec
		}
	}
	d.T.Fatalf("apps.start of %s: no page.open; main heard %v", app, main.Log)
	return 0, spec
}

// Connect opens an app and lets its document greet and prove itself.
func (d *Desk) Connect(main *Client, app, origin string) *Client {
	d.T.Helper()
	frame, _ := d.Open(main, app)
	return d.Enter(Visit{Frame: frame, Origin: origin})
}

// Enter greets and proves the document.
func (d *Desk) Enter(v Visit) *Client {
	d.T.Helper()
	c := d.Greet(v)
	if c.Ack.Challenge {
		c.Prove()
	}
	if !c.Ready() {
		d.T.Fatalf("the document of %s in frame %d did not get ready: %v", v.Origin, v.Frame, c.Log)
	}
	return c
}

// Visit is a greeting: what the browser says of the sender, and the text.
type Visit struct {
	Frame  uint64
	Window int64
	Origin string
	Main   bool
	// Ports is how many ports came along; if 0, one; if negative, none.
	Ports int64
	// Text is the greeting; if empty, a good native one.
	Text string
}

// Greet brings a greeting to the door.
func (d *Desk) Greet(v Visit) *Client {
	d.T.Helper()
	if v.Text == "" {
		v.Text = `{"crossframe":"INIT_REQUEST","versions":[1],"library":"hubtest"}`
	}
	if v.Ports == 0 {
		v.Ports = 1
	}
	d.lastPort++
	c := &Client{desk: d, Port: d.lastPort, Frame: v.Frame, Window: v.Window, open: make(map[uint64]int)}
	d.clients[c.Port] = c
	head := protocol.Greet{Main: v.Main, Window: v.Window, Ports: max(v.Ports, 0)}
	d.ToHub(protocol.Envelope{
		Op: protocol.OpPageGreet, Ref: v.Frame, Peer: uint32(c.Port), Name: v.Origin, Head: head.AppendJSON(nil), Body: protocol.TextBody([]byte(v.Text)),
	})
	return c
}

// Load fires a frame's load event.
func (d *Desk) Load(frame uint64) {
	d.ToHub(protocol.Envelope{Op: protocol.OpPageLoaded, Ref: frame})
}

// Remove removes a frame from the page.
func (d *Desk) Remove(frame uint64) {
	d.ToHub(protocol.Envelope{Op: protocol.OpPageRemoved, Ref: frame})
}

// Fail tells why a frame does not show its app.
func (d *Desk) Fail(frame uint64, fault *protocol.Fault) {
	d.ToHub(protocol.Envelope{Op: protocol.OpPageFailed, Ref: frame, Head: fault.AppendJSON(nil)})
}

// Challenges returns the challenges for a frame's window, or for one nested in it; the oldest first.
func (d *Desk) Challenges(frame uint64, window int64) (list []protocol.Challenge) {
	for _, e := range d.PageLog {
		if e.Op != protocol.OpPageChallenge || e.Ref != frame {
			continue
		}
		var c protocol.Challenge
		if err := c.DecodeJSON(e.Head); err != nil {
			d.T.Fatal(err)
		}
		if c.Window == window {
			list = append(list, c)
		}
	}
	return list
}

// LastChallenge returns the newest of them.
func (d *Desk) LastChallenge(frame uint64, window int64) (c protocol.Challenge, ok bool) {
	list := d.Challenges(frame, window)
	if len(list) == 0 {
		return c, false
	}
	return list[len(list)-1], true
}

// LastState returns the state that the page was last told to show for a frame.
func (d *Desk) LastState(frame uint64) (s protocol.FrameState) {
	for i := len(d.PageLog) - 1; i >= 0; i-- {
		if e := d.PageLog[i]; e.Op == protocol.OpPageState && e.Ref == frame {
			if err := s.DecodeJSON(e.Head); err != nil {
				d.T.Fatal(err)
			}
			return s
		}
	}
	return s
}
