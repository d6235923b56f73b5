package sealed

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/protocol/license"
)

// SigningKey signs licenses. Keep it offline: whoever has it can issue keys.
type SigningKey struct {
	// ID is the name under which hubs and brokers trust the public key; see ValidKeyID.
	ID      string
	Private ed25519.PrivateKey
}

// NewSigningKey makes a key from the system's random source.
func NewSigningKey(id string) (SigningKey, error) {
	if !ValidKeyID(id) {
		return SigningKey{}, errors.New("make signing key: an id is 1 to 64 letters, digits, dots, - and _")
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return SigningKey{}, fmt.Errorf("make signing key: %w", err)
	}
	return SigningKey{ID: id, Private: private}, nil
}

// Trusted returns the public part, for the configuration of hubs and brokers.
func (k SigningKey) Trusted() protocol.TrustedKey {
	public, _ := k.Private.Public().(ed25519.PublicKey)
	return protocol.TrustedKey{ID: k.ID, Public: strict.EncodeToString(public)}
}

// Issue makes the license key for l. Origins are brought into canonical form; KeyID and State are not read. If
// NotBefore is 0, the license begins when it is issued.
func Issue(l license.License, key SigningKey) (string, error) {
	random := make([]byte, saltBytes+keyBytes)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("issue license: %w", err)
	}
	return issueWith(random, l, key)
}

// issueWith is Issue with the random bytes given, so that tests can make the same key twice.
func issueWith(random []byte, l license.License, key SigningKey) (string, error) {
	if !ValidKeyID(key.ID) || len(key.Private) != ed25519.PrivateKeySize {
		return "", errors.New("issue license: the signing key is incomplete")
	}
	if l.NotBefore == 0 {
		l.NotBefore = l.IssuedAt
	}
	labels := make([]string, 0, len(l.Origins))
	for _, pattern := range l.Origins {
		label, err := slotLabel(pattern)
		if err != nil {
			return "", fmt.Errorf("issue license: origin %q: %w", pattern, err)
		}
		if !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	l.Origins = labels
	if err := l.Validate(); err != nil {
		return "", fmt.Errorf("issue license: %w", err)
	}
	sealed, err := pack(random, labels, forLicenses.sign(appendClaims(nil, &l), key))
	if err != nil {
		return "", fmt.Errorf("issue license: %w", err)
	}
	if len(sealed) > MaxKeyBytes {
		return "", errors.New("issue license: it says more than a key of 16 KiB holds")
	}
	return sealed, nil
}

// pack seals a token for everybody who knows one of the labels. The random bytes become salt and file key, and are used for
// nothing else.
func pack(random []byte, labels []string, token string) (string, error) {
	salt, fileKey := random[:saltBytes], random[saltBytes:]
	raw := append([]byte(prefix), salt...)
	raw = append(raw, byte(len(labels)))
	for _, label := range labels {
		slotKey, err := slotKey(salt, label)
		if err != nil {
			return "", err
		}
		aead, err := newGCM(slotKey)
		if err != nil {
			return "", err
		}
		raw = aead.Seal(raw, make([]byte, nonceBytes), fileKey, nil)
	}
	aead, err := newGCM(fileKey)
	if err != nil {
		return "", err
	}
	head := slices.Clone(raw)
	raw = append(raw, nonceOf(head)...)
	raw = aead.Seal(raw, nonceOf(head), []byte(token), head)
	return prefix + strict.EncodeToString(raw[len(prefix):]), nil
}

// appendClaims writes the claims as JSON, always in the same order.
func appendClaims(dst []byte, l *license.License) []byte {
	dst = jsontext.AppendString(append(dst, `{"iss":`...), l.Issuer)
	dst = jsontext.AppendString(append(dst, `,"sub":`...), l.Subject)
	dst = jsontext.AppendString(append(dst, `,"jti":`...), l.ID)
	dst = jsontext.AppendInt(append(dst, `,"iat":`...), l.IssuedAt)
	dst = jsontext.AppendInt(append(dst, `,"nbf":`...), l.NotBefore)
	dst = jsontext.AppendInt(append(dst, `,"exp":`...), l.Expires)
	dst = jsontext.AppendInt(append(dst, `,"graceDays":`...), l.GraceDays)
	dst = appendList(append(dst, `,"origins":`...), l.Origins)
	dst = appendList(append(dst, `,"features":`...), l.Features)
	dst = append(dst, `,"limits":{`...)
	for i, name := range slices.Sorted(maps.Keys(l.Limits)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendString(dst, name), ':')
		dst = jsontext.AppendInt(dst, l.Limits[name])
	}
	return append(dst, "}}"...)
}

func appendList(dst []byte, values []string) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendString(dst, v)
	}
	return append(dst, ']')
}
