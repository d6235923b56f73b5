package hubtest

import (
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
)

// Client plays one client app, or whoever greets.
type Client struct {
	desk *Desk
	Port hub.Port
	// Frame and Window are where it greeted from.
	Frame  uint64
	Window int64
	// ConnectionID, Form and Limits are what the hub admitted it with.
	ConnectionID string
	Form         dialect.Form
	Limits       protocol.Limits
	// Ack is INIT_ACK; its ConnectionID is "" until it came.
	Ack protocol.Ack
	// Log holds everything that came on the port, Texts the same for a dialect of texts.
	Log    []protocol.Envelope
	Texts  []string
	Closed bool

	proven bool
	// open counts the requests that wait for their answer, by id.
	open map[uint64]int
}

// Connected reports whether INIT_ACK came and nothing ended the connection since.
func (c *Client) Connected() bool { return c.Ack.ConnectionID != "" && !c.Closed }

// Ready reports whether it is connected and has proven itself, or did not have to.
func (c *Client) Ready() bool { return c.Connected() && (c.proven || !c.Ack.Challenge) }

// hear takes what came on the port. A hub that answers what was not asked, or twice, fails the test.
func (c *Client) hear(e protocol.Envelope) {
	c.Log = append(c.Log, e)
	switch e.Op {
	case protocol.OpAck:
		if err := c.Ack.DecodeJSON(e.Head); err != nil {
			c.desk.T.Fatal(err)
		}
	case protocol.OpReply, protocol.OpResult, protocol.OpEnd, protocol.OpContextValue, protocol.OpPart, protocol.OpProgress:
		if c.open[e.ID] == 0 {
			c.desk.T.Errorf("port %d: operation %d answers %d, which is not an open request", c.Port, e.Op, e.ID)
		}
	}
	if c.open[e.ID] > 0 && isAnswer(e.Op) && !pending(e) {
		c.open[e.ID]--
	}
}

// pending reports whether another answer follows, when the broker has decided on a write.
func pending(e protocol.Envelope) bool {
	return e.Op == protocol.OpReply && string(e.Head) == `{"pending":true}`
}

func isAnswer(op protocol.Op) bool {
	switch op {
	case protocol.OpReply, protocol.OpError, protocol.OpResult, protocol.OpEnd, protocol.OpContextValue:
		return true
	}
	return false
}

// Open returns the ids of the requests that wait for their answer.
func (c *Client) Open() (ids []uint64) {
	for id, n := range c.open {
		for range n {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Prove echoes the newest challenge of its window, if there is one.
func (c *Client) Prove() {
	c.desk.T.Helper()
	if challenge, ok := c.desk.LastChallenge(c.Frame, c.Window); ok {
		c.Echo(challenge.Nonce)
	}
}

// Echo proves the document by a nonce.
func (c *Client) Echo(nonce string) {
	c.proven = true
	c.Send(protocol.Envelope{Op: protocol.OpProve, Name: nonce})
}

// Send sends a message. A request's answer is expected from then on.
func (c *Client) Send(e protocol.Envelope) {
	if info, ok := e.Op.Info(); ok && info.Reply && info.From&protocol.FromApp != 0 && !c.Closed {
		c.open[e.ID]++
	}
	c.desk.Hub.Receive(c.desk.Now, c.Port, dialect.Frame{Tuple: e})
}

// SendText sends a message of a dialect of texts.
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

// Ask sends a request that the hub answers at once, and returns the answer.
func (c *Client) Ask(e protocol.Envelope) protocol.Envelope {
	c.desk.T.Helper()
	id, _ := c.Request(e)
	answer, ok := c.Answer(id)
	if !ok {
		c.desk.T.Fatalf("port %d: operation %d was not answered", c.Port, e.Op)
	}
	return answer
}

// Refused sends a request that the hub must answer with an error, and returns the fault.
func (c *Client) Refused(e protocol.Envelope) protocol.Fault {
	c.desk.T.Helper()
	answer := c.Ask(e)
	if answer.Op != protocol.OpError {
		c.desk.T.Fatalf("port %d: operation %d was answered by %d, want an error", c.Port, e.Op, answer.Op)
	}
	return c.desk.fault(answer)
}

// Answer returns the first answer to a request; ok is false while there is none.
func (c *Client) Answer(id uint64) (e protocol.Envelope, ok bool) {
	for _, e := range c.Log {
		if e.ID == id && isAnswer(e.Op) {
			return e, true
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

// All returns the messages of an operation, the oldest first.
func (c *Client) All(op protocol.Op) (list []protocol.Envelope) {
	for _, e := range c.Log {
		if e.Op == op {
			list = append(list, e)
		}
	}
	return list
}

// Fault returns the newest fault of an operation: protocol.OpError or protocol.OpRefused.
func (c *Client) Fault(op protocol.Op) (f protocol.Fault) {
	if e, ok := c.Last(op); ok {
		return c.desk.fault(e)
	}
	return f
}
