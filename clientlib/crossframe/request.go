package crossframe

import (
	"context"
	"errors"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// pending is a request that waits for its answer.
type pending struct {
	done chan struct{}
	// answer and fault are set before done is closed.
	answer *protocol.Envelope
	fault  *protocol.Fault
	// more takes what comes before the answer.
	more func(m *protocol.Envelope)
	// then takes the answer of a standing request, before anything that stands behind it is looked at.
	then func(answer *protocol.Envelope, fault *protocol.Fault)
}

func (p *pending) settle(answer *protocol.Envelope, fault *protocol.Fault) {
	p.answer, p.fault = answer, fault
	close(p.done)
}

// conclude settles a request with what the broker said.
func (p *pending) conclude(answer *protocol.Envelope, fault *protocol.Fault) {
	if p.then != nil {
		p.then(answer, fault)
	}
	p.settle(answer, fault)
}

// ask sends a request with a new id and waits for its answer. When ctx ends before, the request is cancelled where it can be.
func (c *Client) ask(ctx context.Context, e protocol.Envelope, more func(m *protocol.Envelope)) (*protocol.Envelope, error) {
	return c.askWith(ctx, e, &pending{done: make(chan struct{}), more: more})
}

func (c *Client) askWith(ctx context.Context, e protocol.Envelope, p *pending) (*protocol.Envelope, error) {
	if err := c.begin(&e, p); err != nil {
		return nil, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.pending, e.ID)
		c.mu.Unlock()
		if e.Op == protocol.OpInvoke || e.Op == protocol.OpAwait {
			_ = c.driver.Send(protocol.Envelope{Op: protocol.OpCancel, ID: e.ID})
		}
		return nil, ctx.Err()
	}
	if p.fault != nil {
		return nil, p.fault
	}
	return p.answer, nil
}

// begin gives the request its id, unless it has one, and sends it.
func (c *Client) begin(e *protocol.Envelope, p *pending) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.final != nil:
		return c.final
	case !c.up:
		return disconnected("the broker is not connected")
	}
	if e.ID == 0 {
		c.lastID++
		e.ID = c.lastID
	}
	if err := c.driver.Send(*e); err != nil {
		return sendFault(err)
	}
	c.pending[e.ID] = p
	return nil
}

// sendFault makes a coded error of why a message could not be sent.
func sendFault(err error) error {
	if fault := (*protocol.Fault)(nil); errors.As(err, &fault) {
		return fault
	}
	if errors.Is(err, stream.ErrFull) {
		return protocol.NewFault(protocol.QuotaExceeded, "the program sends faster than the broker reads")
	}
	return disconnected(err.Error())
}

// receivers say what becomes of each operation that a broker sends.
var receivers = map[protocol.Op]func(*Client, *protocol.Envelope){
	protocol.OpAck:          (*Client).acknowledged,
	protocol.OpRefused:      (*Client).refused,
	protocol.OpPeer:         (*Client).introduced,
	protocol.OpGone:         (*Client).gone,
	protocol.OpReply:        (*Client).answered,
	protocol.OpResult:       (*Client).answered,
	protocol.OpContextValue: (*Client).answered,
	protocol.OpEnd:          (*Client).answered,
	protocol.OpError:        (*Client).failed,
	protocol.OpProgress:     (*Client).progressed,
	protocol.OpPart:         (*Client).progressed,
	protocol.OpCall:         (*Client).called,
	protocol.OpCancel:       (*Client).cancelled,
	protocol.OpMethods:      (*Client).methodsChanged,
	protocol.OpContextEvent: (*Client).contextChanged,
}

func (c *Client) receive(m *protocol.Envelope) {
	if receiver := receivers[m.Op]; receiver != nil {
		receiver(c, m)
	}
}

func (c *Client) refused(m *protocol.Envelope) {
	fault := new(protocol.Fault)
	if err := fault.DecodeJSON(m.Head); err != nil {
		fault = protocol.NewFault(protocol.Disconnected, "the broker refused the connection")
	}
	if fault.Retryable || fault.Code == protocol.SessionExpired && c.Me().Peer != 0 {
		// The next attempt brings another token, or finds the broker in another state. A first token that has ended is a mistake.
		c.tell(fault)
		return
	}
	c.end(fault)
	c.tell(fault)
}

func (c *Client) introduced(m *protocol.Envelope) {
	var info protocol.PeerInfo
	if err := info.DecodeJSON(m.Head); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peers[m.Peer] = info
}

func (c *Client) gone(m *protocol.Envelope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.peers, m.Peer)
}

// take removes a request from those that wait.
func (c *Client) take(id uint64) *pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pending[id]
	delete(c.pending, id)
	return p
}

func (c *Client) answered(m *protocol.Envelope) {
	if p := c.take(m.ID); p != nil {
		p.conclude(m, nil)
	}
}

func (c *Client) failed(m *protocol.Envelope) {
	p := c.take(m.ID)
	if p == nil {
		return
	}
	fault := new(protocol.Fault)
	if err := fault.DecodeJSON(m.Head); err != nil {
		fault = protocol.NewFault(protocol.Internal, "the broker's answer cannot be read")
	}
	p.conclude(nil, fault)
}

func (c *Client) progressed(m *protocol.Envelope) {
	c.mu.Lock()
	p := c.pending[m.ID]
	c.mu.Unlock()
	if p != nil && p.more != nil {
		p.more(m)
	}
}

// peer returns whom a number names.
func (c *Client) peer(number uint32) protocol.PeerInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	if info, known := c.peers[number]; known {
		return info
	}
	return protocol.PeerInfo{Peer: int64(number)}
}

// standing returns the requests that make offers, subscriptions and watches anew; c.mu is held.
func (c *Client) standing() (list []protocol.Envelope) {
	for _, o := range c.offers {
		list = append(list, o.request())
		c.pending[o.id] = &pending{done: make(chan struct{})}
	}
	for _, s := range c.subscriptions {
		list = append(list, s.request(c.ack.Epoch))
		c.pending[s.id] = s.waiting()
	}
	for _, w := range c.watches {
		list = append(list, w.request())
		c.pending[w.id] = w.waiting()
	}
	return list
}
