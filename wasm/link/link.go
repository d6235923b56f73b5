//lint:file-ignore SA1019 The library is deprecated for its successor: docs/decisions/0010-websocket-libraries.md.

package link

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"nhooyr.io/websocket"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Link is one connection to a broker. Its methods may be called concurrently. Run must be called, once: it reads, and it
// frees what the link holds.
type Link struct {
	socket  *websocket.Conn
	options Options
	bounds  stream.Bounds

	mu     sync.Mutex
	queue  stream.Queue
	window window
	// id is the connection id that the broker gave.
	id string
	// writing: there is a goroutine that writes, and it will see what is set here.
	writing bool
	// ending is why the link ends, from the moment that this is decided.
	ending *stream.Closed
	// told: the broker knows, or said so itself.
	told bool
	// cutter cuts off a link that takes too long to end.
	cutter *time.Timer
}

// Dial connects to a broker's address (ws:// or wss://). It must carry no token: addresses are logged. Where the broker's
// refusal can be seen, which a browser keeps to itself, the error wraps a *stream.Closed.
func Dial(ctx context.Context, url string, options Options) (*Link, error) {
	options = options.orDefault()
	ctx, cancel := context.WithTimeout(ctx, options.DialTimeout)
	defer cancel()
	socket, err := dial(ctx, url, options.Header)
	if err != nil {
		return nil, fmt.Errorf("dial broker: %w", err)
	}
	socket.SetReadLimit(int64(options.FrameBytes))
	bounds := stream.Bounds{QueueBytes: options.QueueBytes, MessageBytes: options.MessageBytes}
	return &Link{socket: socket, options: options, bounds: bounds}, nil
}

// Send queues messages behind those before them; they are copied. It never blocks. All of them are taken or none. The
// error is stream.ErrFull, or a *protocol.Fault (TOO_LARGE) about one of the messages, after both of which the link
// goes on, or the *stream.Closed with which it ended.
func (l *Link) Send(messages ...protocol.Envelope) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending != nil {
		return l.ending
	}
	if err := l.queue.Push(messages, l.bounds); err != nil {
		return err
	}
	l.wake()
	return nil
}

// Close ends the link behind what waits to be sent, and does not wait for that; Run returns when it is done. The first
// reason counts.
func (l *Link) Close(code stream.Code, reason string) {
	l.end((&stream.Closed{Code: code, Reason: reason}).Sendable())
}

func (l *Link) end(why *stream.Closed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending == nil {
		l.ending = why
		l.cutter = time.AfterFunc(l.options.WriteTimeout, func() { cut(l.socket) })
		l.wake()
	}
}

// Run delivers what arrives, a frame at a time, until the link has ended. It returns why: the error wraps a
// *stream.Closed, and what else is known. When ctx ends, it closes the link. The messages are deliver's to keep.
func (l *Link) Run(ctx context.Context, deliver func(messages []protocol.Envelope)) error {
	stop := context.AfterFunc(ctx, func() { l.Close(stream.CloseAway, "the program ends") })
	defer stop()
	silence := time.AfterFunc(l.options.Silence, l.silent)
	defer silence.Stop()
	beat := time.NewTicker(l.options.Heartbeat)
	defer beat.Stop()
	done := make(chan struct{})
	defer close(done)
	go l.beat(beat.C, done)
	defer l.free()
	for {
		kind, data, err := l.socket.Read(context.Background())
		if err != nil {
			return l.concluded(ctx, err)
		}
		silence.Reset(l.options.Silence)
		if why := l.take(kind, data, deliver); why != nil {
			l.end(why)
		}
	}
}

// free lets go of what the link holds, however it ended.
func (l *Link) free() {
	cut(l.socket)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.Drop()
	l.told = true
	l.cutter.Stop()
}

func (l *Link) beat(tick <-chan time.Time, done <-chan struct{}) {
	for {
		select {
		case <-tick:
		case <-done:
			return
		}
		l.mu.Lock()
		if l.ending == nil {
			l.window.beat()
			l.wake()
		}
		l.mu.Unlock()
	}
}

// silent ends a link on which nothing arrives. There is nobody to tell.
func (l *Link) silent() {
	l.mu.Lock()
	l.told = true
	l.mu.Unlock()
	l.end(stream.NewClosed(stream.CloseAway, "nothing was heard for too long"))
	cut(l.socket)
}

// take delivers one frame. It returns why the link must end.
func (l *Link) take(kind websocket.MessageType, data []byte, deliver func([]protocol.Envelope)) *stream.Closed {
	if kind != websocket.MessageBinary {
		return stream.NewClosed(stream.CloseUnsupported, "frames are binary")
	}
	if why, last := stream.ReadClosed(data); last {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told = true
		return why
	}
	id, messages, fault := stream.Read(nil, data, l.options.Limits)
	switch {
	case fault != nil:
		return stream.NewClosed(stream.CloseInvalid, fault.Error())
	case len(messages) == 0:
		l.answered()
	case !l.mine(id):
		return stream.NewClosed(stream.ClosePolicy, "the connection id changed")
	case !l.ended():
		deliver(messages)
	}
	return nil
}

// mine reports whether a frame with that connection id may come. The first id that comes is the link's own from then on.
func (l *Link) mine(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.id == "" && id != "" {
		l.id = id
		l.queue.Bind(id)
	}
	return id == l.id
}

func (l *Link) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.answered()
	l.wake()
}

func (l *Link) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ending != nil
}

// concluded returns why the link has ended, given what ended the reading.
func (l *Link) concluded(ctx context.Context, err error) error {
	why := stream.NewClosed(stream.CloseAbnormal, "the connection broke")
	if closed := (websocket.CloseError{}); errors.As(err, &closed) {
		why = stream.NewClosed(stream.Code(closed.Code), closed.Reason)
	}
	l.end(why)
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("run link: %w: %w", l.ending, err)
}
