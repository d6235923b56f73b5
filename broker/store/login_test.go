package store

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store/storetest"
)

// TestPermissions: the permissions of docs/operations.md are enough for everything that a store does.
func TestPermissions(t *testing.T) {
	text := string(must[[]byte](t)(os.ReadFile("../../docs/operations.md")))
	list := func(name string) (subjects []string) {
		block := regexp.MustCompile(name + `:\s+\[([^\]]*)\]`).FindStringSubmatch(text)
		if block == nil {
			t.Fatalf("docs/operations.md does not say what a broker may %s", name)
		}
		for _, quoted := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(block[1], -1) {
			subjects = append(subjects, quoted[1])
		}
		return subjects
	}
	publish, subscribe := list("publish"), list("subscribe")
	if len(publish) < 10 || slices.Contains(publish, ">") || slices.Contains(subscribe, ">") {
		t.Fatalf("publish %q, subscribe %q", publish, subscribe)
	}
	cluster := storetest.Start(t, storetest.Options{Nodes: 1, Quick: true, User: "crossframe", Password: "s3cret", Publish: publish, Subscribe: subscribe})
	s := open(t, Options{URLs: cluster.URLs(), Replicas: 1, User: "crossframe", Password: "s3cret"})
	for name, f := range map[string]func(*testing.T, *Store){
		"writes": contractWrites, "follow": contractFollow, "tokens": contractTokens, "bus": contractBus, "lifetimes": contractLifetimes, "histories": contractHistories,
	} {
		t.Run(name, func(t *testing.T) { f(t, s) })
	}
	if err := s.Audit().Append(within(t), "t", []byte("a line")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := Open(ctx, Options{URLs: cluster.URLs(), Replicas: 1, User: "crossframe", Password: "wrong", Log: quietLog})
	if !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password: %v", err)
	}
}

// authority signs certificates for a test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.issue(t, "ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// issue writes NAME.pem and NAME.key.
func (a *authority) issue(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer))
	private := must[[]byte](t)(x509.MarshalECPrivateKey(key))
	for file, block := range map[string]*pem.Block{a.file(name + ".pem"): {Type: "CERTIFICATE", Bytes: der}, a.file(name + ".key"): {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return must[*x509.Certificate](t)(x509.ParseCertificate(der)), key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// TestTLS: both sides prove who they are.
func TestTLS(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "node", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	a.issue(t, "broker", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	cluster := storetest.Start(t, storetest.Options{Nodes: 1, Quick: true, TLS: &tls.Config{
		Certificates: []tls.Certificate{must[tls.Certificate](t)(tls.LoadX509KeyPair(a.file("node.pem"), a.file("node.key")))},
		ClientCAs:    pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}})
	trusted := TLS{CAFile: a.file("ca.pem"), CertFile: a.file("broker.pem"), KeyFile: a.file("broker.key")}
	s := open(t, Options{URLs: cluster.URLs(), Replicas: 1, TLS: trusted})
	must[uint64](t)(s.Bucket(Contexts).Put(within(t), KeyOf("k"), nil))
	other := newAuthority(t)
	for name, wrong := range map[string]TLS{
		"no certificate":    {CAFile: trusted.CAFile},
		"another authority": {CAFile: other.file("ca.pem"), CertFile: trusted.CertFile, KeyFile: trusted.KeyFile},
		"no TLS":            {},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		s, err := Open(ctx, Options{URLs: cluster.URLs(), Replicas: 1, TLS: wrong, Log: quietLog})
		cancel()
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			s.Close()
		}
	}
}
