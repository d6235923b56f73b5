package crossframe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/link"
)

// library names this package in the broker's audit log.
const library = "crossframe-go/0.1"

// Client is a connection to a broker that comes back by itself. Its methods may be called concurrently. Handlers of calls run
// in goroutines of their own; what subscriptions and watches tell comes one after the other, and must not block.
type Client struct {
	options Options
	driver  *link.Driver
	hub     string
	secret  string
	// ctx ends with the client; handlers get it.
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	wake    chan struct{}
	// connected is closed when the first connection stands, or failed for good.
	first     chan struct{}
	firstOnce sync.Once

	mu sync.Mutex
	// ack is what the broker said last; up says that it holds.
	ack protocol.Ack
	up  bool
	// final is why there will be no connection any more.
	final  error
	lastID uint64
	// sequence counts writes, by which the broker knows one that came twice.
	sequence int64
	pending  map[uint64]*pending
	peers    map[uint32]protocol.PeerInfo
	// offers, subscriptions and watches are by their ids, and made anew with each connection.
	offers        map[uint64]*Offer
	subscriptions map[uint64]*subscription
	watches       map[uint64]*watch
	calls         map[uint64]*Call
}

// Connect connects to a broker, and returns once the broker has acknowledged it. ctx bounds the connecting only. A refusal is
// returned as a *protocol.Fault.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if o.URL == "" || o.Token == nil {
		return nil, errors.New("connect: want a URL and a Token")
	}
	if o.App == "" {
		o.App = "program"
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = protocol.DefaultTimeoutMs * time.Millisecond
	}
	c := &Client{
		options: o, hub: randomID(), secret: randomID(), wake: make(chan struct{}, 1), first: make(chan struct{}),
		pending: make(map[uint64]*pending), peers: make(map[uint32]protocol.PeerInfo), offers: make(map[uint64]*Offer),
		subscriptions: make(map[uint64]*subscription), watches: make(map[uint64]*watch), calls: make(map[uint64]*Call),
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.driver = link.NewDriver(link.Options{}, c.woken)
	// The end of a session is not that of the client, unless the refusal says so: the next attempt brings another token.
	c.driver.Anew = func(why *stream.Closed) bool { return why.Code == stream.CloseSession }
	c.driver.Open(o.URL)
	c.running.Go(c.run)
	select {
	case <-c.first:
	case <-ctx.Done():
		c.Close()
		return nil, fmt.Errorf("connect: %w", ctx.Err())
	}
	if err := c.Err(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection for good, and returns when nothing of the client runs any more but handlers of calls, whose
// context has ended. Calls under way fail.
func (c *Client) Close() {
	c.end(disconnected("the client was closed"))
	c.stop()
	c.running.Wait()
}

// Err returns why there will be no connection any more; nil as long as there may be one.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.final
}

// Me returns who the program is among its peers.
func (c *Client) Me() protocol.PeerInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ack.Me
}

// Identity returns who the broker takes the program for; nil where it says nothing.
func (c *Client) Identity() *protocol.Identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ack.Identity
}

func (c *Client) woken() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run takes what happens on the link, until the client ends.
func (c *Client) run() {
	for {
		select {
		case <-c.wake:
			c.driver.Take(c.happened)
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *Client) happened(e link.Event) {
	switch {
	case e.Opened:
		c.hello()
	case e.Closed != nil:
		c.lost(e.Closed)
	default:
		for i := range e.Messages {
			c.receive(&e.Messages[i])
		}
	}
}

// hello says who connects. Getting a token may take its time, in which nothing else can arrive.
func (c *Client) hello() {
	ctx, cancel := context.WithTimeout(c.ctx, c.options.CallTimeout)
	defer cancel()
	token, err := c.options.Token(ctx)
	if err != nil {
		c.tell(fmt.Errorf("get token: %w", err))
		c.driver.Restart(stream.CloseNormal, "")
		return
	}
	hello := protocol.Hello{
		Versions: protocol.Versions(), Kind: protocol.KindProgram, Token: token, Hub: c.hub, Secret: c.secret,
		App: c.options.App, Library: library,
	}
	c.mu.Lock()
	c.lastID++
	id := c.lastID
	c.mu.Unlock()
	_ = c.driver.Send(protocol.Envelope{Op: protocol.OpHello, ID: id, Head: hello.AppendJSON(nil)})
}

// acknowledged begins with a connection: what stood before is asked for anew.
func (c *Client) acknowledged(m *protocol.Envelope) {
	var ack protocol.Ack
	if err := ack.DecodeJSON(m.Head); err != nil {
		c.driver.Restart(stream.CloseInvalid, "the acknowledgement cannot be read")
		return
	}
	c.mu.Lock()
	c.ack, c.up = ack, true
	clear(c.peers)
	c.peers[uint32(ack.Me.Peer)] = ack.Me
	restore := c.standing()
	c.mu.Unlock()
	_ = c.driver.Send(restore...)
	c.tell(nil)
	c.firstOnce.Do(func() { close(c.first) })
}

// lost ends a connection. The driver makes another one, unless the end is final.
func (c *Client) lost(why *stream.Closed) {
	fault := disconnected(why.Error())
	c.mu.Lock()
	was := c.up
	c.up = false
	for id, p := range c.pending {
		delete(c.pending, id)
		p.settle(nil, fault)
	}
	for id, call := range c.calls {
		delete(c.calls, id)
		call.cancel()
	}
	c.mu.Unlock()
	if why.Code.Final() && why.Code != stream.CloseSession {
		c.end(fault)
	}
	if was {
		c.tell(fault)
	}
}

// end decides that there will be no connection any more. The first reason counts.
func (c *Client) end(err error) {
	c.mu.Lock()
	if c.final == nil {
		c.final = err
	}
	c.up = false
	for id, p := range c.pending {
		delete(c.pending, id)
		p.settle(nil, disconnected("the client has ended"))
	}
	for _, call := range c.calls {
		call.cancel()
	}
	c.mu.Unlock()
	c.driver.Close(stream.CloseNormal, "")
	c.firstOnce.Do(func() { close(c.first) })
}

func (c *Client) tell(err error) {
	if c.options.OnState != nil {
		c.options.OnState(err)
	}
}

func disconnected(message string) *protocol.Fault {
	return protocol.NewFault(protocol.Disconnected, message)
}

func randomID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // It never fails.
	return hex.EncodeToString(b)
}
