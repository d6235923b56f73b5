package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Headers of requests and answers that pages of other origins may send and read; and for how long, in seconds, a browser
// may remember an answer to its question.
const (
	allowedHeaders = "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID"
	exposedHeaders = "ETag, Retry-After, X-Request-Id"
	preflightAge   = 600
)

// origins decides which pages may use the API.
type origins struct {
	list []origin.Origin
	// forged finds requests that change something and were not made by a page of this origin, by what browsers say of
	// them; it is the second line of defence.
	forged *http.CrossOriginProtection
}

func newOrigins(list []origin.Origin) *origins {
	return &origins{list, http.NewCrossOriginProtection()}
}

// relation is what a request's page is to the API.
type relation uint8

const (
	// nobody: no page of another origin, as far as the browser says; or a program, which has no origin.
	nobody relation = iota
	// listed: a page of an origin on the list.
	listed
	// foreign: any other page.
	foreign
)

// of looks at the Origin header. "null" is the origin of every sandboxed page, so that no list can mean it.
func (o *origins) of(r *http.Request) relation {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return nobody
	}
	if len(values) > 1 {
		return foreign
	}
	text := values[0]
	if text == "http://"+r.Host || text == "https://"+r.Host {
		return nobody
	}
	if parsed, err := origin.Parse(text); err == nil && slices.Contains(o.list, parsed) {
		return listed
	}
	return foreign
}

// admit refuses foreign pages, and lets those on the list read the answer. Nothing here says that cookies may be sent.
func (o *origins) admit(w http.ResponseWriter, r *http.Request) *refusal {
	h := w.Header()
	h.Add("Vary", "Origin")
	switch o.of(r) {
	case foreign:
		if changes(r.Method) {
			return refuse(http.StatusForbidden, fault.CSRF, "Pages of this origin may not change anything here.")
		}
		return refuse(http.StatusForbidden, fault.Forbidden, "Pages of this origin may not use the API.")
	case listed:
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Expose-Headers", exposedHeaders)
		return nil
	}
	if o.forged.Check(r) != nil {
		return refuse(http.StatusForbidden, fault.CSRF, "The browser says that a page of another origin sent this.")
	}
	return nil
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// preflight reports whether the request is a browser's question whether a page may send another one.
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// answerPreflight says what pages on the list may send to a route that has the methods.
func answerPreflight(w http.ResponseWriter, methods []string) {
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Method")
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Del("Access-Control-Expose-Headers")
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", allowedHeaders)
	h.Set("Access-Control-Max-Age", strconv.Itoa(preflightAge))
	w.WriteHeader(http.StatusNoContent)
}
