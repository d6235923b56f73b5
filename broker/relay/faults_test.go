package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/link"
)

// TestWhoStopsReading (W13): a connection that does not read gets the newest value when it does, the others get everything, and
// nothing grows meanwhile.
func TestWhoStopsReading(t *testing.T) {
	o := unlimited()
	o.Socket.WriteTimeout = 10 * time.Minute // which is what cuts off who reads nothing for longer
	b := single(t, o)
	fast, slow := b.follow(t, 1), &lazy{reads: make(chan struct{})}
	slow.start(t, b)
	w := b.dial("")
	w.greet(hello(protocol.KindProgram, "ben", "writer"))
	const writes = 1500
	padding := fmt.Sprintf("%016000d", 0)
	for i := range writes {
		head := []byte(`{"scope":"tenant","lifetime":"session"}`)
		id := w.ask(protocol.Envelope{Op: protocol.OpContextUpdate, Name: "c", Head: head, Body: protocol.TextBody([]byte(fmt.Sprintf(`{"n":%d,"p":%q}`, i, padding)))})
		if m := w.answer(id); m.Op != protocol.OpReply {
			t.Fatalf("%s", m.Head)
		}
	}
	for range writes {
		select {
		case <-fast.events:
		case <-time.After(patience):
			t.Fatal("who reads does not get everything")
		}
	}
	close(slow.reads)
	until(t, "the newest value has come", func() bool {
		slow.mu.Lock()
		defer slow.mu.Unlock()
		return slow.last == writes-1 || slow.ended
	})
	slow.mu.Lock()
	defer slow.mu.Unlock()
	if slow.ended || slow.gaps == 0 || slow.events >= writes {
		t.Errorf("%d events, %d gaps, ended: %v", slow.events, slow.gaps, slow.ended)
	}
	if n := b.Snapshot(); n.Contexts.Collapsed == 0 || n.Socket.TooSlow != 0 {
		t.Errorf("%+v", n)
	}
}

// lazy is a follower that reads nothing until it is told to.
type lazy struct {
	reads        chan struct{}
	mu           sync.Mutex
	events, gaps int
	last         int
	ended        bool
}

func (f *lazy) start(t *testing.T, b *broker) {
	t.Helper()
	// Its own link must not take for silence that it does not read.
	l, err := link.Dial(within(t), b.url, link.Options{Silence: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.Run(context.Background(), func(messages []protocol.Envelope) {
			for i := range messages {
				switch m := &messages[i]; m.Op {
				case protocol.OpAck:
					_ = l.Send(protocol.Envelope{Op: protocol.OpContextSubscribe, ID: 2, Name: "c", Head: []byte(`{"scope":"tenant"}`)})
				case protocol.OpContextValue:
					close(begun)
				case protocol.OpContextEvent:
					<-f.reads
					f.note(m)
				}
			}
		})
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ended = true
	}()
	t.Cleanup(func() { l.Close(stream.CloseNormal, ""); <-ended })
	_ = l.Send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: hello(protocol.KindProgram, "anna", "lazy").AppendJSON(nil)})
	<-begun
}

func (f *lazy) note(m *protocol.Envelope) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var change protocol.ContextChange
	var value struct{ N int }
	_ = change.DecodeJSON(m.Head)
	_ = json.Unmarshal(m.Body.Bytes(), &value)
	f.events++
	if f.last = value.N; change.Gap == protocol.GapSkipped {
		f.gaps++
	}
}

// TestNothingAcknowledgedIsLost (C01, C02, X18): hubs write while the leader of the cluster ends and a broker stops; each write is
// sent again until it is acknowledged. In the end each of them is there, and has been made once.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	a, b, cluster := pair(t, Options{})
	c := start(t, openStore(t, store.Options{URLs: cluster.URLs()}), Options{})
	brokers := []*broker{a, b, c}
	const writers, each = 4, 60
	var running sync.WaitGroup
	for id := range writers {
		running.Go(func() { (&stubborn{t: t, brokers: brokers, id: id}).write(each) })
	}
	running.Go(func() {
		time.Sleep(200 * time.Millisecond)
		a.stop()
		if leader := cluster.Leader("KV_cf_contexts"); leader >= 0 {
			cluster.Kill(leader)
			time.Sleep(time.Second)
			cluster.Restart(leader)
		}
	})
	running.Wait()
	w := b.dial("")
	w.greet(hello(protocol.KindProgram, "anna", "reader"))
	m := w.answer(w.ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "c", Head: []byte(`{"scope":"tenant"}`)}))
	var value map[string]int
	if err := json.Unmarshal(m.Body.Bytes(), &value); err != nil {
		t.Fatalf("%s: %v", m.Head, err)
	}
	if len(value) != writers*each || m.Ref != writers*each {
		t.Errorf("%d of %d writes are there, at revision %d", len(value), writers*each, m.Ref)
	}
}

// stubborn is a hub that sends each write until it is acknowledged, at whatever broker there is.
type stubborn struct {
	t       *testing.T
	brokers []*broker
	id      int
	at      int
	answers chan protocol.Envelope
	link    *link.Link
}

func (s *stubborn) write(n int) {
	for i := range n {
		for end := time.Now().Add(patience); !s.one(i); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				s.t.Errorf("write %d of %d was never acknowledged", i, s.id)
				return
			}
		}
	}
	if s.link != nil {
		s.link.Close(stream.CloseNormal, "")
	}
}

// one tries one write, and reports whether it was acknowledged.
func (s *stubborn) one(i int) bool {
	if s.link == nil && !s.connect() {
		return false
	}
	head := fmt.Sprintf(`{"scope":"tenant","sequence":%d}`, i+1)
	body := fmt.Sprintf(`{"w%d_%d":%d}`, s.id, i, i)
	err := s.link.Send(protocol.Envelope{Op: protocol.OpContextUpdate, ID: uint64(i + 10), Name: "c", Head: []byte(head), Body: protocol.TextBody([]byte(body))})
	for err == nil {
		m, ok := <-s.answers
		switch {
		case !ok:
			err = errors.New("the connection ended")
		case m.ID != uint64(i+10):
		default:
			return m.Op == protocol.OpReply
		}
	}
	s.link = nil
	return false
}

func (s *stubborn) connect() bool {
	s.at++
	l, err := link.Dial(within(s.t), s.brokers[(s.id+s.at)%len(s.brokers)].url, link.Options{})
	if err != nil {
		return false
	}
	answers := make(chan protocol.Envelope, 100)
	go func() {
		defer close(answers)
		_ = l.Run(context.Background(), func(messages []protocol.Envelope) {
			for _, m := range messages {
				answers <- m
			}
		})
	}()
	s.link, s.answers = l, answers
	_ = l.Send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: hello(protocol.KindHub, "anna", fmt.Sprint("w", s.id)).AppendJSON(nil)})
	if m, ok := <-answers; !ok || m.Op != protocol.OpAck {
		s.link = nil
		return false
	}
	return true
}

// TestChurn (W16): connections that come and go leave nothing behind.
func TestChurn(t *testing.T) {
	b := single(t, unlimited())
	stays := b.hub("ben", "stays", "app")
	stays.answer(stays.ask(protocol.Envelope{Op: protocol.OpWatch}))
	for i := range 150 {
		w := b.hub("anna", fmt.Sprint("h", i%20), "a", "b")
		w.register(1, "m", `{"scope":"tenant"}`)
		w.answer(w.ask(protocol.Envelope{Op: protocol.OpContextSubscribe, Name: "c", Head: []byte(`{"scope":"tenant"}`)}))
		if i%2 == 0 {
			w.link.Close(stream.CloseNormal, "")
		}
	}
	if err := b.Revoke("acme", "anna"); err != nil {
		t.Fatal(err)
	}
	until(t, "all of them are gone", func() bool {
		n := b.Snapshot()
		return n.Hubs == 1 && n.Peers == 2 && n.Socket.Open == 1 && n.Contexts.Subscriptions == 0 && len(b.Presence()) == 1
	})
	s := b.at(hubKey{"acme", "stays"})
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.met) != 0 {
		t.Errorf("it still knows %d peers", len(s.met))
	}
	b.methods.mu.Lock()
	defer b.methods.mu.Unlock()
	if len(b.methods.instances) != 4 || len(s.calls)+len(s.lists) != 0 {
		t.Errorf("%d instances, %d calls, %d lists", len(b.methods.instances), len(s.calls), len(s.lists))
	}
}

// TestWritersWhoLeave (W19): who writes and is gone before the write is told is introduced to nobody. Whom a follower has met it is
// told the end of.
func TestWritersWhoLeave(t *testing.T) {
	b := single(t, unlimited())
	stays := b.hub("ben", "stays", "app")
	stays.answer(stays.ask(protocol.Envelope{Op: protocol.OpContextSubscribe, Name: "c", Head: []byte(`{"scope":"tenant"}`)}))
	const writers = 40
	for i := range writers {
		w := b.hub("anna", fmt.Sprint("h", i), "a")
		for range 20 {
			w.ask(protocol.Envelope{Op: protocol.OpContextUpdate, Ref: 1, Name: "c", Head: []byte(`{"scope":"tenant"}`), Body: protocol.TextBody([]byte(`{"a":1}`))})
		}
		w.link.Close(stream.CloseNormal, "")
	}
	until(t, "all of them are gone", func() bool {
		n := b.Snapshot()
		return n.Hubs == 1 && n.Peers == 2 && n.Contexts.Writes > 0
	})
	stays.answer(stays.ask(protocol.Envelope{Op: protocol.OpContextGet, Name: "c", Head: []byte(`{"scope":"tenant"}`)}))
	s := b.at(hubKey{"acme", "stays"})
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.met) != 0 {
		t.Errorf("it still knows %d peers", len(s.met))
	}
}

// TestComingBack: a hub that asks for more at once than a connection lets wait gets all of it.
func TestComingBack(t *testing.T) {
	b := single(t, unlimited())
	w := b.hub("anna", "h1")
	body := protocol.TextBody([]byte(fmt.Sprintf(`{"p":"%0500000d"}`, 0)))
	const contexts = 30
	for i := range contexts {
		m := w.answer(w.ask(protocol.Envelope{Op: protocol.OpContextSet, Name: fmt.Sprint("c", i), Head: []byte(`{"scope":"tenant","lifetime":"session"}`), Body: body}))
		if m.Op != protocol.OpReply {
			t.Fatalf("%s", m.Head)
		}
	}
	again := b.hub("anna", "h1")
	var asked []uint64
	for i := range contexts {
		asked = append(asked, again.ask(protocol.Envelope{Op: protocol.OpContextSubscribe, Name: fmt.Sprint("c", i), Head: []byte(`{"scope":"tenant"}`)}))
	}
	for _, id := range asked {
		if m := again.answer(id); m.Body.Size != body.Size {
			t.Fatalf("%d bytes, %s", m.Body.Size, m.Head)
		}
	}
	if n := b.Snapshot(); n.Socket.TooSlow != 0 {
		t.Errorf("%+v", n.Socket)
	}
}
