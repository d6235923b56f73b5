//lint:file-ignore SA1019 The library is deprecated for its successor: docs/decisions/0010-websocket-libraries.md.

package link

import (
	"context"

	"nhooyr.io/websocket"

	"github.com/crossframe/crossframe/protocol/stream"
)

// wake sees to it that something writes what there is to write.
func (l *Link) wake() {
	if !l.writing {
		l.writing = true
		go l.write()
	}
}

// write writes what there is to write, and returns. There is one such goroutine at a time.
func (l *Link) write() {
	for {
		frame, last := l.next()
		if frame == nil {
			return
		}
		err := l.writeFrame(frame)
		switch {
		case err != nil:
			cut(l.socket)
			return
		case last != nil:
			closeSocket(l.socket, last)
			return
		}
	}
}

// next takes the frame that is to be written next; nil if there is none that may. last is why the link ends, where the
// frame is the last one.
func (l *Link) next() (frame []byte, last *stream.Closed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.window.takeBeat():
		// It overtakes what waits, of which the first may be from before the link had an id; so it has none.
		return stream.Append(nil, "", nil), nil
	case l.told:
	case !l.queue.Empty() && l.window.open():
		frame = l.queue.Pop()
		l.window.wrote(len(frame))
		return frame, nil
	case l.ending != nil && l.queue.Empty():
		l.told = true
		return stream.AppendClosed(nil, l.ending), l.ending
	}
	l.writing = false
	return nil, nil
}

func (l *Link) writeFrame(frame []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.options.WriteTimeout)
	defer cancel()
	return l.socket.Write(ctx, websocket.MessageBinary, frame)
}
