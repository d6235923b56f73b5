package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/crossframe/crossframe/broker/api"
	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/records"
	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/broker/tracing"
	"github.com/crossframe/crossframe/broker/ws"
	"github.com/crossframe/crossframe/protocol/origin"
)

// How long the store may take: to open, which in a cluster that is forming takes a while; to say what it is missing; and the
// connections to end.
const (
	openTimeout  = 60 * time.Second
	askTimeout   = 2 * time.Second
	drainTimeout = 5 * time.Second
)

// link is what hubs and programs connect to, on its store.
type link struct {
	*relay.Relay
	store     *store.Store
	records   *records.Records
	admission *admission
	audit     *audit.Log
	tracer    *tracing.Tracer
	log       *slog.Logger
}

// newLink opens the store and the relay on it; nil where nobody may connect.
func newLink(ctx context.Context, loaded *config.Loaded, checker *identity.Checker, license *licensing.Checker, tracer *tracing.Tracer, log *slog.Logger) (*link, error) {
	if !loaded.Linked() {
		log.Info("apps share with those of their own page only: nobody can connect", "fix", "set identity, and leave link.disabled out")
		return nil, nil
	}
	if loaded.Store.Dir == "" && len(loaded.Store.NATS) == 0 {
		log.Warn("what is shared is kept in memory, and gone when the broker stops", "fix", "set store.dir, or store.nats")
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	l := &link{log: log, tracer: tracer}
	var err error
	if l.store, err = store.Open(ctx, storeOptions(loaded, log)); err != nil {
		return nil, err
	}
	l.audit = audit.New(audit.Options{To: l.store.Audit(), Node: l.store.Node(), Operators: loaded.AuditTenant(), Log: log})
	l.admission = newAdmission(license, l.store)
	options, err := l.options(loaded, checker)
	if err == nil {
		l.Relay, err = relay.New(ctx, options)
	}
	if err == nil {
		l.records, err = records.New(ctx, l.store.Bucket(store.Records))
	}
	if err != nil {
		l.drain(0)
		l.close()
		return nil, fmt.Errorf("share beyond the page: %w", err)
	}
	l.audit.Note(audit.Event{Code: audit.BrokerStarted, Subject: buildVersion()})
	return l, nil
}

// options are those of the relay.
func (l *link) options(loaded *config.Loaded, checker *identity.Checker) (o relay.Options, err error) {
	o = relay.Options{
		Store: l.store, Authenticator: checker, Admit: l.admission.admit, Sharing: loaded.Sharing, Audit: l.audit, Tracer: l.tracer, Log: l.log,
		Contexts: contexts.Options{
			Alone: len(loaded.Store.NATS) == 0, EveryoneRoles: loaded.Link.EveryoneRoles, TenantContexts: int(loaded.Link.Contexts),
		},
		Socket: ws.Options{
			// Programs send no Origin, and no cookie authenticates here: the first message must bring a token, which no page of
			// another origin has.
			DangerouslyAllowMissingOrigin: true,
			MaxConns:                      int(loaded.Link.Connections), MaxConnsPerAddress: int(loaded.Link.PerAddress),
			// A hub that comes back sends up to ten thousand writes, and asks for all that it follows.
			MessagesPerSecond: 5000, BurstMessages: 30_000,
			Address: func(r *http.Request) string { return loaded.Proxies.Client(r).String() },
		},
	}
	var pages []string
	for _, p := range loaded.Origins {
		pages = append(pages, p.String())
	}
	patterns, _, err := origin.NewPatterns(origin.ExactList, pages)
	if err != nil {
		return o, err
	}
	o.Socket.Origins = &patterns
	o.Blocked, _, err = origin.NewPatterns(origin.BlockList, loaded.Policy.BlockList)
	return o, err
}

// drain ends the connections within that time, behind what waits to be written. Hubs come back by themselves, each after a time
// of its own.
func (l *link) drain(over time.Duration) {
	if l == nil || l.Relay == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), over+drainTimeout)
	defer cancel()
	l.Relay.Drain(ctx, over)
	if err := l.Relay.Close(ctx); err != nil {
		l.log.Warn("connections cut off", "after", over+drainTimeout)
	}
}

// close closes the store, when nobody asks it for anything any more.
func (l *link) close() {
	if l == nil {
		return
	}
	if l.records != nil {
		l.records.Close()
	}
	l.audit.Note(audit.Event{Code: audit.BrokerStopped})
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	l.audit.Close(ctx)
	if err := l.store.Close(); err != nil {
		l.log.Error("the store did not close well", "error", err)
	}
}

// routes are those of the API that need the store.
func (l *link) routes() []api.Route {
	if l == nil {
		return nil
	}
	return append(api.Records(l.records), api.Audit(l.store.Audit()), api.Presence(func(tenant string) any {
		return slices.DeleteFunc(l.Presence(), func(p relay.Presence) bool { return p.Tenant != tenant })
	}))
}

// trail is where what is refused or changed is told; nil where there is no store.
func (l *link) trail() *audit.Log {
	if l == nil {
		return nil
	}
	return l.audit
}

// missing says what keeps the store from working.
func (l *link) missing() []string {
	if l == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	return l.store.Missing(ctx)
}

// alive returns when the relay works: when its turns, its connections and what they share can be asked.
func (l *link) alive() {
	if l != nil {
		l.Snapshot()
	}
}
