package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pair makes a certificate with that serial number and its key.
func pair(t *testing.T, serial int64, begins, ends time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "x"}, NotBefore: begins, NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// rig is a certificate in files, and what its log says.
type rig struct {
	*Certificate
	t         *testing.T
	cert, key string
	log       bytes.Buffer
	now       time.Time
}

func start(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	r.put(1, -time.Hour, 90*24*time.Hour)
	var err error
	r.Certificate, err = New(Options{CertFile: r.cert, KeyFile: r.key, Log: slog.New(slog.NewTextHandler(&r.log, nil)), Now: func() time.Time { return r.now }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// put writes a new pair.
func (r *rig) put(serial int64, begins, ends time.Duration) {
	r.t.Helper()
	cert, key := pair(r.t, serial, r.now.Add(begins), r.now.Add(ends))
	r.write(r.cert, cert)
	r.write(r.key, key)
}

func (r *rig) write(path string, text []byte) {
	r.t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// serial is that of the certificate that the next connection is shown.
func (r *rig) serial() int64 {
	r.t.Helper()
	shown, err := r.Config().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		r.t.Fatal(err)
	}
	return shown.Leaf.SerialNumber.Int64()
}

func TestGoodPairIsTakenOver(t *testing.T) {
	r := start(t)
	if err := r.Reload(); err != nil || r.Snapshot().Reloads != 0 {
		t.Errorf("nothing has changed: %v, %+v", err, r.Snapshot())
	}
	r.put(2, -time.Hour, time.Hour)
	if err := r.Reload(); err != nil || r.serial() != 2 {
		t.Errorf("%v, serial %d", err, r.serial())
	}
	if s := r.Snapshot(); s.Reloads != 1 || s.Failures != 0 || s.Broken || !s.NotAfter.Equal(r.now.Add(time.Hour)) {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(r.log.String(), "ends soon") {
		t.Errorf("the log does not tell of the end: %s", &r.log)
	}
}

// TestBrokenPairIsNot: whatever is wrong, the certificate in use stays, each mistake is told once, and a good pair mends it.
func TestBrokenPairIsNot(t *testing.T) {
	for name, spoil := range map[string]func(r *rig){
		"key of another":    func(r *rig) { cert, _ := pair(t, 9, r.now, r.now.Add(time.Hour)); r.write(r.cert, cert) },
		"half a file":       func(r *rig) { r.write(r.cert, []byte("-----BEGIN CERTIFICATE-----\nMIIB")) },
		"empty":             func(r *rig) { r.write(r.key, nil) },
		"gone":              func(r *rig) { _ = os.Remove(r.key) },
		"too long":          func(r *rig) { r.write(r.cert, bytes.Repeat([]byte("x"), maxFileBytes+1)) },
		"has ended":         func(r *rig) { r.put(9, -2*time.Hour, -time.Hour) },
		"has not begun yet": func(r *rig) { r.put(9, time.Hour, 2*time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			spoil(r)
			for range 3 {
				if err := r.Reload(); err == nil {
					t.Fatal("it was taken over")
				}
			}
			if s := r.Snapshot(); r.serial() != 1 || s.Failures != 1 || !s.Broken || strings.Count(r.log.String(), "level=ERROR") != 1 {
				t.Errorf("serial %d, %+v\n%s", r.serial(), s, &r.log)
			}
			if missing := r.Missing(); missing != nil {
				t.Errorf("the one in use is good: %v", missing)
			}
			r.put(3, -time.Hour, time.Hour)
			if err := r.Reload(); err != nil || r.serial() != 3 || r.Snapshot().Broken {
				t.Errorf("mended: %v, %d", err, r.serial())
			}
		})
	}
}

// TestSamePairAgain: what was in use before the mistake is taken again.
func TestSamePairAgain(t *testing.T) {
	r := start(t)
	text, err := os.ReadFile(r.cert)
	if err != nil {
		t.Fatal(err)
	}
	r.write(r.cert, nil)
	if r.Reload() == nil {
		t.Fatal("an empty file was taken over")
	}
	r.write(r.cert, text)
	if err := r.Reload(); err != nil || r.Snapshot().Broken {
		t.Errorf("%v, %+v", err, r.Snapshot())
	}
}

// TestEnd: a certificate that ends is missing, and anything is better then.
func TestEnd(t *testing.T) {
	r := start(t)
	r.now = r.now.Add(91 * 24 * time.Hour)
	if missing := r.Missing(); len(missing) != 1 || !strings.Contains(missing[0], "has ended 2030-04-01") {
		t.Errorf("%v", missing)
	}
	r.put(2, -48*time.Hour, -time.Hour)
	if err := r.Reload(); err != nil || r.serial() != 2 {
		t.Errorf("%v", err)
	}
}

func TestNewRefusesWhatItCannotUse(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, empty + "-not"} {
		if _, err := New(Options{CertFile: path, KeyFile: path}); err == nil {
			t.Errorf("%s was accepted", path)
		}
	}
}

// TestRun: files are looked at by themselves.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		r.put(2, -time.Hour, time.Hour)
		go r.Run(t.Context())
		time.Sleep(checkEvery - time.Second)
		if r.serial() != 1 {
			t.Error("taken over too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r.serial() != 2 {
			t.Error("not taken over")
		}
	})
}
