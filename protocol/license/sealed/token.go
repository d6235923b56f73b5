package sealed

import (
	"crypto/ed25519"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// A token is PASETO v4.public: Ed25519 and nothing else, so that there is no algorithm to confuse. The footer names the
// key, and the implicit assertion the purpose, so that a token made for another purpose with the same key does not fit.
const tokenHeader = "v4.public."

// purpose is what a token is for.
type purpose struct {
	// assertion is signed with every token of the purpose, and not in it.
	assertion string
	// noun is what messages call the token.
	noun string
	// invalid is the fault for a token that no issuer made so.
	invalid func(why string) *protocol.Fault
	// code is the fault's.
	code protocol.Code
}

// forLicenses is the purpose of the token in a license key's box.
var forLicenses = purpose{assertion: assertion, noun: "license key", invalid: license.Invalid, code: protocol.LicenseInvalid}

const assertion = "hub-license"

// A footer has one spelling, so that there is nothing to parse before the signature has been checked.
const (
	footerStart = `{"kid":"`
	footerEnd   = `"}`
)

// maxKeyID bounds the id of a signing key.
const maxKeyID = 64

// verify checks the token's signature with the trusted key that its footer names, and returns the claims.
func (p *purpose) verify(token string, keys []protocol.TrustedKey) (claims []byte, key protocol.TrustedKey, fault *protocol.Fault) {
	text, ok := strings.CutPrefix(token, tokenHeader)
	body64, footer64, hasFooter := strings.Cut(text, ".")
	body, ok2 := decode64(body64)
	footer, ok3 := decode64(footer64)
	if !ok || !ok2 || !ok3 || !hasFooter || len(body) < ed25519.SignatureSize {
		return nil, key, p.invalid("it holds nothing that was signed")
	}
	key, fault = p.selectKey(footer, keys)
	if fault != nil {
		return nil, key, fault
	}
	public, ok := decode64(key.Public)
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil, key, protocol.NewFault(p.code,
			"trusted license key "+key.ID+" is no Ed25519 public key in base64url; correct it in the configuration")
	}
	claims, signature := body[:len(body)-ed25519.SignatureSize], body[len(body)-ed25519.SignatureSize:]
	if !ed25519.Verify(public, preAuth([]byte(tokenHeader), claims, footer, []byte(p.assertion)), signature) {
		return nil, key, p.invalid("its signature is wrong")
	}
	return claims, key, nil
}

// sign makes the token for claims.
func (p *purpose) sign(claims []byte, key SigningKey) string {
	footer := []byte(footerStart + key.ID + footerEnd)
	signature := ed25519.Sign(key.Private, preAuth([]byte(tokenHeader), claims, footer, []byte(p.assertion)))
	body := append(slices.Clone(claims), signature...)
	return tokenHeader + strict.EncodeToString(body) + "." + strict.EncodeToString(footer)
}

// selectKey returns the trusted key that the footer names. Nothing else in a token has a say in how it is checked.
func (p *purpose) selectKey(footer []byte, keys []protocol.TrustedKey) (key protocol.TrustedKey, fault *protocol.Fault) {
	text, ok := strings.CutPrefix(string(footer), footerStart)
	id, ok2 := strings.CutSuffix(text, footerEnd)
	if !ok || !ok2 || !ValidKeyID(id) {
		return key, p.invalid("it does not name the key that signed it")
	}
	for _, k := range keys {
		if k.ID == id {
			return k, nil
		}
	}
	return key, protocol.NewFault(p.code,
		"the "+p.noun+" was signed with "+id+", which is not among the trusted keys; add its public key to the configuration")
}

// ValidKeyID reports whether id may name a signing key: 1 to 64 letters, digits, "-", "_" and ".".
func ValidKeyID(id string) bool {
	for i := 0; i < len(id); i++ {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return id != "" && len(id) <= maxKeyID
}

// preAuth is PASETO's pre-authentication encoding: the number of pieces, then each with its length, so that no two
// lists of pieces give the same bytes.
func preAuth(pieces ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(pieces)))
	for _, p := range pieces {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}
