//go:build !js

//lint:file-ignore SA1019 The library is deprecated for its successor: docs/decisions/0010-websocket-libraries.md.

package link

import (
	"context"
	"fmt"

	"nhooyr.io/websocket"

	"github.com/crossframe/crossframe/protocol/stream"
)

// dial connects. Compression is off: broker/ws never negotiates it.
func dial(ctx context.Context, url string, header map[string][]string) (*websocket.Conn, error) {
	socket, response, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPHeader: header, CompressionMode: websocket.CompressionDisabled,
	})
	if err == nil {
		return socket, nil
	}
	if response != nil {
		if code, known := refusals[response.StatusCode]; known {
			return nil, fmt.Errorf("%w: %w", stream.NewClosed(code, response.Status), err)
		}
	}
	return nil, err
}

// refusals says which end of a connection a refused request is like.
var refusals = map[int]stream.Code{
	400: stream.ClosePolicy,
	401: stream.CloseSession,
	403: stream.CloseOrigin,
	429: stream.CloseTryLater,
	503: stream.CloseTryLater,
}

// closeSocket says why, and waits for the other side to agree, but not for long.
func closeSocket(socket *websocket.Conn, why *stream.Closed) {
	_ = socket.Close(websocket.StatusCode(why.Code), why.Reason)
}

// cut ends the connection at once.
func cut(socket *websocket.Conn) { _ = socket.CloseNow() }
