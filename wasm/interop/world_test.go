package interop

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
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, peers: make(map[peer.ID]*peer.Peer), now: 1000}
	w.room = New(Options{Peers: w, FirstCall: 100})
	return w
}

func (w *world) Peer(id peer.ID) *peer.Peer { return w.peers[id] }

func (w *world) ByInstance(instance string) *peer.Peer {
	for _, p := range w.peers {
		if p.Instance() == instance {
			return p
		}
	}
	return nil
}

// join connects a peer of the app that is named after its number: app2 for 2.
func (w *world) join(id peer.ID) *peer.Peer {
	n := strconv.Itoa(int(id))
	p := &peer.Peer{
		ID: id, Ready: true, Grants: peer.DefaultGrants(), Limits: protocol.DefaultLimits(),
		Info: protocol.PeerInfo{Peer: int64(id), Instance: "i" + n, App: "app" + n, Origin: "https://app" + n + ".example"},
	}
	w.peers[id] = p
	w.room.Joined(w.turn(nil, protocol.Envelope{}), p)
	return p
}

func (w *world) turn(from *peer.Peer, e protocol.Envelope) *peer.Turn {
	w.out.Reset()
	return &peer.Turn{Now: w.now, From: from, Msg: e, Out: &w.out}
}

// handle plays the turn of a message.
func (w *world) handle(from *peer.Peer, e protocol.Envelope) {
	t := w.turn(from, e)
	map[protocol.Op]func(*peer.Turn){
		protocol.OpRegister: w.room.Register, protocol.OpUnregister: w.room.Unregister, protocol.OpInvoke: w.room.Invoke,
		protocol.OpResult: w.room.Result, protocol.OpError: w.room.Error, protocol.OpProgress: w.room.Progress,
		protocol.OpCancel: w.room.Cancel, protocol.OpDiscover: w.room.Discover, protocol.OpWatch: w.room.Watch,
		protocol.OpUnwatch: w.room.Unwatch, protocol.OpAwait: w.room.Await,
	}[e.Op](t)
}

// send plays a message and compares what it led to, line by line.
func (w *world) send(from *peer.Peer, e protocol.Envelope, want ...string) {
	w.t.Helper()
	w.handle(from, e)
	w.expect(want)
}

// left ends a peer's connection.
func (w *world) left(p *peer.Peer, want ...string) {
	w.t.Helper()
	delete(w.peers, p.ID)
	w.room.Left(w.turn(nil, protocol.Envelope{}), p)
	w.expect(want)
}

// regranted tells the room that a peer has other grants than before.
func (w *world) regranted(p *peer.Peer, before peer.Grants, want ...string) {
	w.t.Helper()
	w.room.Regranted(w.turn(nil, protocol.Envelope{}), p, &before)
	w.expect(want)
}

// after lets milliseconds pass.
func (w *world) after(ms int64, want ...string) {
	w.t.Helper()
	w.now += ms
	w.room.Due(w.turn(nil, protocol.Envelope{}))
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
		lines = append(lines, "to "+strconv.Itoa(int(m.To))+": "+line(m.Envelope))
	}
	for _, r := range w.out.Journal {
		kind := map[peer.RecordKind]string{peer.RecordPut: "put", peer.RecordAppend: "append", peer.RecordDrop: "drop"}[r.Kind]
		lines = append(lines, join(kind, r.Key, string(r.Head), string(r.Body.Bytes())))
	}
	for _, a := range w.out.Audits {
		lines = append(lines, join("audit", string(a.Code), a.App, a.Instance, a.Origin))
	}
	return lines
}

func line(e protocol.Envelope) string {
	info, ok := e.Op.Info()
	if !ok || info.From&protocol.FromHub == 0 {
		return "an operation that no app may get: " + info.Name
	}
	number := func(name string, n uint64) string {
		if n == 0 {
			return ""
		}
		return name + "=" + strconv.FormatUint(n, 10)
	}
	head := string(e.Head)
	if e.Op == protocol.OpError || e.Op == protocol.OpPart && head != "" {
		var f protocol.Fault
		if err := f.DecodeJSON(e.Head); err != nil {
			return err.Error()
		}
		head = string(f.Code)
		if f.Code == protocol.SchemaViolation || f.Code == protocol.HandlerError {
			head += " " + strconv.Quote(f.Message)
		}
	}
	return join(info.Name, number("id", e.ID), number("ref", e.Ref), number("peer", uint64(e.Peer)), e.Name, head, string(e.Body.Bytes()))
}

func join(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// The messages of an app, in short.

func register(id uint64, name, head string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpRegister, ID: id, Name: name, Head: []byte(head)}
}

func invoke(id uint64, name, head, args string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpInvoke, ID: id, Name: name, Head: []byte(head), Body: text(args)}
}

func invokePeer(id uint64, name string, to *peer.Peer) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpInvoke, ID: id, Name: name, Peer: to.ID}
}

func result(call uint64, body string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpResult, ID: call, Body: text(body)}
}

func failure(call uint64, head string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpError, ID: call, Head: []byte(head)}
}

func progress(call uint64, body string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpProgress, ID: call, Body: text(body)}
}

func cancel(id uint64) protocol.Envelope { return protocol.Envelope{Op: protocol.OpCancel, ID: id} }

func ref(op protocol.Op, id, ref uint64) protocol.Envelope {
	return protocol.Envelope{Op: op, ID: id, Ref: ref}
}

func ask(op protocol.Op, id uint64, name, head string) protocol.Envelope {
	return protocol.Envelope{Op: op, ID: id, Name: name, Head: []byte(head)}
}

func text(body string) protocol.Body {
	if body == "" {
		return protocol.Body{}
	}
	return protocol.TextBody([]byte(body))
}

// offers registers a method without looking at the outbox.
func (w *world) offers(p *peer.Peer, id uint64, name, head string) {
	w.t.Helper()
	w.handle(p, register(id, name, head))
	if e := w.out.Messages[0]; e.Op != protocol.OpReply {
		w.t.Fatalf("register %s: %s", name, line(e.Envelope))
	}
}

// flat fails where the room keeps anything of requests.
func (w *world) flat() {
	w.t.Helper()
	r := w.room
	if len(r.calls) != 0 || r.due.Len() != 0 || len(r.waiting) != 0 || r.Deadline() != 0 {
		w.t.Fatalf("left over: %d calls, %d deadlines, %d waiting", len(r.calls), r.due.Len(), len(r.waiting))
	}
	for id, m := range r.members {
		if len(m.requests) != 0 || m.open != 0 || m.parkedBytes != 0 || m.incoming.next != &m.incoming {
			w.t.Fatalf("left over of peer %d: %d requests, load %d, %d bytes", id, len(m.requests), m.open, m.parkedBytes)
		}
	}
}
