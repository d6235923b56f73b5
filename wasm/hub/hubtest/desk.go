// Package hubtest is a desk to try a hub at: it plays the main page and any number of client apps, by memory
// alone, and keeps what the hub says to each. Tests of the hub, of its adapters and of dialects use it.
package hubtest

import (
	"maps"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/peer"
)

// MainOrigin is the origin of the main page at a Desk. It needs no license.
const MainOrigin = "http://localhost:8080"

// Driver is a running hub, as whoever owns it calls it. *hub.Hub is one; an adapter with a hub behind it is another.
type Driver interface {
	Page(now int64, e protocol.Envelope)
	Receive(now int64, port hub.Port, f dialect.Frame)
	Tick(now int64)
	Deadline() int64
	Restore(key string, chunks []peer.Chunk)
	// Resume returns the keys that could not be restored.
	Resume(now int64) []string
}

// Start starts a hub that reaches the desk through ports.
type Start func(ports hub.Ports, opts hub.Options) Driver

// Options of a desk.
type Options struct {
	// Boot is the configuration; Origin, Hub, Epoch and NowMs are filled in where they are zero.
	Boot     protocol.Boot
	Dialects []dialect.Dialect
	// Link leads to a broker; if nil, there is none.
	Link hub.Link
	// Start starts the hub; if nil, hub.New.
	Start Start
}

// Desk is a hub with everything around it. It is not safe for concurrent use.
type Desk struct {
	T   testing.TB
	Hub Driver
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
	d := Cold(t, opts)
	d.boot()
	return d
}

// Cold starts a hub and does not boot it.
func Cold(t testing.TB, opts Options) *Desk {
	if opts.Start == nil {
		opts.Start = func(ports hub.Ports, o hub.Options) Driver { return hub.New(ports, o) }
	}
	d := &Desk{T: t, Now: 1000, opts: opts, clients: make(map[hub.Port]*Client), Journal: make(map[string][]peer.Chunk)}
	d.start()
	return d
}

func (d *Desk) start() {
	d.epoch++
	opts := hub.Options{Random: d.Random, Dialects: d.opts.Dialects}
	if d.opts.Link != nil {
		opts = opts.WithLink(d.opts.Link)
	}
	d.Hub = d.opts.Start(desk{d}, opts)
}

func (d *Desk) boot() {
	d.T.Helper()
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
	d.BootWith(boot.AppendJSON(nil))
}

// BootWith boots the hub with a configuration's text.
func (d *Desk) BootWith(text []byte) {
	d.T.Helper()
	from := len(d.PageLog)
	d.ToHub(protocol.Envelope{Op: protocol.OpPageBoot, Head: text})
	if len(d.PageLog) == from || d.PageLog[from].Op != protocol.OpPageReady || d.opts.Link == nil && len(d.PageLog) != from+1 {
		d.T.Fatalf("boot: the hub told the page %v, want page.ready, and nothing else without a broker", d.PageLog[from:])
	}
	d.Booted = protocol.BootResult{}
	if err := d.Booted.DecodeJSON(d.PageLog[from].Head); err != nil {
		d.T.Fatal(err)
	}
}

// Reconfigure changes what the next run of the program boots with.
func (d *Desk) Reconfigure(change func(b *protocol.Boot)) { change(&d.opts.Boot) }

// Crash ends the Go program as a supervisor sees it, and starts a new one from the journal: what was asked and not
// answered is answered CANCELLED. It returns the keys that could not be restored. The keys come in any order.
func (d *Desk) Crash() []string {
	d.T.Helper()
	for _, c := range d.clients {
		for _, id := range c.Open() {
			fault := protocol.NewFault(protocol.Cancelled, "the hub restarted while this request was in flight")
			c.hear(protocol.Envelope{Op: protocol.OpError, ID: id, Head: fault.AppendJSON(nil)})
		}
	}
	d.start()
	d.boot()
	for key, chunks := range maps.Clone(d.Journal) {
		d.Hub.Restore(key, chunks)
	}
	lost := d.Hub.Resume(d.Now)
	for _, key := range lost {
		delete(d.Journal, key)
	}
	return lost
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

// Linked returns the hub, whose link a test drives.
func (d *Desk) Linked() Linked { return d.Hub.(Linked) }

// Linked is a hub with a link.
type Linked interface {
	LinkOpened(now int64)
	LinkReceived(now int64, messages []protocol.Envelope)
	LinkClosed(now int64, why *stream.Closed)
}

// fault reads the head of an error or a refusal.
func (d *Desk) fault(e protocol.Envelope) (f protocol.Fault) {
	d.T.Helper()
	if err := f.DecodeJSON(e.Head); err != nil {
		d.T.Fatal(err)
	}
	return f
}
