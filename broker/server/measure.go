package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/crossframe/crossframe/broker/histogram"
)

// Report takes what one measurement found.
type Report struct{ to chan<- prometheus.Metric }

// Gauge reports a number that goes up and down. Labels are names and values in turn; the names are the same each time.
func (r Report) Gauge(name, help string, value float64, labels ...string) {
	r.report(prometheus.GaugeValue, name, help, value, labels)
}

// Counter reports a number that only grows.
func (r Report) Counter(name, help string, value float64, labels ...string) {
	r.report(prometheus.CounterValue, name, help, value, labels)
}

// Histogram reports how long things took.
func (r Report) Histogram(name, help string, s histogram.Snapshot, labels ...string) {
	names, values := split(labels)
	desc := prometheus.NewDesc(name, help, names, nil)
	r.send(name, help, func() (prometheus.Metric, error) {
		return prometheus.NewConstHistogram(desc, s.Count, s.Sum, s.Buckets, values...)
	})
}

func (r Report) report(kind prometheus.ValueType, name, help string, value float64, labels []string) {
	names, values := split(labels)
	r.send(name, help, func() (prometheus.Metric, error) {
		return prometheus.NewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
	})
}

func split(labels []string) (names, values []string) {
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	return names, values
}

func (r Report) send(name, help string, build func() (prometheus.Metric, error)) {
	m, err := build()
	if err != nil {
		m = prometheus.NewInvalidMetric(prometheus.NewDesc(name, help, nil, nil), err)
	}
	r.to <- m
}

// measurement is asked whenever the metrics are read.
type measurement func(Report)

// Describe implements prometheus.Collector: what is measured shows when it is.
func (m measurement) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m measurement) Collect(to chan<- prometheus.Metric) { m(Report{to}) }

// Measure has f report what others count, whenever the metrics are read. It may be called concurrently with itself.
func (m *Metrics) Measure(f func(Report)) { m.registry.MustRegister(measurement(f)) }
