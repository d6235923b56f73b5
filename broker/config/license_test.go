package config

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

func keyOf(id string, seed byte) sealed.SigningKey {
	return sealed.SigningKey{ID: id, Private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))}
}

func keyFile(t *testing.T, keys ...sealed.SigningKey) string {
	t.Helper()
	var list []protocol.TrustedKey
	for _, k := range keys {
		list = append(list, k.Trusted())
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLicenseFiles: what the running broker will read again is read at the start, with the keys of the set beside those of the file.
func TestLicenseFiles(t *testing.T) {
	root, one, two := keyOf("root", 1), keyOf("one", 2), keyOf("two", 3)
	set, err := sealed.SignKeySet(sealed.KeySet{IssuedAt: 1_780_000_000, Keys: []protocol.TrustedKey{two.Trusted()}}, root)
	if err != nil {
		t.Fatal(err)
	}
	list := func(by sealed.SigningKey) string {
		text, err := sealed.SignRevocations(sealed.Revocations{IssuedAt: 1_780_000_000, Expires: 1_780_000_001}, by)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	files := []string{"trusted.json", keyFile(t, one), "roots.json", keyFile(t, root), "keys", set, "revoked", list(two), "other", list(root), "bad", "x"}
	const all = "license: {trustedKeysFile: trusted.json, keySetFile: keys, rootKeysFile: roots.json, revocationFile: revoked, stateFile: state.json}\n"
	l, folder, err := load(t, all, Flags{}, files...)
	if err != nil {
		t.Fatal(err)
	}
	o := l.Licensing()
	in := func(name string) string { return filepath.Join(folder, name) }
	if o.KeySetFile != in("keys") || o.RevocationFile != in("revoked") || o.StateFile != in("state.json") || len(o.Keys) != 1 || o.Keys[0].ID != "one" ||
		len(o.Roots) != 1 || o.Roots[0].ID != "root" || len(o.Origins) != 1 || o.Origins[0] != "http://localhost:8080" {
		t.Errorf("%+v", o)
	}
	// A flag's path is relative to where the program was started.
	if l, _, err := load(t, all, Flags{LicenseState: pointer("here.json")}, files...); err != nil || l.License.StateFile != "here.json" {
		t.Errorf("%v, %v", l, err)
	}
	if _, err := os.Stat(in("state.json")); err == nil {
		t.Error("reading a configuration writes a file")
	}
	for text, want := range map[string]string{
		"license: {keySetFile: keys}\n":                                                  "license.keySetFile: there is no root key to check it with\n  fix: set license.rootKeysFile too",
		"license: {rootKeysFile: roots.json}\n":                                          "license.rootKeysFile: there is no key set for it",
		"license: {keySetFile: keys, rootKeysFile: bad}\n":                               "license.rootKeysFile: read trusted keys",
		"license: {keySetFile: bad, rootKeysFile: roots.json}\n":                         "license.keySetFile: read key set",
		"license: {keySetFile: keys, rootKeysFile: trusted.json}\n":                      "license.keySetFile: read key set",
		"license: {revocationFile: revoked, trustedKeysFile: trusted.json}\n":            "license.revocationFile: read revocation list",
		"license: {revocationFile: other, keySetFile: keys, rootKeysFile: roots.json}\n": "license.revocationFile: read revocation list",
		"license: {revocationFile: missing, trustedKeysFile: trusted.json}\n":            "license.revocationFile: read revocation list: open",
		"license: {revocationFiles: revoked}\n":                                          "did you mean revocationFile?",
	} {
		if _, _, err := load(t, text, Flags{}, files...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}
