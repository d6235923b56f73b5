package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// A key is "CF1." and, in base64url, a box:
//
//	salt 16 | n 1 | n slots of 48 | nonce 12 | AES-256-GCM(file key, token)
//
// Each slot is the file key, encrypted for one of the origins, so that knowing an origin opens the box. Head is what
// stands before the nonce, with the prefix; it is the authenticated data of the token, and the nonce is the
// beginning of its hash. A file key encrypts one token ever, so any nonce will do, and this one tells a
// head that was altered on its way from one that was made for other origins.
const (
	prefix     = "CF1."
	saltBytes  = 16
	keyBytes   = 32
	tagBytes   = 16
	slotBytes  = keyBytes + tagBytes
	nonceBytes = 12
)

// MaxKeyBytes bounds a license key's text.
const MaxKeyBytes = 16 << 10

// space is what may surround a key.
const space = " \t\n\v\f\r"

// product is the input of the slots' key derivation. It is no secret: it keeps keys of other products from fitting.
const product = "crossframe license v1"

// strict refuses the unused bits of a last character, so that a key has one spelling only.
var strict = base64.RawURLEncoding.Strict()

// box is a license key taken apart. Nothing in it has been authenticated.
type box struct {
	head   []byte
	salt   []byte
	slots  []byte
	nonce  []byte
	sealed []byte
}

// unpack takes a key apart. White space around it is not part of it.
func unpack(key string) (*box, *protocol.Fault) {
	key = strings.Trim(key, space)
	if key == "" {
		return nil, protocol.NewFault(protocol.LicenseMissing, "there is no license key; localhost needs none, other origins do")
	}
	text, ok := strings.CutPrefix(key, prefix)
	if !ok || len(key) > MaxKeyBytes {
		return nil, license.Invalid("it does not begin with " + prefix + " or is too long")
	}
	raw, ok := decode64(text)
	if !ok || len(raw) < saltBytes+1 {
		return nil, license.Invalid("it is incomplete or has characters that no key has")
	}
	n := int(raw[saltBytes])
	head := saltBytes + 1 + n*slotBytes
	if n == 0 || n > license.MaxOrigins || len(raw) < head+nonceBytes+tagBytes {
		return nil, license.Invalid("it is incomplete or was altered")
	}
	b := &box{
		head:   append([]byte(prefix), raw[:head]...),
		salt:   raw[:saltBytes],
		slots:  raw[saltBytes+1 : head],
		nonce:  raw[head : head+nonceBytes],
		sealed: raw[head+nonceBytes:],
	}
	if string(b.nonce) != string(nonceOf(b.head)) {
		return nil, license.Invalid("it is incomplete or was altered")
	}
	return b, nil
}

// decode64 reads base64url without padding. The standard decoder skips line breaks; a key has none.
func decode64(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := strict.DecodeString(text)
	return raw, err == nil
}

// fileKey returns the key of the token; ok is false if no slot was made for any of the labels.
func (b *box) fileKey(labels []string) (key []byte, ok bool) {
	for _, label := range labels {
		slotKey, err := slotKey(b.salt, label)
		if err != nil {
			return nil, false
		}
		for slots := b.slots; len(slots) > 0; slots = slots[slotBytes:] {
			if key, ok := unseal(slotKey, make([]byte, nonceBytes), slots[:slotBytes], nil); ok {
				return key, true
			}
		}
	}
	return nil, false
}

// nonceOf returns the nonce of a box with this head.
func nonceOf(head []byte) []byte {
	sum := sha256.Sum256(head)
	return sum[:nonceBytes]
}

// slotKey derives the key of a slot. The salt is new for each license, so that a slot's nonce may be zero.
func slotKey(salt []byte, label string) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(product), salt, "slot|"+label, keyBytes)
}

func unseal(key, nonce, sealed, additional []byte) (plain []byte, ok bool) {
	aead, err := newGCM(key)
	if err != nil {
		return nil, false
	}
	plain, err = aead.Open(nil, nonce, sealed, additional)
	return plain, err == nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
