package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// selfSigned writes a certificate for localhost and its key into one file, which serves as both.
func selfSigned(t *testing.T) (file string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	return write(t, "cert.pem", string(text)), roots
}

func TestServeTLS(t *testing.T) {
	file, roots := selfSigned(t)
	port := freePort(t)
	out, stop := start(t, "serve", "--listen", "127.0.0.1:"+port, "--ops-listen", "", "--public-origins", "https://localhost:"+port,
		"--tls-cert-file", file, "--tls-key-file", file)
	await(t, out, `(msg=started)`)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	answer, err := client.Get("https://localhost:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 || answer.ProtoMajor != 2 || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d, HTTP/%d, %v", answer.StatusCode, answer.ProtoMajor, answer.Header)
	}
	client.CloseIdleConnections()
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
