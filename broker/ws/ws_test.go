package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

func TestFramesBothWays(t *testing.T) {
	r := start(t, Options{})
	client := r.dial(t)
	client.write(masked(fin|opBinary, hello()))
	got := client.messages()
	if len(got) != 1 || got[0].Op != 22 || got[0].ID != 1 || got[0].Name != "m" {
		t.Errorf("the echo is %+v", got)
	}
	n := r.Snapshot()
	if n.Open != 1 || n.FramesIn != 1 || n.MessagesIn != 1 || n.BytesIn != uint64(len(hello())) {
		t.Errorf("%+v", n)
	}
	client.write(masked(fin|opClose, []byte{0x03, 0xe8}))
	if code := client.ending(); code != stream.CloseNormal {
		t.Errorf("closed with %d", code)
	}
	if why := (<-r.sinks).why(t); why.Code != stream.CloseNormal {
		t.Errorf("the receiver learned %v", why)
	}
}

// TestWaitingMessagesShareFrames: order is kept, and many messages are few writes.
func TestWaitingMessagesShareFrames(t *testing.T) {
	const count = 20_000
	r := start(t, Options{QueueBytes: 16 << 20})
	client := r.dial(t)
	conn := <-r.opened
	for i := range count {
		if err := conn.Send(protocol.Envelope{Op: 46, ID: uint64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for next := uint64(0); next < count; {
		for _, m := range client.messages() {
			if m.ID != next {
				t.Fatalf("message %d came as number %d", m.ID, next)
			}
			next++
		}
	}
	// Every frame but those that the writer took half full has 256 messages.
	until(t, "writes are counted", func() bool { return r.Snapshot().FramesOut > 0 })
	if n := r.Snapshot().FramesOut; n > count/10 {
		t.Errorf("%d writes for %d messages", n, count)
	}
}

func TestConnectionID(t *testing.T) {
	r := start(t, Options{})
	client := r.dial(t)
	conn, s := <-r.opened, <-r.sinks
	conn.Bind("c1")
	frame := func(id string) []byte {
		return masked(fin|opBinary, stream.Append(nil, id, []protocol.Envelope{{Op: 1}}))
	}
	client.write(append(frame(""), frame("c1")...))
	for range 2 {
		_, payload, err := client.frame()
		id, messages, fault := stream.Read(nil, payload, stream.Limits{})
		if err != nil || fault != nil || id != "c1" {
			t.Fatalf("%q, %v, %v", id, err, fault)
		}
		if len(messages) == 2 {
			break
		}
	}
	client.write(masked(fin|opBinary, stream.Append(nil, "", nil)))
	client.write(frame(""))
	if code := client.ending(); code != stream.ClosePolicy {
		t.Errorf("without the id, once it is in use: closed with %d", code)
	}
	if s.why(t); len(s.messages) != 2 {
		t.Errorf("%d messages", len(s.messages))
	}
}

func TestHeartbeatIsAnswered(t *testing.T) {
	r := start(t, Options{})
	client := r.dial(t)
	for range 3 {
		client.write(masked(fin|opBinary, stream.Append(nil, "", nil)))
		_, payload, err := client.frame()
		if _, messages, fault := stream.Read(nil, payload, stream.Limits{}); err != nil || fault != nil || len(messages) != 0 {
			t.Fatalf("%d messages, %v, %v", len(messages), err, fault)
		}
	}
	if s := <-r.sinks; len(s.messages) != 0 {
		t.Error("the receiver got a heartbeat")
	}
}

func TestSendTooLarge(t *testing.T) {
	r := start(t, Options{MessageBytes: 1000})
	client := r.dial(t)
	conn := <-r.opened
	var fault *protocol.Fault
	large := protocol.Envelope{Body: protocol.BinaryBody(make([]byte, 1000))}
	if err := conn.Send(protocol.Envelope{Op: 1}, large); !errors.As(err, &fault) || fault.Code != protocol.TooLarge {
		t.Fatal(err)
	}
	if err := conn.Send(protocol.Envelope{Op: 2}); err != nil {
		t.Fatal(err)
	}
	if got := client.messages(); len(got) != 1 || got[0].Op != 2 {
		t.Errorf("%+v arrived", got)
	}
}

func TestOnOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		why    string
		onOpen func(*Conn, *http.Request) (Receiver, error)
		code   stream.Code
	}{
		{"with a code", func(*Conn, *http.Request) (Receiver, error) {
			return nil, fmt.Errorf("check session: %w", stream.NewClosed(stream.CloseSession, "no session"))
		}, stream.CloseSession},
		{"with a code that never travels", func(*Conn, *http.Request) (Receiver, error) {
			return nil, stream.NewClosed(stream.CloseAbnormal, "upstream broke")
		}, stream.CloseInternal},
		{"with another error", func(*Conn, *http.Request) (Receiver, error) { return nil, errors.New("secret") }, stream.CloseInternal},
		{"with a panic", func(*Conn, *http.Request) (Receiver, error) { panic("oh") }, stream.CloseInternal},
		{"with nothing", func(*Conn, *http.Request) (Receiver, error) { return nil, nil }, stream.CloseInternal},
		{"with a close of its own", func(c *Conn, _ *http.Request) (Receiver, error) {
			c.Close(stream.CloseSuperseded, "")
			return newSink(false), nil
		}, stream.CloseSuperseded},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := start(t, Options{OnOpen: c.onOpen})
			if code := r.dial(t).ending(); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
			until(t, "nothing is left of it", func() bool { return r.Snapshot().Open == 0 && admitted(r) == 0 })
		})
	}
}

func TestZeroOptionsAdmitNobody(t *testing.T) {
	s := NewServer(Options{})
	if s.allows([]string{page}) || s.allows(nil) || s.allows([]string{"null"}) {
		t.Error("somebody is admitted")
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// brittle panics at every message.
type brittle struct{ sink }

func (b *brittle) Receive(*Conn, []protocol.Envelope) { panic("brittle") }

func TestPanicCostsOneConnection(t *testing.T) {
	b := &brittle{*newSink(false)}
	r := start(t, Options{OnOpen: func(*Conn, *http.Request) (Receiver, error) { return b, nil }})
	client := r.dial(t)
	client.write(masked(fin|opBinary, hello()))
	if code := client.ending(); code != stream.CloseInternal {
		t.Errorf("closed with %d", code)
	}
	if why := b.why(t); why.Code != stream.CloseInternal || r.Snapshot().Panicked != 1 {
		t.Errorf("%v, %+v", why, r.Snapshot())
	}
}

func TestLastMessagesArriveBeforeTheClose(t *testing.T) {
	r := start(t, Options{})
	client := r.dial(t)
	conn := <-r.opened
	_ = conn.Send(protocol.Envelope{Op: 2})
	conn.Close(stream.CloseOrigin, "the block list changed")
	conn.Close(stream.CloseNormal, "too late")
	if got := client.messages(); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
	_, payload, _ := client.frame()
	if why, ok := stream.ReadClosed(payload); !ok || why.Code != stream.CloseOrigin || why.Reason != "the block list changed" {
		t.Errorf("the last frame is %+v", why)
	}
	if code := client.ending(); code != stream.CloseOrigin {
		t.Errorf("closed with %d", code)
	}
	if err := conn.Send(protocol.Envelope{}); err == nil {
		t.Error("a closed connection takes messages")
	}
}

func TestMaxConns(t *testing.T) {
	r := start(t, Options{MaxConns: 3, MaxConnsPerAddress: 2, Address: func(r *http.Request) string { return r.Header.Get("X-From") }})
	ask := func(from string) (*raw, int) {
		c, response := r.ask(t, "/", "Origin: "+page, "X-From: "+from)
		return c, response.StatusCode
	}
	first, _ := ask("2001:db8::1")
	for _, c := range []struct {
		from   string
		status int
	}{
		{"[2001:db8::2]:80", 101}, {"2001:db8::ffff", 429}, {"192.0.2.1", 101}, {"192.0.2.2", 503},
	} {
		if _, status := ask(c.from); status != c.status {
			t.Errorf("from %s: %d, want %d", c.from, status, c.status)
		}
	}
	_ = first.Conn.Close()
	until(t, "there is room again", func() bool { return r.Snapshot().Open == 2 })
	until(t, "and it is taken", func() bool { _, status := ask("2001:db8::1"); return status == 101 })
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "192.0.2.1:80": "192.0.2.1/32", "[::ffff:192.0.2.1]:80": "192.0.2.1/32",
		"[2001:db8:1:2:3::4]:80": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := network(address); got.String() != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
	if network("") != (netip.Prefix{}) || network("@") != (netip.Prefix{}) {
		t.Error("what is no address counts as one")
	}
}

func TestCloseIsGraceful(t *testing.T) {
	r := start(t, Options{})
	var clients []*raw
	for range 20 {
		clients = append(clients, r.dial(t))
		_ = (<-r.opened).Send(protocol.Envelope{Op: 2})
	}
	codes := make(chan stream.Code)
	for _, c := range clients {
		go func() {
			if len(c.messages()) == 1 {
				codes <- c.ending()
			}
		}()
	}
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range clients {
		if code := <-codes; code != stream.CloseRestart {
			t.Errorf("closed with %d", code)
		}
		(<-r.sinks).why(t)
	}
	if _, response := r.ask(t, "/", "Origin: "+page); response.StatusCode != 503 {
		t.Errorf("afterwards: %s", response.Status)
	}
	if err := r.Close(context.Background()); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestCloseCutsOff: who does not agree does not hold the broker up.
func TestCloseCutsOff(t *testing.T) {
	r := start(t, Options{})
	r.dial(t)
	s := <-r.sinks
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if why := s.why(t); why.Code != stream.CloseRestart || r.Snapshot().Open != 0 {
		t.Errorf("%v, %+v", why, r.Snapshot())
	}
}

// descriptors counts the open files of this process; 0 where that cannot be read.
func descriptors() int {
	files, _ := os.ReadDir("/proc/self/fd")
	return len(files)
}

// TestChurn: what connections leave behind is nothing, however they end.
func TestChurn(t *testing.T) {
	r := start(t, Options{MaxConnsPerAddress: 1000})
	r.dial(t)
	until(t, "the first is there", func() bool { return r.Snapshot().Open == 1 })
	goroutines, files := runtime.NumGoroutine(), descriptors()
	for round := range 5 {
		var clients []*raw
		for range 100 {
			c := r.dial(t)
			c.write(masked(fin|opBinary, hello()))
			clients = append(clients, c)
		}
		for i, c := range clients {
			if len(c.messages()) != 1 {
				t.Fatal("no echo")
			}
			if i%2 == round%2 {
				c.write(masked(fin|opClose, []byte{0x03, 0xe8}))
				c.ending()
			}
			_ = c.Conn.Close()
		}
	}
	until(t, "all are gone", func() bool { return r.Snapshot().Open == 1 && admitted(r) == 2 })
	until(t, "goroutines are as many as before", func() bool { return runtime.NumGoroutine() <= goroutines })
	until(t, "files are as many as before", func() bool { return descriptors() <= files })
	if n := r.Snapshot(); n.Opened != 501 {
		t.Errorf("%+v", n)
	}
}

// TestIdleGoroutines: an idle connection has one goroutine, and there is none for the pings.
func TestIdleGoroutines(t *testing.T) {
	r := start(t, Options{})
	r.dial(t)
	until(t, "the first is there", func() bool { return r.Snapshot().Open == 1 })
	before := runtime.NumGoroutine()
	for range 50 {
		r.dial(t)
	}
	until(t, "one each", func() bool { return r.Snapshot().Open == 51 && runtime.NumGoroutine() <= before+50 })
}

func TestRate(t *testing.T) {
	var b bucket
	r := newRate(10, 5)
	for i, c := range []struct {
		at   time.Duration
		n    int
		want bool
	}{
		{0, 5, true}, {0, 1, false}, {99 * time.Millisecond, 1, false}, {101 * time.Millisecond, 1, true}, {101 * time.Millisecond, 1, false},
		{time.Hour, 6, false}, {time.Hour, 5, true}, {time.Hour, 1, false},
	} {
		if got := b.take(r, c.at, c.n); got != c.want {
			t.Errorf("step %d: %t", i, got)
		}
	}
}
