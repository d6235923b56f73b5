package api

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/proxies"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Options are the settings of an API. The zero value works, and accepts nobody.
type Options struct {
	// Authenticator says whose credential a request has; if nil, nobody's is accepted.
	Authenticator identity.Authenticator
	// Origins are those of pages that may use the API, beside the one that it is served under.
	Origins []origin.Origin
	// Proxies are those whose word on where a request comes from is taken.
	Proxies proxies.Trusted
	// Done is closed when the broker begins to stop: what never ends by itself ends then. If nil, it does not.
	Done <-chan struct{}
	// Audit gets whom the API refuses, and what admins change; if nil, nobody is told.
	Audit *audit.Log
	// Log gets why a credential was not accepted, and what went wrong inside; if nil, slog.Default().
	Log *slog.Logger
}

// Bounds of what is asked for.
const (
	// failures of credentials that one customer's network may have at once, and in a second thereafter.
	failureBurst, failureRate = 20, 0.5
	// calls that one user may make at once, and in a second thereafter.
	callBurst, callRate = 200, 50
	// tableSize bounds the networks, and the users, of whom such counts are kept.
	tableSize = 10_000
)

// API answers requests below /api/v1/. It may be used concurrently.
type API struct {
	options  Options
	mux      *http.ServeMux
	origins  *origins
	failures *limiter[netip.Prefix]
	calls    *limiter[user]
	streams  *streams
}

// user is one user of one tenant.
type user struct{ tenant, id string }

// New returns an API with the routes.
func New(options Options, routes ...Route) *API {
	if options.Log == nil {
		options.Log = slog.Default()
	}
	a := &API{
		options: options, mux: http.NewServeMux(), origins: newOrigins(options.Origins),
		failures: newLimiter[netip.Prefix](failureRate, failureBurst, tableSize, time.Now),
		calls:    newLimiter[user](callRate, callBurst, tableSize, time.Now),
		streams:  newStreams(),
	}
	for _, route := range routes {
		a.mux.Handle(route.path, a.serve(route))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fault.Refuse(w, http.StatusNotFound, fault.NotFound, "There is nothing at this address.")
	})
	return a
}

// Route is one path and what can be done there. Routes are made by this package.
type Route struct {
	path string
	// handlers has one for each method but OPTIONS and HEAD.
	handlers map[string]handler
}

// handler answers one call, or returns an error before anything is answered.
type handler func(c *call) error

// call is one request that was let in.
type call struct {
	api *API
	w   http.ResponseWriter
	r   *http.Request
	who identity.Identity
	// body is the JSON text of requests that have one.
	body []byte
}

// methods returns the methods of the route, in order.
func (r *Route) methods() []string {
	methods := []string{http.MethodOptions}
	for method := range r.handlers {
		methods = append(methods, method)
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return methods
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if hasToken(r) {
		fault.Refuse(w, http.StatusBadRequest, fault.TokenAddress,
			"Addresses are logged: send the credential as a header, and do not use this one again.")
		return
	}
	a.mux.ServeHTTP(w, r)
}

// hasToken reports whether the address has a member that looks like a credential.
func hasToken(r *http.Request) bool {
	for name := range r.URL.Query() {
		if strings.Contains(strings.ToLower(name), "token") || strings.EqualFold(name, "credential") {
			return true
		}
	}
	return false
}

// serve is the walk of a request through the steps of the package's comment.
func (a *API) serve(route Route) http.Handler {
	methods := route.methods()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusal := a.origins.admit(w, r); refusal != nil {
			a.note(w, r, nil, refusal)
			refusal.write(w)
			return
		}
		if preflight(r) {
			answerPreflight(w, methods)
			return
		}
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		handle := route.handlers[method]
		if handle == nil {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			fault.Refuse(w, http.StatusMethodNotAllowed, fault.Method, "The methods here are "+strings.Join(methods, ", ")+".")
			return
		}
		if err := a.run(w, r, handle); err != nil {
			a.fail(w, r, err)
		}
	})
}

// run lets the request in and calls the handler.
func (a *API) run(w http.ResponseWriter, r *http.Request, handle handler) error {
	who, err := a.authenticate(r)
	if err != nil {
		a.note(w, r, nil, err)
		return err
	}
	if err = a.runAs(w, r, handle, who); err != nil {
		a.note(w, r, &who, err)
	}
	return err
}

func (a *API) runAs(w http.ResponseWriter, r *http.Request, handle handler, who identity.Identity) (err error) {
	if wait, ok := a.calls.take(user{who.Tenant, who.User.ID}); !ok {
		return &refusal{http.StatusTooManyRequests, string(protocol.RateLimited), "There are too many requests of this user.", wait}
	}
	c := &call{api: a, w: w, r: r, who: who}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if c.body, err = readBody(w, r); err != nil {
			return err
		}
	}
	return handle(c)
}

// fail answers with an error, and logs what only the broker may know of it.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	refusal := refusalOf(err)
	if refusal.status >= http.StatusInternalServerError {
		a.options.Log.ErrorContext(r.Context(), "request failed", "id", w.Header().Get(fault.IDHeader), "err", err)
	}
	refusal.write(w)
}

// answer answers with JSON.
func (c *call) answer(status int, body []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	// An error here means that the other side is gone; there is nobody left to tell.
	_, _ = c.w.Write(body)
	return nil
}
