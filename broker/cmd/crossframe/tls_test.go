package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
)

// authority signs the certificates of the tests. This process believes it as it believes those of the system, so that clients are
// used as they are.
var authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "crossframe-authority")
	if err == nil {
		err = makeAuthority(filepath.Join(dir, "authority.pem"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func makeAuthority(file string) (err error) {
	if authority.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, authority.key.Public(), authority.key)
	if err != nil {
		return err
	}
	if authority.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Setenv("SSL_CERT_FILE", file)
}

// certify writes a certificate for localhost and its key into one file, which serves as both.
func certify(t *testing.T, file string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, authority.cert, key.Public(), authority.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown returns the serial number of the certificate that a new connection is shown, and the connection's error.
func shown(port string, config *tls.Config) (int64, error) {
	config.ServerName = "localhost"
	conn, err := tls.Dial("tcp", "127.0.0.1:"+port, config)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

func TestServeTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cert.pem")
	certify(t, file, 7)
	port := freePort(t)
	out, stop := start(t, "serve", "--listen", "127.0.0.1:"+port, "--ops-listen", "", "--public-origins", "https://localhost:"+port,
		"--tls-cert-file", file, "--tls-key-file", file)
	await(t, out, `(msg=started)`)
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true}}
	answer, err := client.Get("https://localhost:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 || answer.ProtoMajor != 2 || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d, HTTP/%d, %v", answer.StatusCode, answer.ProtoMajor, answer.Header)
	}
	client.CloseIdleConnections()
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		if _, err := shown(port, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}); (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, message := execute(t, testFiles, "serve", "--listen", "127.0.0.1:"+port, "--ops-listen", "", "--tls-cert-file", file, "--tls-key-file", file)
	if code != 1 || !strings.Contains(message, "read tls.certFile and tls.keyFile") {
		t.Errorf("%d %s", code, message)
	}
}

// TestCertificateIsReplaced: programs share over TLS; a new certificate is shown to new connections and ends none, and a broken one
// is shown to nobody.
func TestCertificateIsReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cert.pem")
	certify(t, file, 7)
	port, ops := freePort(t), freePort(t)
	config := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+port+"\nopsListen: 127.0.0.1:"+ops+"\npublicOrigins: [\"https://localhost:"+port+"\"]\n"+
		"tls: {certFile: "+file+", keyFile: "+file+"}\nidentity: {development: {users: [{id: ada, tenant: acme}]}}\n")
	signals := make(chan os.Signal)
	out, stop := startHearing(t, signals, "serve", "--config", config)
	await(t, out, `(msg=started)`)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	lost := make(chan error, 1)
	program, err := crossframe.Connect(ctx, crossframe.Options{URL: "wss://localhost:" + port + "/link", Token: crossframe.StaticToken("dev:ada"),
		OnState: func(err error) {
			if err != nil {
				lost <- err
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()

	reload := func(want string) {
		t.Helper()
		before := strings.Count(out.String(), "files read again")
		signals <- syscall.SIGHUP
		for range 3000 {
			if strings.Count(out.String(), "files read again") > before {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		await(t, out, "("+want+")")
	}
	certify(t, file, 8)
	reload("certificate taken over")
	if serial, err := shown(port, &tls.Config{}); err != nil || serial != 8 {
		t.Errorf("certificate %d, %v", serial, err)
	}
	if err := os.WriteFile(file, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	reload("level=ERROR msg=\"the new certificate is not used")
	if serial, err := shown(port, &tls.Config{}); err != nil || serial != 8 {
		t.Errorf("certificate %d, %v", serial, err)
	}
	_, _, metrics := get(t, "http://127.0.0.1:"+ops+"/metrics")
	for _, line := range []string{"crossframe_tls_reloads_total 1\n", "crossframe_tls_reload_failures_total 1\n", "crossframe_tls_files_broken 1\n", "crossframe_tls_not_after_seconds "} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics have no %q", line)
		}
	}
	if _, err := program.Set(ctx, "c", map[string]int{"n": 1}, crossframe.WriteOptions{}); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
	select {
	case err := <-lost:
		t.Errorf("the connection was lost: %v", err)
	default:
	}
	program.Close()
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
