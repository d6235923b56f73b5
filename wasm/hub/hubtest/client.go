package hubtest

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
)

// Client plays one client app, or whoever greets.
type Client struct {
	desk *Desk
	Port hub.Port
	// Frame is the frame that it greeted from.
	Frame uint64
	// ConnectionID, Form and Limits are what the hub admitted it with.
	ConnectionID string
	Form         dialect.Form
	Limits       protocol.Limits
	// Ack is INIT_ACK; its ConnectionID is "" until it came.
	Ack protocol.Ack
	// Log holds everything that came on the port, Texts the same for a foreign dialect.
	Log    []protocol.Envelope
	Texts  []string
	Closed bool

	proven bool
	nonce  string
}

// Connected reports whether INIT_ACK came and nothing ended the connection since.
func (c *Client) Connected() bool { return c.Ack.ConnectionID != "" && !c.Closed }

// Ready reports whether it is connected and has proven itself, or did not have to.
func (c *Client) Ready() bool { return c.Connected() && (c.proven || !c.Ack.Challenge) }

func (c *Client) learn(e protocol.Envelope) {
	if e.Op == protocol.OpAck {
		if err := c.Ack.DecodeJSON(e.Head); err != nil {
			c.desk.T.Fatal(err)
		}
	}
}

// Prove echoes the newest challenge of its frame.
func (c *Client) Prove() { c.ProveIn(0) }

// ProveIn echoes the newest challenge of a window nested in its frame.
func (c *Client) ProveIn(window int64) {
	c.desk.T.Helper()
	challenge, ok := c.desk.LastChallenge(c.Frame, window)
	if !ok || challenge.Nonce == c.nonce {
		return
	}
	c.nonce, c.proven = challenge.Nonce, true
	c.Send(protocol.Envelope{Op: protocol.OpProve, Name: challenge.Nonce})
}

// Send sends a message.
func (c *Client) Send(e protocol.Envelope) {
	c.desk.Hub.Receive(c.desk.Now, c.Port, dialect.Frame{Tuple: e})
}

// SendText sends a message of a foreign dialect.
func (c *Client) SendText(text string) {
	c.desk.Hub.Receive(c.desk.Now, c.Port, dialect.Frame{Text: []byte(text)})
}

// Request sends a message with a new id, and returns the id and what came on the port by then.
func (c *Client) Request(e protocol.Envelope) (id uint64, heard []protocol.Envelope) {
	c.desk.lastID++
	e.ID = c.desk.lastID
	from := len(c.Log)
	c.Send(e)
	return e.ID, c.Log[from:]
}

// Answer returns the answer to a request; ok is false while there is none.
func (c *Client) Answer(id uint64) (e protocol.Envelope, ok bool) {
	for _, e := range c.Log {
		switch e.Op {
		case protocol.OpReply, protocol.OpError, protocol.OpResult, protocol.OpEnd, protocol.OpContextValue:
			if e.ID == id {
				return e, true
			}
		}
	}
	return protocol.Envelope{}, false
}

// Last returns the newest message of an operation.
func (c *Client) Last(op protocol.Op) (e protocol.Envelope, ok bool) {
	for i := len(c.Log) - 1; i >= 0; i-- {
		if c.Log[i].Op == op {
			return c.Log[i], true
		}
	}
	return protocol.Envelope{}, false
}

// Fault returns the newest fault of an operation: protocol.OpError or protocol.OpRefused.
func (c *Client) Fault(op protocol.Op) (f protocol.Fault) {
	if e, ok := c.Last(op); ok {
		if err := f.DecodeJSON(e.Head); err != nil {
			c.desk.T.Fatal(err)
		}
	}
	return f
}
