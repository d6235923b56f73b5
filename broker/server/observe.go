package server

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/google/uuid"
)

// idKey is the context's key of the request id.
type idKey struct{}

// requestID returns the id that the log line of the request has.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(idKey{}).(string)
	return id
}

// newRequestID returns an id that sorts by time. What a request claims as its id is not used: it would let one
// user write into another's trail.
func newRequestID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return ""
	}
	return id.String()
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(data)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// observed gives the request its id, counts it and writes its log line. The query is not logged: it is where
// people put what should not be in a log.
func (s *Site) observed(next http.Handler) http.Handler {
	log := s.logger()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, id := time.Now(), newRequestID()
		w.Header().Set(fault.IDHeader, id)
		r = r.WithContext(context.WithValue(r.Context(), idKey{}, id))
		answer := &recorder{ResponseWriter: w}
		// The path is not told: in the API it has names of users and records.
		span := s.Tracer.Start("crossframe.request", r.Header.Get("Traceparent"), "http.request.method", method(r.Method), "crossframe.site", s.Name, "crossframe.request", id)
		defer func() {
			took := time.Since(begin)
			if answer.status == 0 {
				// Nothing written is an empty answer to the library.
				answer.status = http.StatusOK
			}
			s.Metrics.count(s.Name, r.Method, answer.status, took)
			span.Set("http.response.status_code", strconv.Itoa(answer.status))
			span.End(failureOf(answer.status))
			log.LogAttrs(r.Context(), levelOf(answer.status), "request",
				slog.String("site", s.Name), slog.String("id", id), slog.String("method", r.Method),
				slog.String("path", r.URL.Path), slog.Int("status", answer.status), slog.Int64("bytes", answer.bytes),
				slog.Duration("took", took), slog.String("remote", s.Proxies.Client(r).String()))
		}()
		next.ServeHTTP(answer, r)
	})
}

// failureOf is what a span says of a status: what the client did wrong is no failure of the server.
func failureOf(status int) string {
	if status >= http.StatusInternalServerError {
		return strconv.Itoa(status)
	}
	return ""
}

func (s *Site) logger() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

func levelOf(status int) slog.Level {
	switch {
	case status >= 500:
		return slog.LevelError
	case status >= 400:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// recovered turns a panic into an answer that says nothing of the inside; the log has the stack.
func (s *Site) recovered(next http.Handler) http.Handler {
	log := s.logger()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			log.Error("panic", "site", s.Name, "id", requestID(r), "cause", cause, "stack", string(debug.Stack()))
			if answer, ok := w.(*recorder); ok && answer.status != 0 {
				// The answer has begun; only breaking the connection tells the other side that it is not whole.
				panic(http.ErrAbortHandler)
			}
			clearEntity(w.Header())
			fault.Refuse(w, http.StatusInternalServerError, fault.Internal, "The server failed at this request; it goes on with others.")
		}()
		next.ServeHTTP(w, r)
	})
}

// clearEntity removes what a handler said of an answer that will not be given.
func clearEntity(h http.Header) {
	for _, name := range []string{"Content-Encoding", "Content-Length", "ETag", "Cache-Control", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"} {
		h.Del(name)
	}
}
