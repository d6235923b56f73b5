//go:build !unix

package store

import (
	"errors"
	"fmt"
	"os"
)

// checkOwner looks at nothing here: permissions are not in the file mode.
func checkOwner(string) error { return nil }

// takeLock keeps every other process out by a file that must not exist yet. After a crash it is left behind, and to be
// removed by hand: that is safer than two processes on one directory.
func takeLock(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("lock store directory: another process has %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock store directory: %w", err)
	}
	return f, nil
}
