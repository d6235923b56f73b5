package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// writerVariable makes the test's own binary a process that writes to the store in the directory that it names, to be
// killed.
const writerVariable = "CROSSFRAME_TEST_STORE_WRITER"

// lazyVariable keeps that process from syncing, and limitVariable bounds the size of its files: beyond it, its writes fail.
const lazyVariable, limitVariable = "CROSSFRAME_TEST_STORE_LAZY", "CROSSFRAME_TEST_STORE_LIMIT"

// chaosVariable asks for long runs.
const chaosVariable = "CROSSFRAME_CHAOS"

const writers = 8

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerVariable); dir != "" {
		if err := writeForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeForever counts up a key for each writer, and says so on the standard output when it is acknowledged.
func writeForever(dir string) error {
	if limit, err := strconv.ParseUint(os.Getenv(limitVariable), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: dir, Log: quietLog, lazy: os.Getenv(lazyVariable) != ""})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range writers {
		go func() { failed <- count(ctx, s.Bucket(Contexts), w) }()
	}
	return <-failed
}

func count(ctx context.Context, b *Bucket, w int) error {
	key, n := KeyOf("writer", fmt.Sprint(w)), 0
	e, err := b.GetStrict(ctx, key)
	if err == nil {
		_, err = fmt.Sscan(string(e.Value), &n)
	} else if errors.Is(err, ErrNotFound) {
		err = nil
	}
	for err == nil {
		n++
		value := []byte(fmt.Sprintf("%d %0200d", n, w))
		if e.Sequence == 0 {
			e.Sequence, err = b.Create(ctx, key, value)
		} else {
			e.Sequence, err = b.Update(ctx, key, value, e.Sequence)
		}
		if err == nil {
			// One write of one line: it is whole or not there.
			_, err = os.Stdout.WriteString(fmt.Sprintln(w, n, e.Sequence))
		}
	}
	return err
}

// ack is what a writer was told.
type ack struct {
	n        int
	sequence uint64
}

// writerProcess is another process that writes.
type writerProcess struct {
	cmd  *exec.Cmd
	over chan struct{}

	mu    sync.Mutex
	acked map[int]ack
	count int
}

func startWriter(t testing.TB, dir string, settings ...string) *writerProcess {
	t.Helper()
	p := &writerProcess{cmd: exec.Command(must[string](t)(os.Executable())), over: make(chan struct{}), acked: make(map[int]ack)}
	p.cmd.Env = append(append(os.Environ(), writerVariable+"="+dir), settings...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.over)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var w int
			var a ack
			if _, err := fmt.Sscan(lines.Text(), &w, &a.n, &a.sequence); err == nil {
				p.mu.Lock()
				p.acked[w] = a
				p.count++
				p.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() { p.kill() })
	return p
}

// kill ends the process as a crash would, and reads what it had been told before.
func (p *writerProcess) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.over
	_ = p.cmd.Wait()
}

// await waits until so much was acknowledged.
func (p *writerProcess) await(t testing.TB, count int) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, n := p.state(); n >= count {
			return
		}
		select {
		case <-p.over:
			t.Fatal("the writer ended by itself")
		default:
		}
	}
	t.Fatalf("the writer was not acknowledged %d writes in a minute", count)
}

func (p *writerProcess) state() (acked map[int]ack, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	acked = make(map[int]ack, len(p.acked))
	for w, a := range p.acked {
		acked[w] = a
	}
	return acked, p.count
}

// lostIn opens the store and returns how many acknowledged writes it does not have.
func lostIn(t testing.TB, dir string, acked map[int]ack) (lost int) {
	t.Helper()
	ctx := within(t)
	s, err := Open(ctx, Options{Dir: dir, Log: quietLog})
	if errors.Is(err, ErrCorrupt) {
		t.Logf("not opened: %v", err)
		for _, a := range acked {
			lost += a.n
		}
		return lost
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for w, a := range acked {
		e, err := s.Bucket(Contexts).GetStrict(ctx, KeyOf("writer", fmt.Sprint(w)))
		n := 0
		if err == nil {
			_, err = fmt.Sscan(string(e.Value), &n)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("writer %d: %v", w, err)
		}
		if lost += max(0, a.n-n); n < a.n {
			t.Logf("writer %d was acknowledged %d with %d, and has %d with %d", w, a.n, a.sequence, n, e.Sequence)
		}
		if n == a.n && e.Sequence != a.sequence || n > a.n && e.Sequence <= a.sequence {
			t.Errorf("writer %d: value %d has the sequence %d, and %d was acknowledged with %d", w, n, e.Sequence, a.n, a.sequence)
		}
	}
	return lost
}

// report is the line that the table of faults is made of.
func report(t testing.TB, fault string, acknowledged, lost int) {
	t.Logf("fault=%q acknowledged=%d lost=%d", fault, acknowledged, lost)
}

// TestKill (D01): what was acknowledged is there after kill -9.
func TestKill(t *testing.T) {
	rounds := 4
	if os.Getenv(chaosVariable) != "" {
		rounds = 40
	}
	dir := privateDir(t)
	total, lost := 0, 0
	for round := range rounds {
		p := startWriter(t, dir)
		p.await(t, 200+37*round)
		p.kill()
		acked, count := p.state()
		total += count
		lost += lostIn(t, dir, acked)
	}
	report(t, "kill -9", total, lost)
	if lost > 0 || total == 0 {
		t.Errorf("%d of %d acknowledged writes were lost", lost, total)
	}
}

// mountImage makes a file system in a file, whose reads and writes go past the page cache of the one below it, and mounts
// it. Where this cannot be done the test is skipped, and says why.
func mountImage(t testing.TB, image, at string) {
	t.Helper()
	run(t, "mkfs.ext4", "-q", "-F", image)
	mountLoop(t, image, at)
}

func mountLoop(t testing.TB, image, at string) (unmount func()) {
	t.Helper()
	device := run(t, "losetup", "--direct-io=on", "--find", "--show", image)
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	unmount = func() {
		once.Do(func() {
			if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
				t.Logf("umount: %s", out)
			}
			_ = exec.Command("losetup", "--detach", device).Run()
		})
	}
	t.Cleanup(unmount)
	run(t, "mount", device, at)
	return unmount
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(bytesTrim(out))
}

func bytesTrim(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return b
}

// needsRoot skips a test of file systems where it cannot mount any.
func needsRoot(t testing.TB, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT TESTED: mounting a file system needs root")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED, NOT TESTED: there is no %s", tool)
		}
	}
	probe := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: mounting is not possible here: %s", out)
	}
	run(t, "umount", probe)
}

// cutPower returns a directory with what is on the disk at some moment of a run, and what was acknowledged before it: the
// writer is stopped, its disk is copied as it is, without what the system has not written yet, and the copy is mounted.
func cutPower(t *testing.T, writes int, settings ...string) (dir string, acked map[int]ack, count int) {
	base := t.TempDir()
	image, at := filepath.Join(base, "disk"), filepath.Join(base, "mounted")
	run(t, "truncate", "--size=192M", image)
	mountImage(t, image, at)
	p := startWriter(t, filepath.Join(at, "store"), settings...)
	p.await(t, writes)
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	acked, count = p.state()
	run(t, "cp", "--sparse=always", image, image+".after")
	p.kill()
	mountLoop(t, image+".after", at+".after")
	return filepath.Join(at+".after", "store"), acked, count
}

// TestPowerCut (D02, D03): what was acknowledged is on the disk, not in a cache.
func TestPowerCut(t *testing.T) {
	needsRoot(t, "losetup", "mkfs.ext4", "cp", "truncate")
	rounds := 2
	if os.Getenv(chaosVariable) != "" {
		rounds = 20
	}
	total, lost := 0, 0
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			dir, acked, count := cutPower(t, 300+211*round)
			total += count
			lost += lostIn(t, dir, acked)
		})
	}
	report(t, "power cut", total, lost)
	if lost > 0 || total == 0 {
		t.Errorf("%d of %d acknowledged writes were lost", lost, total)
	}
}

// TestPowerCutRig: the rig sees what is lost where nothing is synced.
func TestPowerCutRig(t *testing.T) {
	needsRoot(t, "losetup", "mkfs.ext4", "cp", "truncate")
	dir, acked, count := cutPower(t, 2000, lazyVariable+"=1")
	if _, err := os.Stat(filepath.Join(dir, markFile)); err != nil {
		t.Skip("not even the store's mark had been written:", err)
	}
	lost := lostIn(t, dir, acked)
	report(t, "power cut, without sync, to see that the rig sees", count, lost)
	if lost == 0 {
		t.Error("the rig lost nothing where nothing is synced: it shows nothing")
	}
}
