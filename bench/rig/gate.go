package rig

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Gate is an address that leads to another: the first of its backends that accepts connections. Frozen, it lets nothing through
// and tells nobody, as a network does that has lost its middle: what is sent waits, and an end is not noticed.
type Gate struct {
	Address  string
	backends []string
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	change sync.Cond
	frozen bool
	closed bool
	conns  map[net.Conn]struct{}
}

// Gate opens a gate that ends with the stage.
func (s *Stage) Gate(backends ...string) (*Gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	g := &Gate{Address: l.Addr().String(), backends: backends, listener: l, conns: make(map[net.Conn]struct{})}
	g.change.L = &g.mu
	g.running.Go(g.accept)
	s.Defer(g.close)
	return g, nil
}

// Freeze freezes all that goes through, or lets it go on.
func (g *Gate) Freeze(frozen bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.frozen = frozen
	g.change.Broadcast()
}

// Cut ends all connections at once.
func (g *Gate) Cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		_ = c.Close()
	}
}

func (g *Gate) close() {
	_ = g.listener.Close()
	g.mu.Lock()
	g.closed = true
	g.change.Broadcast()
	g.mu.Unlock()
	g.Cut()
	g.running.Wait()
}

func (g *Gate) accept() {
	for {
		c, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.running.Go(func() { g.join(c) })
	}
}

// join connects what came with the first backend that there is.
func (g *Gate) join(near net.Conn) {
	defer near.Close()
	if !g.enter(near) {
		return
	}
	defer g.leave(near)
	g.pass()
	for _, address := range g.backends {
		far, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err != nil {
			continue
		}
		if g.enter(far) {
			var both sync.WaitGroup
			both.Go(func() { g.copy(near, far) })
			both.Go(func() { g.copy(far, near) })
			both.Wait()
			g.leave(far)
		}
		_ = far.Close()
		return
	}
}

// copy takes from one side to the other. When one side has ended, both have.
func (g *Gate) copy(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.pass()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	_ = to.Close()
	_ = from.Close()
}

// pass waits while the gate is frozen.
func (g *Gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.frozen && !g.closed {
		g.change.Wait()
	}
}

func (g *Gate) enter(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.conns[c] = struct{}{}
	}
	return !g.closed
}

func (g *Gate) leave(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
}
