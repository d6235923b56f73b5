package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	// checkEvery is how often the files are looked at.
	checkEvery = 10 * time.Second
	// maxFileBytes bounds each of them.
	maxFileBytes = 1 << 20
	// soon is how long before its end the log begins to tell of it.
	soon = 14 * 24 * time.Hour
)

// Options of a Certificate.
type Options struct {
	// CertFile is a certificate chain and KeyFile its key, PEM.
	CertFile, KeyFile string
	// Log gets each change, and what is wrong; if nil, slog.Default().
	Log *slog.Logger
	// Now is time.Now if nil.
	Now func() time.Time
}

// Certificate is the pair of two files, the latest of them that was good. It may be used concurrently.
type Certificate struct {
	o Options

	mu   sync.Mutex
	pair *tls.Certificate
	// cert and key are what the files had when they were last looked at, and fault what was wrong with that.
	cert, key []byte
	fault     error
	counters  Snapshot
	warned    bool
}

// Snapshot is what a Certificate has counted.
type Snapshot struct {
	// Reloads counts the pairs that were taken over after the first one, and Failures those that were not.
	Reloads, Failures uint64
	// Broken: the files have something that was not taken over.
	Broken bool
	// NotAfter is when the certificate in use ends.
	NotAfter time.Time
}

// New reads the files. What is wrong with them then is an error; a certificate that is not valid now is not: it is for Missing to
// tell, and may be replaced any moment.
func New(o Options) (*Certificate, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Certificate{o: o}
	var err error
	if c.cert, c.key, err = c.read(); err != nil {
		return nil, err
	}
	if c.pair, err = parse(c.cert, c.key); err != nil {
		return nil, err
	}
	c.warn()
	return c, nil
}

// Run looks at the files until ctx ends.
func (c *Certificate) Run(ctx context.Context) {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = c.Reload()
		}
	}
}

// Reload looks at the files now. The error says why what they have is not used; the log has it too, once.
func (c *Certificate) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.warn()
	cert, key, err := c.read()
	if err == nil && bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key) && c.fault == nil {
		return nil
	}
	c.cert, c.key = cert, key
	var pair *tls.Certificate
	if err == nil {
		pair, err = parse(cert, key)
	}
	if err == nil {
		err = c.usable(pair.Leaf)
	}
	if err != nil {
		if c.fault == nil || c.fault.Error() != err.Error() {
			c.counters.Failures++
			c.o.Log.Error("the new certificate is not used, the one before stays", "problem", err.Error(), "file", c.o.CertFile)
		}
		c.fault = err
		return err
	}
	c.fault, c.pair, c.warned = nil, pair, false
	c.counters.Reloads++
	c.o.Log.Info("certificate taken over", "file", c.o.CertFile, "names", pair.Leaf.DNSNames, "ends", pair.Leaf.NotAfter)
	return nil
}

// usable refuses what browsers would refuse, as long as they do not refuse the one in use.
func (c *Certificate) usable(leaf *x509.Certificate) error {
	if now := c.o.Now(); valid(leaf, now) != nil && valid(c.pair.Leaf, now) == nil {
		return valid(leaf, now)
	}
	return nil
}

func valid(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return errors.New("the certificate has ended " + leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return errors.New("the certificate begins only " + leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

// warn tells once of a certificate whose end is near.
func (c *Certificate) warn() {
	if leaf := c.pair.Leaf; !c.warned && c.o.Now().Add(soon).After(leaf.NotAfter) {
		c.warned = true
		c.o.Log.Warn("the certificate ends soon", "ends", leaf.NotAfter, "file", c.o.CertFile)
	}
}

// Config returns the settings of a listener that shows the certificate: TLS 1.2 and later.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.pair, nil
	}}
}

// Missing says what keeps browsers from believing the certificate, and what to do about it. Nothing missing is nil.
func (c *Certificate) Missing() []string {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := valid(c.pair.Leaf, c.o.Now()); err != nil {
		return []string{"tls.certFile: " + err.Error() + "; put one that is valid in its place"}
	}
	return nil
}

// Snapshot returns the counters.
func (c *Certificate) Snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.counters
	s.Broken, s.NotAfter = c.fault != nil, c.pair.Leaf.NotAfter
	return s
}

func (c *Certificate) read() (cert, key []byte, err error) {
	if cert, err = readFile(c.o.CertFile); err != nil {
		return nil, nil, err
	}
	if key, err = readFile(c.o.KeyFile); err != nil {
		return nil, nil, err
	}
	return cert, key, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		err = errors.New(path + " is longer than 1 MiB")
	}
	return text, err
}

// parse also checks that the key is that of the certificate.
func parse(cert, key []byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	if pair.Leaf == nil {
		// The library leaves it out only where GODEBUG says so.
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, err
		}
	}
	return &pair, nil
}
