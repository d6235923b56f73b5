package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// checkpoint is our own account of what the embedded engine holds, beside the engine's: a file that ends too early looks to
// the engine as if it had always ended there.
type checkpoint struct {
	// Clean: the engine was stopped, and nothing has touched the files since.
	Clean bool `json:"clean"`
	// Last is the sequence up to which each stream has acknowledged what is on disk.
	Last map[string]uint64 `json:"last"`
	// Files are the sizes of the engine's block files, where Clean.
	Files map[string]int64 `json:"files,omitempty"`
}

func (d *directory) readCheckpoint() (c checkpoint, err error) {
	text, err := readSmall(d.file(checkpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read checkpoint: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("read checkpoint: %w: %w", ErrCorrupt, err)
	}
	return c, nil
}

// blockFiles returns the sizes of the files that hold records, by their paths below the engine's directory.
func (d *directory) blockFiles() (map[string]int64, error) {
	files := make(map[string]int64)
	root := d.file(engineDir)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".blk") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		files[name] = info.Size()
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return files, err
}

// watermarks are the sequences that were acknowledged in this run. They are written down now and then.
type watermarks struct {
	mu      sync.Mutex
	grown   sync.Cond
	last    map[string]uint64
	changed bool
}

func newWatermarks() *watermarks {
	w := &watermarks{last: make(map[string]uint64)}
	w.grown.L = &w.mu
	return w
}

// acknowledged notes that a stream has everything up to a sequence on disk.
func (w *watermarks) acknowledged(stream string, sequence uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if sequence > w.last[stream] {
		w.last[stream], w.changed = sequence, true
		w.grown.Broadcast()
	}
}

// await waits until a stream has everything up to a sequence on disk. It reports whether that came before ctx ended.
func (w *watermarks) await(ctx context.Context, stream string, sequence uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last[stream] >= sequence {
		return true
	}
	defer context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.grown.Broadcast()
	})()
	for w.last[stream] < sequence && ctx.Err() == nil {
		w.grown.Wait()
	}
	return w.last[stream] >= sequence
}

// take returns the sequences, and whether they have changed since the last call.
func (w *watermarks) take() (map[string]uint64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.changed
	w.changed = false
	return maps.Clone(w.last), changed
}

// retry has the next take report a change.
func (w *watermarks) retry() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = true
}
