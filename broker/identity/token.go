package identity

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/crossframe/crossframe/protocol"
)

// Defaults of the settings.
const (
	defaultLeeway  = time.Minute
	defaultRefresh = 15 * time.Minute
	defaultStale   = 24 * time.Hour
)

// verifier checks tokens. It may be used concurrently.
type verifier struct {
	issuer     string
	audience   []string
	algorithms []jose.SignatureAlgorithm
	leeway     time.Duration
	tenant     string
	claims     Claims
	keys       *keys
	now        func() time.Time
}

func newVerifier(settings *JWT, now func() time.Time) (*verifier, error) {
	keys, err := newKeys(settings, now)
	if err != nil {
		return nil, err
	}
	v := &verifier{
		issuer: settings.Issuer, audience: settings.Audience, tenant: settings.Tenant, claims: settings.Claims.orDefault(),
		leeway: duration(settings.LeewayMs, defaultLeeway), keys: keys, now: now,
	}
	for _, name := range settings.Algorithms {
		v.algorithms = append(v.algorithms, jose.SignatureAlgorithm(name))
	}
	return v, nil
}

func duration(ms int64, def time.Duration) time.Duration {
	if ms == 0 {
		return def
	}
	return time.Duration(ms) * time.Millisecond
}

// verify checks the signature first: nothing that a token says is looked at before it is known who said it.
func (v *verifier) verify(ctx context.Context, token string) (Identity, *Error) {
	parsed, err := jwt.ParseSigned(token, v.algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return Identity{}, unauthenticated("the credential is no token that is signed by an accepted algorithm")
	}
	header := parsed.Headers[0]
	if _, critical := header.ExtraHeaders["crit"]; critical {
		return Identity{}, unauthenticated("the token has header fields that are not understood")
	}
	candidates, fault := v.keys.find(ctx, header.KeyID, header.Algorithm)
	if fault != nil {
		return Identity{}, fault
	}
	for _, key := range candidates {
		var standard jwt.Claims
		var all map[string]any
		switch err := parsed.Claims(key, &standard, &all); {
		case errors.Is(err, jose.ErrCryptoFailure):
			continue
		case err != nil:
			return Identity{}, unauthenticated("the claims cannot be read")
		}
		return v.accept(&standard, all)
	}
	return Identity{}, unauthenticated("the signature is not that of the key")
}

// accept checks what a token says that is authentic.
func (v *verifier) accept(standard *jwt.Claims, all map[string]any) (Identity, *Error) {
	now := v.now()
	switch {
	case standard.Issuer != v.issuer:
		return Identity{}, unauthenticated("the issuer is another one")
	case !slices.ContainsFunc(v.audience, standard.Audience.Contains):
		return Identity{}, unauthenticated("the token is for another audience")
	case standard.Expiry == nil:
		return Identity{}, unauthenticated("the token has no end")
	case standard.NotBefore != nil && now.Add(v.leeway).Before(standard.NotBefore.Time()):
		return Identity{}, unauthenticated("the token is not valid yet")
	case standard.IssuedAt != nil && now.Add(v.leeway).Before(standard.IssuedAt.Time()):
		return Identity{}, unauthenticated("the token was issued in the future")
	}
	id, reason := v.claims.read(all, v.tenant)
	if reason != "" {
		return Identity{}, unauthenticated(reason)
	}
	id.Expires = standard.Expiry.Time().Add(v.leeway)
	if id.Expired(now) {
		return Identity{}, &Error{protocol.SessionExpired, "the token has ended"}
	}
	return id, nil
}
