package contexts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// desk is a room with peers and a journal around it.
type desk struct {
	t       *testing.T
	options Options
	room    *Room
	journal map[string][]peer.Chunk
	turn    peer.Turn
	out     peer.Outbox
	// share makes a room one that has a broker; nil for others.
	share func(*Room)
}

func newDesk(t *testing.T, options Options) *desk {
	return &desk{t: t, options: options, room: New(options), journal: map[string][]peer.Chunk{}}
}

// app returns a peer that may do everything among apps.
func app(id peer.ID, instance string) *peer.Peer {
	return &peer.Peer{
		ID:     id,
		Info:   protocol.PeerInfo{Peer: int64(id), Instance: instance, App: "app"},
		Grants: peer.DefaultGrants(),
		Ready:  true,
	}
}

// do runs one message's turn and returns its outbox, which the journal has taken in.
func (d *desk) do(from *peer.Peer, m protocol.Envelope) *peer.Outbox {
	handlers := map[protocol.Op]func(*peer.Turn){
		protocol.OpContextGet:         d.room.Get,
		protocol.OpContextSet:         d.room.Set,
		protocol.OpContextUpdate:      d.room.Update,
		protocol.OpContextPatch:       d.room.Patch,
		protocol.OpContextSubscribe:   d.room.Subscribe,
		protocol.OpContextUnsubscribe: d.room.Unsubscribe,
		protocol.OpContextDestroy:     d.room.Destroy,
		protocol.OpContextList:        d.room.List,
	}
	return d.run(from, m, handlers[m.Op])
}

func (d *desk) left(p *peer.Peer) *peer.Outbox {
	return d.run(nil, protocol.Envelope{}, func(t *peer.Turn) { d.room.Left(t, p) })
}

func (d *desk) regranted(p *peer.Peer, before *peer.Grants) *peer.Outbox {
	return d.run(nil, protocol.Envelope{}, func(t *peer.Turn) { d.room.Regranted(t, p, before) })
}

func (d *desk) gone(instance string) *peer.Outbox {
	return d.run(nil, protocol.Envelope{}, func(t *peer.Turn) { d.room.Gone(t, instance) })
}

func (d *desk) run(from *peer.Peer, m protocol.Envelope, handle func(*peer.Turn)) *peer.Outbox {
	d.out.Reset()
	d.turn = peer.Turn{From: from, Msg: m, Out: &d.out}
	handle(&d.turn)
	for _, rec := range d.out.Journal {
		chunk := peer.Chunk{Head: slices.Clone(rec.Head), Body: slices.Clone(rec.Body.Bytes())}
		switch rec.Kind {
		case peer.RecordPut:
			d.journal[rec.Key] = []peer.Chunk{chunk}
		case peer.RecordAppend:
			if len(d.journal[rec.Key]) == 0 {
				d.t.Errorf("append to %q, which was not put", rec.Key)
			}
			d.journal[rec.Key] = append(d.journal[rec.Key], chunk)
		case peer.RecordDrop:
			if d.journal[rec.Key] == nil {
				d.t.Errorf("drop of %q, which is not there", rec.Key)
			}
			delete(d.journal, rec.Key)
		}
	}
	d.books()
	d.ledgers()
	return &d.out
}

// books checks what must be true of the room between turns.
func (d *desk) books() {
	live, bytes, subscribers := 0, 0, 0
	for name, c := range d.room.contexts {
		if !c.exists() && len(c.subscribers) == 0 {
			d.t.Errorf("%q is kept for nothing", name)
		}
		if c.exists() {
			live++
			bytes += len(c.value.Append(nil))
		}
		if c.text != nil && string(c.text) != string(c.value.Append(nil)) {
			d.t.Errorf("%q: the kept text is stale", name)
		}
		for i, s := range c.subscribers {
			if s.place != i || s.of != c || d.room.subscriptions[s.peer][s.id] != s {
				d.t.Errorf("%q: subscription %d is out of place", name, i)
			}
		}
		subscribers += len(c.subscribers)
	}
	created := 0
	for _, mine := range d.room.created {
		created += len(mine)
	}
	held := 0
	for _, mine := range d.room.subscriptions {
		held += len(mine)
	}
	if d.room.live != live || d.room.bytes != bytes || created != live || held != subscribers {
		d.t.Errorf("books: live %d of %d, bytes %d of %d, created %d, subscriptions %d of %d",
			d.room.live, live, d.room.bytes, bytes, created, held, subscribers)
	}
}

// crash replaces the room by a new one from those keys of the journal that keep returns true for.
func (d *desk) crash(keep func(key string) bool) {
	d.t.Helper()
	d.room = New(d.options)
	if d.share != nil {
		d.share(d.room)
	}
	for key, chunks := range d.journal { // in any order
		if !keep(key) {
			delete(d.journal, key)
			continue
		}
		if err := d.room.Restore(key, chunks); err != nil {
			d.t.Fatal(err)
		}
	}
	d.books()
	d.ledgers()
}

func everything(string) bool { return true }

// want compares a whole outbox, one line for each message and record.
func (d *desk) want(out *peer.Outbox, lines ...string) {
	d.t.Helper()
	got := strings.Join(render(out), "\n")
	if want := strings.Join(lines, "\n"); got != want {
		d.t.Errorf("outbox:\n%s\nwant:\n%s", got, want)
	}
}

func render(out *peer.Outbox) (lines []string) {
	for _, m := range out.Messages {
		line := fmt.Sprintf("to %d: %s %d", m.To, opName(m.Op), m.ID)
		if m.To == peer.Broker {
			line = fmt.Sprintf("broker: %s %d", opName(m.Op), m.ID)
			if m.Name != "" {
				line += " " + m.Name
			}
		}
		if m.Ref != 0 {
			line += fmt.Sprintf(" ref %d", m.Ref)
		}
		if m.Peer != 0 {
			line += fmt.Sprintf(" peer %d", m.Peer)
		}
		lines = append(lines, line+payload(m.Head, m.Body))
	}
	for _, rec := range out.Journal {
		kind := map[peer.RecordKind]string{peer.RecordPut: "put ", peer.RecordAppend: "append ", peer.RecordDrop: "drop "}
		lines = append(lines, kind[rec.Kind]+rec.Key+payload(rec.Head, rec.Body))
	}
	for _, a := range out.Audits {
		lines = append(lines, fmt.Sprintf("audit %s of %s", a.Code, a.Instance))
	}
	return lines
}

func opName(op protocol.Op) string {
	info, _ := op.Info()
	return info.Name
}

func payload(head []byte, body protocol.Body) (s string) {
	if len(head) > 0 {
		s += " head " + string(head)
	}
	if body.Kind != protocol.BodyNone {
		s += " body " + string(body.Bytes())
	}
	return s
}

// audited are the refusals that the audit log hears of.
var audited = map[protocol.Code]bool{
	protocol.PermissionDenied: true, protocol.NotOwner: true, protocol.QuotaExceeded: true,
	protocol.BadMessage: true, protocol.TooDeep: true, protocol.TooLarge: true,
}

// refused runs a message that must be answered with the code and change nothing, and returns the fault.
func (d *desk) refused(code protocol.Code, from *peer.Peer, m protocol.Envelope) protocol.Fault {
	d.t.Helper()
	before := d.describe(raw)
	out := d.do(from, m)
	var fault protocol.Fault
	if len(out.Messages) != 1 || len(out.Journal) != 0 || out.Messages[0].Op != protocol.OpError {
		d.t.Fatalf("%s %.40q: want %s and nothing else, got\n%.300s", opName(m.Op), m.Name, code, strings.Join(render(out), "\n"))
	}
	if err := fault.DecodeJSON(out.Messages[0].Head); err != nil {
		d.t.Fatal(err)
	}
	if fault.Code != code || out.Messages[0].To != from.ID || out.Messages[0].ID != m.ID {
		d.t.Errorf("%s %.40q: want %s, got %s", opName(m.Op), m.Name, code, render(out)[0])
	}
	if events := len(out.Audits); (events == 1) != audited[code] || events > 1 {
		d.t.Errorf("%s %.40q: %s led to %d audit events", opName(m.Op), m.Name, code, events)
	}
	if after := d.describe(raw); after != before {
		d.t.Errorf("a refused %s changed the room from\n%.300s\nto\n%.300s", opName(m.Op), before, after)
	}
	return fault
}

// state tells all of the room that an app could ever notice, but for the order of members.
func (d *desk) state() string { return d.describe(canonical) }

func (d *desk) describe(value func(*shared) string) string {
	var lines []string
	for name, c := range d.room.contexts {
		lines = append(lines, fmt.Sprintf("%s: revision %d, %s of %s, %s", name, c.revision, c.lifetime, c.creator, value(c)))
		for _, s := range c.subscribers {
			lines = append(lines, fmt.Sprintf("%s: told to %d as %d", name, s.peer, s.id))
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("floor %d\n%s", d.room.floor, strings.Join(lines, "\n"))
}

// The requests.

func get(id uint64, name string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextGet, ID: id, Name: name}
}

func set(id uint64, name, body string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextSet, ID: id, Name: name, Body: text(body)}
}

func update(id uint64, name, body string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextUpdate, ID: id, Name: name, Body: text(body)}
}

func patch(id uint64, name, head, body string) protocol.Envelope {
	m := protocol.Envelope{Op: protocol.OpContextPatch, ID: id, Name: name, Head: []byte(head)}
	if body != "" {
		m.Body = text(body)
	}
	return m
}

func subscribe(id uint64, name string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextSubscribe, ID: id, Name: name}
}

func unsubscribe(id, subscription uint64) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextUnsubscribe, ID: id, Ref: subscription}
}

func destroy(id uint64, name string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextDestroy, ID: id, Name: name}
}

func list(id uint64) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpContextList, ID: id}
}

func withHead(m protocol.Envelope, head string) protocol.Envelope {
	m.Head = []byte(head)
	return m
}

func text(s string) protocol.Body { return protocol.TextBody([]byte(s)) }
