package contexts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// shared is a desk whose room has a broker, which the test plays.
func newSharing(t *testing.T, options ShareOptions) *desk {
	d := newDesk(t, Options{})
	d.share = func(r *Room) { r.Share(options) }
	d.share(d.room)
	return d
}

func (d *desk) replicas() *replicas { return d.room.beyond.(*replicas) }

// online tells the room that the broker has acknowledged it.
func (d *desk) online(epoch string) *peer.Outbox {
	return d.onlineAs(epoch, "ada")
}

func (d *desk) onlineAs(epoch, user string) *peer.Outbox {
	ack := &protocol.Ack{Epoch: epoch, Identity: &protocol.Identity{Tenant: "acme", User: protocol.User{ID: user}}}
	return d.run(nil, protocol.Envelope{}, func(t *peer.Turn) { d.room.Connected(t, ack) })
}

func (d *desk) offline() *peer.Outbox {
	return d.run(nil, protocol.Envelope{}, d.room.Disconnected)
}

// due runs what is due at that time.
func (d *desk) due(now int64) *peer.Outbox {
	return d.run(nil, protocol.Envelope{}, func(t *peer.Turn) {
		t.Now = now
		d.room.Due(t)
	})
}

// says hands the room a message of the broker.
func (d *desk) says(m protocol.Envelope) *peer.Outbox {
	return d.run(nil, m, d.room.FromBroker)
}

// The broker's messages.

func event(subscription, revision uint64, writer uint32, head, body string) protocol.Envelope {
	m := protocol.Envelope{Op: protocol.OpContextEvent, ID: revision, Ref: subscription, Peer: writer, Head: []byte(head)}
	if body != "" {
		m.Body = text(body)
	}
	return m
}

func valued(id, revision uint64, head, body string) protocol.Envelope {
	m := protocol.Envelope{Op: protocol.OpContextValue, ID: id, Ref: revision, Head: []byte(head)}
	if body != "" {
		m.Body = text(body)
	}
	return m
}

func acked(id, revision uint64) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpReply, ID: id, Ref: revision}
}

func failed(id uint64, code protocol.Code) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpError, ID: id, Head: protocol.NewFault(code, "no").AppendJSON(nil)}
}

// inScope makes a request one of the scope "user".
func inScope(m protocol.Envelope) protocol.Envelope {
	if len(m.Head) == 0 {
		m.Head = []byte(`{"scope":"user"}`)
	} else {
		m.Head = append([]byte(`{"scope":"user",`), m.Head[1:]...)
	}
	return m
}

// ledgers checks what must be true of the replicas between turns.
func (d *desk) ledgers() {
	s, ok := d.room.beyond.(*replicas)
	if !ok {
		return
	}
	bytes, writes, writeBytes, pendings, flying, followers, journaled := 0, 0, 0, 0, 0, 0, 0
	for a, r := range s.all {
		if a != r.address {
			d.t.Errorf("%v is filed as %v", r.address, a)
		}
		if s.state == online && len(r.followers) == 0 && len(r.queue) == 0 {
			d.t.Errorf("%v is kept for nothing", a)
		}
		if r.weight != r.base.size() || r.base.object != nil && r.base.size() != len(r.base.object.Append(nil)) {
			d.t.Errorf("%v: weighs %d, not %d", a, r.weight, r.base.size())
		}
		for _, doc := range []*document{&r.base, r.view} {
			if doc != nil && doc.text != nil && string(doc.text) != string(doc.object.Append(nil)) {
				d.t.Errorf("%v: the kept text is stale", a)
			}
		}
		if r.known {
			journaled++
		}
		bytes += r.weight
		firm := false
		for i, w := range r.queue {
			if w.pending && firm {
				d.t.Errorf("%v: write %d is pending behind one that is not", a, i)
			}
			if i > 0 && w.sequence <= r.queue[i-1].sequence {
				d.t.Errorf("%v: write %d is out of order", a, i)
			}
			if w.request != 0 && (s.asked[w.request] == nil || s.asked[w.request].write != w) {
				d.t.Errorf("%v: write %d waits for nothing", a, i)
			}
			firm = firm || !w.pending
			writes++
			writeBytes += w.counted
			if w.pending {
				pendings++
				journaled++
				if w.request != 0 {
					flying++
				}
			}
			if s.state == offline && !w.pending {
				d.t.Errorf("%v: write %d waits offline", a, i)
			}
		}
		for _, f := range r.followers {
			followers++
			if f.of != r || s.followed[f.peer][f.id] != f {
				d.t.Errorf("%v: a follower is out of place", a)
			}
			if !f.waiting {
				journaled++
			} else if s.state == offline {
				d.t.Errorf("%v: a follower waits offline", a)
			}
		}
		if r.subscription != 0 && s.bySubscription[r.subscription] != r {
			d.t.Errorf("%v: subscription %d is not known", a, r.subscription)
		}
	}
	held := 0
	for _, mine := range s.followed {
		held += len(mine)
	}
	kept := 0
	for key := range d.journal {
		for _, prefix := range []string{keyBase, keyPending, keyFollower} {
			if len(key) > len(prefix) && key[:len(prefix)] == prefix {
				kept++
			}
		}
	}
	if bytes != s.bytes || writes != s.writes || writeBytes != s.writeBytes || pendings != s.pendings || flying != s.flying ||
		held != followers || kept != journaled {
		d.t.Errorf("ledgers: bytes %d of %d, writes %d of %d, their bytes %d of %d, pending %d of %d, flying %d of %d, followers %d of %d, journal %d of %d",
			s.bytes, bytes, s.writes, writes, s.writeBytes, writeBytes, s.pendings, pendings, s.flying, flying, held, followers, kept, journaled)
	}
}

// views tells what the apps of the desk would see, by address.
func (d *desk) views() string {
	var lines []string
	for a, r := range d.replicas().all {
		doc, known := r.seen()
		lines = append(lines, fmt.Sprintf("%s %s: known %v, revision %d, %d pending: %s", a.scope, a.name, known, r.revision, r.pendings(), doc.encoded()))
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}
