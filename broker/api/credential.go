package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/proxies"
	"github.com/crossframe/crossframe/protocol"
)

// authenticate says whose request this is. A credential that is right is accepted however many wrong ones came from the
// same network: whoever shares an address with a broken program must not be locked out by it.
func (a *API) authenticate(r *http.Request) (identity.Identity, error) {
	credential := bearer(r)
	if credential == "" || a.options.Authenticator == nil {
		return identity.Identity{}, a.rejected(r, &identity.Error{Code: protocol.Unauthenticated, Reason: "there is no bearer token"})
	}
	who, err := a.options.Authenticator.Authenticate(r.Context(), credential)
	if err != nil {
		return identity.Identity{}, a.rejected(r, err)
	}
	return who, nil
}

// rejected counts a failure. Too many make the answer 429, whatever is wrong with the credential, and are not logged one
// by one.
func (a *API) rejected(r *http.Request, err error) error {
	from := a.options.Proxies.Client(r)
	if wait, ok := a.failures.take(proxies.Customer(from)); !ok {
		return &refusal{http.StatusTooManyRequests, string(protocol.RateLimited), "There are too many failed requests from this address.", wait}
	}
	if of := new(identity.Error); errors.As(err, &of) {
		a.options.Log.InfoContext(r.Context(), "credential refused", "code", of.Code, "reason", of.Reason, "remote", from.String())
	}
	return err
}

// bearer returns the credential of the request, or "" where there is not exactly one.
func bearer(r *http.Request) string {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return ""
	}
	scheme, credential, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(credential, " ")
}
