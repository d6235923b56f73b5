package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// append writes a message to a stream and returns its sequence when it is acknowledged.
func (s *Store) append(ctx context.Context, m *nats.Msg, stream string, memory bool) (_ uint64, err error) {
	if len(m.Data) > s.options.MaxValueBytes {
		return 0, fmt.Errorf("%w: %d bytes, and %d may be", ErrTooLarge, len(m.Data), s.options.MaxValueBytes)
	}
	durable := s.engine != nil && !memory && s.engine.dir != nil
	if durable {
		release, err := s.engine.space.take(len(m.Subject)+len(m.Data), m.Header.Get(operationHeader) != "")
		if err != nil {
			return 0, err
		}
		defer release()
	}
	if !durable {
		return s.acknowledged(ctx, m, stream)
	}
	var sequence uint64
	if c := s.committers[stream]; c != nil && m.Header.Get(rollupHeader) == "" {
		sequence, err = c.write(ctx, m)
	} else {
		sequence, err = s.acknowledged(ctx, m, stream)
	}
	if err == nil {
		s.engine.marks.acknowledged(stream, sequence)
	}
	return sequence, err
}

// acknowledged sends one message and waits for its acknowledgement.
func (s *Store) acknowledged(ctx context.Context, m *nats.Msg, stream string) (uint64, error) {
	reply, err := s.ask(ctx, m)
	if err != nil {
		return 0, err
	}
	var ack struct {
		Stream   string              `json:"stream"`
		Sequence uint64              `json:"seq"`
		Error    *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return 0, fmt.Errorf("%w: read acknowledgement: %w", ErrUnavailable, err)
	}
	if ack.Error != nil {
		return 0, faultOf(ack.Error)
	}
	if ack.Stream != stream {
		return 0, fmt.Errorf("%w: acknowledged by %q instead of %q", ErrUnavailable, ack.Stream, stream)
	}
	return ack.Sequence, nil
}
