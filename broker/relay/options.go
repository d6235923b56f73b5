package relay

import (
	"context"
	"log/slog"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/tracing"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Options of a Relay. Store and Authenticator must be set.
type Options struct {
	Store         *store.Store
	Authenticator identity.Authenticator
	// Admit says why somebody who was authenticated is not let in all the same, such as for want of a seat; nil lets him in,
	// and then release is called when the connection has ended. It may be called concurrently; ctx ends with AuthTimeout. If nil,
	// everybody is let in.
	Admit func(ctx context.Context, who Presence) (release func(), f *protocol.Fault)
	// Blocked lists origins that may not connect; see Relay.Block.
	Blocked origin.Patterns
	// Sharing says in which scope a program shares what it names without one.
	Sharing []protocol.SharingRule
	// Socket are the settings of the WebSocket server; OnOpen, OnRefuse and Log are the relay's.
	Socket ws.Options
	// Contexts are the settings of the shared contexts; Store, Sharing, Present, Lost, Tracer and Log are the relay's.
	Contexts contexts.Options

	// HelloTimeout is how long a connection may take to say who it is; if zero, 5 s.
	HelloTimeout time.Duration
	// AuthTimeout is how long the authenticator may take; if zero, 10 s.
	AuthTimeout time.Duration
	// Peers bounds the peers of one hub; if zero, 1,000.
	Peers int
	// NodeLifetime is how long a broker counts as running that says nothing; if zero, 45 s. It says something three times
	// as often.
	NodeLifetime time.Duration
	// LinkSilence is after how long without a word the peers of another broker count as gone; if zero, 15 s.
	LinkSilence time.Duration
	// Audit gets who comes and goes, and what is refused; if nil, nobody is told.
	Audit *audit.Log
	// Tracer gets a span of each call; if nil, nobody does.
	Tracer *tracing.Tracer
	// Log gets what operators should know; if nil, slog.Default().
	Log *slog.Logger
}

func (o Options) orDefault() Options {
	duration := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	duration(&o.HelloTimeout, 5*time.Second)
	duration(&o.AuthTimeout, 10*time.Second)
	duration(&o.NodeLifetime, 45*time.Second)
	duration(&o.LinkSilence, 15*time.Second)
	if o.Peers == 0 {
		o.Peers = 1000
	}
	if o.Admit == nil {
		o.Admit = func(context.Context, Presence) (func(), *protocol.Fault) { return func() {}, nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
