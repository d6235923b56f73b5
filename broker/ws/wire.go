package ws

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

// errPieces ends a connection whose frame comes in pieces that carry nothing.
var errPieces = errors.New("the frame is in too many pieces")

// piecesBytes is how much may arrive beside what a frame carries before it must get on: some thousand empty pieces, or
// what the reader has read ahead.
const piecesBytes = 16 << 10

// wire is the connection below the WebSocket. The library's read limit counts what the pieces of a frame carry, not the
// pieces; an endless row of empty ones would be read forever. So wire bounds the bytes between two steps forward.
type wire struct {
	net.Conn
	left int
}

// expect allows for n bytes of payload; each step forward calls it.
func (w *wire) expect(n int) { w.left = n + piecesBytes }

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if w.left -= n; w.left < 0 {
		return 0, errPieces
	}
	return n, err
}

// CloseWrite tells the other side that nothing follows, if the connection can say so.
func (w *wire) CloseWrite() {
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// hijacker gives the library a wire in place of the connection, whatever wraps the response.
type hijacker struct {
	http.ResponseWriter
	wire *wire
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire = &wire{Conn: conn}
	h.wire.expect(0)
	return h.wire, buffers, nil
}
