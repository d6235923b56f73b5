// Package systemd tells the service manager how the broker is (sd_notify(3)): that it is ready, that it stops, and that it is
// alive. Where no manager listens, nothing happens.
//
// It may import the standard library only. It refuses nothing: a manager that cannot be told is no reason to stop serving.
package systemd

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// States that the manager understands.
const (
	Ready     = "READY=1"
	Stopping  = "STOPPING=1"
	heartbeat = "WATCHDOG=1"
)

// Manager is the service manager that has started this process. The zero value is none.
type Manager struct {
	socket string
	// watchdog is after how long without a sign of life the process is ended; zero is never.
	watchdog time.Duration
}

// FromEnvironment returns the manager that the environment names. It takes the names out of it, so that programs that this one
// starts do not speak in its name.
func FromEnvironment() Manager {
	m := Manager{socket: os.Getenv("NOTIFY_SOCKET")}
	microseconds, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err == nil && microseconds > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		m.watchdog = time.Duration(microseconds) * time.Microsecond
	}
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		_ = os.Unsetenv(name)
	}
	return m
}

// Tell tells the manager a state.
func (m Manager) Tell(state string) error {
	if m.socket == "" {
		return nil
	}
	// A name that begins with @ is of the abstract namespace, for the library as for the manager.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, err = conn.Write([]byte(state))
	return err
}

// Live gives signs of life until ctx ends, twice as often as the manager asks for. Before each it calls alive, which returns when
// the process works: one that hangs gives no sign, and is started anew.
func (m Manager) Live(ctx context.Context, alive func()) {
	if m.socket == "" || m.watchdog == 0 {
		return
	}
	ticker := time.NewTicker(m.watchdog / 2)
	defer ticker.Stop()
	for {
		alive()
		_ = m.Tell(heartbeat)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
