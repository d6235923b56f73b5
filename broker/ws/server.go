package ws

import (
	"context"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/crossframe/crossframe/protocol/stream"
)

// Server is the http.Handler of one address that hubs and programs connect to. It may be used concurrently.
type Server struct {
	options  Options
	upgrader websocket.Upgrader
	bounds   stream.Bounds
	messages rate
	bytes    rate
	start    time.Time
	inbound  sync.Pool
	counters counters

	// running counts the connections from their admission, and the goroutines that write.
	running sync.WaitGroup

	// mu is taken before the mutex of a connection, never after.
	mu       sync.Mutex
	closed   bool
	cut      bool
	admitted int
	from     map[netip.Prefix]int
	wheel    wheel
}

// NewServer returns a server; Close ends it.
func NewServer(options Options) *Server {
	options = options.orDefault()
	s := &Server{
		options:  options,
		bounds:   stream.Bounds{QueueBytes: options.QueueBytes, MessageBytes: options.MessageBytes},
		messages: newRate(options.MessagesPerSecond, options.BurstMessages),
		bytes:    newRate(options.BytesPerSecond, options.BurstBytes),
		start:    time.Now(),
		from:     map[netip.Prefix]int{},
	}
	s.inbound.New = func() any { return new(inbound) }
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: options.WriteTimeout,
		ReadBufferSize:   1 << 10,
		// A whole frame fits, so that it is one write. The pool gives the buffer back after each.
		WriteBufferSize: stream.FrameBytes + 1<<10,
		WriteBufferPool: new(sync.Pool),
		// check has decided, more strictly: without an Origin header this would be a yes.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			s.counters.badRequest.Add(1)
			w.Header().Set("Sec-WebSocket-Version", "13")
			(&refusal{status, codeUpgrade, "This address speaks WebSocket, version 13."}).write(w)
		},
	}
	return s
}

// ServeHTTP implements http.Handler. It returns when the connection has been opened.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refusal := s.check(r); refusal != nil {
		s.options.OnRefuse(r, refusal.code)
		refusal.write(w)
		return
	}
	from := network(s.options.Address(r))
	if refusal := s.admit(from); refusal != nil {
		s.options.OnRefuse(r, refusal.code)
		refusal.write(w)
		return
	}
	h := &hijacker{ResponseWriter: w}
	socket, err := s.upgrader.Upgrade(h, r, nil)
	if err != nil {
		// The library has answered, or there is nobody left to answer.
		s.leave(from)
		return
	}
	s.open(newConn(s, socket, h.wire, from), r)
}

// open starts a connection, also one that is refused: closing takes a reader too.
func (s *Server) open(c *Conn, r *http.Request) {
	s.counters.opened.Add(1)
	s.counters.open.Add(1)
	s.enter(c)
	var err error
	panicked := s.guard(func() { c.receiver, err = s.options.OnOpen(c, r) })
	switch {
	case panicked, err == nil && c.receiver == nil:
		c.receiver = nil
		c.end(stream.NewClosed(stream.CloseInternal, ""), dropQueue)
	case err != nil:
		c.receiver = nil
		c.end(closedBy(err), keepQueue)
	}
	go c.run()
}

// enter registers a connection for pings and for Close, which may have been called meanwhile.
func (s *Server) enter(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wheel.add(c, s.options.PingEvery, s.ping)
	if s.closed {
		c.end(restart(), keepQueue)
	}
	if s.cut {
		_ = c.socket.Close()
	}
}

// guard calls f and reports whether it panicked. What went wrong is logged; it costs one connection, not all.
func (s *Server) guard(f func()) (panicked bool) {
	defer func() {
		if value := recover(); value != nil {
			panicked = true
			s.counters.panicked.Add(1)
			s.options.Log.Error("panic in a receiver", "value", value, "stack", string(debug.Stack()))
		}
	}()
	f()
	return false
}

// Close ends all connections with CloseRestart, behind what waits to be written, and refuses new ones. It returns when
// all are gone and no Receiver is called any more; when ctx ends, those that are left are cut off, and its error is
// returned. A Receiver must not call it.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for c := range s.wheel.all {
		c.end(restart(), keepQueue)
	}
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() { s.running.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.cut = true
	for c := range s.wheel.all {
		_ = c.socket.Close()
	}
	s.mu.Unlock()
	<-gone
	return ctx.Err()
}

func restart() *stream.Closed {
	return stream.NewClosed(stream.CloseRestart, "the broker stops, or starts anew")
}
