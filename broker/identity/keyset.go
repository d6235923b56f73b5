package identity

import (
	"errors"
	"strconv"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// Bounds of a key set.
const (
	maxKeySetBytes = 256 << 10
	maxKeys        = 32
)

var (
	errNoKeySet  = errors.New(`is no key set: it must be JSON such as {"keys": [{"kty": "RSA", …}]}`)
	errSecretKey = errors.New("holds a secret key; whoever reads it can make tokens. Make a new key, and write the public half only")
	errNoKey     = errors.New("has no public key that tokens could be checked with")
)

// parseKeySet reads public keys. Those of kinds that are not known are left out, as the standard asks (RFC 7517,
// section 5): an issuer may have keys for other purposes.
func parseKeySet(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(text) > maxKeySetBytes || json.Unmarshal(text, &set) != nil || set.Keys == nil {
		return nil, errNoKeySet
	}
	if len(set.Keys) > maxKeys {
		return nil, errors.New("has more than " + strconv.Itoa(maxKeys) + " keys")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil {
			continue
		}
		if !key.IsPublic() {
			return nil, errSecretKey
		}
		if !key.Valid() {
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}
