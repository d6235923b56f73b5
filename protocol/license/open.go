package license

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Open checks a license key for the main page at pageOrigin and returns what it says. now is in seconds since 1970.
//
// The faults: LICENSE_MISSING for an empty key; LICENSE_INVALID for one that was altered, or signed by a key that is not
// trusted or was retired before; LICENSE_ORIGIN_MISMATCH for one that is bound to other origins; LICENSE_NOT_YET_VALID and
// LICENSE_EXPIRED. The license is filled in beside the last two, and beside no other fault.
//
// On a foreign origin the box stays shut, so that damage inside of it is reported as a mismatch there.
func Open(key, pageOrigin string, keys []protocol.TrustedKey, now int64) (License, *protocol.Fault) {
	b, fault := unpack(key)
	if fault != nil {
		return License{}, fault
	}
	page, err := origin.Parse(pageOrigin)
	if err != nil || page.Opaque {
		return License{}, protocol.NewFault(protocol.LicenseOrigin, "the page has no origin that a license key can be bound to")
	}
	fileKey, ok := b.fileKey(slotLabels(page))
	if !ok {
		return License{}, mismatch(page)
	}
	token, ok := unseal(fileKey, b.nonce, b.sealed, b.head)
	if !ok {
		return License{}, invalid("it is incomplete or was altered")
	}
	claims, signer, fault := verify(string(token), keys)
	if fault != nil {
		return License{}, fault
	}
	l, err := parseClaims(claims)
	if err != nil {
		return License{}, invalid(err.Error())
	}
	if signer.NotAfterIssued != 0 && l.IssuedAt > signer.NotAfterIssued {
		return License{}, invalid("it was issued after its signing key " + signer.ID + " had been retired")
	}
	// A slot is no authority: whoever opened a box can add slots to it. The signed list is.
	list, _, err := origin.NewPatterns(origin.AllowList, l.Origins)
	if err != nil {
		return License{}, invalid("its list of origins cannot be read")
	}
	if !list.Allows(pageOrigin) {
		return License{}, mismatch(page)
	}
	l.KeyID = signer.ID
	l.State, fault = l.At(now)
	return l, fault
}

func mismatch(page origin.Origin) *protocol.Fault {
	return protocol.NewFault(protocol.LicenseOrigin,
		"the license key is not made for "+page.String()+"; ask its issuer for one that names this origin")
}

// NeedsLicense reports whether a main page at this origin needs a license key. Pages of the very machine (localhost and
// names below it, 127.0.0.0/8, [::1]; any port) do not, so that development needs no setting up.
func NeedsLicense(pageOrigin string) bool {
	o, err := origin.Parse(pageOrigin)
	return err != nil || !o.Web() || !o.Loopback()
}

// Seal is what a license key shows to somebody who knows no origin of it. Nothing of it has been authenticated.
type Seal struct {
	// Format is "CF1".
	Format string
	// Origins is how many origin patterns the key is sealed for.
	Origins int
	// Bytes is the length of the key's text.
	Bytes int
}

// Inspect checks the form of a key and its head, and returns what can be seen from outside; damage to the sealed part shows
// only when the key is opened. The fault is LICENSE_MISSING or LICENSE_INVALID.
func Inspect(key string) (Seal, *protocol.Fault) {
	b, fault := unpack(key)
	if fault != nil {
		return Seal{}, fault
	}
	raw := len(b.head) - len(prefix) + len(b.nonce) + len(b.sealed)
	return Seal{Format: "CF1", Origins: len(b.slots) / slotBytes, Bytes: len(prefix) + strict.EncodedLen(raw)}, nil
}
