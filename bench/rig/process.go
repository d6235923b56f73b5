package rig

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a running program.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	said  *tail
}

// Run starts a program that ends with the stage.
func (s *Stage) Run(program string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(program, args...), ended: make(chan struct{}), said: new(tail)}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = p.said, p.said, attributes()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	s.Defer(p.Kill)
	return p, nil
}

// Kill ends the process as a crash would (SIGKILL), and returns when it has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // It fails only where the process has ended.
	<-p.ended
}

// Stop asks the process to end (SIGTERM), kills it where that takes longer than a while, and reports whether it ended by itself.
func (p *Process) Stop(within time.Duration) bool {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return p.cmd.ProcessState.Success()
	case <-time.After(within):
		p.Kill()
		return false
	}
}

// Freeze stops the process where it is (SIGSTOP); Thaw lets it go on.
func (p *Process) Freeze() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (p *Process) Thaw() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Said returns the last few kilobytes that the process wrote.
func (p *Process) Said() string { return p.said.String() }

// Memory returns the bytes of memory that the process has now (VmRSS).
func (p *Process) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("read memory: there is no VmRSS")
}

// tick is what /proc counts processor time in; it is 10 ms on every Linux of the last twenty years.
const tick = 10 * time.Millisecond

// CPU returns the processor time that the process has used.
func (p *Process) CPU() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	// The name of the program, in parentheses, may hold anything.
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	const utime, stime = 11, 12
	if len(fields) <= stime {
		return 0, fmt.Errorf("read processor time: %d fields", len(fields))
	}
	var sum time.Duration
	for _, i := range []int{utime, stime} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// Listens waits until somebody accepts connections at an address, and fails at once where the process ends.
func (p *Process) Listens(ctx context.Context, address string) error {
	err := Await(ctx, address, func() bool {
		select {
		case <-p.ended:
			return true
		default:
		}
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended: %s", p.cmd.Path, p.Said())
	default:
		return err
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, data...)
	if n := len(t.text); n > 2*tailBytes {
		t.text = append([]byte(nil), t.text[n-tailBytes:]...)
	}
	return len(data), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
