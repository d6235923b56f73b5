package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// minRSABits is the smallest RSA key that still is one.
const minRSABits = 2048

// algorithms are those that tokens may be signed with, each with the keys that it is for. A key is never used with another
// algorithm: whoever may choose the algorithm of a token would otherwise choose what the key means.
var algorithms = map[string]func(key any) bool{
	"RS256": isRSA, "RS384": isRSA, "RS512": isRSA,
	"PS256": isRSA, "PS384": isRSA, "PS512": isRSA,
	"ES256": onCurve(elliptic.P256()), "ES384": onCurve(elliptic.P384()), "ES512": onCurve(elliptic.P521()),
	"EdDSA": isEd25519,
}

func algorithmNames() []string { return slices.Sorted(maps.Keys(algorithms)) }

func isRSA(key any) bool {
	k, ok := key.(*rsa.PublicKey)
	return ok && k.N.BitLen() >= minRSABits
}

func onCurve(curve elliptic.Curve) func(any) bool {
	return func(key any) bool {
		k, ok := key.(*ecdsa.PublicKey)
		return ok && k.Curve == curve
	}
}

func isEd25519(key any) bool {
	k, ok := key.(ed25519.PublicKey)
	return ok && len(k) == ed25519.PublicKeySize
}

// fits reports whether a key of a set is for signatures with the algorithm.
func fits(key *jose.JSONWebKey, algorithm string) bool {
	check := algorithms[algorithm]
	return check != nil && (key.Use == "" || key.Use == "sig") && (key.Algorithm == "" || key.Algorithm == algorithm) && check(key.Key)
}
