package server

import (
	"encoding/json"
	"net/http"
)

// Codes of refused requests. They are for programs; the message beside them is for people.
const (
	codeBadPath   = "BAD_PATH"
	codeForbidden = "ORIGIN_FORBIDDEN"
	codeHost      = "HOST_NOT_ALLOWED"
	codeInternal  = "INTERNAL"
	codeMethod    = "METHOD_NOT_ALLOWED"
	codeNotBuilt  = "NOT_BUILT"
	codeNotFound  = "NOT_FOUND"
)

// fault is the body of every refusal.
type fault struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable"`
	// ID is the request id, which the log line has too.
	ID string `json:"id,omitempty"`
}

// refuse answers with a fault. The message holds nothing that the request brought.
func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	writeJSON(w, status, fault{code, message, status >= http.StatusInternalServerError, requestID(r)})
}

// writeJSON answers with a small value that is never kept in a cache.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"code":"`+codeInternal+`"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here means that the other side is gone; there is nobody left to tell.
	_, _ = w.Write(append(body, '\n'))
}
