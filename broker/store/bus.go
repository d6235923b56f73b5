package store

import (
	"context"
	"errors"
)

// Message is one that came by the Bus.
type Message struct {
	// Subject is what it was published under, and Data what it holds. Data belongs to the receiver.
	Subject Key
	Data    []byte
	// reply is where an answer goes.
	reply string
	bus   *Bus
}

// Bus carries messages between brokers that nobody keeps: who is not connected when one is sent does not get it, and who
// takes them too slowly loses some. It may be used concurrently.
type Bus struct {
	store *Store
}

// Publish sends a message to everybody who subscribes to the subject now. That it returns no error says that it was handed
// on, not that somebody took it.
func (b *Bus) Publish(subject Key, data []byte) error { return errors.ErrUnsupported }

// Request sends a message to whoever subscribes to the subject and returns the first answer. Without a subscriber it fails at
// once with ErrNotFound; without an answer, with the error of ctx.
func (b *Bus) Request(ctx context.Context, subject Key, data []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Reply answers a message that came by Request. For others it does nothing.
func (m *Message) Reply(data []byte) error { return errors.ErrUnsupported }

// Wants reports whether the sender waits for a Reply.
func (m *Message) Wants() bool { return m.reply != "" }

// Subscribe calls f with every message under the subject, one after the other.
func (b *Bus) Subscribe(subject Key, f func(*Message)) (*Subscription, error) {
	return nil, errors.ErrUnsupported
}

// SubscribeBelow calls f with every message whose subject is below the prefix, one after the other.
func (b *Bus) SubscribeBelow(prefix Key, f func(*Message)) (*Subscription, error) {
	return nil, errors.ErrUnsupported
}

// Queue is like Subscribe, but of all that queue by the same group, one gets each message.
func (b *Bus) Queue(subject Key, group string, f func(*Message)) (*Subscription, error) {
	return nil, errors.ErrUnsupported
}

// Subscription is what the Bus brings to one receiver.
type Subscription struct{}

// Close ends the subscription and waits for a call that is under way; the function that takes the messages must not call it.
// It may be called twice.
func (s *Subscription) Close() {}

// Dropped is how many messages were lost because they were taken too slowly.
func (s *Subscription) Dropped() uint64 { return 0 }
