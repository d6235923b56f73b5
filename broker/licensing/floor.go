package licensing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// saveEvery is how far the remembered time may be behind, so that the file is not written at every look at the clock.
const saveEvery = time.Minute

// floor remembers what only ever grows: the highest time, and when the latest revocation list and key set were issued. A clock that was
// set back, or a file that was replaced with an older one, is found out by it, also after a restart where there is a file.
type floor struct {
	path  string
	saved remembered
	remembered
}

// remembered is the state file.
type remembered struct {
	Crossframe string `json:"crossframe"`
	// HighestMs is in milliseconds since 1970, the others are seconds.
	HighestMs  int64 `json:"highestMs"`
	ListIssued int64 `json:"listIssued"`
	SetIssued  int64 `json:"setIssued"`
}

// stateMark keeps other JSON files from being taken for state files, and overwritten.
const stateMark = "license state"

// openFloor reads the state file. One that does not exist yet is empty; without a path nothing outlives the process.
func openFloor(path string) (*floor, error) {
	f := &floor{path: path}
	f.Crossframe = stateMark
	if path == "" {
		return f, nil
	}
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, f.save()
	}
	if err != nil {
		return nil, fmt.Errorf("read license state: %w", err)
	}
	var r remembered
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&r) != nil || r.Crossframe != stateMark || min(r.HighestMs, r.ListIssued, r.SetIssued) < 0 {
		return nil, fmt.Errorf("read license state: %s is none, or damaged; delete it if this machine's clock is right", path)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("read license state: %s goes on behind its end; delete it if this machine's clock is right", path)
	}
	f.saved, f.remembered = r, r
	return f, nil
}

// see returns the later of a clock's time and of what was seen before, and by how much the clock is behind.
func (f *floor) see(now time.Time) (later time.Time, behind time.Duration) {
	if ms := now.UnixMilli(); ms >= f.HighestMs {
		f.HighestMs = ms
		return now, 0
	}
	later = time.UnixMilli(f.HighestMs)
	return later, later.Sub(now)
}

// keep writes down what has grown by enough.
func (f *floor) keep() error {
	grown := time.Duration(f.HighestMs-f.saved.HighestMs) * time.Millisecond
	if f.path == "" || grown < saveEvery && f.ListIssued == f.saved.ListIssued && f.SetIssued == f.saved.SetIssued {
		return nil
	}
	return f.save()
}

// save replaces the file as a whole: a crash leaves the old one or the new one.
func (f *floor) save() error {
	text, err := json.Marshal(f.remembered)
	if err != nil {
		return fmt.Errorf("write license state: %w", err)
	}
	if err := replaceFile(f.path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write license state: %w", err)
	}
	f.saved = f.remembered
	return nil
}

// replaceFile writes a file, or leaves the one that is there.
func replaceFile(path string, text []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
