package license

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Check judges the license that the claims state, for the main page at pageOrigin. The signature of the claims must have been
// checked. now is in seconds since 1970.
//
// The faults: LICENSE_INVALID for claims that no issuer should have signed; LICENSE_ORIGIN_MISMATCH for a license of other
// origins; LICENSE_NOT_YET_VALID and LICENSE_EXPIRED. The license is filled in beside the last two, and beside no other
// fault.
func Check(claims []byte, pageOrigin string, now int64) (License, *protocol.Fault) {
	l, err := Parse(claims)
	if err != nil {
		return License{}, Invalid(err.Error())
	}
	list, _, err := origin.NewPatterns(origin.AllowList, l.Origins)
	if err != nil {
		return License{}, Invalid("its list of origins cannot be read")
	}
	if !list.Allows(pageOrigin) {
		return License{}, Foreign(pageOrigin)
	}
	var fault *protocol.Fault
	l.State, fault = l.At(now)
	return l, fault
}

// NeedsLicense reports whether a main page at this origin needs a license key. Pages of the very machine (localhost and
// names below it, 127.0.0.0/8, [::1]; any port) do not, so that development needs no setting up.
func NeedsLicense(pageOrigin string) bool {
	o, err := origin.Parse(pageOrigin)
	return err != nil || !o.Web() || !o.Loopback()
}

// Invalid is the fault for a key that no issuer made so.
func Invalid(why string) *protocol.Fault {
	return protocol.NewFault(protocol.LicenseInvalid, "the license key is not valid: "+why+"; use the key exactly as it was issued")
}

// Foreign is the fault for a license of other origins than the page's.
func Foreign(pageOrigin string) *protocol.Fault {
	return protocol.NewFault(protocol.LicenseOrigin,
		"the license key is not made for "+pageOrigin+"; ask its issuer for one that names this origin")
}
