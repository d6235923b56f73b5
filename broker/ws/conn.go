package ws

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Conn is one connection. Its methods never block and may be called concurrently.
type Conn struct {
	server   *Server
	socket   *websocket.Conn
	wire     *wire
	receiver Receiver
	from     netip.Prefix
	// slot is the part of the wheel that the connection is in; the wheel's.
	slot int

	// What only the reader uses: its accounts, and whether a frame has begun to arrive.
	messages, bytes bucket
	inside          bool

	mu    sync.Mutex
	queue stream.Queue
	// id is the connection id, and named says that the other side uses it.
	id    string
	named bool
	// writing: there is a goroutine that writes, and it will see what is set here.
	writing  bool
	pingDue  bool
	pongDue  bool
	pongData string
	// ending is why the connection ends, from the moment that this is decided; by is when it is cut off.
	ending *stream.Closed
	by     time.Time
	// told: the other side has been told.
	told bool
	// broken: nothing more can be written. Why, the reader is about to learn.
	broken bool
}

var errBroken = stream.NewClosed(stream.CloseAbnormal, "the connection broke")

func newConn(s *Server, socket *websocket.Conn, w *wire, from netip.Prefix) *Conn {
	c := &Conn{server: s, socket: socket, wire: w, from: from}
	socket.SetReadLimit(int64(s.options.FrameBytes))
	socket.SetPingHandler(c.onPing)
	socket.SetPongHandler(c.onPong)
	_ = socket.SetReadDeadline(time.Now().Add(s.options.IdleTimeout))
	return c
}

// Bind gives the connection its id; it may be called once. Frames carry it from now on, in both directions: until the
// other side uses it, frames without one are taken too, since they may be under way.
func (c *Conn) Bind(connectionID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = connectionID
	c.queue.Bind(connectionID)
}

// Send queues messages behind those before them; they are copied. All of them are taken or none. The error is a
// *protocol.Fault (TOO_LARGE) about one of the messages, after which the connection goes on, or the *stream.Closed with
// which it ends: with CloseTooSlow where too much would wait.
func (c *Conn) Send(messages ...protocol.Envelope) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return c.ending
	} else if c.broken {
		return errBroken
	}
	if err := c.queue.Push(messages, c.server.bounds); errors.Is(err, stream.ErrFull) {
		c.server.counters.tooSlow.Add(1)
		c.endLocked(stream.NewClosed(stream.CloseTooSlow, "too much waits to be read"), dropQueue)
		return c.ending
	} else if err != nil {
		return err
	}
	c.wake()
	return nil
}

// Waiting is how many bytes of messages wait to be written.
func (c *Conn) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue.Waiting()
}

// Close ends the connection behind what waits to be written. The first reason counts.
func (c *Conn) Close(code stream.Code, reason string) {
	c.end(stream.NewClosed(code, reason), keepQueue)
}

// What becomes of the messages that wait when a connection ends.
const (
	keepQueue = false
	dropQueue = true
)

// end decides that the connection ends. The writer tells the other side and the reader waits for it to agree, for as
// long as a write may take.
func (c *Conn) end(why *stream.Closed, drop bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(why, drop)
}

func (c *Conn) endLocked(why *stream.Closed, drop bool) {
	if c.ending != nil {
		return
	}
	c.ending = why.Sendable()
	if drop {
		c.queue.Drop()
	}
	c.by = time.Now().Add(c.server.options.WriteTimeout)
	_ = c.socket.SetReadDeadline(c.by)
	c.wake()
}

// closedBy returns why an error ends a connection. What the error says stays here, unless it was made to be told.
func closedBy(err error) *stream.Closed {
	if why := (*stream.Closed)(nil); errors.As(err, &why) {
		return why
	}
	return stream.NewClosed(stream.CloseInternal, "")
}

// ping has the writer send a ping.
func (c *Conn) ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		c.pingDue = true
		c.wake()
	}
}

// wake sees to it that something writes what there is to write.
func (c *Conn) wake() {
	if !c.writing {
		c.writing = true
		c.server.running.Add(1)
		go c.write()
	}
}
