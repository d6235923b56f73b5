package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// What is in a directory of the embedded engine, beside the engine's own files.
const (
	lockFile       = "lock"
	markFile       = "store.json"
	checkpointFile = "checkpoint.json"
	// engineDir is where the engine keeps the streams.
	engineDir = "jetstream"
)

// format is the form of a directory, of what the meta bucket holds and of exports. It grows when an older version would
// misread what this one writes.
const format = 1

// directory is an embedded engine's directory, held by this process.
type directory struct {
	path string
	lock *os.File
	mark mark
}

// mark says whose the directory is. It is written before anything else, and once more when the store has its epoch.
type mark struct {
	Crossframe string `json:"crossframe"`
	Format     int    `json:"format"`
	// Epoch and Buckets repeat what the meta bucket holds, so that its loss is noticed.
	Epoch   string  `json:"epoch,omitempty"`
	Buckets []Class `json:"buckets,omitempty"`
}

const markIs = "store"

// openDirectory makes the directory if needed, checks it and takes it for this process.
func openDirectory(path string) (*directory, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make store directory: %w", err)
	}
	if err := checkOwner(path); err != nil {
		return nil, err
	}
	lock, err := takeLock(filepath.Join(path, lockFile))
	if err != nil {
		return nil, err
	}
	d := &directory{path: path, lock: lock}
	if err := d.readMark(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// close lets another process have the directory.
func (d *directory) close() { _ = d.lock.Close() }

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }

// readMark reads the mark, or makes it in an empty directory.
func (d *directory) readMark() error {
	text, err := readSmall(d.file(markFile))
	if errors.Is(err, os.ErrNotExist) {
		return d.begin()
	}
	if err != nil {
		return fmt.Errorf("read store mark: %w", err)
	}
	if json.Unmarshal(text, &d.mark) != nil || d.mark.Crossframe != markIs {
		return fmt.Errorf("read store mark: %s: %w\n  fix: restore it from a backup, or import an export into an empty directory", d.file(markFile), ErrCorrupt)
	}
	if d.mark.Format > format {
		return fmt.Errorf("%s has the format %d, and this version knows %d: %w\n  fix: use the version that wrote it, or one that is newer", d.path, d.mark.Format, format, ErrFormat)
	}
	return nil
}

// begin marks an empty directory. One that has anything in it is somebody else's.
func (d *directory) begin() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("read store directory: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); name != lockFile && name != markFile+".new" && name != "lost+found" {
			return fmt.Errorf("%s is not empty and is no store: it has %s: %w\n  fix: choose another directory", d.path, name, ErrFormat)
		}
	}
	d.mark = mark{Crossframe: markIs, Format: format}
	return d.writeMark()
}

func (d *directory) writeMark() error {
	return d.write(markFile, d.mark)
}

// write replaces a file by one that is whole and on disk.
func (d *directory) write(name string, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		err = replaceFile(d.file(name), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func replaceFile(path string, text []byte) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// maxSmallBytes bounds the files of our own.
const maxSmallBytes = 16 << 20

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSmallBytes+1))
	if err == nil && len(text) > maxSmallBytes {
		err = fmt.Errorf("%s is longer than %d bytes", path, maxSmallBytes)
	}
	return text, err
}
