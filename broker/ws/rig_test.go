package ws

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
)

const page = "https://hub.test"

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// sink is a Receiver that notes what it got. It echoes where echo is set.
type sink struct {
	echo     bool
	mu       sync.Mutex
	messages []protocol.Envelope
	closed   chan *stream.Closed
}

func newSink(echo bool) *sink { return &sink{echo: echo, closed: make(chan *stream.Closed, 1)} }

func (s *sink) Receive(c *Conn, messages []protocol.Envelope) {
	s.mu.Lock()
	for _, m := range messages {
		m.Head, m.Body = append([]byte(nil), m.Head...), protocol.TextBody(append([]byte(nil), m.Body.Bytes()...))
		s.messages = append(s.messages, m)
	}
	s.mu.Unlock()
	if s.echo {
		_ = c.Send(messages...)
	}
}

func (s *sink) Closed(_ *Conn, why *stream.Closed) { s.closed <- why }

// why returns why the connection was closed.
func (s *sink) why(t *testing.T) *stream.Closed {
	t.Helper()
	select {
	case why := <-s.closed:
		return why
	case <-time.After(patience):
		t.Fatal("the receiver never learned of the end")
		return nil
	}
}

// rig is a server on the loopback, and what it opened.
type rig struct {
	*Server
	address string
	opened  chan *Conn
	sinks   chan *sink
}

// start runs a server that admits page. OnOpen is set unless the options have one.
func start(t testing.TB, options Options) *rig {
	t.Helper()
	r := &rig{opened: make(chan *Conn, 10_000), sinks: make(chan *sink, 10_000)}
	patterns, _, err := origin.NewPatterns(origin.ExactList, []string{page})
	if err != nil {
		t.Fatal(err)
	}
	options.Origins = &patterns
	if options.OnOpen == nil {
		options.OnOpen = func(c *Conn, _ *http.Request) (Receiver, error) {
			s := newSink(true)
			r.opened <- c
			r.sinks <- s
			return s, nil
		}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	r.Server = NewServer(options)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	server := &http.Server{Handler: r.Server, ReadHeaderTimeout: 300 * time.Millisecond, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Close()
		_ = r.Close(ctx)
	})
	return r
}

// raw is a client at the level of bytes.
type raw struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

// request returns an upgrade with the header lines in place of an Origin.
func request(address, path string, lines ...string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", path, address, strings.Join(append(lines, ""), "\r\n"))
}

func (r *rig) dialTCP(t testing.TB) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &raw{Conn: conn, t: t, r: bufio.NewReader(conn)}
}

// ask sends an upgrade and returns the answer.
func (r *rig) ask(t testing.TB, path string, lines ...string) (*raw, *http.Response) {
	t.Helper()
	c := r.dialTCP(t)
	c.write([]byte(request(r.address, path, lines...)))
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, response
}

// dial connects as a page does.
func (r *rig) dial(t testing.TB) *raw {
	t.Helper()
	c, response := r.ask(t, "/", "Origin: "+page)
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response.Status)
	}
	return c
}

func (c *raw) write(data []byte) {
	c.t.Helper()
	if _, err := c.Write(data); err != nil {
		c.t.Fatal(err)
	}
}

// Opcodes and bits of a frame's first byte.
const (
	opText, opBinary, opClose, opPing, opPong = 1, 2, 8, 9, 10

	fin = 0x80
)

// masked returns a client's frame; the mask is zero, so that the payload stays readable.
func masked(first byte, payload []byte) []byte { return append(head(first, len(payload)), payload...) }

// head returns the head of a client's frame that announces n bytes.
func head(first byte, n int) []byte {
	b := []byte{first}
	switch {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(b, 0, 0, 0, 0)
}

// frame reads one frame of the server.
func (c *raw) frame() (opcode byte, payload []byte, err error) {
	h := make([]byte, 2)
	if _, err := io.ReadFull(c.r, h); err != nil {
		return 0, nil, err
	}
	n := uint64(h[1])
	switch h[1] {
	case 126:
		b := make([]byte, 2)
		_, err = io.ReadFull(c.r, b)
		n = uint64(binary.BigEndian.Uint16(b))
	case 127:
		b := make([]byte, 8)
		_, err = io.ReadFull(c.r, b)
		n = binary.BigEndian.Uint64(b)
	}
	if err != nil {
		return 0, nil, err
	}
	if h[0]&fin == 0 || h[0]&0x70 != 0 || n > 64<<20 {
		return 0, nil, errors.New("the server's frame is odd")
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(c.r, payload)
	return h[0] & 0xf, payload, err
}

// messages reads the messages of the next frame that carries some.
func (c *raw) messages() []protocol.Envelope {
	c.t.Helper()
	for {
		opcode, payload, err := c.frame()
		if err != nil {
			c.t.Fatal(err)
		}
		if opcode != opBinary {
			continue
		}
		_, messages, fault := stream.Read(nil, payload, stream.Limits{BodyBytes: 64 << 20})
		if fault != nil {
			c.t.Fatal(fault)
		}
		return messages
	}
}

// ending reads up to the close frame and returns its code, after which the server must close the socket.
func (c *raw) ending() stream.Code {
	c.t.Helper()
	for {
		opcode, payload, err := c.frame()
		if err != nil {
			c.t.Fatalf("the socket ended without a close frame: %v", err)
		}
		if opcode != opClose {
			continue
		}
		if len(payload) < 2 {
			c.t.Fatal("the close frame has no code")
		}
		_, _ = c.Write(masked(fin|opClose, payload[:2]))
		if rest, err := io.ReadAll(c.r); len(rest) > 0 || errors.Is(err, context.DeadlineExceeded) {
			c.t.Fatalf("behind the close frame: %d bytes, %v", len(rest), err)
		}
		_ = c.Conn.Close()
		return stream.Code(binary.BigEndian.Uint16(payload))
	}
}

// hello is a frame with one small message.
func hello() []byte { return stream.Append(nil, "", []protocol.Envelope{{Op: 22, ID: 1, Name: "m"}}) }

// until waits for a condition that other goroutines make true.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%s: still not so\n%s", what, buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(2 * time.Millisecond)
	}
}
