package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// busRoot is what the subjects of all messages begin with.
const busRoot = "cf.bus."

// Bounds of what waits for one subscriber.
const (
	pendingMessages = 64 << 10
	pendingBytes    = 64 << 20
)

// Message is one that came by the Bus.
type Message struct {
	// Subject is what it was published under, and Data what it holds. Data belongs to the receiver.
	Subject Key
	Data    []byte
	// reply is where an answer goes.
	reply string
	store *Store
}

// Bus carries messages between brokers that nobody keeps: who is not connected when one is sent does not get it, and who
// takes them too slowly loses some. It may be used concurrently.
type Bus struct {
	store *Store
}

// Publish sends a message to everybody who subscribes to the subject now. That it returns no error says that it was handed
// on, not that somebody took it.
func (b *Bus) Publish(subject Key, data []byte) error {
	if err := subject.check(); err != nil {
		return err
	}
	return b.store.send(busRoot+subject.encoded, data)
}

func (s *Store) send(subject string, data []byte) error {
	if s.closing() {
		return ErrClosed
	}
	if err := s.conn.Publish(subject, data); err != nil {
		return s.broken(err)
	}
	return nil
}

// Request sends a message to whoever subscribes to the subject and returns the first answer. Without a subscriber it fails at
// once with ErrNotFound; without an answer, with the error of ctx.
func (b *Bus) Request(ctx context.Context, subject Key, data []byte) ([]byte, error) {
	if err := subject.check(); err != nil {
		return nil, err
	}
	if b.store.closing() {
		return nil, ErrClosed
	}
	reply, err := b.store.conn.RequestWithContext(ctx, busRoot+subject.encoded, data)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, ErrNotFound
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, b.store.broken(err)
	}
	return reply.Data, nil
}

// Reply answers a message that came by Request. For others it does nothing.
func (m *Message) Reply(data []byte) error {
	if m.reply == "" {
		return nil
	}
	return m.store.send(m.reply, data)
}

// Wants reports whether the sender waits for a Reply.
func (m *Message) Wants() bool { return m.reply != "" }

// Subscribe calls f with every message under the subject, one after the other. When it returns, the engine knows: no message
// that is published later by the same engine is missed.
func (b *Bus) Subscribe(subject Key, f func(*Message)) (*Subscription, error) {
	return b.subscribe(subject.encoded, subject.check(), "", f)
}

// SubscribeBelow calls f with every message whose subject is below the prefix, one after the other.
func (b *Bus) SubscribeBelow(prefix Key, f func(*Message)) (*Subscription, error) {
	return b.subscribe(pattern(prefix), nil, "", f)
}

// Queue is like Subscribe, but of all that queue by the same group, one gets each message. The group is any text.
func (b *Bus) Queue(subject Key, group string, f func(*Message)) (*Subscription, error) {
	return b.subscribe(subject.encoded, subject.check(), KeyOf(group).encoded, f)
}

func (b *Bus) subscribe(subjects string, invalid error, group string, f func(*Message)) (*Subscription, error) {
	if invalid != nil {
		return nil, invalid
	}
	s := b.store
	if !s.begin() {
		return nil, ErrClosed
	}
	sub := &Subscription{store: s, over: make(chan struct{})}
	receive := func(m *nats.Msg) {
		if key, ok := parseKey(strings.TrimPrefix(m.Subject, busRoot)); ok {
			f(&Message{Subject: key, Data: m.Data, reply: m.Reply, store: s})
		}
	}
	var err error
	if group == "" {
		sub.nats, err = s.conn.Subscribe(busRoot+subjects, receive)
	} else {
		sub.nats, err = s.conn.QueueSubscribe(busRoot+subjects, group, receive)
	}
	if err != nil {
		s.running.Done()
		return nil, fmt.Errorf("subscribe: %w", s.broken(err))
	}
	sub.nats.SetClosedHandler(func(string) { close(sub.over) })
	_ = sub.nats.SetPendingLimits(pendingMessages, pendingBytes)
	go sub.await()
	if err := s.flush(); err != nil {
		sub.Close()
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	return sub, nil
}

// flush returns when the engine has taken what was sent to it.
func (s *Store) flush() error {
	ctx, cancel := context.WithTimeout(s.life, callTimeout)
	defer cancel()
	if err := s.conn.FlushWithContext(ctx); err != nil {
		return s.broken(err)
	}
	return nil
}

// Subscription is what the Bus brings to one receiver.
type Subscription struct {
	store *Store
	nats  *nats.Subscription
	once  sync.Once
	// over is closed when no call is under way and none comes any more.
	over chan struct{}
}

// await ends the subscription with the store.
func (s *Subscription) await() {
	defer s.store.running.Done()
	select {
	case <-s.over:
	case <-s.store.life.Done():
		s.Close()
	}
}

// Close ends the subscription and waits for a call that is under way; the function that takes the messages must not call it.
// It may be called twice.
func (s *Subscription) Close() {
	s.once.Do(func() { _ = s.nats.Unsubscribe() })
	<-s.over
}

// Dropped is how many messages were lost because they were taken too slowly.
func (s *Subscription) Dropped() uint64 {
	n, err := s.nats.Dropped()
	if err != nil {
		return 0
	}
	return uint64(n)
}
