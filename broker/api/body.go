package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// maxBody bounds a body.
const maxBody = 1 << 20

// readBody returns the JSON text of a request. Its type must be said: what a form of another page can send is of other
// types. Nothing is decompressed.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, refuse(http.StatusUnsupportedMediaType, fault.MediaType, "The body must be JSON, and its Content-Type application/json.")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, fault.MediaType, "The body must not be compressed.")
	}
	if r.ContentLength > maxBody {
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, unreadable(err)
	}
	if fault := jsontext.Check(body); fault != nil {
		return nil, refuse(http.StatusBadRequest, "BAD_MESSAGE", "The body is not JSON, is nested too deeply, or has a member twice.")
	}
	return body, nil
}

func tooLarge() *refusal {
	return refuse(http.StatusRequestEntityTooLarge, fault.TooLarge, "The body is larger than 1 MiB.")
}

func unreadable(err error) *refusal {
	large := new(http.MaxBytesError)
	switch {
	case errors.As(err, &large):
		return tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, fault.Slow, "The body did not come in time.")
	}
	return refuse(http.StatusBadRequest, fault.BadRequest, "The body could not be read to its end.")
}
