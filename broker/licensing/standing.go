package licensing

import (
	"strconv"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// Standing is how the broker stands with its license.
type Standing struct {
	// Needed: there is an origin that needs a license. Without, nothing is limited.
	Needed bool
	State  license.State
	// Fault is why no session may begin; nil where sessions may.
	Fault *protocol.Fault
	// License is what the key says, where it could be opened.
	License license.License
	// EndsAt is when running sessions end, because the license was revoked; zero where they do not.
	EndsAt time.Time
	// Missing are the faults of each origin, and what else is wrong, for people.
	Missing []string
}

func (s *Standing) runs(now time.Time) bool { return s.EndsAt.IsZero() || now.Before(s.EndsAt) }

// stateOf names the state that a fault stands for; "" for a license that is none.
func stateOf(fault *protocol.Fault) license.State {
	switch fault.Code {
	case protocol.LicenseExpired:
		return license.StateExpired
	case protocol.LicenseRevoked:
		return license.StateRevoked
	}
	return ""
}

// admits returns why no session may begin.
func (s *Standing) admits() *protocol.Fault {
	switch {
	case !s.Needed:
		return nil
	case s.Fault != nil:
		return s.Fault
	}
	return s.Feature(license.FeatureBroker)
}

// Feature returns LICENSE_LIMIT where the license does not include a feature.
func (s *Standing) Feature(name string) *protocol.Fault {
	if !s.Needed || s.License.Has(name) {
		return nil
	}
	return protocol.NewFault(protocol.LicenseLimit, "license "+s.License.ID+" does not include the feature "+strconv.Quote(name)+"; get a key that does")
}

// Limit returns a limit of the license; limited is false where there is none.
func (s *Standing) Limit(name string) (limit int64, limited bool) {
	if !s.Needed {
		return 0, false
	}
	limit, limited = s.License.Limits[name]
	return limit, limited
}
