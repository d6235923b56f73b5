package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/protocol"
)

// refusal is an answer that is none. As an error it ends a handler.
type refusal struct {
	status  int
	code    string
	message string
	// wait is after how long the same request may succeed; 0 is not told.
	wait time.Duration
}

func (f *refusal) Error() string { return f.code + ": " + f.message }

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

// statuses gives the status of the codes that faults of the protocol have here.
var statuses = map[protocol.Code]int{
	protocol.Unauthenticated:      http.StatusUnauthorized,
	protocol.SessionExpired:       http.StatusUnauthorized,
	protocol.AuthUnavailable:      http.StatusServiceUnavailable,
	protocol.PermissionDenied:     http.StatusForbidden,
	protocol.AppNotFound:          http.StatusNotFound,
	protocol.Code(fault.NotFound): http.StatusNotFound,
	protocol.InvalidName:          http.StatusBadRequest,
	protocol.InvalidArgument:      http.StatusBadRequest,
	protocol.InvalidApp:           http.StatusBadRequest,
	protocol.BadMessage:           http.StatusBadRequest,
	protocol.TooDeep:              http.StatusBadRequest,
	protocol.RevisionConflict:     http.StatusPreconditionFailed,
	protocol.TooLarge:             http.StatusRequestEntityTooLarge,
	protocol.QuotaExceeded:        http.StatusConflict,
	protocol.RateLimited:          http.StatusTooManyRequests,
	protocol.StorageDown:          http.StatusServiceUnavailable,
	protocol.StorageCorrupt:       http.StatusServiceUnavailable,
	protocol.DiskFull:             http.StatusInsufficientStorage,
}

// refusalOf makes the answer to an error. What is none of ours says nothing of the inside.
func refusalOf(err error) *refusal {
	var own *refusal
	var credential *identity.Error
	var of *protocol.Fault
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &credential):
		return refuse(statuses[credential.Code], string(credential.Code), credential.Message())
	case errors.As(err, &of) && statuses[of.Code] != 0:
		return refuse(statuses[of.Code], string(of.Code), of.Message)
	}
	return refuse(http.StatusInternalServerError, fault.Internal, "The server failed at this request; it goes on with others.")
}

// write answers with the refusal.
func (f *refusal) write(w http.ResponseWriter) {
	if f.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.wait.Seconds()))))
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="crossframe"`)
	}
	fault.Write(w, f.status, fault.Fault{Code: f.code, Message: f.message, Retryable: f.status >= 500 || f.status == http.StatusTooManyRequests})
}
