package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// connect makes the connection to the engine. In a cluster it tries until ctx ends.
func (s *Store) connect(ctx context.Context) error {
	options, err := s.connectOptions()
	if err != nil {
		return err
	}
	for {
		s.conn, err = nats.Connect(strings.Join(s.options.URLs, ","), options...)
		if err == nil {
			return nil
		}
		if s.engine != nil || errors.Is(err, nats.ErrAuthorization) {
			return fmt.Errorf("connect to store: %w: %w", ErrUnavailable, err)
		}
		if !sleep(ctx, retryEvery) {
			return fmt.Errorf("connect to store: %w: %w", ErrUnavailable, err)
		}
	}
}

// retryEvery is the pause between two tries of what may work later.
const retryEvery = 250 * time.Millisecond

// sleep waits, and reports whether it did to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (s *Store) connectOptions() ([]nats.Option, error) {
	o := s.options
	options := []nats.Option{
		nats.Name(o.Name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(retryEvery),
		nats.ReconnectJitter(retryEvery, time.Second),
		// What cannot be sent now is an error now: it would be sent after its caller has given up.
		nats.ReconnectBufSize(-1),
		nats.PingInterval(pingEvery(s.engine != nil)), nats.MaxPingsOutstanding(2),
		nats.Timeout(5 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { s.disconnected(err) }),
		nats.ReconnectHandler(func(*nats.Conn) { s.reconnected() }),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) { s.asyncError(sub, err) }),
	}
	if s.engine != nil {
		return append(options, nats.InProcessServer(s.engine)), nil
	}
	if o.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(o.CredentialsFile))
	}
	if o.User != "" {
		options = append(options, nats.UserInfo(o.User, o.Password))
	}
	if o.TLS.CAFile != "" {
		options = append(options, nats.RootCAs(o.TLS.CAFile))
	}
	if o.TLS.CertFile != "" {
		options = append(options, nats.ClientCert(o.TLS.CertFile, o.TLS.KeyFile))
	}
	if o.TLS != (TLS{}) {
		options = append(options, nats.Secure())
	}
	return options, nil
}

// pingEvery is a third of how long a connection may be silent. A node of a cluster that is stopped holds up its broker for no longer
// than the others take to elect another leader; an embedded engine is silent only because the machine is busy.
func pingEvery(embedded bool) time.Duration {
	if embedded {
		return 20 * time.Second
	}
	return 2 * time.Second
}

func (s *Store) disconnected(err error) {
	if s.closing() {
		return
	}
	s.options.Log.Warn("the connection to the store is lost", "error", err)
	s.tell(State{Connected: false})
}

func (s *Store) reconnected() {
	s.options.Log.Info("the connection to the store is there again", "server", s.conn.ConnectedUrlRedacted())
	s.remakeLater()
	s.tell(State{Connected: true, Resumed: true})
}

// asyncError hears what no call returns: above all of subscriptions that are taken too slowly, which their owners notice
// themselves.
func (s *Store) asyncError(sub *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		s.slow.Add(1)
	}
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	s.options.Log.Warn("store connection", "error", err, "subject", subject)
}

// tell calls the watchers one after the other, in the order in which the states came.
func (s *Store) tell(state State) {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	s.state = state
	for _, f := range s.watchers {
		f(state)
	}
}
