package licensing

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// maxFileBytes bounds every file that the commands read.
const maxFileBytes = 1 << 20

// keyFile is a signing key on disk.
type keyFile struct {
	Crossframe string `json:"crossframe"`
	ID         string `json:"id"`
	// Private is the Ed25519 seed, base64url.
	Private string `json:"private"`
}

// The marks keep other JSON files from being taken for keys, and the two kinds of keys from being taken for each other.
const (
	keyFileMark  = "license signing key"
	rootFileMark = "license root key"
)

// writeSigningKey makes a file that nobody else can read. It never replaces one: an overwritten signing key is lost.
func writeSigningKey(path, mark string, key sealed.SigningKey) error {
	text, err := json.Marshal(keyFile{
		Crossframe: mark,
		ID:         key.ID,
		Private:    base64.RawURLEncoding.EncodeToString(key.Private.Seed()),
	})
	if err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("write signing key: %s exists; choose another file, a signing key is never overwritten", path)
	}
	if err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write signing key: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

// readSigningKey reads a file of writeSigningKey with a mark. It refuses a file that others can read.
func readSigningKey(path, mark string) (key sealed.SigningKey, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return key, fmt.Errorf("read signing key: %w; make one with \"crossframe license keygen\"", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return key, fmt.Errorf("read signing key: %s can be read by others (mode %04o); run \"chmod 600 %s\", and make a new key if "+
			"somebody may have copied it", path, info.Mode().Perm(), path)
	}
	text, err := readFile(path)
	if err != nil {
		return key, fmt.Errorf("read signing key: %w", err)
	}
	var file keyFile
	if json.Unmarshal(text, &file) != nil || file.Crossframe != mark {
		flag := ""
		if mark == rootFileMark {
			flag = " --root"
		}
		return key, fmt.Errorf("read signing key: %s is no %s; use a file that \"crossframe license keygen%s\" wrote", path, strings.TrimPrefix(mark, "license "), flag)
	}
	seed, err := base64.RawURLEncoding.DecodeString(file.Private)
	if err != nil || len(seed) != ed25519.SeedSize || !sealed.ValidKeyID(file.ID) {
		return key, fmt.Errorf("read signing key: %s is damaged; restore it from its backup", path)
	}
	return sealed.SigningKey{ID: file.ID, Private: ed25519.NewKeyFromSeed(seed)}, nil
}

// readFile reads a file of at most maxFileBytes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path)
}

func readAll(r io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFileBytes {
		return nil, fmt.Errorf("%s is longer than 1 MiB", name)
	}
	return text, nil
}
