package sealed

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/protocol/license"
)

// Bounds of a revocation list.
const (
	// MaxRevoked bounds the licenses that one list names. Licenses that have ended need not stay on it.
	MaxRevoked = 4096
	// MaxListBytes bounds a list's text.
	MaxListBytes = 192 << 10
	// MaxListDays is how long a list may last: what is revoked on a newer one must not stay hidden behind it for ever.
	MaxListDays = 366
	// ListGraceDays is how long a page goes on by a list that has expired, for the case that it cannot get another. The broker
	// does not.
	ListGraceDays = 7
	// hashBytes is how much of a license id's hash is on a list: no two ids will share it.
	hashBytes = 16
	day       = 24 * 60 * 60
)

// forRevocations is the purpose of revocation lists.
var forRevocations = purpose{
	assertion: "revocation-list", noun: "revocation list", code: protocol.LicenseUnverified,
	invalid: func(why string) *protocol.Fault {
		return protocol.NewFault(protocol.LicenseUnverified, "the revocation list is not valid: "+why+"; use the file exactly as it was signed")
	},
}

// Revocations is a signed list of licenses that are over before their time. It names them by the hashes of their ids, so that
// it says nothing to who does not know a license. Times are seconds since 1970.
type Revocations struct {
	// KeyID names the key that signed the list; it is no claim.
	KeyID    string
	IssuedAt int64
	Expires  int64
	// IssuedFrom, where it is not 0, revokes every license that was issued before it.
	IssuedFrom int64
	// Hashes are those of the revoked ids, in ascending order.
	Hashes []string
}

// HashOf returns what a list says in place of a license's id.
func HashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return strict.EncodeToString(sum[:hashBytes])
}

// Check returns LICENSE_REVOKED for a license that the list revokes, and LICENSE_UNVERIFIED where the list has been out of date
// for more than grace days, so that it cannot be told. What a list revokes is revoked for good, however old the list is.
func (r *Revocations) Check(l *license.License, now, graceDays int64) *protocol.Fault {
	if _, named := slices.BinarySearch(r.Hashes, HashOf(l.ID)); named || l.IssuedAt < r.IssuedFrom {
		return protocol.NewFault(protocol.LicenseRevoked, "license "+l.ID+" was revoked by its issuer; ask for a new key")
	}
	if now >= r.Expires+graceDays*day+license.Leeway {
		return protocol.NewFault(protocol.LicenseUnverified, "the revocation list expired on "+
			time.Unix(r.Expires, 0).UTC().Format(time.DateOnly)+", so that nobody can tell whether license "+l.ID+
			" was revoked; have the list signed anew")
	}
	return nil
}

// OpenRevocations reads a list that one of the keys signed. White space around it is not part of it. The fault is
// LICENSE_UNVERIFIED.
func OpenRevocations(text string, keys []protocol.TrustedKey) (r Revocations, fault *protocol.Fault) {
	text = strings.Trim(text, space)
	if len(text) > MaxListBytes {
		return r, forRevocations.invalid("it is too long")
	}
	claims, key, fault := forRevocations.verify(text, keys)
	if fault != nil {
		return r, fault
	}
	r, err := parseRevocations(claims)
	if err != nil {
		return Revocations{}, forRevocations.invalid(err.Error())
	}
	if retired(&key, r.IssuedAt) {
		return Revocations{}, forRevocations.invalid("it was signed after its key " + key.ID + " had been retired")
	}
	r.KeyID = key.ID
	return r, nil
}

// SignRevocations makes the text of a list. Hashes are put in order, each once; KeyID is not read.
func SignRevocations(r Revocations, key SigningKey) (string, error) {
	r.Hashes = slices.Clone(r.Hashes)
	slices.Sort(r.Hashes)
	r.Hashes = slices.Compact(r.Hashes)
	if err := r.validate(); err != nil {
		return "", fmt.Errorf("sign revocation list: %w", err)
	}
	return forRevocations.sign(r.appendClaims(nil), key), nil
}

// parseRevocations reads claims. They have one spelling, the one of appendClaims, so that every reader reads the same.
func parseRevocations(claims []byte) (r Revocations, err error) {
	err = jsontext.Members(claims, func(name string, value []byte) (err error) {
		switch name {
		case "iat":
			r.IssuedAt, err = jsontext.Int(value)
		case "exp":
			r.Expires, err = jsontext.Int(value)
		case "issuedFrom":
			r.IssuedFrom, err = jsontext.Int(value)
		case "revoked":
			r.Hashes, err = texts(value)
		}
		return err
	})
	if err == nil {
		err = r.validate()
	}
	if err == nil && string(r.appendClaims(nil)) != string(claims) {
		err = errors.New("it is not written as lists are")
	}
	return r, err
}

func texts(list []byte) (out []string, err error) {
	err = jsontext.Elements(list, func(_ int, value []byte) error {
		s, err := jsontext.Unquote(value)
		out = append(out, s)
		return err
	})
	return out, err
}

func (r *Revocations) validate() error {
	switch {
	case r.IssuedAt <= 0 || r.Expires <= r.IssuedAt || r.Expires > r.IssuedAt+MaxListDays*day:
		return errors.New("it lasts 1 second to 366 days")
	case r.IssuedFrom < 0 || r.IssuedFrom > r.IssuedAt:
		return errors.New("it revokes licenses that are not issued yet")
	case len(r.Hashes) > MaxRevoked:
		return errors.New("it names more than 4096 licenses")
	}
	for i, hash := range r.Hashes {
		if raw, ok := decode64(hash); !ok || len(raw) != hashBytes {
			return errors.New("it names something that is no license")
		}
		if i > 0 && r.Hashes[i-1] >= hash {
			return errors.New("it is not in order")
		}
	}
	return nil
}

func (r *Revocations) appendClaims(dst []byte) []byte {
	dst = jsontext.AppendInt(append(dst, `{"iat":`...), r.IssuedAt)
	dst = jsontext.AppendInt(append(dst, `,"exp":`...), r.Expires)
	dst = jsontext.AppendInt(append(dst, `,"issuedFrom":`...), r.IssuedFrom)
	dst = appendList(append(dst, `,"revoked":`...), r.Hashes)
	return append(dst, '}')
}
