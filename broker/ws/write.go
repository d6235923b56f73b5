package ws

import (
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/crossframe/crossframe/protocol/stream"
)

// closeWait is how long the other side may take to agree to an end that it has been told.
const closeWait = 3 * time.Second

// write writes what there is to write, and returns. There is one such goroutine at a time.
func (c *Conn) write() {
	defer c.server.running.Done()
	for {
		step := c.next()
		if step == nil {
			return
		}
		if err := step(c.deadline()); err != nil {
			c.lost(err)
			return
		}
	}
}

// next takes what is to be written next; nil if that is nothing.
func (c *Conn) next() func(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.pongDue:
		data := c.pongData
		c.pongDue, c.pongData = false, ""
		return func(deadline time.Time) error {
			return c.socket.WriteControl(websocket.PongMessage, []byte(data), deadline)
		}
	case c.pingDue:
		c.pingDue = false
		return func(deadline time.Time) error { return c.socket.WriteControl(websocket.PingMessage, nil, deadline) }
	case !c.queue.Empty():
		frame := c.queue.Pop()
		return func(deadline time.Time) error { return c.writeFrame(frame, deadline) }
	case c.ending != nil && !c.told:
		c.told = true
		why := c.ending
		return func(deadline time.Time) error { return c.tell(why, deadline) }
	}
	c.writing = false
	return nil
}

// deadline returns until when a write may take.
func (c *Conn) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return c.by
	}
	return time.Now().Add(c.server.options.WriteTimeout)
}

func (c *Conn) writeFrame(frame []byte, deadline time.Time) error {
	_ = c.socket.SetWriteDeadline(deadline)
	if err := c.socket.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		return err
	}
	c.server.counters.framesOut.Add(1)
	c.server.counters.bytesOut.Add(uint64(len(frame)))
	return nil
}

// tell writes why the connection ends: as a last frame, and as the WebSocket's own.
func (c *Conn) tell(why *stream.Closed, deadline time.Time) error {
	if err := c.writeFrame(stream.AppendClosed(nil, why), deadline); err != nil {
		return err
	}
	message := websocket.FormatCloseMessage(int(why.Code), why.Reason)
	if err := c.socket.WriteControl(websocket.CloseMessage, message, deadline); err != nil {
		return err
	}
	if wait := time.Now().Add(closeWait); wait.Before(deadline) {
		_ = c.socket.SetReadDeadline(wait)
	}
	return nil
}

// lost ends a connection that cannot be written to. What waits is dropped: the reader may be with somebody who waits until it is
// written. Where that took too long the other side reads too slowly, and the
// socket is closed, which wakes the reader. Else the reader is about to learn what happened, perhaps from a close frame.
func (c *Conn) lost(err error) {
	c.mu.Lock()
	c.broken = true
	c.queue.Drop()
	c.mu.Unlock()
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.server.counters.tooSlow.Add(1)
		c.silence(stream.NewClosed(stream.CloseTooSlow, "a write took too long"))
		_ = c.socket.Close()
	} else if !errors.Is(err, websocket.ErrCloseSent) {
		_ = c.socket.SetReadDeadline(time.Now().Add(time.Second))
	}
}
