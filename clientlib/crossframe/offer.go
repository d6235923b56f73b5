package crossframe

import (
	"context"
	"errors"

	"github.com/crossframe/crossframe/protocol"
)

// Handler answers a call. What it returns travels as JSON; nil is no result, []byte are bytes. An error travels as
// HANDLER_ERROR with its text, or as itself where it is a *protocol.Fault. ctx ends when the caller no longer waits.
type Handler func(ctx context.Context, call *Call) (any, error)

// Offer is a method that the program offers.
type Offer struct {
	client  *Client
	id      uint64
	name    string
	options protocol.MethodOptions
	handler Handler
}

// Call is a call of a method that the program offers.
type Call struct {
	// Method is the name that was called.
	Method string
	// Arguments are the caller's.
	Arguments Value
	// Caller says who calls. Hub, user and tenant are as the broker says; all else is what the caller's hub says.
	Caller protocol.PeerInfo
	// Trace is the caller's W3C traceparent, or empty.
	Trace string

	client *Client
	id     uint64
	cancel context.CancelFunc
}

// Progress reports how far the call is, as JSON or bytes.
func (c *Call) Progress(value any) error {
	body, err := bodyOf(value)
	if err != nil {
		return err
	}
	if err := c.client.driver.Send(protocol.Envelope{Op: protocol.OpProgress, ID: c.id, Body: body}); err != nil {
		return sendFault(err)
	}
	return nil
}

// Offer offers a method. Where options name no scope, it is "tenant".
func (c *Client) Offer(ctx context.Context, name string, handler Handler, options protocol.MethodOptions) (*Offer, error) {
	options.Scope = scopeOr(options.Scope)
	o := &Offer{client: c, name: name, options: options, handler: handler}
	c.mu.Lock()
	c.lastID++
	o.id = c.lastID
	c.offers[o.id] = o
	c.mu.Unlock()
	if _, err := c.ask(ctx, o.request(), nil); err != nil {
		c.forget(o)
		return nil, err
	}
	return o, nil
}

func (o *Offer) request() protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpRegister, ID: o.id, Name: o.name, Head: o.options.AppendJSON(nil)}
}

// Withdraw takes the method back. Calls under way can still be answered.
func (o *Offer) Withdraw(ctx context.Context) error {
	o.client.forget(o)
	_, err := o.client.ask(ctx, protocol.Envelope{Op: protocol.OpUnregister, Ref: o.id}, nil)
	return err
}

func (c *Client) forget(o *Offer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.offers, o.id)
}

// called begins with a call. An offer that was just withdrawn answers no more.
func (c *Client) called(m *protocol.Envelope) {
	var info protocol.CallInfo
	if err := info.DecodeJSON(m.Head); err != nil {
		info = protocol.CallInfo{}
	}
	c.mu.Lock()
	o := c.offers[m.Ref]
	if o == nil || c.final != nil {
		c.mu.Unlock()
		c.answer(m.ID, nil, protocol.NewFault(protocol.MethodNotFound, "the method was taken back"))
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	call := &Call{Method: o.name, Arguments: valueOf(m.Body), Trace: info.Trace, client: c, id: m.ID, cancel: cancel}
	c.calls[m.ID] = call
	c.mu.Unlock()
	call.Caller = c.peer(m.Peer)
	go c.serve(ctx, o, call)
}

// serve runs a handler. A panic of it costs the call alone.
func (c *Client) serve(ctx context.Context, o *Offer, call *Call) {
	defer call.cancel()
	result, err := run(ctx, o.handler, call)
	c.mu.Lock()
	open := c.calls[call.id] == call
	if open {
		delete(c.calls, call.id)
	}
	c.mu.Unlock()
	// Nobody waits for a call that is no longer open: it was cancelled, or its connection is gone.
	if open {
		c.answer(call.id, result, err)
	}
}

func run(ctx context.Context, handler Handler, call *Call) (result any, err error) {
	defer func() {
		if recover() != nil {
			result, err = nil, errors.New("the method's handler panicked")
		}
	}()
	return handler(ctx, call)
}

// answer ends a call.
func (c *Client) answer(id uint64, result any, err error) {
	body, encoding := protocol.Body{}, error(nil)
	if err == nil {
		body, encoding = bodyOf(result)
		err = encoding
	}
	e := protocol.Envelope{Op: protocol.OpResult, ID: id, Body: body}
	if err != nil {
		fault := (*protocol.Fault)(nil)
		if !errors.As(err, &fault) {
			fault = protocol.NewFault(protocol.HandlerError, err.Error())
		}
		e = protocol.Envelope{Op: protocol.OpError, ID: id, Head: fault.AppendJSON(nil)}
	}
	if sent := c.driver.Send(e); sent != nil && e.Op == protocol.OpResult {
		// A result that is too large leaves the caller waiting, unless it is told.
		if fault := (*protocol.Fault)(nil); errors.As(sent, &fault) {
			_ = c.driver.Send(protocol.Envelope{Op: protocol.OpError, ID: id, Head: fault.AppendJSON(nil)})
		}
	}
}

// cancelled ends a call that nobody waits for.
func (c *Client) cancelled(m *protocol.Envelope) {
	c.mu.Lock()
	call := c.calls[m.ID]
	delete(c.calls, m.ID)
	c.mu.Unlock()
	if call != nil {
		call.cancel()
	}
}
