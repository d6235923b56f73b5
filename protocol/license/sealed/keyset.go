package sealed

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Bounds of a key set.
const (
	// MaxKeys bounds the keys of one set.
	MaxKeys = 64
	// MaxSetBytes bounds a set's text.
	MaxSetBytes = 16 << 10
	// maxTime is the end of the year 9999, in seconds since 1970.
	maxTime = 253402300799
)

// forKeySets is the purpose of key sets. A key that signs licenses signs no sets: it is not among the roots.
var forKeySets = purpose{
	assertion: "license-keys", noun: "key set", code: protocol.LicenseInvalid,
	invalid: func(why string) *protocol.Fault {
		return protocol.NewFault(protocol.LicenseInvalid, "the set of trusted license keys is not valid: "+why+"; use the file exactly as it was signed")
	},
}

// KeySet is a list of keys that licenses may be signed with, signed itself by a root key, which is kept offline. Whoever trusts
// the root takes every newer set, so that signing keys change without a new configuration.
type KeySet struct {
	// RootID names the root that signed the set; it is no claim.
	RootID string
	// IssuedAt is in seconds since 1970. Of two sets of one root the later one holds.
	IssuedAt int64
	Keys     []protocol.TrustedKey
}

// OpenKeySet reads a set that one of the roots signed. White space around it is not part of it. The fault is LICENSE_INVALID.
func OpenKeySet(text string, roots []protocol.TrustedKey) (s KeySet, fault *protocol.Fault) {
	text = strings.Trim(text, space)
	if len(text) > MaxSetBytes {
		return s, forKeySets.invalid("it is too long")
	}
	claims, root, fault := forKeySets.verify(text, roots)
	if fault != nil {
		return s, fault
	}
	s, err := parseKeySet(claims)
	if err != nil {
		return KeySet{}, forKeySets.invalid(err.Error())
	}
	if retired(&root, s.IssuedAt) {
		return KeySet{}, forKeySets.invalid("it was signed after its root " + root.ID + " had been retired")
	}
	s.RootID = root.ID
	return s, nil
}

// SignKeySet makes the text of a set. RootID is not read.
func SignKeySet(s KeySet, root SigningKey) (string, error) {
	if err := s.validate(); err != nil {
		return "", fmt.Errorf("sign key set: %w", err)
	}
	return forKeySets.sign(s.appendClaims(nil), root), nil
}

// parseKeySet reads claims. They have one spelling, the one of appendClaims.
func parseKeySet(claims []byte) (s KeySet, err error) {
	err = jsontext.Members(claims, func(name string, value []byte) (err error) {
		switch name {
		case "iat":
			s.IssuedAt, err = jsontext.Int(value)
		case "keys":
			s.Keys, err = parseKeys(value)
		}
		return err
	})
	if err == nil {
		err = s.validate()
	}
	if err == nil && string(s.appendClaims(nil)) != string(claims) {
		err = errors.New("it is not written as sets are")
	}
	return s, err
}

func parseKeys(list []byte) (keys []protocol.TrustedKey, err error) {
	err = jsontext.Elements(list, func(_ int, value []byte) error {
		var k protocol.TrustedKey
		err := k.DecodeJSON(value)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

func (s *KeySet) validate() error {
	switch {
	case s.IssuedAt <= 0 || s.IssuedAt > maxTime:
		return errors.New("it does not say when it was signed")
	case len(s.Keys) == 0 || len(s.Keys) > MaxKeys:
		return errors.New("it has 1 to 64 keys")
	}
	seen := make(map[string]bool, len(s.Keys))
	for _, k := range s.Keys {
		public, ok := decode64(k.Public)
		if !ok || len(public) != ed25519.PublicKeySize || !ValidKeyID(k.ID) || k.NotAfterIssued < 0 || k.NotAfterIssued > maxTime {
			return errors.New("one of its keys is none")
		}
		if seen[k.ID] {
			return errors.New("two of its keys have one id")
		}
		seen[k.ID] = true
	}
	return nil
}

func (s *KeySet) appendClaims(dst []byte) []byte {
	dst = jsontext.AppendInt(append(dst, `{"iat":`...), s.IssuedAt)
	dst = append(dst, `,"keys":[`...)
	for i, k := range s.Keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendString(append(dst, `{"id":`...), k.ID)
		dst = jsontext.AppendString(append(dst, `,"public":`...), k.Public)
		dst = jsontext.AppendInt(append(dst, `,"notAfterIssued":`...), k.NotAfterIssued)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

// retired reports whether a key was out of use when something was issued. A thief of the key writes any date: what a stolen key
// signed is refused by taking the key off the list.
func retired(k *protocol.TrustedKey, issuedAt int64) bool {
	return k.NotAfterIssued != 0 && issuedAt > k.NotAfterIssued
}
