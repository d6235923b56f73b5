package rig

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Programs are the paths of what a Stage starts.
type Programs struct {
	// Crossframe is the broker, NATS is nats-server.
	Crossframe, NATS string
}

// Stage owns what a row needs: a folder, processes, listeners. Its methods may be called concurrently.
type Stage struct {
	// Dir is an empty folder, removed by Close.
	Dir      string
	Programs Programs

	mu      sync.Mutex
	count   int
	closers []func()
}

// NewStage makes a stage with a folder of its own.
func NewStage(p Programs) (*Stage, error) {
	dir, err := os.MkdirTemp("", "crossframe-bench-")
	if err != nil {
		return nil, fmt.Errorf("make stage: %w", err)
	}
	s := &Stage{Dir: dir, Programs: p}
	s.Defer(func() { _ = os.RemoveAll(dir) })
	return s, nil
}

// Defer has Close call f, before what was deferred earlier.
func (s *Stage) Defer(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// Close ends everything, the last first.
func (s *Stage) Close() {
	for {
		s.mu.Lock()
		n := len(s.closers)
		if n == 0 {
			s.mu.Unlock()
			return
		}
		f := s.closers[n-1]
		s.closers = s.closers[:n-1]
		s.mu.Unlock()
		f()
	}
}

// folder names a new folder or file of the stage.
func (s *Stage) folder(kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return filepath.Join(s.Dir, fmt.Sprintf("%s%d", kind, s.count))
}

// FreePort finds a port of loopback that nobody uses. It may be taken by somebody else before it is used.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// addresses returns so many addresses of loopback that nobody uses.
func addresses(n int) (list []string, err error) {
	for range n {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return list, nil
}

// Await asks again and again until done says yes, or ctx ends.
func Await(ctx context.Context, what string, done func() bool) error {
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-every.C:
		}
	}
	return nil
}

// Pause waits, or returns the error of ctx when that ends first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
