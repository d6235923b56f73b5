package crossframe

import (
	"context"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// Result is what a callee answered.
type Result struct {
	Value
	// From says who answered.
	From protocol.PeerInfo
	// Fault is why this one callee gave no result; only InvokeAll sets it.
	Fault *protocol.Fault
}

// slack is how much longer than the broker this side waits: the broker's answer says more than a time that ran out here.
const slack = 2 * time.Second

// Invoke calls a method and returns its result. Arguments travel as JSON; nil is none, []byte are bytes.
func (c *Client) Invoke(ctx context.Context, method string, arguments any, o InvokeOptions) (*Result, error) {
	e, err := c.question(method, arguments, o, "")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience(o))
	defer cancel()
	answer, err := c.ask(ctx, e, o.more())
	if err != nil {
		return nil, err
	}
	return &Result{Value: valueOf(answer.Body), From: c.peer(answer.Peer)}, nil
}

// InvokeAll calls a method at every peer that offers it, and returns what each answered, the failures among them, in the order
// in which they came.
func (c *Client) InvokeAll(ctx context.Context, method string, arguments any, o InvokeOptions) ([]Result, error) {
	e, err := c.question(method, arguments, o, protocol.TargetAll)
	if err != nil {
		return nil, err
	}
	var results []Result
	progress := o.more()
	ctx, cancel := context.WithTimeout(ctx, c.patience(o))
	defer cancel()
	// What comes before the end comes from the goroutine that settles the request, so results are complete behind ask.
	_, err = c.ask(ctx, e, func(m *protocol.Envelope) {
		if m.Op != protocol.OpPart {
			if progress != nil {
				progress(m)
			}
			return
		}
		r := Result{Value: valueOf(m.Body), From: c.peer(m.Peer)}
		if len(m.Head) > 0 {
			r.Fault = new(protocol.Fault)
			if err := r.Fault.DecodeJSON(m.Head); err != nil {
				r.Fault = protocol.NewFault(protocol.HandlerError, "the callee's error cannot be read")
			}
		}
		results = append(results, r)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// question makes an interop.invoke.
func (c *Client) question(method string, arguments any, o InvokeOptions, target string) (protocol.Envelope, error) {
	body, err := bodyOf(arguments)
	if err != nil {
		return protocol.Envelope{}, err
	}
	options := protocol.InvokeOptions{
		Target: target, Instance: o.Instance, TimeoutMs: c.timeout(o).Milliseconds(), WaitMs: o.WaitFor.Milliseconds(), Trace: o.Trace,
	}
	if o.Parent != nil {
		options.Parent = int64(o.Parent.id)
		if options.Trace == "" {
			options.Trace = o.Parent.Trace
		}
	}
	return protocol.Envelope{Op: protocol.OpInvoke, Name: method, Peer: o.Peer, Head: options.AppendJSON(nil), Body: body}, nil
}

func (c *Client) timeout(o InvokeOptions) time.Duration {
	if o.Timeout != 0 {
		return o.Timeout
	}
	return c.options.CallTimeout
}

func (c *Client) patience(o InvokeOptions) time.Duration { return c.timeout(o) + o.WaitFor + slack }

// more takes what a callee reports on its way.
func (o *InvokeOptions) more() func(*protocol.Envelope) {
	if o.Progress == nil {
		return nil
	}
	return func(m *protocol.Envelope) { o.Progress(valueOf(m.Body)) }
}
