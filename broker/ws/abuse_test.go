package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

func TestUpgradeIsRefused(t *testing.T) {
	ours := "Origin: " + page
	r := start(t, Options{})
	for _, c := range []struct {
		why, path string
		lines     []string
		status    int
	}{
		{"a foreign origin", "/", []string{"Origin: https://evil.test", "Cookie: session=valid"}, 403},
		{"a foreign origin that begins like ours", "/", []string{"Origin: https://hub.test.evil.test"}, 403},
		{"another scheme", "/", []string{"Origin: http://hub.test"}, 403},
		{"another port", "/", []string{"Origin: https://hub.test:8443"}, 403},
		{"no origin", "/", nil, 403},
		{"an empty origin", "/", []string{"Origin: "}, 403},
		{"an opaque origin", "/", []string{"Origin: null"}, 403},
		{"upper case, which no browser writes", "/", []string{"Origin: HTTPS://HUB.TEST"}, 403},
		{"a trailing dot", "/", []string{"Origin: https://hub.test."}, 403},
		{"two origins", "/", []string{ours, "Origin: https://evil.test"}, 403},
		{"two origins in one", "/", []string{ours + ", https://evil.test"}, 403},
		{"a token in the query", "/?token=secret", []string{ours}, 400},
		{"an empty query", "/?", []string{ours}, 400},
		{"all is well", "/", []string{ours}, 101},
		{"the default port written out", "/", []string{ours + ":443"}, 101},
	} {
		_, response := r.ask(t, c.path, c.lines...)
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		if response.StatusCode != c.status {
			t.Errorf("%s: %s", c.why, response.Status)
		}
		if bytes.Contains(body, []byte("secret")) || bytes.Contains(body, []byte("evil")) {
			t.Errorf("%s: the answer repeats the request: %s", c.why, body)
		}
	}
	until(t, "those that were admitted are open", func() bool { return r.Snapshot().Opened == 2 })
	if n := r.Snapshot(); n.BadOrigin != 11 || n.BadRequest != 2 {
		t.Errorf("%+v", n)
	}
}

func TestBadHandshakes(t *testing.T) {
	r := start(t, Options{})
	good := request(r.address, "/", "Origin: "+page)
	for _, c := range []struct {
		why, from, to string
		status        int
	}{
		{"not a GET", "GET", "POST", 405},
		{"no upgrade", "Connection: Upgrade\r\n", "", 400},
		{"another protocol", "Upgrade: websocket", "Upgrade: h2c", 400},
		{"another version", "Version: 13", "Version: 8", 400},
		{"no key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400},
		{"a short key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhl", 400},
	} {
		conn := r.dialTCP(t)
		conn.write([]byte(strings.Replace(good, c.from, c.to, 1)))
		response, err := http.ReadResponse(conn.r, nil)
		if err != nil || response.StatusCode != c.status {
			t.Errorf("%s: %v, %v", c.why, response, err)
		}
	}
	until(t, "none of them counts as a connection", func() bool { return r.Snapshot().Open == 0 && admitted(r) == 0 })
}

func admitted(r *rig) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.admitted + len(r.from)
}

// TestMissingOrigin: the dangerous option admits programs, and no foreign pages.
func TestMissingOrigin(t *testing.T) {
	r := start(t, Options{DangerouslyAllowMissingOrigin: true})
	if _, response := r.ask(t, "/"); response.StatusCode != 101 {
		t.Errorf("no origin: %s", response.Status)
	}
	for _, line := range []string{"Origin: https://evil.test", "Origin: null", "Origin: "} {
		if _, response := r.ask(t, "/", line); response.StatusCode != 403 {
			t.Errorf("%s: %s", line, response.Status)
		}
	}
}

func TestCompressionIsNotNegotiated(t *testing.T) {
	r := start(t, Options{})
	_, response := r.ask(t, "/", "Origin: "+page, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
	if got := response.Header.Get("Sec-WebSocket-Extensions"); response.StatusCode != 101 || got != "" {
		t.Errorf("%s, extensions %q", response.Status, got)
	}
}

// TestSlowHandshake: the header of a request may not take forever. That is the HTTP server's to see to; the rig's does.
func TestSlowHandshake(t *testing.T) {
	r := start(t, Options{})
	c := r.dialTCP(t)
	c.write([]byte("GET / HTTP/1.1\r\nHost: x\r\n"))
	begin := time.Now()
	for time.Since(begin) < patience {
		if _, err := c.Write([]byte("X-A: b\r\n")); err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if took := time.Since(begin); took > 3*time.Second || r.Snapshot().Opened != 0 {
		t.Errorf("cut off after %v", took)
	}
}

func TestBadFrames(t *testing.T) {
	unmasked := append([]byte{fin | opBinary, 2}, stream.Version, 0)
	for _, c := range []struct {
		why  string
		data []byte
		code stream.Code
	}{
		{"unmasked", unmasked, stream.CloseProtocol},
		{"RSV1", masked(fin|0x40|opBinary, hello()), stream.CloseProtocol},
		{"RSV2", masked(fin|0x20|opBinary, hello()), stream.CloseProtocol},
		{"RSV3", masked(fin|0x10|opBinary, hello()), stream.CloseProtocol},
		{"an opcode that means nothing", masked(fin|5, hello()), stream.CloseProtocol},
		{"a continuation of nothing", masked(fin, hello()), stream.CloseProtocol},
		{"a new frame within one", append(masked(opBinary, hello()), masked(fin|opBinary, hello())...), stream.CloseProtocol},
		{"a ping in pieces", masked(opPing, nil), stream.CloseProtocol},
		{"a large ping", masked(fin|opPing, make([]byte, 126)), stream.CloseProtocol},
		{"a close code that never travels", masked(fin|opClose, []byte{0x03, 0xee}), stream.CloseProtocol},
		{"a text", masked(fin|opText, []byte("{}")), stream.CloseUnsupported},
		{"a text that is not UTF-8", masked(fin|opText, []byte{0xff}), stream.CloseUnsupported},
		{"no frame of ours", masked(fin|opBinary, []byte("garbage")), stream.CloseInvalid},
		{"an empty frame", masked(fin|opBinary, nil), stream.CloseInvalid},
		{"a byte behind the end", masked(fin|opBinary, append(hello(), 7)), stream.CloseInvalid},
		{"a name that is not UTF-8", masked(fin|opBinary, stream.Append(nil, "", []protocol.Envelope{{Name: "\xff"}})), stream.CloseInvalid},
		{"a head that is too large", masked(fin|opBinary, stream.Append(nil, "", []protocol.Envelope{{Head: make([]byte, 64<<10+1)}})), stream.CloseTooLarge},
		{"another connection's id", masked(fin|opBinary, stream.Append(nil, "other", make([]protocol.Envelope, 1))), stream.ClosePolicy},
		{"a mebibyte and a byte", masked(fin|opBinary, make([]byte, 1<<20+1)), stream.CloseTooLarge},
		{"2^63-1 bytes", []byte{fin | opBinary, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, stream.CloseTooLarge},
		{"a mebibyte and a byte in pieces", append(masked(opBinary, make([]byte, 1<<20)), masked(fin, []byte{0})...), stream.CloseTooLarge},
		{"100,000 empty pieces", append(masked(opBinary, nil), bytes.Repeat(masked(0, nil), 100_000)...), stream.CloseTooLarge},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := start(t, Options{})
			client := r.dial(t)
			go func() { _, _ = client.Write(c.data) }()
			if code := client.ending(); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
			s := <-r.sinks
			if why := s.why(t); why.Code != c.code || len(s.messages) != 0 {
				t.Errorf("the receiver learned %v and got %d messages", why, len(s.messages))
			}
			n := r.Snapshot()
			if n.Malformed+n.TooLarge != 1 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestWrongLength: the length 2^63 and above is no length.
func TestWrongLength(t *testing.T) {
	r := start(t, Options{})
	client := r.dial(t)
	client.write([]byte{fin | opBinary, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	if code := client.ending(); code != stream.CloseTooLarge {
		t.Errorf("closed with %d", code)
	}
}

// TestEndlessFrame: a frame that never ends is given up, also where pongs come between its pieces.
func TestEndlessFrame(t *testing.T) {
	r := start(t, Options{IdleTimeout: 200 * time.Millisecond})
	client := r.dial(t)
	client.write(masked(opBinary, []byte{stream.Version}))
	begin := time.Now()
	go func() {
		for {
			if _, err := client.Write(append(masked(0, []byte{0}), masked(fin|opPong, nil)...)); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if code := client.ending(); code != stream.CloseAway || time.Since(begin) > 3*time.Second {
		t.Errorf("closed with %d after %v", code, time.Since(begin))
	}
}

func TestSilence(t *testing.T) {
	r := start(t, Options{IdleTimeout: 150 * time.Millisecond, PingEvery: time.Hour})
	client := r.dial(t)
	if code := client.ending(); code != stream.CloseAway {
		t.Errorf("closed with %d", code)
	}
	if why := (<-r.sinks).why(t); why.Code != stream.CloseAway || r.Snapshot().Silent != 1 {
		t.Errorf("%v, %+v", why, r.Snapshot())
	}
}

// TestPongsKeepAlive: who only answers pings is not silent; who stops answering is.
func TestPongsKeepAlive(t *testing.T) {
	r := start(t, Options{IdleTimeout: 400 * time.Millisecond, PingEvery: 80 * time.Millisecond})
	client := r.dial(t)
	begin := time.Now()
	for time.Since(begin) < time.Second {
		opcode, payload, err := client.frame()
		if err != nil || opcode != opPing {
			t.Fatalf("opcode %d, %v", opcode, err)
		}
		client.write(masked(fin|opPong, payload))
	}
	if code := client.ending(); code != stream.CloseAway {
		t.Errorf("closed with %d", code)
	}
}

func TestPingIsAnswered(t *testing.T) {
	r := start(t, Options{})
	client := r.dial(t)
	client.write(masked(fin|opPing, []byte("are you there?")))
	if opcode, payload, err := client.frame(); opcode != opPong || string(payload) != "are you there?" || err != nil {
		t.Errorf("opcode %d, %q, %v", opcode, payload, err)
	}
}

func TestTooMuch(t *testing.T) {
	message := masked(fin|opBinary, hello())
	for _, c := range []struct {
		why     string
		options Options
		data    []byte
	}{
		{"messages", Options{MessagesPerSecond: 1, BurstMessages: 100}, bytes.Repeat(message, 101)},
		{"messages of one frame", Options{MessagesPerSecond: 1, BurstMessages: 100},
			masked(fin|opBinary, stream.Append(nil, "", make([]protocol.Envelope, 101)))},
		{"bytes", Options{BytesPerSecond: 1, BurstBytes: 1000}, bytes.Repeat(masked(fin|opBinary, stream.Append(nil, "", make([]protocol.Envelope, 50))), 3)},
		{"heartbeats", Options{MessagesPerSecond: 1, BurstMessages: 100}, bytes.Repeat(masked(fin|opBinary, stream.Append(nil, "", nil)), 101)},
		{"pings", Options{MessagesPerSecond: 1, BurstMessages: 100}, bytes.Repeat(masked(fin|opPing, nil), 101)},
		{"pongs", Options{MessagesPerSecond: 1, BurstMessages: 100}, bytes.Repeat(masked(fin|opPong, nil), 101)},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := start(t, c.options)
			client := r.dial(t)
			go func() { _, _ = client.Write(c.data) }()
			if code := client.ending(); code != stream.CloseTooSlow || r.Snapshot().TooMuch != 1 {
				t.Errorf("closed with %d, %+v", code, r.Snapshot())
			}
		})
	}
}

// TestStopsReading: who does not read is told, if he reads after all, and costs no more than the queue may hold.
func TestStopsReading(t *testing.T) {
	const queueBytes = 256 << 10
	r := start(t, Options{QueueBytes: queueBytes})
	client := r.dial(t)
	conn, s := <-r.opened, <-r.sinks
	other := r.dial(t)
	message := protocol.Envelope{Op: 46, Body: protocol.BinaryBody(make([]byte, 16<<10))}
	var err error
	sent := 0
	for ; err == nil && sent < 100_000; sent++ {
		err = conn.Send(message)
		conn.mu.Lock()
		waiting := !conn.queue.Empty()
		conn.mu.Unlock()
		if !waiting {
			time.Sleep(time.Millisecond)
		}
	}
	var why *stream.Closed
	if !errors.As(err, &why) || why.Code != stream.CloseTooSlow {
		t.Fatalf("after %d messages: %v", sent, err)
	}
	if again := conn.Send(message); again != err {
		t.Errorf("the next message: %v", again)
	}
	other.write(masked(fin|opBinary, hello()))
	if got := other.messages(); len(got) != 1 || got[0].Name != "m" {
		t.Errorf("the other connection got %v", got)
	}
	if code := client.ending(); code != stream.CloseTooSlow {
		t.Errorf("closed with %d", code)
	}
	if why := s.why(t); why.Code != stream.CloseTooSlow || r.Snapshot().TooSlow != 1 {
		t.Errorf("%v, %+v", why, r.Snapshot())
	}
}

// TestNeverReads: who never reads is cut off when a write has taken too long.
func TestNeverReads(t *testing.T) {
	r := start(t, Options{QueueBytes: 64 << 20, MessageBytes: 64 << 20, WriteTimeout: 200 * time.Millisecond})
	r.dial(t)
	conn, s := <-r.opened, <-r.sinks
	if err := conn.Send(protocol.Envelope{Body: protocol.BinaryBody(make([]byte, 32<<20))}); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if why := s.why(t); why.Code != stream.CloseTooSlow || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %v", why, time.Since(begin))
	}
	until(t, "nothing is left of it", func() bool { return r.Snapshot().Open == 0 && admitted(r) == 0 })
}

// patient is a Receiver that sends much, and waits until it is written.
type patient struct{ *sink }

func (p patient) Receive(c *Conn, _ []protocol.Envelope) {
	body := protocol.TextBody(bytes.Repeat([]byte("x"), 512<<10))
	for n := 0; n < 48 && c.Send(protocol.Envelope{Op: 22, Body: body}) == nil; n++ {
	}
	for c.Waiting() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// TestResetFreesTheReceiver: whoever waits for a client to read does not wait for one that has cut the connection.
func TestResetFreesTheReceiver(t *testing.T) {
	s, opened := newSink(false), make(chan *Conn, 1)
	r := start(t, Options{QueueBytes: 32 << 20, OnOpen: func(c *Conn, _ *http.Request) (Receiver, error) {
		opened <- c
		return patient{s}, nil
	}})
	client := r.dial(t)
	client.write(masked(fin|opBinary, hello()))
	c := <-opened
	until(t, "the server's writes are stuck", func() bool { return c.Waiting() > 1<<20 })
	_ = client.Conn.(*net.TCPConn).SetLinger(0)
	_ = client.Close()
	if why := s.why(t); why.Code != stream.CloseAbnormal {
		t.Errorf("ended with %d: %s", why.Code, why.Reason)
	}
	if err := c.Send(protocol.Envelope{Op: 22}); err == nil || c.Waiting() > 0 {
		t.Errorf("a connection that broke takes messages: %v, %d bytes wait", err, c.Waiting())
	}
}
