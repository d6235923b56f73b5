package license

import (
	"slices"
	"strconv"

	"github.com/crossframe/crossframe/protocol"
)

// License is what a license key says. Times are seconds since 1970.
type License struct {
	// Issuer and Subject are who gave it to whom.
	Issuer  string
	Subject string
	// ID names this license; it may stand in logs, unlike the key.
	ID string
	// KeyID names the key that signed it, where that is known: it is no claim.
	KeyID string

	IssuedAt  int64
	NotBefore int64
	Expires   int64
	// GraceDays is how long the hub goes on after Expires, with warnings.
	GraceDays int64

	// Origins are the patterns of the origins that a main page may have, in canonical form.
	Origins  []string
	Features []string
	// Limits are numbers by name. A name that is not there is not limited.
	Limits map[string]int64

	// State is what At said when the license was checked.
	State State
}

// State is a license's state in time.
type State string

// The states.
const (
	StateValid State = "valid"
	// StateExpiring: it expires within ExpiringDays.
	StateExpiring State = "expiring"
	// StateGrace: it has expired, but its grace days have not.
	StateGrace State = "grace"
	// StateExpired: nothing new may start under it.
	StateExpired State = "expired"
	// StateRevoked: its issuer took it back. Claims do not tell; a revocation list does.
	StateRevoked State = "revoked"
)

const (
	// ExpiringDays is how long before its end a license is called expiring.
	ExpiringDays = 30
	// Leeway is how far the clocks of issuer and page may be apart, in seconds.
	Leeway = 5 * 60
	day    = 24 * 60 * 60
)

// Limits that are enforced.
const (
	// LimitApps is how many apps may be connected in one page at a time.
	LimitApps = "apps"
	// LimitUsers is how many different users of a tenant may be connected to the broker at a time.
	LimitUsers = "users"
)

// FeatureBroker is sharing between pages through a broker.
const FeatureBroker = "broker"

// Has reports whether the license includes a feature. One that lists no features includes all.
func (l *License) Has(feature string) bool {
	return len(l.Features) == 0 || slices.Contains(l.Features, feature)
}

// Ends returns when the grace days are over, in seconds since 1970.
func (l *License) Ends() int64 { return l.Expires + l.GraceDays*day }

// At returns the license's state at a time, in seconds since 1970. The fault is LICENSE_NOT_YET_VALID, with no state,
// or LICENSE_EXPIRED. A hub that runs for days asks again from time to time.
func (l *License) At(now int64) (State, *protocol.Fault) {
	from := max(l.NotBefore, l.IssuedAt)
	switch {
	case now < from-Leeway:
		return "", protocol.NewFault(protocol.LicenseNotYetValid, "license "+l.ID+" is valid from "+date(from)+
			", and the clock says "+date(now)+"; if it is later than that, set the clock right")
	case now < l.Expires-ExpiringDays*day:
		return StateValid, nil
	case now < l.Expires:
		return StateExpiring, nil
	case now < l.Ends()+Leeway:
		return StateGrace, nil
	}
	return StateExpired, protocol.NewFault(protocol.LicenseExpired, "license "+l.ID+" expired on "+date(l.Expires)+
		" and its "+strconv.FormatInt(l.GraceDays, 10)+" grace days are over; ask its issuer for a new key")
}

// date writes a time as a day in UTC. It counts days from the first of March of the year 0, so that leap days come last
// in a year of months; package time would add 6 kB to the hub for this.
func date(unix int64) string {
	unix = min(max(unix, 0), maxTime)
	days := unix/day + 719468
	era := days / 146097 // of 400 years
	inEra := days % 146097
	year := (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*year + year/4 - year/100)
	month := (5*inYear + 2) / 153
	dayOfMonth := inYear - (153*month+2)/5 + 1
	year += era * 400
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	text := strconv.FormatInt((year*100+month)*100+dayOfMonth, 10)
	return text[:len(text)-4] + "-" + text[len(text)-4:len(text)-2] + "-" + text[len(text)-2:]
}
