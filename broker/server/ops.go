package server

import (
	"net/http"
	"net/http/pprof"
	"slices"
	"sync/atomic"
	"time"

	"github.com/crossframe/crossframe/broker/fault"
)

// Health is what the broker says about itself. It may be used concurrently.
type Health struct {
	version  string
	started  time.Time
	missing  []string
	more     []func() []string
	draining atomic.Bool
}

// NewHealth returns the health of a broker in which the named things are missing; each text says what to do. What may come to be
// missing later is asked of more, whenever somebody asks for the health.
func NewHealth(version string, missing []string, more ...func() []string) *Health {
	return &Health{version: version, started: time.Now(), missing: missing, more: more}
}

// Drain makes the broker not ready, because it is about to stop.
func (h *Health) Drain() { h.draining.Store(true) }

// report is the body of /healthz and /readyz.
type report struct {
	Status  string   `json:"status"`
	Version string   `json:"version"`
	Seconds int64    `json:"seconds"`
	Missing []string `json:"missing,omitempty"`
}

func (h *Health) report() report {
	r := report{Status: "ready", Version: h.version, Seconds: int64(time.Since(h.started).Seconds()), Missing: slices.Clone(h.missing)}
	for _, ask := range h.more {
		r.Missing = append(r.Missing, ask()...)
	}
	switch {
	case h.draining.Load():
		r.Status = "draining"
	case len(r.Missing) > 0:
		r.Status = "incomplete"
	}
	return r
}

// Ops returns what operators need: /healthz answers as long as the process does, /readyz is 503 while something
// is missing or the broker is stopping, /metrics, and with profiles /debug/pprof/. It belongs on a listener that
// users do not reach. Hosts are the names that it answers to; if nil, it answers to every name, which is for
// listeners that are not of this machine alone.
func Ops(health *Health, metrics *Metrics, hosts Hosts, profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fault.JSON(w, http.StatusOK, health.report())
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		report, status := health.report(), http.StatusOK
		if report.Status != "ready" {
			status = http.StatusServiceUnavailable
		}
		fault.JSON(w, status, report)
	})
	mux.Handle("GET /metrics", metrics.Handler())
	if profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fault.Refuse(w, http.StatusNotFound, fault.NotFound, "There are /healthz, /readyz and /metrics.")
	})
	handler := http.Handler(mux)
	if hosts != nil {
		handler = onlyHosts(hosts, handler)
	}
	site := &Site{Headers: Always(dataHeaders())}
	return site.withHeaders(handler)
}
