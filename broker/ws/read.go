package ws

import (
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// keepBytes is how large a buffer is worth keeping for the next frame.
const keepBytes = 64 << 10

// inbound is what one frame is read into. Connections share them: an idle one has none.
type inbound struct {
	data     []byte
	messages []protocol.Envelope
}

// errTooMuch ends the reading of who sends too much.
var errTooMuch = errors.New("more arrives than may")

// run reads until the connection has ended, and tidies up. It is the connection's only goroutine that lasts.
func (c *Conn) run() {
	err := c.read()
	why := c.concluded(err)
	_ = c.socket.Close()
	if c.receiver != nil {
		c.server.guard(func() { c.receiver.Closed(c, why) })
	}
	c.server.mu.Lock()
	c.server.wheel.remove(c)
	c.server.mu.Unlock()
	c.server.counters.open.Add(-1)
	c.server.leave(c.from)
}

// read takes one frame after the other. It returns why there are no more.
func (c *Conn) read() error {
	for {
		c.wire.expect(0)
		kind, r, err := c.socket.NextReader()
		if err != nil {
			return err
		}
		c.heard()
		c.inside = true
		in := c.server.inbound.Get().(*inbound)
		err = c.fill(in, r)
		c.inside = false
		if err == nil && !c.Ended() {
			c.heard()
			if why := c.take(kind, in); why != nil {
				c.end(why, dropQueue)
			}
		}
		in.recycle(c.server)
		if err != nil {
			return err
		}
	}
}

// fill reads one frame. The buffer grows with what has arrived, not with what was announced.
func (c *Conn) fill(in *inbound, r io.Reader) error {
	in.data = in.data[:0]
	for {
		if len(in.data) == cap(in.data) {
			in.data = slices.Grow(in.data, max(1<<10, len(in.data)))
		}
		room := in.data[len(in.data):cap(in.data)]
		c.wire.expect(len(room))
		n, err := r.Read(room)
		in.data = in.data[:len(in.data)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// recycle gives the buffers back, without what they refer to.
func (in *inbound) recycle(s *Server) {
	clear(in.messages)
	in.messages = in.messages[:0]
	if cap(in.data) <= keepBytes {
		s.inbound.Put(in)
	}
}

// take hands one frame to the receiver. It returns why the connection must end.
func (c *Conn) take(kind int, in *inbound) *stream.Closed {
	n := &c.server.counters
	if kind != websocket.BinaryMessage {
		n.malformed.Add(1)
		return stream.NewClosed(stream.CloseUnsupported, "frames are binary")
	}
	if why, last := stream.ReadClosed(in.data); last {
		return why
	}
	id, messages, fault := stream.Read(in.messages[:0], in.data, c.server.options.Limits)
	in.messages = messages
	switch {
	case fault != nil && fault.Code == protocol.TooLarge:
		n.tooLarge.Add(1)
		return stream.NewClosed(stream.CloseTooLarge, fault.Message)
	case fault != nil:
		n.malformed.Add(1)
		return stream.NewClosed(stream.CloseInvalid, fault.Message)
	case len(messages) > 0 && !c.mine(id):
		n.malformed.Add(1)
		return stream.NewClosed(stream.ClosePolicy, "that is not this connection's id")
	case !c.spend(len(messages), len(in.data)):
		n.tooMuch.Add(1)
		return stream.NewClosed(stream.CloseTooSlow, errTooMuch.Error())
	}
	n.framesIn.Add(1)
	n.messagesIn.Add(uint64(len(messages)))
	n.bytesIn.Add(uint64(len(in.data)))
	if len(messages) == 0 {
		c.answerBeat()
		return nil
	}
	if c.receive(messages) {
		return stream.NewClosed(stream.CloseInternal, "")
	}
	return nil
}

// receive hands messages to the receiver, and reports whether it panicked. What comes before the connection has its id goes deep: who it
// is, and who says so. That has a goroutine of its own, since a stack that has once grown stays large for as long as the connection
// idles.
func (c *Conn) receive(messages []protocol.Envelope) (panicked bool) {
	work := func() { c.receiver.Receive(c, messages) }
	if c.bound() {
		return c.server.guard(work)
	}
	done := make(chan bool)
	go func() { done <- c.server.guard(work) }()
	return <-done
}

func (c *Conn) bound() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id != ""
}

// mine reports whether a frame with that connection id may come on this connection.
func (c *Conn) mine(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == "" {
		return !c.named
	}
	c.named = c.named || id == c.id
	return id == c.id
}

// spend reports whether so much may arrive now.
func (c *Conn) spend(messages, bytes int) bool {
	now := time.Since(c.server.start)
	return c.messages.take(c.server.messages, now, max(1, messages)) && c.bytes.take(c.server.bytes, now, bytes)
}

func (c *Conn) answerBeat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		c.queue.Beat()
		c.wake()
	}
}

// heard puts off the end of a connection that says nothing.
func (c *Conn) heard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		_ = c.socket.SetReadDeadline(time.Now().Add(c.server.options.IdleTimeout))
	}
}

// Ended reports whether it is decided that the connection ends. What comes then is not to be done any more.
func (c *Conn) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending != nil
}

// onPing has the writer answer; of several pings the last counts (RFC 6455, section 5.5.3).
func (c *Conn) onPing(data string) error {
	c.wire.expect(0)
	if !c.spend(0, len(data)) {
		return errTooMuch
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		c.pongDue, c.pongData = true, data
		c.wake()
	}
	return nil
}

// onPong notes that the other side lives. Within a frame it puts nothing off: else a frame need never end.
func (c *Conn) onPong(data string) error {
	c.wire.expect(0)
	if !c.spend(0, len(data)) {
		return errTooMuch
	}
	if !c.inside {
		c.heard()
	}
	return nil
}

// concluded returns why the connection has ended, given what ended the reading. Where the other side is at fault and has
// not been told, it is told now.
func (c *Conn) concluded(err error) *stream.Closed {
	if c.Ended() {
		return c.silence(nil)
	}
	why, tell := c.judge(err)
	why = c.silence(why)
	if tell {
		// The library has told protocol errors already; then this does nothing.
		message := websocket.FormatCloseMessage(int(why.Code), why.Reason)
		_ = c.socket.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
		c.linger()
	}
	return why
}

// silence keeps the writer from beginning anything more. It returns why the connection ends: what was decided first.
func (c *Conn) silence(why *stream.Closed) *stream.Closed {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == nil {
		c.ending = why
	}
	c.queue.Drop()
	c.told, c.pingDue, c.pongDue = true, false, false
	return c.ending
}

// judge says what an error of the library means, and whether the other side is to be told.
func (c *Conn) judge(err error) (why *stream.Closed, tell bool) {
	n := &c.server.counters
	var closed *websocket.CloseError
	var broken net.Error
	switch {
	case errors.As(err, &closed):
		return stream.NewClosed(stream.Code(closed.Code), closed.Text), false
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errPieces):
		n.tooLarge.Add(1)
		return stream.NewClosed(stream.CloseTooLarge, "the frame is too large"), true
	case errors.Is(err, errTooMuch):
		n.tooMuch.Add(1)
		return stream.NewClosed(stream.CloseTooSlow, err.Error()), true
	case errors.As(err, &broken) && broken.Timeout():
		n.silent.Add(1)
		return stream.NewClosed(stream.CloseAway, "silent for too long"), true
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), broken != nil:
		return errBroken, false
	}
	n.malformed.Add(1)
	return stream.NewClosed(stream.CloseProtocol, "that is no WebSocket frame"), true
}

// linger reads on for a moment. A socket that is closed with unread bytes is reset, and what was told is lost.
func (c *Conn) linger() {
	c.wire.CloseWrite()
	_ = c.wire.Conn.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.CopyN(io.Discard, c.wire.Conn, int64(c.server.options.FrameBytes)+keepBytes)
}
