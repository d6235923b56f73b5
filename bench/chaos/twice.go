package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/link"
)

// duplicates (X18): hubs send each write twice at least, and again at the other broker while theirs is killed. In the end each write
// is there, and has been made once: the revision says how often.
func duplicates(ctx context.Context, s *rig.Stage, t *tally) error {
	cluster, err := s.Cluster(ctx, rig.ClusterOptions{})
	if err != nil {
		return err
	}
	var brokers []*rig.Broker
	var urls []string
	for range 2 {
		b, err := s.Broker(ctx, rig.BrokerOptions{NATS: cluster.URLs()})
		if err != nil {
			return err
		}
		brokers, urls = append(brokers, b), append(urls, b.URL())
	}
	const hubs, each = 6, 300
	var running sync.WaitGroup
	ended := make(chan struct{})
	for id := range hubs {
		running.Go(func() {
			h := &stubborn{id: id, urls: urls}
			defer h.leave()
			for i := range each {
				if err := h.write(ctx, i); err != nil {
					t.bad("hub %d: write %d was never acknowledged: %v", id, i, err)
					return
				}
				t.count(1, 0)
				_ = rig.Pause(ctx, 10*time.Millisecond)
			}
		})
	}
	go func() { running.Wait(); close(ended) }()
	for i := 0; ; i++ {
		select {
		case <-ended:
			t.note("%d brokers killed meanwhile", i)
			return once(ctx, t, brokers, hubs*each)
		case <-ctx.Done():
			<-ended
			return ctx.Err()
		case <-time.After(400 * time.Millisecond):
		}
		b := brokers[i%2]
		b.Kill()
		if err := b.Start(ctx); err != nil {
			return err
		}
	}
}

// once looks whether each write is there, once.
func once(ctx context.Context, t *tally, brokers []*rig.Broker, writes int) error {
	for _, b := range brokers {
		client, err := dial(ctx, b.URL(), "reader", nil)
		if err != nil {
			return err
		}
		defer client.Close()
		snapshot, err := read(ctx, client, "twice")
		if err != nil {
			return err
		}
		var value map[string]int
		if err := json.Unmarshal(snapshot.Value, &value); err != nil {
			return err
		}
		t.count(0, writes-len(value))
		t.want(snapshot.Revision == int64(writes), "%d writes, revision %d", writes, snapshot.Revision)
	}
	return nil
}

// stubborn is a hub that sends each write twice, and again until both are acknowledged, at whatever broker there is.
type stubborn struct {
	id      int
	urls    []string
	tried   int
	link    *link.Link
	answers chan protocol.Envelope
}

func (h *stubborn) leave() {
	if h.link != nil {
		h.link.Close(stream.CloseNormal, "")
	}
	h.link = nil
}

// write returns when the write was acknowledged.
func (h *stubborn) write(ctx context.Context, i int) error {
	for ctx.Err() == nil {
		if h.link == nil && h.connect(ctx) != nil {
			_ = rig.Pause(ctx, 20*time.Millisecond)
			continue
		}
		if done, err := h.twice(ctx, i); done {
			return nil
		} else if err != nil {
			h.leave()
		}
	}
	return ctx.Err()
}

// twice sends a write two times, as a hub would that does not know whether it came, and reports whether both were acknowledged.
func (h *stubborn) twice(ctx context.Context, i int) (done bool, err error) {
	head := fmt.Appendf(nil, `{"scope":"tenant","sequence":%d}`, i+1)
	body := fmt.Appendf(nil, `{"h%d_%d":%d}`, h.id, i, i)
	first := uint64(2*i + 10)
	for id := first; id < first+2; id++ {
		if err := h.link.Send(protocol.Envelope{Op: protocol.OpContextUpdate, ID: id, Name: "twice", Head: head, Body: protocol.TextBody(body)}); err != nil {
			return false, err
		}
	}
	late := time.NewTimer(tryFor)
	defer late.Stop()
	for acknowledged, answered := 0, 0; answered < 2; {
		select {
		case m, ok := <-h.answers:
			if !ok {
				return false, errors.New("the connection ended")
			}
			if m.ID != first && m.ID != first+1 {
				continue
			}
			answered++
			if m.Op == protocol.OpReply {
				acknowledged++
			}
			if answered == 2 {
				return acknowledged == 2, nil
			}
		case <-late.C:
			return false, errors.New("there is no answer")
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return false, nil
}

// connect tries the next broker, as the same hub.
func (h *stubborn) connect(ctx context.Context) error {
	h.tried++
	l, err := link.Dial(ctx, h.urls[(h.id+h.tried)%len(h.urls)], link.Options{DialTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	answers := make(chan protocol.Envelope, 100)
	go func() {
		defer close(answers)
		_ = l.Run(ctx, func(messages []protocol.Envelope) {
			for _, m := range messages {
				select {
				case answers <- m:
				case <-ctx.Done():
				}
			}
		})
	}()
	hello := rig.Hello(protocol.KindHub, fmt.Sprint("hub", h.id))
	if err := l.Send(protocol.Envelope{Op: protocol.OpHello, ID: 1, Head: hello}); err != nil {
		return err
	}
	for {
		select {
		case m, ok := <-answers:
			if !ok || m.Op == protocol.OpRefused {
				l.Close(stream.CloseNormal, "")
				return errors.New("not admitted")
			}
			if m.Op == protocol.OpAck {
				h.link, h.answers = l, answers
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
