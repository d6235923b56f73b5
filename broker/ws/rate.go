package ws

import "time"

// rate is how much one connection may send: so much a second, and burst at once.
type rate struct {
	each, burst time.Duration
}

// newRate returns a rate; each is the time that one unit takes, times 1024, so that bytes keep their fractions.
func newRate(perSecond, burst int) rate {
	each := time.Second * 1024 / time.Duration(perSecond)
	return rate{each: each, burst: each * time.Duration(burst) / 1024}
}

// bucket is one connection's account with a rate: the time until which it has spent what it gets. The zero value is
// a full one. Times are since the server's start.
type bucket time.Duration

// take spends n units and reports whether there were so many.
func (b *bucket) take(r rate, now time.Duration, n int) bool {
	until := max(time.Duration(*b), now) + r.each*time.Duration(n)/1024
	if until-now > r.burst {
		return false
	}
	*b = bucket(until)
	return true
}
