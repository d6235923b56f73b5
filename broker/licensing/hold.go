package licensing

import (
	"context"
	"slices"
	"time"

	"github.com/crossframe/crossframe/protocol/license"
)

// Run tells the other brokers who is here, until ctx ends.
func (s *Seats) Run(ctx context.Context) {
	if s.presence == nil {
		return
	}
	ticker := time.NewTicker(HoldEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
			s.drop(ctx)
		case <-ticker.C:
			s.drop(ctx)
			s.hold(ctx)
		}
	}
}

// drop tells of those who have left and did not come back. What cannot be told ends by itself.
func (s *Seats) drop(ctx context.Context) {
	s.mu.Lock()
	gone := s.dropped
	s.dropped = nil
	gone = slices.DeleteFunc(gone, func(one Seat) bool { return s.tenants[one.Tenant][one.User] != nil })
	s.mu.Unlock()
	for _, one := range gone {
		if err := s.presence.Drop(ctx, one); err != nil && ctx.Err() == nil {
			s.checker.log.Warn("other brokers count a user who has left, for a moment", "problem", err.Error())
		}
	}
}

func (s *Seats) hold(ctx context.Context) {
	standing := s.checker.Standing()
	if _, limited := standing.Limit(license.LimitUsers); !limited {
		return
	}
	for _, one := range s.here() {
		if err := s.holdOne(ctx, one); err != nil && ctx.Err() == nil {
			s.checker.log.Warn("other brokers do not hear who is here", "problem", err.Error())
			return
		}
	}
}

func (s *Seats) here() (list []*seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, users := range s.tenants {
		for _, one := range users {
			list = append(list, one)
		}
	}
	return list
}
