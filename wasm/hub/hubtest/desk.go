// Package hubtest is a desk to try a hub at: it plays the main page and any number of client apps, by memory
// alone, and keeps what the hub says to each. Tests of the hub, of its adapters and of dialects use it.
package hubtest

import (
	"fmt"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/peer"
)

// MainOrigin is the origin of the main page at a Desk. It needs no license.
const MainOrigin = "http://localhost:8080"

// Options of a desk.
type Options struct {
	// Boot is the configuration; Origin, Hub, Epoch and NowMs are filled in where they are zero.
	Boot     protocol.Boot
	Dialects []dialect.Dialect
}

// Desk is a hub with everything around it. It is not safe for concurrent use.
type Desk struct {
	T   testing.TB
	Hub *hub.Hub
	// Now is the clock of the turns.
	Now int64
	// Booted is the hub's answer to its configuration.
	Booted protocol.BootResult
	// PageLog holds what the hub told the page, boot result included.
	PageLog []protocol.Envelope
	// Journal is what a supervisor would hold.
	Journal map[string][]peer.Chunk

	opts     Options
	epoch    int64
	lastPort hub.Port
	clients  map[hub.Port]*Client
	lastID   uint64
	random   uint64
}

// New boots a hub. It fails the test only if the hub does not answer at all.
func New(t testing.TB, opts Options) *Desk {
	t.Helper()
	d := &Desk{T: t, Now: 1000, opts: opts, clients: make(map[hub.Port]*Client), Journal: make(map[string][]peer.Chunk)}
	d.start()
	return d
}

func (d *Desk) start() {
	d.T.Helper()
	d.epoch++
	d.Hub = hub.New(d, hub.Options{Random: d.Random, Dialects: d.opts.Dialects})
	boot := d.opts.Boot
	if boot.Origin == "" {
		boot.Origin = MainOrigin
	}
	if boot.Hub == "" {
		boot.Hub = "hub-1"
	}
	boot.Epoch = d.epoch
	if boot.NowMs == 0 {
		boot.NowMs = 1_700_000_000_000
	}
	from := len(d.PageLog)
	d.ToHub(protocol.Envelope{Op: protocol.OpPageBoot, Head: boot.AppendJSON(nil)})
	if len(d.PageLog) != from+1 || d.PageLog[from].Op != protocol.OpPageReady {
		d.T.Fatalf("boot: the hub told the page %v, want one page.ready", d.PageLog[from:])
	}
	d.Booted = protocol.BootResult{}
	if err := d.Booted.DecodeJSON(d.PageLog[from].Head); err != nil {
		d.T.Fatal(err)
	}
}

// Crash ends the Go program as a supervisor sees it, and starts a new one from the journal. It returns the keys
// that could not be restored.
func (d *Desk) Crash() []string {
	d.T.Helper()
	d.start()
	for key, chunks := range d.Journal {
		d.Hub.Restore(key, chunks)
	}
	return d.Hub.Resume(d.Now)
}

// Random is the desk's predictable source of random bytes.
func (d *Desk) Random(b []byte) {
	for i := range b {
		d.random = d.random*6364136223846793005 + 1442695040888963407
		b[i] = byte(d.random >> 56)
	}
}

// ToHub is a message of the page's runtime.
func (d *Desk) ToHub(e protocol.Envelope) { d.Hub.Page(d.Now, e) }

// Pass lets ms milliseconds go by, and every timer that falls due meanwhile.
func (d *Desk) Pass(ms int64) {
	end := d.Now + ms
	for due := d.Hub.Deadline(); due != 0 && due <= end; due = d.Hub.Deadline() {
		d.Now = max(d.Now, due)
		d.Hub.Tick(d.Now)
	}
	d.Now = end
}

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
	c := d.Greet(Visit{Frame: frame, Origin: origin})
	c.Prove()
	if !c.Ready() {
		d.T.Fatalf("%s did not get ready: %v", app, c.Log)
	}
	return c
}

// Visit is a greeting: what the browser says of the sender, and the text.
type Visit struct {
	Frame  uint64
	Window int64
	Origin string
	Main   bool
	// Ports is how many ports came along; if 0, one.
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
	c := &Client{desk: d, Port: d.lastPort, Frame: v.Frame}
	d.clients[c.Port] = c
	head := protocol.Greet{Main: v.Main, Window: v.Window, Ports: v.Ports}
	d.ToHub(protocol.Envelope{
		Op: protocol.OpPageGreet, Ref: v.Frame, Peer: uint32(c.Port), Name: v.Origin, Head: head.AppendJSON(nil), Body: protocol.TextBody([]byte(v.Text)),
	})
	return c
}

// LastChallenge returns the newest nonce posted to a frame's window, or to a window nested in it.
func (d *Desk) LastChallenge(frame uint64, window int64) (c protocol.Challenge, ok bool) {
	for i := len(d.PageLog) - 1; i >= 0; i-- {
		if e := d.PageLog[i]; e.Op == protocol.OpPageChallenge && e.Ref == frame {
			if err := c.DecodeJSON(e.Head); err != nil {
				d.T.Fatal(err)
			}
			if c.Window == window {
				return c, true
			}
		}
	}
	return protocol.Challenge{}, false
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

// Admit implements hub.Ports.
func (d *Desk) Admit(port hub.Port, connectionID string, form dialect.Form, limits protocol.Limits) {
	c := d.clients[port]
	c.ConnectionID, c.Form, c.Limits = connectionID, form, limits
}

// Send implements hub.Ports. Heads are copied, for a hub may reuse their memory.
func (d *Desk) Send(port hub.Port, f dialect.Frame) {
	c := d.clients[port]
	if c.Closed {
		d.T.Errorf("port %d: sent %v behind its close", port, f.Tuple.Op)
	}
	e := f.Tuple
	e.Head = append([]byte(nil), e.Head...)
	if e.Body.Kind != protocol.BodyNone && e.Body.Kind == protocol.BodyText {
		e.Body = protocol.TextBody(append([]byte(nil), e.Body.Bytes()...))
	}
	c.Log = append(c.Log, e)
	c.Texts = append(c.Texts, string(f.Text))
	c.learn(e)
}

// Close implements hub.Ports.
func (d *Desk) Close(port hub.Port) { d.clients[port].Closed = true }

// Page implements hub.Ports.
func (d *Desk) Page(e protocol.Envelope) {
	e.Head = append([]byte(nil), e.Head...)
	d.PageLog = append(d.PageLog, e)
}

// Record implements hub.Ports.
func (d *Desk) Record(r peer.Record) {
	chunk := peer.Chunk{Head: append([]byte(nil), r.Head...), Body: append([]byte(nil), r.Body.Bytes()...)}
	switch r.Kind {
	case peer.RecordPut:
		d.Journal[r.Key] = []peer.Chunk{chunk}
	case peer.RecordAppend:
		d.Journal[r.Key] = append(d.Journal[r.Key], chunk)
	case peer.RecordDrop:
		delete(d.Journal, r.Key)
	default:
		panic(fmt.Sprintf("journal record of kind %d", r.Kind))
	}
}
