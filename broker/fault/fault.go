// Package fault is the body of every HTTP request that is refused: a code for programs, a text for people, whether the
// same request may succeed later, and the id that the log line of the request has.
//
// It may import the standard library only. It refuses to say anything else: a message is a text of the program, not of
// the request, and no stack or path is in it.
package fault

import (
	"encoding/json"
	"net/http"
)

// Codes that belong to HTTP alone; others are in package protocol.
const (
	BadPath      = "BAD_PATH"
	BadRequest   = "BAD_REQUEST"
	CSRF         = "CSRF_REJECTED"
	Forbidden    = "ORIGIN_FORBIDDEN"
	Host         = "HOST_NOT_ALLOWED"
	Internal     = "INTERNAL"
	MediaType    = "UNSUPPORTED_MEDIA_TYPE"
	Method       = "METHOD_NOT_ALLOWED"
	NotBuilt     = "NOT_BUILT"
	NotFound     = "NOT_FOUND"
	Slow         = "REQUEST_TOO_SLOW"
	TokenAddress = "TOKEN_IN_ADDRESS"
	TooLarge     = "TOO_LARGE"
	TooManyLines = "TOO_MANY_HEADERS"
)

// IDHeader is the header of the answer that has the request's id.
const IDHeader = "X-Request-Id"

// Fault is the body.
type Fault struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable"`
	// ID is the request id, which the log line has too.
	ID string `json:"id,omitempty"`
}

// Refuse answers with a fault. What the server cannot do now, it may be able to do later; see Write for more.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	Write(w, status, Fault{Code: code, Message: message, Retryable: status >= http.StatusInternalServerError})
}

// Write answers with the fault, with the id of the request that the answer has in its header.
func Write(w http.ResponseWriter, status int, f Fault) {
	f.ID = w.Header().Get(IDHeader)
	JSON(w, status, f)
}

// JSON answers with a small value that is never kept in a cache.
func JSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"code":"`+Internal+`"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here means that the other side is gone; there is nobody left to tell.
	_, _ = w.Write(append(body, '\n'))
}
