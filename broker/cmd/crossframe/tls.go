package main

import (
	"fmt"
	"log/slog"

	"github.com/crossframe/crossframe/broker/certs"
	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/server"
)

// newCertificate reads the certificate of the page's listener; nil where none is named.
func newCertificate(loaded *config.Loaded, log *slog.Logger) (*certs.Certificate, error) {
	if loaded.TLS.CertFile == "" {
		return nil, nil
	}
	c, err := certs.New(certs.Options{CertFile: loaded.TLS.CertFile, KeyFile: loaded.TLS.KeyFile, Log: log})
	if err != nil {
		return nil, fmt.Errorf("read tls.certFile and tls.keyFile: %w", err)
	}
	return c, nil
}

// measureCertificate tells the metrics of the certificate.
func measureCertificate(m *server.Metrics, c *certs.Certificate) {
	m.Measure(func(report server.Report) {
		s := c.Snapshot()
		broken := 0.0
		if s.Broken {
			broken = 1
		}
		report.Counter("crossframe_tls_reloads_total", "Certificates that were taken over from changed files.", float64(s.Reloads))
		report.Counter("crossframe_tls_reload_failures_total", "Certificates in changed files that were not taken over.", float64(s.Failures))
		report.Gauge("crossframe_tls_files_broken", "1 where the files have something that is not used.", broken)
		report.Gauge("crossframe_tls_not_after_seconds", "When the certificate in use ends, as Unix time.", float64(s.NotAfter.Unix()))
	})
}
