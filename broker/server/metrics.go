package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the broker's own counters and those of its process.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics returns metrics in a registry of their own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crossframe_http_requests_total", Help: "Requests by site, method and status.",
		}, []string{"site", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crossframe_http_request_seconds", Help: "Time to answer a request, by site.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"site"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "crossframe_build_info", Help: "1; the label says which version runs.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.seconds, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in the text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// count notes an answered request. Labels take a fixed number of values, whatever is sent: a path would not.
func (m *Metrics) count(site, verb string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(site, method(verb), strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(site).Observe(took.Seconds())
}

// method returns one of a fixed list: what a client sends may be any word.
func method(verb string) string {
	switch verb {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return verb
	}
	return "other"
}
