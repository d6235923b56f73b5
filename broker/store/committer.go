package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// committer writes what several callers want to write to one stream of the embedded engine at the same time as one batch.
// The engine syncs after every message, and after a batch once: without this, 64 writers are no faster than one. While one
// batch is on its way to the disk, the next gathers.
type committer struct {
	store  *Store
	stream string
	queue  chan *pendingWrite
}

// pendingWrite is one caller's write.
type pendingWrite struct {
	ctx  context.Context
	m    *nats.Msg
	done chan outcome
}

type outcome struct {
	sequence uint64
	err      error
}

// Bounds of one batch. The engine takes 1,000 messages.
const (
	// batchWorth is how many messages make a batch worth its price: the engine stages it in files of its own.
	batchWorth    = 16
	batchMessages = 256
	batchBytes    = 8 << 20
)

// Headers of a batch.
const (
	batchHeader       = "Nats-Batch-Id"
	batchPartHeader   = "Nats-Batch-Sequence"
	batchCommitHeader = "Nats-Batch-Commit"
)

func newCommitter(s *Store, stream string) *committer {
	c := &committer{store: s, stream: stream, queue: make(chan *pendingWrite, batchMessages)}
	s.running.Add(1)
	go c.run()
	return c
}

// write hands a message over and waits for its acknowledgement.
func (c *committer) write(ctx context.Context, m *nats.Msg) (uint64, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	w := &pendingWrite{ctx, m, make(chan outcome, 1)}
	select {
	case c.queue <- w:
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	case <-c.store.life.Done():
		return 0, ErrClosed
	}
	select {
	case o := <-w.done:
		return o.sequence, o.err
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	case <-c.store.life.Done():
		return 0, ErrClosed
	}
}

func (c *committer) run() {
	defer c.store.running.Done()
	var waiting []*pendingWrite
	for {
		if len(waiting) == 0 {
			select {
			case w := <-c.queue:
				waiting = append(waiting, w)
			case <-c.store.life.Done():
				return
			}
		}
		for len(waiting) < batchMessages && len(c.queue) > 0 {
			waiting = append(waiting, <-c.queue)
		}
		batch, rest := gather(waiting)
		c.commit(batch)
		waiting = rest
	}
}

// gather takes what can be one batch: each key once, since a write may build on the one before it. Who has given up waiting
// is left out: he has been told that the write may not be done.
func gather(waiting []*pendingWrite) (batch, rest []*pendingWrite) {
	keys := make(map[string]bool, len(waiting))
	size := 0
	for _, w := range waiting {
		if w.ctx.Err() != nil {
			continue
		}
		size += len(w.m.Data)
		if keys[w.m.Subject] || len(batch) > 0 && size > batchBytes {
			rest = append(rest, w)
			continue
		}
		keys[w.m.Subject] = true
		batch = append(batch, w)
	}
	return batch, rest
}

// commit writes a batch. One that is small, or refused as a whole, is written one by one, so that each caller gets his own
// answer.
func (c *committer) commit(batch []*pendingWrite) {
	if len(batch) >= batchWorth {
		last, refused, err := c.publish(batch)
		if !refused {
			for i, w := range batch {
				w.done <- outcome{last - uint64(len(batch)-1-i), err}
			}
			return
		}
	}
	var all sync.WaitGroup
	for _, w := range batch {
		all.Go(func() {
			var o outcome
			o.sequence, o.err = c.store.acknowledged(w.ctx, w.m, c.stream)
			w.done <- o
		})
	}
	all.Wait()
}

// publish writes messages as one. It returns the sequence of the last, or that nothing was written.
func (c *committer) publish(batch []*pendingWrite) (last uint64, refused bool, err error) {
	ctx, cancel := context.WithTimeout(c.store.life, callTimeout)
	defer cancel()
	id := random()
	for i, w := range batch {
		m := &nats.Msg{Subject: w.m.Subject, Data: w.m.Data, Header: make(nats.Header, len(w.m.Header)+3)}
		for name, values := range w.m.Header {
			m.Header[name] = values
		}
		m.Header.Set(batchHeader, id)
		m.Header.Set(batchPartHeader, strconv.Itoa(i+1))
		if i < len(batch)-1 {
			if err := c.store.conn.PublishMsg(m); err != nil {
				return 0, false, c.store.broken(err)
			}
			continue
		}
		m.Header.Set(batchCommitHeader, "1")
		reply, err := c.store.conn.RequestMsgWithContext(ctx, m)
		if err != nil {
			return 0, false, c.store.broken(err)
		}
		return readBatchAck(reply.Data, len(batch))
	}
	return 0, true, nil
}

func readBatchAck(text []byte, count int) (last uint64, refused bool, err error) {
	var ack struct {
		Sequence uint64              `json:"seq"`
		Count    int                 `json:"count"`
		Error    *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(text, &ack); err != nil {
		return 0, false, fmt.Errorf("%w: read acknowledgement: %w", ErrUnavailable, err)
	}
	if ack.Error != nil {
		return 0, true, nil
	}
	if ack.Count != count {
		return 0, false, fmt.Errorf("%w: %d of %d messages were acknowledged", ErrUnavailable, ack.Count, count)
	}
	return ack.Sequence, false, nil
}
