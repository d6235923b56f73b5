//go:build unix

package systemd

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// listen stands for the manager.
func listen(t *testing.T) (socket string, next func() string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return socket, func() string {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		text := make([]byte, 100)
		n, err := conn.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
}

func TestTell(t *testing.T) {
	socket, next := listen(t)
	t.Setenv("NOTIFY_SOCKET", socket)
	m := FromEnvironment()
	for _, state := range []string{Ready, Stopping} {
		if err := m.Tell(state); err != nil || next() != state {
			t.Errorf("%s: %v", state, err)
		}
	}
	if _, there := os.LookupEnv("NOTIFY_SOCKET"); there {
		t.Error("programs that this one starts would speak in its name")
	}
	if err := (Manager{}).Tell(Ready); err != nil {
		t.Errorf("without a manager: %v", err)
	}
	if err := (Manager{socket: socket + "-not"}).Tell(Ready); err == nil {
		t.Error("nobody listens, and it said nothing")
	}
}

// TestLive: signs of life come while the process works, and stop when it hangs.
func TestLive(t *testing.T) {
	socket, next := listen(t)
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	ctx, stop := context.WithCancel(t.Context())
	asked, ended := make(chan struct{}), make(chan struct{})
	m := FromEnvironment()
	go func() { defer close(ended); m.Live(ctx, func() { asked <- struct{}{} }) }()
	for range 3 {
		<-asked
		if got := next(); got != heartbeat {
			t.Errorf("it said %q", got)
		}
	}
	<-asked
	stop()
	<-ended
}

func TestWatchdogOfAnotherProcess(t *testing.T) {
	for _, test := range []struct{ microseconds, pid string }{{"20000", "1"}, {"", ""}, {"-1", ""}, {"x", ""}} {
		t.Setenv("NOTIFY_SOCKET", "/nowhere")
		t.Setenv("WATCHDOG_USEC", test.microseconds)
		t.Setenv("WATCHDOG_PID", test.pid)
		if m := FromEnvironment(); m.watchdog != 0 {
			t.Errorf("%+v: %s", test, m.watchdog)
		}
		FromEnvironment().Live(t.Context(), func() { t.Error("it lives for nobody") })
	}
}
