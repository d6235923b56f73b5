package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// RoleAdmin is the role that may change what many share.
const RoleAdmin = "admin"

// MaxCredentialBytes bounds a credential.
const MaxCredentialBytes = 8 << 10

// Identity is somebody whose credential was accepted. It is not changed after that: copies share their lists.
type Identity struct {
	// Tenant separates the customers of one broker. Nothing of one tenant reaches another.
	Tenant string
	// User is one person, or one program, within the tenant.
	User protocol.User
	// Groups are those that the user is in, and Roles what he may do, both in order and each once.
	Groups, Roles []string
	// Expires is when the credential ends; zero means that it does not.
	Expires time.Time
}

// HasRole reports whether the identity has the role.
func (id *Identity) HasRole(role string) bool { return slices.Contains(id.Roles, role) }

// Expired reports whether the identity has ended at that time.
func (id *Identity) Expired(now time.Time) bool {
	return !id.Expires.IsZero() && !now.Before(id.Expires)
}

// Authenticator says whose credential that is. The error is always an *Error. Calls may be concurrent, and may wait
// for another server until ctx ends.
type Authenticator interface {
	Authenticate(ctx context.Context, credential string) (Identity, error)
}

// Error says why a credential was not accepted.
type Error struct {
	// Code is protocol.Unauthenticated, protocol.SessionExpired, or protocol.AuthUnavailable where the broker cannot tell
	// now.
	Code protocol.Code
	// Reason says which check failed, for the broker's log. It must not be told to whoever sent the credential.
	Reason string
}

// Error gives the code and the text that may be told to anybody.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message() }

// Message is the text for people. It is the same for every reason behind one code.
func (e *Error) Message() string {
	switch e.Code {
	case protocol.SessionExpired:
		return "The credential has ended; get a new one."
	case protocol.AuthUnavailable:
		return "The broker cannot check credentials now; try again."
	}
	return "The credential was not accepted."
}

func unauthenticated(reason string) *Error { return &Error{protocol.Unauthenticated, reason} }

// Checker accepts the credentials that its settings name.
type Checker struct {
	users  map[string]Identity
	tokens *verifier
}

// New returns the checker of settings that Settings.First found nothing wrong with. Files with keys are read; an
// address is asked when the first token comes. Close ends what the checker keeps open.
func New(settings *Settings) (*Checker, error) {
	c := &Checker{users: settings.Development.identities()}
	if settings.JWT == nil {
		return c, nil
	}
	var err error
	c.tokens, err = newVerifier(settings.JWT, time.Now)
	return c, err
}

// Authenticate implements Authenticator.
func (c *Checker) Authenticate(ctx context.Context, credential string) (Identity, error) {
	if fault := form(credential); fault != nil {
		return Identity{}, fault
	}
	if id, development := strings.CutPrefix(credential, developmentPrefix); development {
		// Ids of development users are no secrets, so that it does not matter how long the look-up takes.
		who, known := c.users[id]
		if !known {
			return Identity{}, unauthenticated("no development user has that id")
		}
		return who, nil
	}
	if c.tokens == nil {
		return Identity{}, unauthenticated("no issuer of tokens is configured")
	}
	who, fault := c.tokens.verify(ctx, credential)
	if fault != nil {
		return Identity{}, fault
	}
	return who, nil
}

// Load reads the keys that tokens are checked with, so that whoever comes first need not wait for them. Missing says how that
// went.
func (c *Checker) Load(ctx context.Context) {
	if c.tokens != nil {
		c.tokens.keys.load(ctx)
	}
}

// Reload reads the keys now. Where that fails, those that are there are used as long as they may be.
func (c *Checker) Reload(ctx context.Context) error {
	if c.tokens == nil {
		return nil
	}
	return c.tokens.keys.reload(ctx)
}

// Missing says what keeps the checker from checking tokens, and what to do about it. Nothing missing is nil.
func (c *Checker) Missing() []string {
	if c.tokens == nil {
		return nil
	}
	if why := c.tokens.keys.missing(); why != "" {
		return []string{"the keys of identity.jwt: " + why + "; nobody with a token is let in until they can be read"}
	}
	return nil
}

// Close ends the connections that wait for the next key set.
func (c *Checker) Close() {
	if c.tokens != nil {
		c.tokens.keys.close()
	}
}

// form refuses what no credential looks like.
func form(credential string) *Error {
	switch {
	case credential == "":
		return unauthenticated("there is no credential")
	case len(credential) > MaxCredentialBytes:
		return unauthenticated("the credential is too large")
	}
	for i := range len(credential) {
		if credential[i] <= ' ' || credential[i] >= 0x7f {
			return unauthenticated("the credential has signs that none has")
		}
	}
	return nil
}
