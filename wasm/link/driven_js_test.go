//go:build driven

package link

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// run dials the broker that TestInNode started. ended gets what Run returned.
func run(t *testing.T, options Options) (l *Link, got chan protocol.Envelope, ended chan error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	l, err := Dial(ctx, os.Getenv("BROKER"), options)
	if err != nil {
		t.Fatal(err)
	}
	got, ended = make(chan protocol.Envelope, 1000), make(chan error, 1)
	go func() {
		ended <- l.Run(ctx, func(messages []protocol.Envelope) {
			for _, m := range messages {
				got <- m
			}
		})
	}()
	return l, got, ended
}

func code(err error) stream.Code {
	if why := (*stream.Closed)(nil); errors.As(err, &why) {
		return why.Code
	}
	return 0
}

func TestDrivenEcho(t *testing.T) {
	l, got, ended := run(t, Options{})
	large := strings.Repeat("é", 400_000)
	if err := l.Send(protocol.Envelope{Op: 22, ID: protocol.MaxID, Body: protocol.TextBody([]byte(large))}, protocol.Envelope{Op: 23}); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m.ID != protocol.MaxID || string(m.Body.Bytes()) != large {
		t.Errorf("op %d, %d bytes", m.Op, m.Body.Size)
	}
	if m := <-got; m.Op != 23 {
		t.Errorf("op %d", m.Op)
	}
	l.Close(stream.CloseNormal, "")
	if err := <-ended; code(err) != stream.CloseNormal {
		t.Error(err)
	}
}

// TestDrivenCodes: the broker's code and reason arrive, though the library tells neither in a browser.
func TestDrivenCodes(t *testing.T) {
	for _, c := range []stream.Code{stream.CloseRestart, stream.CloseSession, stream.CloseTooSlow} {
		l, _, ended := run(t, Options{})
		_ = l.Send(protocol.Envelope{Name: "close", ID: uint64(c), Head: []byte("because")})
		err := <-ended
		if why := (*stream.Closed)(nil); !errors.As(err, &why) || why.Code != c || why.Reason != "because" {
			t.Errorf("closed with %d: %v", c, err)
		}
	}
}

// TestDrivenClose: a code that a browser lets no program set ends the link all the same.
func TestDrivenClose(t *testing.T) {
	l, _, ended := run(t, Options{})
	l.Close(stream.CloseAway, "the page is left")
	if err := <-ended; code(err) != stream.CloseAway {
		t.Error(err)
	}
}

// TestDrivenWindow: more than the window arrives, in order; what a browser would buffer without bound is bounded.
func TestDrivenWindow(t *testing.T) {
	l, got, _ := run(t, Options{QueueBytes: 8 << 20})
	body := protocol.BinaryBody(make([]byte, 100_000))
	for i := range 50 {
		if err := l.Send(protocol.Envelope{Op: 22, ID: uint64(i), Name: "swallow", Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	_ = l.Send(protocol.Envelope{Op: 99})
	if m := <-got; m.Op != 99 {
		t.Errorf("op %d", m.Op)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.window.sent < 5_000_000 || l.window.sent-l.window.read > windowBytes {
		t.Errorf("%+v", l.window)
	}
}

func TestDrivenTooLargeAFrame(t *testing.T) {
	l, _, ended := run(t, Options{FrameBytes: 1000})
	_ = l.Send(protocol.Envelope{Op: 1, Body: protocol.BinaryBody(make([]byte, 2000))})
	if err := <-ended; code(err) != stream.CloseAbnormal {
		t.Error(err)
	}
}

func TestDrivenDial(t *testing.T) {
	if _, err := Dial(context.Background(), os.Getenv("BROKER"), Options{Header: map[string][]string{"A": {"b"}}}); !errors.Is(err, errHeader) {
		t.Errorf("with a header: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Dial(ctx, os.Getenv("BROKER"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	// Node 20 never says that this failed; a browser does.
	if _, err := Dial(context.Background(), "ws://127.0.0.1:1", Options{DialTimeout: 200 * time.Millisecond}); err == nil {
		t.Error("dialed nothing")
	}
}
