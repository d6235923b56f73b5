//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// checkOwner refuses a directory that others can reach into: what is in it are other people's data.
func checkOwner(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read store directory: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("read store directory: %s is no directory", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("read store directory: others can reach into %s (mode %04o)\n  fix: chmod 700 %s", path, info.Mode().Perm(), path)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("read store directory: %s belongs to user %d, and this is user %d\n  fix: chown it, or start as that user", path, owner.Uid, os.Geteuid())
	}
	return nil
}

// takeLock keeps every other process out for as long as the file is open. The engine would not: two of them on one
// directory start without a word and destroy it.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock store directory: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("lock store directory: another process has %s\n  fix: stop the other broker, or give this one a directory of its own", path)
	}
	return nil, fmt.Errorf("lock store directory: %w", err)
}
