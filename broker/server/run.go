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
}

// Run answers on all endpoints until ctx ends; then no new connection is taken, requests under way may end, and Run
// returns nil. Where an endpoint fails, all of them stop and Run returns why. It closes the listeners.
func Run(ctx context.Context, log *slog.Logger, health *Health, endpoints ...Endpoint) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	servers := make([]*http.Server, len(endpoints))
	var running sync.WaitGroup
	for i, e := range endpoints {
		servers[i] = newServer(e, log)
		running.Go(func() {
			if err := serve(servers[i], e.Listener); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("serve %s: %w", e.Listener.Addr(), err))
			}
		})
	}
	<-ctx.Done()
	health.Drain()
	drain(servers, log)
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
