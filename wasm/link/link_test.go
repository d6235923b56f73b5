//go:build !js

package link

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
)

const (
	page = "https://hub.test"
	// patience is how long a test waits for what must come.
	patience = 10 * time.Second
)

// broker is a broker/ws on the loopback, whose connections echo.
type broker struct {
	*ws.Server
	url    string
	opened chan *ws.Conn
	closed chan *stream.Closed
	// hold, while it is locked, keeps the broker from reading.
	hold sync.Mutex
}

func (b *broker) Receive(c *ws.Conn, messages []protocol.Envelope) {
	b.hold.Lock()
	defer b.hold.Unlock()
	for _, m := range messages {
		switch m.Name {
		case "close":
			c.Close(stream.Code(m.ID), string(m.Head))
		case "swallow":
		default:
			_ = c.Send(m)
		}
	}
}

func (b *broker) Closed(_ *ws.Conn, why *stream.Closed) { b.closed <- why }

// listen serves a handler on the loopback, on any path.
func listen(t testing.TB, handler http.Handler) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func startBroker(t testing.TB, options ws.Options) *broker {
	t.Helper()
	b := &broker{opened: make(chan *ws.Conn, 1000), closed: make(chan *stream.Closed, 1000)}
	patterns, _, err := origin.NewPatterns(origin.ExactList, []string{page})
	if err != nil {
		t.Fatal(err)
	}
	options.Origins = &patterns
	options.Limits.BodyBytes = 8 << 20
	options.Log = slog.New(slog.DiscardHandler)
	options.OnOpen = func(c *ws.Conn, r *http.Request) (ws.Receiver, error) {
		c.Bind("c1")
		b.opened <- c
		return b, nil
	}
	b.Server = ws.NewServer(options)
	b.url = "ws://" + listen(t, b.Server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = b.Close(ctx)
	})
	return b
}

// user is a program with a link.
type user struct {
	*Link
	got chan protocol.Envelope
	// ended gets what Run returned.
	ended  chan error
	cancel context.CancelFunc
}

func dialBroker(t testing.TB, url string, options Options) *user {
	t.Helper()
	if options.Header == nil {
		options.Header = map[string][]string{"Origin": {page}}
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l, err := Dial(ctx, url, options)
	if err != nil {
		t.Fatal(err)
	}
	u := &user{Link: l, got: make(chan protocol.Envelope, 100_000), ended: make(chan error, 1), cancel: cancel}
	go func() {
		err := l.Run(ctx, func(messages []protocol.Envelope) {
			for _, m := range messages {
				u.got <- m
			}
		})
		t.Logf("Run: %v", err)
		u.ended <- err
	}()
	return u
}

func within[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		buf := make([]byte, 1<<16)
		t.Fatalf("%s: did not come\n%s", what, buf[:runtime.Stack(buf, true)])
		panic("unreachable")
	}
}

// why returns the code and reason with which Run ended.
func (u *user) why(t testing.TB) *stream.Closed {
	t.Helper()
	err := within(t, "the end of Run", u.ended)
	var why *stream.Closed
	if !errors.As(err, &why) {
		t.Fatalf("Run ended with %v", err)
	}
	if again := u.Send(protocol.Envelope{}); again == nil {
		t.Error("a link that has ended takes messages")
	}
	return why
}

func TestEcho(t *testing.T) {
	b := startBroker(t, ws.Options{})
	u := dialBroker(t, b.url, Options{})
	sent := []protocol.Envelope{
		{Op: 22, ID: 1, Name: "m", Head: []byte(`{"a":1}`), Body: protocol.TextBody([]byte(`"é"`))},
		{Op: 22, ID: protocol.MaxID, Ref: 5, Peer: 1<<32 - 1, Body: protocol.BinaryBody([]byte{0, 0xff})},
		{Op: 22, ID: 3, Body: protocol.TextBody([]byte(strings.Repeat("x", 900_000)))},
		{Op: 22, ID: 4},
	}
	if err := u.Send(sent...); err != nil {
		t.Fatal(err)
	}
	for _, want := range sent {
		got := within(t, "the echo", u.got)
		if got.Op != want.Op || got.ID != want.ID || got.Ref != want.Ref || got.Peer != want.Peer || got.Name != want.Name ||
			string(got.Head) != string(want.Head) || got.Body.Kind != want.Body.Kind || string(got.Body.Bytes()) != string(want.Body.Bytes()) {
			t.Errorf("%+v came back as %+v", want, got)
		}
	}
	if u.id != "c1" {
		t.Errorf("the link's connection id is %q", u.id)
	}
}

// TestManyKeepTheirOrder sends several times what the window lets through.
func TestManyKeepTheirOrder(t *testing.T) {
	const count = 20_000
	b := startBroker(t, ws.Options{QueueBytes: 64 << 20, BurstMessages: 1 << 30})
	u := dialBroker(t, b.url, Options{})
	body := protocol.BinaryBody(make([]byte, 300))
	go func() {
		for i := 0; i < count; {
			if err := u.Send(protocol.Envelope{Op: 22, ID: uint64(i), Body: body}); errors.Is(err, stream.ErrFull) {
				time.Sleep(time.Millisecond)
			} else {
				i++
			}
		}
	}()
	for i := range count {
		if got := within(t, "an echo", u.got); got.ID != uint64(i) {
			t.Fatalf("message %d came as number %d", got.ID, i)
		}
	}
	if n := b.Snapshot(); n.FramesIn > count/2 {
		t.Errorf("%d frames for %d messages", n.FramesIn, count)
	}
}

func TestBrokerCloses(t *testing.T) {
	for _, c := range []stream.Closed{
		{Code: stream.CloseNormal}, {Code: stream.CloseTryLater, Reason: "later"}, {Code: stream.CloseSession, Reason: "the session ended"},
		{Code: stream.CloseOrigin}, {Code: stream.CloseSuperseded}, {Code: stream.CloseTooSlow, Reason: strings.Repeat("é", 61)},
	} {
		b := startBroker(t, ws.Options{})
		u := dialBroker(t, b.url, Options{})
		if err := u.Send(protocol.Envelope{Op: 1}, protocol.Envelope{Name: "close", ID: uint64(c.Code), Head: []byte(c.Reason)}); err != nil {
			t.Fatal(err)
		}
		if got := u.why(t); *got != c {
			t.Errorf("closed with %v, the link says %v", c, got)
		}
		if len(u.got) != 1 {
			t.Errorf("%d messages before the close", len(u.got))
		}
		if got := within(t, "the broker's end", b.closed); *got != c {
			t.Errorf("the broker says %v, want %v", got, c)
		}
	}
}

func TestBrokerStops(t *testing.T) {
	b := startBroker(t, ws.Options{})
	u := dialBroker(t, b.url, Options{})
	within(t, "the connection", b.opened)
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if why := u.why(t); why.Code != stream.CloseRestart {
		t.Errorf("the link says %v", why)
	}
}

func TestLinkCloses(t *testing.T) {
	for _, c := range []struct {
		why   string
		close func(u *user)
		code  stream.Code
	}{
		{"with a code", func(u *user) { u.Close(stream.CloseNormal, "done") }, stream.CloseNormal},
		{"twice", func(u *user) { u.Close(stream.CloseSuperseded, ""); u.Close(stream.CloseNormal, "") }, stream.CloseSuperseded},
		{"with a code that never travels", func(u *user) { u.Close(stream.CloseAbnormal, "") }, stream.CloseInternal},
		{"by its context", func(u *user) { u.cancel() }, stream.CloseAway},
	} {
		b := startBroker(t, ws.Options{})
		u := dialBroker(t, b.url, Options{})
		if err := u.Send(protocol.Envelope{Op: 1}); err != nil {
			t.Fatal(err)
		}
		within(t, "the echo", u.got)
		c.close(u)
		if got := u.why(t); got.Code != c.code {
			t.Errorf("%s: the link says %v", c.why, got)
		}
		if got := within(t, "the broker's end", b.closed); got.Code != c.code {
			t.Errorf("%s: the broker says %v", c.why, got)
		}
	}
}

// TestUnreadIsBounded: a broker that does not read gets no more than the window, the rest waits here, up to a bound.
func TestUnreadIsBounded(t *testing.T) {
	b := startBroker(t, ws.Options{QueueBytes: 64 << 20})
	u := dialBroker(t, b.url, Options{QueueBytes: 1 << 20})
	b.hold.Lock()
	message := protocol.Envelope{Name: "swallow", Body: protocol.BinaryBody(make([]byte, 10_000))}
	sent := 0
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end) && err == nil; sent += 10_000 {
		err = u.Send(message)
		if sent%(200_000) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if !errors.Is(err, stream.ErrFull) || sent > 3<<20 {
		t.Fatalf("after %d bytes: %v", sent, err)
	}
	u.mu.Lock()
	unread := u.window.sent - u.window.read
	u.mu.Unlock()
	if unread > windowBytes+stream.FrameBytes {
		t.Errorf("%d bytes are on the way", unread)
	}
	b.hold.Unlock()
	for end := time.Now().Add(patience); errors.Is(err, stream.ErrFull) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		err = u.Send(protocol.Envelope{Op: 99})
	}
	if got := within(t, "what was sent after it read again", u.got); got.Op != 99 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTooLargeToSend(t *testing.T) {
	b := startBroker(t, ws.Options{})
	u := dialBroker(t, b.url, Options{})
	var fault *protocol.Fault
	if err := u.Send(protocol.Envelope{Body: protocol.BinaryBody(make([]byte, 1<<20))}); !errors.As(err, &fault) || fault.Code != protocol.TooLarge {
		t.Fatal(err)
	}
	largest := protocol.Envelope{Op: 5, Body: protocol.BinaryBody(make([]byte, 1<<20-2<<10-10))}
	if err := u.Send(largest); err != nil {
		t.Fatal(err)
	}
	if got := within(t, "the echo", u.got); got.Op != 5 {
		t.Errorf("%+v", got)
	}
}

func TestDialRefused(t *testing.T) {
	b := startBroker(t, ws.Options{MaxConnsPerAddress: 1})
	dialBroker(t, b.url, Options{})
	for _, c := range []struct {
		origin, path string
		code         stream.Code
	}{
		{"https://evil.test", "", stream.CloseOrigin}, {"null", "", stream.CloseOrigin},
		{page, "/?token=secret", stream.ClosePolicy}, {page, "", stream.CloseTryLater},
	} {
		_, err := Dial(context.Background(), b.url+c.path, Options{Header: map[string][]string{"Origin": {c.origin}}})
		var why *stream.Closed
		if !errors.As(err, &why) || why.Code != c.code {
			t.Errorf("from %s: %v, want %d", c.origin, err, c.code)
		}
	}
	if _, err := Dial(context.Background(), "ws://127.0.0.1:1", Options{}); err == nil {
		t.Error("dialed nothing")
	}
}

// TestHeartbeats: where nothing else is said, heartbeats keep both sides from giving up.
func TestHeartbeats(t *testing.T) {
	b := startBroker(t, ws.Options{IdleTimeout: 400 * time.Millisecond, PingEvery: time.Hour})
	u := dialBroker(t, b.url, Options{Heartbeat: 60 * time.Millisecond, Silence: 400 * time.Millisecond})
	select {
	case err := <-u.ended:
		t.Fatal(err)
	case <-time.After(1200 * time.Millisecond):
	}
	u.Close(stream.CloseNormal, "")
	u.why(t)
	if n := b.Snapshot(); n.MessagesIn != 0 || n.FramesIn < 5 {
		t.Errorf("%+v", n)
	}
}

func TestChurn(t *testing.T) {
	b := startBroker(t, ws.Options{MaxConnsPerAddress: 1000})
	first := dialBroker(t, b.url, Options{})
	_ = first.Send(protocol.Envelope{Op: 1})
	within(t, "the echo", first.got)
	before := runtime.NumGoroutine()
	for range 5 {
		var users []*user
		for range 50 {
			users = append(users, dialBroker(t, b.url, Options{}))
		}
		for i, u := range users {
			_ = u.Send(protocol.Envelope{Op: 1})
			within(t, "the echo", u.got)
			switch i % 3 {
			case 0:
				u.Close(stream.CloseNormal, "")
			case 1:
				u.cancel()
			case 2:
				_ = u.Send(protocol.Envelope{Name: "close", ID: 1013})
			}
		}
		for _, u := range users {
			u.why(t)
		}
	}
	end := time.Now().Add(patience)
	for (runtime.NumGoroutine() > before || b.Snapshot().Open > 1) && time.Now().Before(end) {
		time.Sleep(5 * time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > before || b.Snapshot().Open != 1 {
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after, %d connections\n%s", before, now, b.Snapshot().Open, buf[:runtime.Stack(buf, true)])
	}
}
