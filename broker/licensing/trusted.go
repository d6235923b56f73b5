package licensing

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// ReadTrustedKeys reads a JSON list of trusted keys, as keygen prints it and the configuration holds it, and checks it.
func ReadTrustedKeys(path string) ([]protocol.TrustedKey, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read trusted keys: %w", err)
	}
	var keys []protocol.TrustedKey
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&keys); err != nil {
		return nil, fmt.Errorf("read trusted keys: %s is no list of {\"id\", \"public\", \"notAfterIssued\"}: %w", path, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("read trusted keys: %s goes on behind its list; put all keys into one list", path)
	}
	if err := CheckTrustedKeys(keys); err != nil {
		return nil, fmt.Errorf("read trusted keys: %s: %w", path, err)
	}
	return keys, nil
}

// CheckTrustedKeys returns an error for every key that could never be used, so that a mistake shows at the start and
// not on the day when the key is needed.
func CheckTrustedKeys(keys []protocol.TrustedKey) error {
	var faults []error
	if len(keys) == 0 {
		faults = append(faults, errors.New("there is no trusted key; add the list that keygen printed"))
	}
	seen := map[string]bool{}
	for i, k := range keys {
		public, err := base64.RawURLEncoding.Strict().DecodeString(k.Public)
		switch {
		case !sealed.ValidKeyID(k.ID):
			faults = append(faults, fmt.Errorf("trusted key %d: an id is 1 to 64 letters, digits, dots, - and _", i+1))
		case seen[k.ID]:
			faults = append(faults, fmt.Errorf("trusted key %d: the id %s is used twice; rename none, drop the wrong one", i+1, k.ID))
		case err != nil || len(public) != ed25519.PublicKeySize:
			faults = append(faults, fmt.Errorf("trusted key %s: public is no Ed25519 key in base64url without padding", k.ID))
		case k.NotAfterIssued < 0 || k.NotAfterIssued > 1e11:
			faults = append(faults, fmt.Errorf("trusted key %s: notAfterIssued is in seconds since 1970", k.ID))
		}
		seen[k.ID] = true
	}
	return errors.Join(faults...)
}
