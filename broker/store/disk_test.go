package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// small mounts a file system of some megabytes in memory.
func small(t *testing.T, megabytes int) (at string) {
	t.Helper()
	needsRoot(t)
	at = filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0700", megabytes), "tmpfs", at)
	t.Cleanup(func() { run(t, "umount", at) })
	return at
}

func enlarge(t *testing.T, at string, megabytes int) {
	t.Helper()
	run(t, "mount", "-o", fmt.Sprintf("remount,size=%dm", megabytes), at)
}

// fillUp writes until something says no. It returns how many writes were acknowledged.
func fillUp(t *testing.T, b *Bucket, name string, try time.Duration) (acknowledged int, refusal error) {
	value := []byte(strings.Repeat("v", 400<<10))
	for {
		ctx, cancel := context.WithTimeout(within(t), try)
		_, err := b.Put(ctx, KeyOf(name, fmt.Sprint(acknowledged)), value)
		cancel()
		if err != nil {
			return acknowledged, err
		}
		acknowledged++
	}
}

// lostBelow returns how many of the values that were acknowledged are not there.
func lostBelow(t *testing.T, b *Bucket, name string, acknowledged int) (lost int) {
	for i := range acknowledged {
		e, err := b.GetStrict(within(t), KeyOf(name, fmt.Sprint(i)))
		if err != nil || len(e.Value) != 400<<10 {
			lost++
		}
	}
	return lost
}

// TestDiskFull (D04): nothing is acknowledged that was not written, reads and volatile values go on, and so do writes when
// there is space again, without a new start.
func TestDiskFull(t *testing.T) {
	ctx, at := within(t), small(t, 40)
	dir := filepath.Join(at, "store")
	s := open(t, Options{Dir: dir})
	b := s.Bucket(Contexts)
	n, err := fillUp(t, b, "full", 10*time.Second)
	if !errors.Is(err, ErrFull) || n == 0 {
		t.Fatalf("after %d writes: %v", n, err)
	}
	if missing := s.Missing(ctx); len(missing) != 1 || !strings.Contains(missing[0], "full") {
		t.Errorf("a full store misses %q", missing)
	}
	// Somebody else takes what is left.
	free, _, _, _ := freeBytes(at)
	if err := os.WriteFile(filepath.Join(at, "others"), make([]byte, free), 0o600); err != nil {
		t.Fatal(err)
	}
	if lost := lostBelow(t, b, "full", n); lost > 0 {
		t.Errorf("%d of %d cannot be read while the disk is full", lost, n)
	}
	must[uint64](t)(s.Bucket(Volatile).Put(ctx, KeyOf("volatile"), []byte("v")))
	if _, err := b.Put(ctx, KeyOf("no"), nil); !errors.Is(err, ErrFull) {
		t.Errorf("write to a full disk: %v", err)
	}
	if err := os.Remove(filepath.Join(at, "others")); err != nil {
		t.Fatal(err)
	}
	must[uint64](t)(b.Remove(ctx, KeyOf("full", fmt.Sprint(n-1))))
	n--
	enlarge(t, at, 60)
	more, err := fillUp(t, b, "more", 10*time.Second)
	if !errors.Is(err, ErrFull) || more == 0 {
		t.Errorf("after space had come, %d writes and then %v", more, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Dir: dir})
	lost := lostBelow(t, s.Bucket(Contexts), "full", n) + lostBelow(t, s.Bucket(Contexts), "more", more)
	report(t, "disk full", n+more, lost)
	if lost > 0 {
		t.Errorf("%d of %d acknowledged writes were lost", lost, n+more)
	}
}

// TestDiskReallyFull: the reserve did not help, and the engine met the end of the disk. It gives the stream up; the store
// starts it anew.
func TestDiskReallyFull(t *testing.T) {
	at := small(t, 24)
	dir := filepath.Join(at, "store")
	s := open(t, Options{Dir: dir, ReserveBytes: -1 << 40})
	b := s.Bucket(Contexts)
	n, err := fillUp(t, b, "full", 3*time.Second)
	if !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrFull) || n == 0 {
		t.Fatalf("after %d writes: %v", n, err)
	}
	enlarge(t, at, 48)
	for end := time.Now().Add(60 * time.Second); ; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := b.Put(ctx, KeyOf("after"), nil)
		cancel()
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("a minute after space had come: %v", err)
		}
	}
	lost := lostBelow(t, b, "full", n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Dir: dir})
	lost = max(lost, lostBelow(t, s.Bucket(Contexts), "full", n))
	report(t, "disk full, engine gives up and starts anew", n, lost)
	if lost > 0 {
		t.Errorf("%d of %d acknowledged writes were lost", lost, n)
	}
}

// TestDiskFails (D05): what cannot be written is not acknowledged, and ends in an error. The writes fail by a limit on the
// size of the process's files. (Other ways to make a disk fail are no such test here: ext4's shutdown request, and an image
// whose own file system is full, lose the last record of a plain file too, although its sync has returned.)
func TestDiskFails(t *testing.T) {
	dir := privateDir(t)
	p := startWriter(t, dir, limitVariable+"=200000")
	select {
	case <-p.over: // the writer ends with its first error
	case <-time.After(120 * time.Second):
		t.Fatal("writes went on beyond the limit")
	}
	acked, count := p.state()
	lost := lostIn(t, dir, acked)
	report(t, "disk fails", count, lost)
	if lost > 0 || count < 100 {
		t.Errorf("%d of %d acknowledged writes were lost", lost, count)
	}
}
