package apps

import (
	"strconv"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// world is a room and the peers around it. Its methods play one turn and compare the whole outbox.
type world struct {
	t     testing.TB
	room  *Room
	peers map[peer.ID]*peer.Peer
	out   peer.Outbox
	now   int64
	seed  int
}

const (
	main  = 1
	crm   = 2
	chart = 3
)

// newWorld has the main page, and two apps: crm may do what an app may by default, chart only start crm.
func newWorld(t testing.TB, list ...protocol.Definition) *world {
	t.Helper()
	w := &world{t: t, peers: make(map[peer.ID]*peer.Peer), now: 1000}
	w.room = w.newRoom()
	w.join(main, "main", peer.NewGrants(protocol.Grants{Start: []string{"*"}, Admin: true})).Info.Main = true
	w.join(crm, "crm", peer.DefaultGrants())
	w.join(chart, "chart", peer.NewGrants(protocol.Grants{Start: []string{"crm"}}))
	if list == nil {
		list = []protocol.Definition{
			{Name: "crm", URL: "https://crm.example/", Title: "CRM", Grants: &protocol.Grants{Invoke: []string{"x"}}},
			{Name: "one", URL: "https://one.example/", Single: true, Frame: protocol.Frame{Sandbox: []string{"allow-scripts"}, Allow: []string{"camera"}}},
		}
	}
	for _, d := range list {
		if f := w.room.Add(d); f != nil {
			t.Fatal(f)
		}
	}
	return w
}

func (w *world) newRoom() *Room {
	return New(Options{Peers: w, Random: func(b []byte) {
		w.seed++
		for i := range b {
			b[i] = byte(w.seed)
		}
		b[6] += byte(w.seed >> 5) // there are 32 digits
		b[7] += byte(w.seed >> 10)
	}})
}

func (w *world) Peer(id peer.ID) *peer.Peer { return w.peers[id] }

func (w *world) join(id peer.ID, app string, grants peer.Grants) *peer.Peer {
	p := &peer.Peer{
		ID: id, Ready: true, Grants: grants, Limits: protocol.DefaultLimits(),
		Info: protocol.PeerInfo{Peer: int64(id), Instance: app, App: app, Origin: "https://" + app + ".example"},
	}
	w.peers[id] = p
	return p
}

func (w *world) turn(from peer.ID, e protocol.Envelope) *peer.Turn {
	w.out.Reset()
	return &peer.Turn{Now: w.now, From: w.peers[from], Msg: e, Out: &w.out}
}

// send plays the turn of a message, and compares what it led to, line by line.
func (w *world) send(from peer.ID, e protocol.Envelope, want ...string) {
	w.t.Helper()
	t := w.turn(from, e)
	switch e.Op {
	case protocol.OpAppDefine:
		w.room.Define(t)
	default:
		map[protocol.Op]func(*peer.Turn){
			protocol.OpAppStart: w.room.Start, protocol.OpAppStop: w.room.Stop, protocol.OpAppList: w.room.List,
			protocol.OpAppInstances: w.room.ListInstances, protocol.OpAppWatch: w.room.Watch, protocol.OpAppUnwatch: w.room.Unwatch,
			protocol.OpAppRemove: w.room.Remove,
		}[e.Op](t)
	}
	w.expect(want)
}

// event plays a turn in which the hub tells the room something of the instance in a frame.
func (w *world) event(frame uint64, tell func(t *peer.Turn, in *Instance), want ...string) {
	w.t.Helper()
	in := w.room.ByFrame(frame)
	if in == nil {
		w.t.Fatalf("there is no frame %d", frame)
	}
	tell(w.turn(0, protocol.Envelope{}), in)
	w.expect(want)
}

// after lets milliseconds pass.
func (w *world) after(ms int64, want ...string) {
	w.t.Helper()
	w.now += ms
	w.room.Due(w.turn(0, protocol.Envelope{}))
	w.expect(want)
}

func (w *world) expect(want []string) {
	w.t.Helper()
	if got := w.lines(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Fatalf("the outbox is\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// lines writes the outbox down: messages, then the journal, then audit events.
func (w *world) lines() (lines []string) {
	for _, m := range w.out.Messages {
		to := "page"
		if m.To != peer.Page {
			to = strconv.Itoa(int(m.To))
		}
		lines = append(lines, words("to "+to+":", nameOf(m.Op), number("id", m.ID), number("ref", m.Ref), string(m.Head), string(m.Body.Bytes())))
	}
	for _, r := range w.out.Journal {
		kind := map[peer.RecordKind]string{peer.RecordPut: "put", peer.RecordDrop: "drop"}[r.Kind]
		lines = append(lines, words(kind, r.Key, string(r.Head), string(r.Body.Bytes())))
	}
	for _, a := range w.out.Audits {
		lines = append(lines, words("audit", string(a.Code), a.App, a.Instance, a.Origin))
	}
	return lines
}

func nameOf(op protocol.Op) string {
	info, _ := op.Info()
	return info.Name
}

func words(list ...string) string {
	var full []string
	for _, s := range list {
		if s != "" {
			full = append(full, s)
		}
	}
	return strings.Join(full, " ")
}

func number(name string, n uint64) string {
	if n == 0 {
		return ""
	}
	return name + "=" + strconv.FormatUint(n, 10)
}

func start(id uint64, app, options, context string) protocol.Envelope {
	e := protocol.Envelope{Op: protocol.OpAppStart, ID: id, Name: app, Head: []byte(options)}
	if context != "" {
		e.Body = protocol.TextBody([]byte(context))
	}
	return e
}

func fail(to peer.ID, id uint64, code, message string) string {
	f := protocol.NewFault(protocol.Code(code), message)
	return "to " + strconv.Itoa(int(to)) + ": error" + " id=" + strconv.FormatUint(id, 10) + " " + string(f.AppendJSON(nil))
}

// The instances that tests start.
const (
	crm1       = `{"instance":"crm-11111111","app":"crm","title":"CRM","state":"loading","startedBy":"main"}`
	crm1Record = `put apps/instance/1 {"info":` + crm1 + `,"frame":1}`
	crm1Open   = `to page: page.open ref=1 {"instance":"crm-11111111","app":"crm","title":"CRM","url":"https://crm.example/",` +
		`"sandbox":["allow-scripts","allow-same-origin","allow-forms","allow-popups","allow-modals","allow-downloads"]}`
	one1     = `{"instance":"one-11111111","app":"one","title":"one","state":"loading","startedBy":"main"}`
	one1Open = `to page: page.open ref=1 {"instance":"one-11111111","app":"one","title":"one","url":"https://one.example/","sandbox":["allow-scripts"],"allow":["camera"]}`
)

// as returns an instance's text with another state.
func as(info, state, more string) string {
	return strings.Replace(info, `"state":"loading"`, `"state":"`+state+`"`+more, 1)
}

// record is the line that journals the instance in frame 1.
func record(info string, loads int) string {
	tail := `,"frame":1}`
	if loads > 0 {
		tail = `,"frame":1,"loads":` + strconv.Itoa(loads) + `}`
	}
	return `put apps/instance/1 {"info":` + info + tail
}
