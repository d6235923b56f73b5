package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long the other side may take, and how much it may send before anything is read of it.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = 30 * time.Second
	writeTimeout   = 5 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	// DrainTimeout is how long requests may take to end when the broker stops.
	DrainTimeout = 10 * time.Second
)

// Endpoint is a listener and what answers on it.
type Endpoint struct {
	Listener net.Listener
	Handler  http.Handler
	// TLS has the certificate; if nil, the endpoint speaks plain HTTP.
	TLS *tls.Config
	// Last: the endpoint answers until all others have ended, so that whoever asks for the health can see the broker stop.
	Last bool
}

// Options of Run. The zero value works.
type Options struct {
	// Health is told that the broker stops; if nil, nobody is.
	Health *Health
	// Drain is called when the broker stops, while requests are still answered, and before anything is closed: for what ends
	// slower than a request. If nil, there is nothing of the kind.
	Drain func()
	// Log gets what went wrong; if nil, slog.Default().
	Log *slog.Logger
}

func (o Options) orDefault() Options {
	if o.Health == nil {
		o.Health = NewHealth("", nil)
	}
	if o.Drain == nil {
		o.Drain = func() {}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Run answers on all endpoints until ctx ends. Then the health says so, Drain runs, no new connection is taken, requests under
// way may end, and Run returns nil. Where an endpoint fails, all of them stop and Run returns why. It closes the listeners.
func Run(ctx context.Context, options Options, endpoints ...Endpoint) error {
	options = options.orDefault()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var first, last []*http.Server
	var running sync.WaitGroup
	for _, e := range endpoints {
		server := newServer(e, options.Log)
		if e.Last {
			last = append(last, server)
		} else {
			first = append(first, server)
		}
		running.Go(func() {
			if err := serve(server, e.Listener); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("serve %s: %w", e.Listener.Addr(), err))
			}
		})
	}
	<-ctx.Done()
	options.Health.Drain()
	for _, server := range first {
		// Proxies keep connections for later; from now on each answer tells them to take another one.
		server.SetKeepAlivesEnabled(false)
	}
	options.Drain()
	drain(first, options.Log)
	drain(last, options.Log)
	running.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

func newServer(e Endpoint, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: e.Handler, TLSConfig: e.TLS,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		// What the library complains about is what others sent wrong.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func serve(server *http.Server, listener net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(listener, "", "")
	}
	return server.Serve(listener)
}

// drain ends the servers together; what is not done in time is cut off.
func drain(servers []*http.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), DrainTimeout)
	defer cancel()
	var ending sync.WaitGroup
	for _, server := range servers {
		ending.Go(func() {
			if err := server.Shutdown(ctx); err != nil {
				log.Warn("requests cut off", "after", DrainTimeout)
				_ = server.Close()
			}
		})
	}
	ending.Wait()
}
