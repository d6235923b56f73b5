package main

import (
	"context"
	"errors"

	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/seats"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// admission lets those connect whom the license lets in.
type admission struct {
	license *licensing.Checker
	seats   *licensing.Seats
}

func newAdmission(license *licensing.Checker, engine *store.Store) *admission {
	return &admission{license, licensing.NewSeats(license, seats.New(engine))}
}

// admit is for relay.Options.
func (a *admission) admit(ctx context.Context, who relay.Presence) (release func(), f *protocol.Fault) {
	release, err := a.seats.Take(ctx, who.Tenant, who.User)
	if err != nil && !errors.As(err, &f) {
		f = protocol.NewFault(protocol.HubNotReady, "the broker could not tell in time whether there is a seat; try again")
	}
	return release, f
}

// run tells the other brokers whom this one has, and ends the connections when the time of a revoked license is over, until ctx
// ends.
func (a *admission) run(ctx context.Context, r *relay.Relay) {
	stop := a.license.Watch(func(s licensing.Standing) {
		if s.Fault != nil && !a.license.Runs() {
			r.End(s.Fault)
		}
	})
	defer stop()
	a.seats.Run(ctx)
}
