package sealed

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Open checks a license key for the main page at pageOrigin and returns what it says. now is in seconds since 1970.
//
// The faults: LICENSE_MISSING for an empty key; LICENSE_INVALID for one that was altered, or signed by a key that is not
// trusted or was retired before; LICENSE_ORIGIN_MISMATCH for one that is bound to other origins; LICENSE_NOT_YET_VALID and
// LICENSE_EXPIRED. The license is filled in beside the last two, and beside no other fault.
//
// On a foreign origin the box stays shut, so that damage inside of it is reported as a mismatch there.
func Open(key, pageOrigin string, keys []protocol.TrustedKey, now int64) (license.License, *protocol.Fault) {
	claims, signer, fault := authenticate(key, pageOrigin, keys)
	if fault != nil {
		return license.License{}, fault
	}
	// A slot is no authority: whoever opened a box can add slots to it. The signed list is, and Check goes by it.
	l, fault := license.Check(claims, pageOrigin, now)
	if l.ID != "" {
		l.KeyID = signer
	}
	return l, fault
}

// authenticate opens a key and returns the claims that a trusted key signed while it was in use, and that key's id. This is the
// part that the browser does in JavaScript.
func authenticate(key, pageOrigin string, keys []protocol.TrustedKey) (claims []byte, signer string, fault *protocol.Fault) {
	b, fault := unpack(key)
	if fault != nil {
		return nil, "", fault
	}
	page, err := origin.Parse(pageOrigin)
	if err != nil || page.Opaque {
		return nil, "", protocol.NewFault(protocol.LicenseOrigin, "the page has no origin that a license key can be bound to")
	}
	fileKey, ok := b.fileKey(slotLabels(page))
	if !ok {
		return nil, "", license.Foreign(page.String())
	}
	token, ok := unseal(fileKey, b.nonce, b.sealed, b.head)
	if !ok {
		return nil, "", license.Invalid("it is incomplete or was altered")
	}
	claims, trusted, fault := forLicenses.verify(string(token), keys)
	if fault != nil {
		return nil, "", fault
	}
	if trusted.NotAfterIssued != 0 {
		if l, err := license.Parse(claims); err != nil || retired(&trusted, l.IssuedAt) {
			return nil, "", license.Invalid("it was issued after its signing key " + trusted.ID + " had been retired")
		}
	}
	return claims, trusted.ID, nil
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
