package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// crowd are clients that count up a durable context each, whatever happens, and remember what was acknowledged.
type crowd struct {
	stop    context.CancelFunc
	running sync.WaitGroup
	clients []*crossframe.Client
	filling string

	mu sync.Mutex
	// acked is the last acknowledged write of each context.
	acked map[string]ack
	count int
	last  time.Time
	// pause is the longest time without any acknowledgement.
	pause time.Duration
	wrong []string
	// refusal is what a writer was told last that was not acknowledged.
	refusal error
}

// ack is what a writer was told.
type ack struct {
	n        int
	revision int64
}

// tryFor is how long a writer waits for one answer.
const tryFor = 8 * time.Second

// dial connects a program.
func dial(ctx context.Context, url, app string, onState func(error)) (*crossframe.Client, error) {
	return crossframe.Connect(ctx, crossframe.Options{URL: url, Token: crossframe.StaticToken(rig.Token), App: app, OnState: onState})
}

// startCrowd starts writers, who share the addresses among them. They end with the stage.
func startCrowd(ctx context.Context, s *rig.Stage, writers int, urls ...string) (*crowd, error) {
	running, stop := context.WithCancel(context.Background())
	c := &crowd{stop: stop, acked: make(map[string]ack), last: time.Now(), filling: strings.Repeat("x", 200)}
	s.Defer(func() {
		c.end()
		for _, client := range c.clients {
			client.Close()
		}
	})
	for i := range writers {
		client, err := dial(ctx, urls[i%len(urls)], "writer", nil)
		if err != nil {
			return nil, err
		}
		c.clients = append(c.clients, client)
		c.running.Go(func() { c.write(running, client, fmt.Sprint("writer", i)) })
	}
	return c, nil
}

// write counts up. A write without an answer may have been made: its number is used up.
func (c *crowd) write(ctx context.Context, client *crossframe.Client, name string) {
	var before int64
	for n := 1; ctx.Err() == nil; n++ {
		try, cancel := context.WithTimeout(ctx, tryFor)
		revision, err := client.Set(try, name, map[string]any{"n": n, "filling": c.filling}, crossframe.WriteOptions{})
		cancel()
		switch {
		case err == nil && revision <= before:
			c.blame(fmt.Sprintf("%s: revision %d comes behind %d", name, revision, before))
		case err == nil:
			before = revision
			c.note(name, ack{n, revision})
		case ctx.Err() != nil, client.Err() != nil:
			if final := client.Err(); final != nil && ctx.Err() == nil {
				c.blame(fmt.Sprintf("%s ended: %v", name, final))
			}
			return
		default:
			c.refused(name, err)
			_ = rig.Pause(ctx, 20*time.Millisecond) // It says that it ends by itself.
		}
	}
}

// honest are the codes of writes that were not acknowledged while something is broken.
var honest = map[protocol.Code]bool{
	protocol.Disconnected: true, protocol.NotDurable: true, protocol.StorageDown: true, protocol.DiskFull: true, protocol.HubNotReady: true,
}

func expected(err error) bool {
	fault := (*protocol.Fault)(nil)
	return errors.As(err, &fault) && honest[fault.Code] || errors.Is(err, context.DeadlineExceeded)
}

func (c *crowd) note(name string, a ack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.pause, c.last = max(c.pause, now.Sub(c.last)), now
	c.acked[name] = a
	c.count++
}

func (c *crowd) refused(name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal = err; !expected(err) {
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %v", name, err))
	}
}

func (c *crowd) blame(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, what)
}

// acks returns what was acknowledged up to now.
func (c *crowd) acks() (acked map[string]ack, count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.acked), c.count
}

// more waits until so many more writes were acknowledged.
func (c *crowd) more(ctx context.Context, n int) error {
	_, before := c.acks()
	err := rig.Await(ctx, fmt.Sprint(n, " acknowledgements"), func() bool {
		_, now := c.acks()
		return now >= before+n
	})
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		return fmt.Errorf("%w; the last refusal was: %v", err, c.refusal)
	}
	return nil
}

// end ends the writing.
func (c *crowd) end() {
	c.stop()
	c.running.Wait()
}

// conclude ends the writing and counts what is missing at an address.
func (c *crowd) conclude(ctx context.Context, t *tally, url string) error {
	c.end()
	acked, count := c.acks()
	lost, err := missing(ctx, t, url, acked)
	t.count(count, lost)
	for _, w := range c.wrong {
		t.bad("%s", w)
	}
	return err
}

// missing reads what was written, and returns how much of what was acknowledged is not there.
func missing(ctx context.Context, t *tally, url string, acked map[string]ack) (lost int, err error) {
	client, err := dial(ctx, url, "reader", nil)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for name, a := range acked {
		snapshot, err := read(ctx, client, name)
		if err != nil {
			return lost, fmt.Errorf("read %s: %w", name, err)
		}
		var value struct{ N int }
		if snapshot.Value != nil {
			if err := json.Unmarshal(snapshot.Value, &value); err != nil {
				return lost, fmt.Errorf("read %s: %w", name, err)
			}
		}
		lost += max(0, a.n-value.N)
		if value.N >= a.n && snapshot.Revision < a.revision {
			t.bad("%s: revision %d of write %d was %d when it was acknowledged", name, snapshot.Revision, value.N, a.revision)
		}
	}
	return lost, nil
}

// read reads a context, and tries again while something is broken.
func read(ctx context.Context, client *crossframe.Client, name string) (snapshot *crossframe.Snapshot, err error) {
	waited := rig.Await(ctx, name, func() bool {
		try, cancel := context.WithTimeout(ctx, tryFor)
		defer cancel()
		snapshot, err = client.Get(try, name, "")
		return err == nil || !expected(err)
	})
	if err == nil {
		err = waited
	}
	return snapshot, err
}
