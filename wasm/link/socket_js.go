//lint:file-ignore SA1019 The library is deprecated for its successor: docs/decisions/0010-websocket-libraries.md.

package link

import (
	"context"
	"errors"

	"nhooyr.io/websocket"

	"github.com/crossframe/crossframe/protocol/stream"
)

var errHeader = errors.New("a browser lets no program set the header of a WebSocket's request")

// dial connects. A socket that is no longer wanted when it opens is closed then: the library would try that at once,
// with a code that browsers refuse, and leave it open.
func dial(ctx context.Context, url string, header map[string][]string) (*websocket.Conn, error) {
	if len(header) > 0 {
		return nil, errHeader
	}
	type result struct {
		socket *websocket.Conn
		err    error
	}
	opened := make(chan result, 1)
	go func() {
		socket, _, err := websocket.Dial(context.Background(), url, nil)
		opened <- result{socket, err}
	}()
	select {
	case r := <-opened:
		return r.socket, r.err
	case <-ctx.Done():
	}
	go func() {
		if r := <-opened; r.err == nil {
			cut(r.socket)
		}
	}()
	return nil, ctx.Err()
}

// closeSocket says why, as far as a browser lets a program: 1000, and from 3000 on. The last frame has said it already.
func closeSocket(socket *websocket.Conn, why *stream.Closed) {
	code := websocket.StatusNormalClosure
	if why.Code >= 3000 {
		code = websocket.StatusCode(why.Code)
	}
	_ = socket.Close(code, why.Reason)
}

// cut ends the connection as fast as a browser does. That takes it some seconds where the other side is silent, and the
// library waits for it.
func cut(socket *websocket.Conn) {
	go func() { _ = socket.Close(websocket.StatusNormalClosure, "") }()
}
