package rig

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Mark begins what a Tap looks for: it is followed by a time, so that whatever the protocol around it, a delivery can be
// counted, and how long it took. It occurs in nothing else that is sent.
const Mark = "|at|"

// stampDigits is how long a time is: nanoseconds since 1970.
const stampDigits = 19

// Stamp returns a mark with a time.
func Stamp(t time.Time) string { return Mark + strconv.FormatInt(t.UnixNano(), 10) }

// TapOptions are the settings of a Tap.
type TapOptions struct {
	// Address is a host and port; Path is "/" if empty.
	Address, Path string
	// Header are lines of the request, such as "Sec-WebSocket-Protocol: x".
	Header []string
	// ReceiveBuffer is the socket's, where the network is to be narrow.
	ReceiveBuffer int
	// On is told of each delivery: when it was sent and when it came. If nil, they are only counted.
	On func(sent, came time.Time)
}

// Tap is a WebSocket client as lean as can be, the same for every server: it sends frames as they are, and looks for marks in
// the bytes that come. It answers no pings, so that it lives for as long as a server's patience.
type Tap struct {
	conn   *net.TCPConn
	on     func(sent, came time.Time)
	count  atomic.Int64
	paused sync.Mutex
	ended  chan struct{}
	err    error
}

// DialTap connects.
func DialTap(ctx context.Context, o TapOptions) (*Tap, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("dial tap: %w", err)
	}
	t := &Tap{conn: c.(*net.TCPConn), on: o.On, ended: make(chan struct{})}
	if o.ReceiveBuffer > 0 {
		_ = t.conn.SetReadBuffer(o.ReceiveBuffer)
	}
	rest, err := t.upgrade(o)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	go t.read(rest)
	return t, nil
}

// upgrade makes the connection a WebSocket. It returns what came behind the answer.
func (t *Tap) upgrade(o TapOptions) ([]byte, error) {
	if o.Path == "" {
		o.Path = "/"
	}
	request := "GET " + o.Path + " HTTP/1.1\r\nHost: " + o.Address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for _, line := range o.Header {
		request += line + "\r\n"
	}
	_ = t.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := t.conn.Write([]byte(request + "\r\n")); err != nil {
		return nil, fmt.Errorf("upgrade tap: %w", err)
	}
	r := bufio.NewReaderSize(t.conn, 1<<10)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, fmt.Errorf("upgrade tap: %w", err)
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("upgrade tap: %s", response.Status)
	}
	_ = t.conn.SetDeadline(time.Time{})
	rest := make([]byte, r.Buffered())
	_, err = io.ReadFull(r, rest)
	return rest, err
}

// Frames of a WebSocket, by their first byte.
const (
	TextFrame   = 0x81
	BinaryFrame = 0x82
)

// Send sends frames of one kind with one write. Their mask is zero.
func (t *Tap) Send(kind byte, payloads ...[]byte) error {
	var data []byte
	for _, p := range payloads {
		switch n := len(p); {
		case n < 126:
			data = append(data, kind, 0x80|byte(n))
		case n < 1<<16:
			data = binary.BigEndian.AppendUint16(append(data, kind, 0x80|126), uint16(n))
		default:
			data = binary.BigEndian.AppendUint64(append(data, kind, 0x80|127), uint64(n))
		}
		data = append(append(data, 0, 0, 0, 0), p...)
	}
	_, err := t.conn.Write(data)
	return err
}

// Count returns how many marks have come.
func (t *Tap) Count() int64 { return t.count.Load() }

// Pause has the tap read nothing; Resume ends that.
func (t *Tap) Pause() { t.paused.Lock() }

// Resume ends Pause.
func (t *Tap) Resume() { t.paused.Unlock() }

// Ended is closed when the connection has ended.
func (t *Tap) Ended() <-chan struct{} { return t.ended }

// Close ends the connection at once, without leaving an address in use. A tap that is paused must be resumed.
func (t *Tap) Close() {
	_ = t.conn.SetLinger(0)
	_ = t.conn.Close()
	<-t.ended
}

// tapBuffers are shared: a tap that waits has none.
var tapBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// read looks for marks until the connection ends. A mark may come in two parts.
func (t *Tap) read(carry []byte) {
	defer close(t.ended)
	carry = t.scan(carry)
	for {
		if t.err = t.await(); t.err != nil {
			return
		}
		buffer := tapBuffers.Get().(*[]byte)
		t.paused.Lock()
		n := copy(*buffer, carry)
		m, err := t.conn.Read((*buffer)[n:])
		t.paused.Unlock()
		carry = append(carry[:0], t.scan((*buffer)[:n+m])...)
		tapBuffers.Put(buffer)
		if err != nil {
			t.err = err
			return
		}
	}
}

// await waits until there is something to read, without a buffer.
func (t *Tap) await() error {
	raw, err := t.conn.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(readable)
}

// scan counts the marks in the data, and returns the end of it in which another one may have begun.
func (t *Tap) scan(data []byte) (rest []byte) {
	now := time.Now()
	for {
		at := bytes.Index(data, []byte(Mark))
		if at < 0 {
			return data[max(0, len(data)-len(Mark)+1):]
		}
		if len(data) < at+len(Mark)+stampDigits {
			return data[at:]
		}
		t.count.Add(1)
		if t.on != nil {
			if nanos, err := strconv.ParseInt(string(data[at+len(Mark):at+len(Mark)+stampDigits]), 10, 64); err == nil {
				t.on(time.Unix(0, nanos), now)
			}
		}
		data = data[at+len(Mark)+stampDigits:]
	}
}
