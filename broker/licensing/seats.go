package licensing

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// askFor is how long the other brokers may take to say whom they have.
const askFor = 3 * time.Second

// HoldEvery is how often Presence hears of a user who is still there. Who is not heard of for three times as long has gone.
const HoldEvery = 10 * time.Second

// Seat is the place of one user of a tenant, however many connections the user has.
type Seat struct {
	Tenant, User string
	// Order says who came first, at whatever broker: the order in which Presence heard of the seats. 0 is not known yet.
	Order uint64
}

// Presence is where several brokers tell each other whom they have. The calls may take their time, and may fail.
type Presence interface {
	// Hold says that this broker has the user, for the next three HoldEvery, and returns the seat's order: the one that it has, or
	// a new one where it has none or that of another life of Presence.
	Hold(ctx context.Context, s Seat) (order uint64, err error)
	// Drop says that it no longer has.
	Drop(ctx context.Context, s Seat) error
	// Seats returns those of a tenant at all brokers, this one included: every seat of a lower order than one of this broker's own
	// is there, unless it was dropped.
	Seats(ctx context.Context, tenant string) ([]Seat, error)
}

// Seats counts the users of each tenant against the limit "users" of the license. It may be used concurrently.
type Seats struct {
	checker  *Checker
	presence Presence

	mu      sync.Mutex
	tenants map[string]map[string]*seat
	// credits say how many users of a tenant may come before the other brokers are asked again.
	credits map[string]credit
	// dropped are seats that Presence is to forget; wake tells Run of them.
	dropped []Seat
	wake    chan struct{}
}

// credit is for a moment in which the limit is far away: asking for every user who comes in the morning would cost the square of
// their number.
type credit struct {
	users int64
	until time.Time
}

// creditShare is the part of the seats that are left which one broker gives away without asking: as many brokers as that can do so
// at once, and the limit holds.
const creditShare = 32

// seat is a Seat at this broker.
type seat struct {
	Seat
	// takers are the calls of Take that hold it.
	takers int
	// decided is closed when it is known whether the user may stay; err says why not.
	decided chan struct{}
	err     error
}

// NewSeats returns the seats of a broker. Where it is the only one, presence is nil, and Run has nothing to do.
func NewSeats(checker *Checker, presence Presence) *Seats {
	return &Seats{checker: checker, presence: presence, tenants: make(map[string]map[string]*seat), credits: make(map[string]credit), wake: make(chan struct{}, 1)}
}

// Take gives a user a seat until release is called; several connections of one user share it. The error is the *protocol.Fault of the
// license where nobody may begin, and LICENSE_LIMIT where the license does not include sharing or has no seat left; who has one keeps
// it. Where other brokers cannot be asked, the seats of this one are counted. release may be called twice.
func (s *Seats) Take(ctx context.Context, tenant, user string) (release func(), err error) {
	standing := s.checker.Standing()
	if fault := standing.admits(); fault != nil {
		return nil, fault
	}
	limit, limited := standing.Limit(license.LimitUsers)
	one, first, err := s.enter(tenant, user, limit, limited)
	if err != nil {
		return nil, err
	}
	if first {
		// Others of this user wait for the answer, too: that this caller goes away is not one.
		asking, stop := context.WithTimeout(context.WithoutCancel(ctx), askFor)
		s.settle(one, s.decide(asking, one, limit, limited))
		stop()
	}
	select {
	case <-one.decided:
		err = one.err // Nobody writes it after decided is closed.
	case <-ctx.Done():
		err = ctx.Err()
	}
	var once sync.Once
	release = func() { once.Do(func() { s.leave(one) }) }
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// Taken returns how many users have a seat at this broker, of all tenants.
func (s *Seats) Taken() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, users := range s.tenants {
		n += len(users)
	}
	return n
}

// enter finds the user's seat, or makes one where this broker itself has one left; then first is true, and the caller decides.
func (s *Seats) enter(tenant, user string, limit int64, limited bool) (one *seat, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := s.tenants[tenant]
	if one := users[user]; one != nil {
		one.takers++
		return one, false, nil
	}
	if limited && int64(len(users)) >= limit {
		return nil, false, full(limit)
	}
	if users == nil {
		users = make(map[string]*seat)
		s.tenants[tenant] = users
	}
	one = &seat{Seat: Seat{Tenant: tenant, User: user}, takers: 1, decided: make(chan struct{})}
	users[user] = one
	return one, true, nil
}

// decide asks the other brokers. Two users that take the last seat at two brokers see each other, as both say so before they count,
// and both count the same: who came first stays.
func (s *Seats) decide(ctx context.Context, one *seat, limit int64, limited bool) error {
	if s.presence == nil || !limited {
		return nil
	}
	err := s.holdOne(ctx, one)
	if err == nil && s.spend(one.Tenant) {
		return nil
	}
	var all []Seat
	if err == nil {
		all, err = s.presence.Seats(ctx, one.Tenant)
	}
	if err != nil {
		s.checker.log.Warn("seats of other brokers are not counted", "problem", err.Error())
		return nil
	}
	before, users := rank(all, one.User)
	s.lend(one.Tenant, (limit-users)/creditShare)
	if before >= limit {
		return full(limit)
	}
	return nil
}

// spend takes one from the tenant's credit, if there is any.
func (s *Seats) spend(tenant string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.credits[tenant]
	if c.users <= 0 || time.Now().After(c.until) {
		return false
	}
	c.users--
	s.credits[tenant] = c
	return true
}

func (s *Seats) lend(tenant string, users int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if users <= 0 {
		delete(s.credits, tenant)
		return
	}
	s.credits[tenant] = credit{users, time.Now().Add(HoldEvery)}
}

func (s *Seats) settle(one *seat, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.err = err
	close(one.decided)
}

// holdOne tells the other brokers of a seat, unless it was left meanwhile.
func (s *Seats) holdOne(ctx context.Context, one *seat) error {
	s.mu.Lock()
	told, left := one.Seat, s.tenants[one.Tenant][one.User] != one
	s.mu.Unlock()
	if left {
		return nil
	}
	order, err := s.presence.Hold(ctx, told)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one.Order = order
	return nil
}

// rank returns how many other users came before the user, and how many there are at all.
func rank(all []Seat, user string) (before, users int64) {
	slices.SortFunc(all, func(a, b Seat) int { return cmp.Compare(a.Order, b.Order) })
	seen := make(map[string]bool, len(all))
	for _, one := range all {
		if !seen[one.User] && !seen[user] && one.User != user {
			before++
		}
		seen[one.User] = true
	}
	return before, int64(len(seen))
}

func full(limit int64) *protocol.Fault {
	return protocol.NewFault(protocol.LicenseLimit, "as many users are connected as the license key allows at a time ("+
		strconv.FormatInt(limit, 10)+"); wait until somebody leaves, or get a key with a higher limit")
}

// leave takes one taker away, and the seat with the last of them.
func (s *Seats) leave(one *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.takers--; one.takers > 0 && one.err == nil {
		return
	}
	if users := s.tenants[one.Tenant]; users[one.User] == one {
		delete(users, one.User)
		if len(users) == 0 {
			delete(s.tenants, one.Tenant)
			delete(s.credits, one.Tenant)
		}
		if s.presence != nil {
			s.dropped = append(s.dropped, one.Seat)
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
	}
}
