package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// pump is a connection of the server of the text books: a goroutine reads, another one writes what a channel holds.
type pump struct {
	socket *websocket.Conn
	queue  chan []byte
}

// square is that server: whoever connects gets what anybody sends.
type square struct {
	mu    sync.Mutex
	pumps map[*pump]struct{}
}

// serveTextbook serves until the process is killed: "/" is the square, "/echo" sends back what comes.
func serveTextbook(address string) error {
	s := &square{pumps: make(map[*pump]struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.join)
	mux.HandleFunc("/echo", echo)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

// Buffers as in the library's examples.
var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, CheckOrigin: func(*http.Request) bool { return true }}

func (s *square) join(w http.ResponseWriter, r *http.Request) {
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	p := &pump{socket, make(chan []byte, 1024)}
	s.mu.Lock()
	s.pumps[p] = struct{}{}
	s.mu.Unlock()
	go p.write()
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			break
		}
		s.tell(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(p)
}

// tell hands a message to everybody; who has too much waiting is dropped.
func (s *square) tell(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.pumps {
		select {
		case p.queue <- data:
		default:
			s.drop(p)
		}
	}
}

func (s *square) drop(p *pump) {
	if _, there := s.pumps[p]; there {
		delete(s.pumps, p)
		close(p.queue)
	}
}

func (p *pump) write() {
	defer p.socket.Close()
	for data := range p.queue {
		_ = p.socket.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if p.socket.WriteMessage(websocket.TextMessage, data) != nil {
			return
		}
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	for {
		kind, data, err := socket.ReadMessage()
		if err != nil || socket.WriteMessage(kind, data) != nil {
			return
		}
	}
}
