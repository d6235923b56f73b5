//go:build !js

//lint:file-ignore SA1019 The library is deprecated for its successor: docs/decisions/0010-websocket-libraries.md.

package link

import (
	"context"
	"net/http"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// TestOddBrokers: what a broker that is none, or is broken, can do to a link.
func TestOddBrokers(t *testing.T) {
	frame := func(id string, messages ...protocol.Envelope) []byte { return stream.Append(nil, id, messages) }
	send := func(kind websocket.MessageType, frames ...[]byte) func(*websocket.Conn) {
		return func(c *websocket.Conn) {
			for _, f := range frames {
				_ = c.Write(context.Background(), kind, f)
			}
			_, _, _ = c.Read(context.Background())
			_, _, _ = c.Read(context.Background())
			_ = c.CloseNow()
		}
	}
	const binary = websocket.MessageBinary
	for _, c := range []struct {
		why       string
		broker    func(*websocket.Conn)
		code      stream.Code
		delivered int
	}{
		{"says nothing", send(binary), stream.CloseAway, 0},
		{"sends a text", send(websocket.MessageText, []byte("hello")), stream.CloseUnsupported, 0},
		{"sends garbage", send(binary, frame("c", protocol.Envelope{}), []byte("garbage")), stream.CloseInvalid, 1},
		{"changes the id", send(binary, frame("c", protocol.Envelope{}), frame("d", protocol.Envelope{})), stream.ClosePolicy, 1},
		{"takes the id back", send(binary, frame(""), frame("c", protocol.Envelope{}), frame("", protocol.Envelope{})), stream.ClosePolicy, 1},
		{"sends too large a frame", send(binary, make([]byte, 100_001)), stream.CloseAbnormal, 0},
		{"sends too large a body", send(binary, frame("", protocol.Envelope{Body: protocol.BinaryBody(make([]byte, 60_000))})), stream.CloseInvalid, 0},
		{"vanishes", func(c *websocket.Conn) { _ = c.CloseNow() }, stream.CloseAbnormal, 0},
		{"only closes", func(c *websocket.Conn) { _ = c.Close(4409, "newer") }, stream.CloseSuperseded, 0},
		{"says the last word and stays", send(binary, stream.AppendClosed(nil, stream.NewClosed(stream.CloseTryLater, "")), frame("", protocol.Envelope{})),
			stream.CloseTryLater, 0},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			address := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				socket, err := websocket.Accept(w, r, nil)
				if err == nil {
					c.broker(socket)
				}
			}))
			u := dialBroker(t, "ws://"+address, Options{
				Header: map[string][]string{"X": nil}, FrameBytes: 100_000, Limits: stream.Limits{BodyBytes: 50_000},
				Silence: time.Second, WriteTimeout: 2 * time.Second,
			})
			if why := u.why(t); why.Code != c.code || len(u.got) != c.delivered {
				t.Errorf("%v, %d messages", why, len(u.got))
			}
		})
	}
}
