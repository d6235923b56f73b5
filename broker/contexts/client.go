package contexts

import (
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// Conn takes what a Client is told. Its methods must not block, and may be called concurrently.
type Conn interface {
	// Send queues a message. By is who caused it, where that is a peer of this broker; else nil. Of an error it is who asked.
	Send(by *protocol.PeerInfo, m protocol.Envelope)
	// Tell queues events of a subscription, which others are told too: they are not to be changed.
	Tell(subscription uint64, events []Event)
	// Waiting is how many bytes wait to be written.
	Waiting() int
}

// Event is a change that subscribers are told, and who made it, where that is a peer of this broker; else nil.
type Event struct {
	By      *protocol.PeerInfo
	Message protocol.Envelope
}

// Client is one connection's use of the shared contexts. Handle and Close must be called from one goroutine at a time.
type Client struct {
	room *Room
	who  Who
	conn Conn
	// writes and reads bound what is asked and not answered.
	writes, reads chan struct{}

	// mu is taken after the mutex of an entry, never before.
	mu            sync.Mutex
	closed        bool
	subscriptions map[uint64]*subscription
	behind        []*subscription
	timer         *time.Timer
}

// Connect returns the Client of a connection. Close must be called when the connection has ended.
func (r *Room) Connect(who Who, conn Conn) *Client {
	return &Client{
		room: r, who: who, conn: conn,
		writes: make(chan struct{}, r.options.Writes), reads: make(chan struct{}, readsAtOnce),
		subscriptions: make(map[uint64]*subscription),
	}
}

// handlers is the table of operations.
var handlers = map[protocol.Op]func(c *Client, by *protocol.PeerInfo, m *protocol.Envelope) *protocol.Fault{
	protocol.OpContextGet:         (*Client).get,
	protocol.OpContextSubscribe:   (*Client).subscribe,
	protocol.OpContextUnsubscribe: (*Client).unsubscribe,
	protocol.OpContextList:        (*Client).list,
	protocol.OpContextSet:         (*Client).write,
	protocol.OpContextUpdate:      (*Client).write,
	protocol.OpContextPatch:       (*Client).write,
	protocol.OpContextDestroy:     (*Client).write,
}

// Handle does what a message asks; by is who asks. The message is valid during the call. The answer comes by the Conn, once.
// Handle waits while the connection has too much to be stored or to be read; else it does not.
func (c *Client) Handle(by *protocol.PeerInfo, m *protocol.Envelope) {
	handle := handlers[m.Op]
	if handle == nil {
		c.fail(by, m.ID, protocol.NewFault(protocol.UnknownOperation, "there is no such operation here"))
		return
	}
	if fault := handle(c, by, m); fault != nil {
		c.fail(by, m.ID, fault)
	}
}

func (c *Client) fail(by *protocol.PeerInfo, id uint64, fault *protocol.Fault) {
	c.conn.Send(by, protocol.Envelope{Op: protocol.OpError, ID: id, Head: fault.AppendJSON(nil)})
}

// readsAtOnce is how many values may be on their way to one connection. A hub that comes back asks for all that it follows at
// once; were all values queued, it would count as one that does not read.
const readsAtOnce = 2

// give gives an operation to its entry. It waits while the connection has too much to be stored, or to be read.
func (c *Client) give(a address, op *operation) *protocol.Fault {
	slots := c.slots(op)
	select {
	case slots <- struct{}{}:
	case <-c.room.ctx.Done():
		return stopping()
	}
	for op.write == nil && c.conn.Waiting() > c.room.options.SoftBytes && c.room.ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	op.client = c
	if !c.room.do(a, op) {
		<-slots
		return stopping()
	}
	return nil
}

func (c *Client) slots(op *operation) chan struct{} {
	if op.write != nil {
		return c.writes
	}
	return c.reads
}

// release makes room for another operation.
func (op *operation) release() { <-op.client.slots(op) }

func (c *Client) get(_ *protocol.PeerInfo, m *protocol.Envelope) *protocol.Fault {
	o, a, fault := c.readable(m)
	if fault != nil {
		return fault
	}
	return c.give(a, &operation{id: m.ID, known: o.Revision, epoch: o.Epoch})
}

func (c *Client) readable(m *protocol.Envelope) (o protocol.ContextOptions, a address, fault *protocol.Fault) {
	if err := o.DecodeJSON(m.Head); err != nil {
		return o, a, protocol.FaultOf(err)
	}
	a, fault = c.room.at(&c.who, o.Scope, m.Name)
	return o, a, fault
}

func (c *Client) subscribe(_ *protocol.PeerInfo, m *protocol.Envelope) *protocol.Fault {
	o, a, fault := c.readable(m)
	if fault != nil {
		return fault
	}
	s := &subscription{client: c, id: m.ID, key: a.key}
	c.mu.Lock()
	switch {
	case m.ID == 0 || m.ID > protocol.MaxID || c.subscriptions[m.ID] != nil:
		fault = protocol.NewFault(protocol.BadMessage, "id: want one that no live subscription has")
	case len(c.subscriptions) >= c.room.options.Subscriptions:
		fault = protocol.NewFault(protocol.QuotaExceeded, "this connection has as many subscriptions as it may")
	default:
		c.subscriptions[m.ID] = s
	}
	c.mu.Unlock()
	if fault != nil {
		return fault
	}
	if fault = c.give(a, &operation{id: m.ID, subscription: s, known: o.Revision, epoch: o.Epoch}); fault != nil {
		c.drop(s)
	}
	return fault
}

// begin puts a subscription into an entry, unless it has ended meanwhile; then its request is answered all the same, by nobody
// who listens. The entry's mutex is held.
func (c *Client) begin(s *subscription, e *entry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	if !s.ended {
		e.enter(s)
	}
	return true
}

// drop forgets a subscription that did not begin; nil is none.
func (c *Client) drop(s *subscription) {
	if s == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.subscriptions, s.id)
}

func (c *Client) unsubscribe(_ *protocol.PeerInfo, m *protocol.Envelope) *protocol.Fault {
	c.mu.Lock()
	s := c.subscriptions[m.Ref]
	if s != nil {
		delete(c.subscriptions, m.Ref)
		s.ended = true
	}
	c.mu.Unlock()
	if s == nil {
		return invalid("ref: there is no such subscription")
	}
	s.end()
	c.conn.Send(nil, protocol.Envelope{Op: protocol.OpReply, ID: m.ID})
	return nil
}

func (c *Client) write(by *protocol.PeerInfo, m *protocol.Envelope) *protocol.Fault {
	w, scope, fault := readWrite(m)
	if fault != nil {
		return fault
	}
	a, fault := c.room.at(&c.who, scope, m.Name)
	if fault == nil {
		fault = c.room.mayWrite(&c.who, a.scope)
	}
	if fault != nil {
		return fault
	}
	w.by, w.hub, w.counter = by, c.who.Hub, c.who.Counter
	op := &operation{id: m.ID, write: &w, begun: time.Now()}
	op.span = c.room.options.Tracer.Start("crossframe.context.write", "", "crossframe.scope", a.scope, "crossframe.tenant", c.who.Tenant)
	if fault = c.give(a, op); fault != nil {
		op.span.End(string(fault.Code))
	}
	return fault
}

// Close ends all subscriptions. What waits to be stored is stored; nobody hears of it.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	list := make([]*subscription, 0, len(c.subscriptions))
	for _, s := range c.subscriptions {
		s.ended = true
		list = append(list, s)
	}
	clear(c.subscriptions)
	c.behind = nil
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	for _, s := range list {
		s.end()
	}
}
