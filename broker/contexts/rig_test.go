package contexts

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/store/storetest"
	"github.com/crossframe/crossframe/protocol"
)

// within bounds what a test waits for; nothing depends on how long it takes.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func openStore(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	s, err := store.Open(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// roomOn opens a room on a store.
func roomOn(t testing.TB, s *store.Store, o Options) *Room {
	t.Helper()
	o.Store = s
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r, err := New(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// alone opens a room that is the only one of an embedded store.
func alone(t testing.TB, o Options) *Room {
	o.Alone = true
	return roomOn(t, openStore(t, store.Options{}), o)
}

// two opens two rooms of one cluster of three nodes, as two brokers do.
func two(t testing.TB, o Options) (a, b *Room, cluster *storetest.Cluster) {
	t.Helper()
	cluster = storetest.Start(t, storetest.Options{Quick: true})
	stores := [2]*store.Store{}
	for i := range stores {
		stores[i] = openStore(t, store.Options{URLs: cluster.URLs()})
	}
	return roomOn(t, stores[0], o), roomOn(t, stores[1], o), cluster
}

// conn is a Conn that keeps what it is sent.
type conn struct {
	*Client
	t  testing.TB
	mu sync.Mutex
	// change is told of every message.
	change  sync.Cond
	sent    []protocol.Envelope
	read    int
	waiting int
	lastID  uint64
}

func (c *conn) Tell(subscription uint64, events []Event) {
	for _, ev := range events {
		ev.Message.Ref = subscription
		c.Send(ev.By, ev.Message)
	}
}

func (c *conn) Send(_ *protocol.PeerInfo, m protocol.Envelope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, m)
	c.change.Broadcast()
}

func (c *conn) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting
}

func (c *conn) setWaiting(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = n
}

// ada is a user of the tenant acme; who changes her.
func connect(t testing.TB, r *Room, hub string, who ...func(*Who)) *conn {
	w := Who{Tenant: "acme", User: "ada", Groups: []string{"desk"}, Hub: hub, Counter: hub}
	for _, f := range who {
		f(&w)
	}
	c := &conn{t: t}
	c.change.L = &c.mu
	c.Client = r.Connect(w, c)
	t.Cleanup(c.Client.Close)
	return c
}

// await returns the next message that is not read yet and satisfies f, skipping others.
func (c *conn) await(what string, f func(*protocol.Envelope) bool) protocol.Envelope {
	c.t.Helper()
	timer := time.AfterFunc(60*time.Second, c.change.Broadcast)
	defer timer.Stop()
	deadline := time.Now().Add(59 * time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for ; c.read < len(c.sent); c.read++ {
			if m := c.sent[c.read]; f(&m) {
				c.read++
				return m
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("never came: %s", what)
		}
		c.change.Wait()
	}
}

// ask sends a request and returns its id.
func (c *conn) ask(op protocol.Op, name, head, body string) uint64 {
	c.lastID++
	m := protocol.Envelope{Op: op, ID: c.lastID, Name: name, Head: []byte(head)}
	if body != "" {
		m.Body = protocol.TextBody([]byte(body))
	}
	c.Handle(nil, &m)
	return c.lastID
}

// answer waits for the answer to a request.
func (c *conn) answer(id uint64) protocol.Envelope {
	c.t.Helper()
	return c.await(fmt.Sprint("the answer to ", id), func(m *protocol.Envelope) bool {
		return m.ID == id && m.Op != protocol.OpContextEvent
	})
}

// do asks and returns the answer as a text: the revision, the code of an error, or the revision and the value.
func (c *conn) do(op protocol.Op, name, head, body string) string {
	c.t.Helper()
	m := c.answer(c.ask(op, name, head, body))
	return textOf(&m)
}

func textOf(m *protocol.Envelope) string {
	switch m.Op {
	case protocol.OpError:
		var f protocol.Fault
		_ = f.DecodeJSON(m.Head)
		return string(f.Code)
	case protocol.OpContextValue:
		return fmt.Sprint(m.Ref, " ", string(m.Body.Bytes()))
	case protocol.OpContextEvent:
		return fmt.Sprint(m.ID, " ", string(m.Head), " ", string(m.Body.Bytes()))
	case protocol.OpReply:
		if len(m.Head) > 0 {
			return string(m.Head)
		}
	}
	return fmt.Sprint(m.Ref)
}

// event returns the next event of a subscription.
func (c *conn) event(subscription uint64) protocol.Envelope {
	c.t.Helper()
	return c.await("an event", func(m *protocol.Envelope) bool { return m.Op == protocol.OpContextEvent && m.Ref == subscription })
}

func (c *conn) expect(got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("got  %s\nwant %s", got, want)
	}
}

func inTenant(tenant, user string) func(*Who) {
	return func(w *Who) { w.Tenant, w.User, w.Groups = tenant, user, nil }
}

func asProgram(w *Who) { w.Program = true }

func withRoles(roles ...string) func(*Who) { return func(w *Who) { w.Roles = roles } }

// asMap reads a JSON object.
func asMap(t testing.TB, text []byte) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
