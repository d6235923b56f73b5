package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// writers is how many write at once.
const writers = 8

// killBroker (D01): what was acknowledged is there after each kill, and in the end.
func killBroker(ctx context.Context, s *rig.Stage, t *tally) error {
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(s.Dir, "store")})
	if err != nil {
		return err
	}
	c, err := startCrowd(ctx, s, writers, b.URL())
	if err != nil {
		return err
	}
	const rounds = 6
	for round := range rounds {
		if err := c.more(ctx, 100+37*round); err != nil {
			return err
		}
		b.Kill()
		acked, _ := c.acks()
		if err := b.Start(ctx); err != nil {
			return err
		}
		lost, err := missing(ctx, t, b.URL(), acked)
		if err != nil {
			return err
		}
		t.count(0, lost)
	}
	c.end()
	b.Kill()
	if err := b.Start(ctx); err != nil {
		return err
	}
	t.note("%d kills", rounds+1)
	return c.conclude(ctx, t, b.URL())
}

// cutPower (D02): the broker is stopped for a moment, its disk is copied as it is, without what the system has not written yet, and
// a second broker is started on the copy. What was acknowledged before is on it.
func cutPower(ctx context.Context, s *rig.Stage, t *tally) error {
	image := filepath.Join(s.Dir, "disk")
	at, err := newDisk(ctx, s, image, "192M")
	if err != nil {
		return err
	}
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(at, "store")})
	if err != nil {
		return err
	}
	c, err := startCrowd(ctx, s, writers, b.URL())
	if err != nil {
		return err
	}
	const cuts = 5
	for cut := range cuts {
		if err := c.more(ctx, 150+211*cut%500); err != nil {
			return err
		}
		b.Freeze()
		acked, _ := c.acks()
		copied := fmt.Sprint(image, cut)
		_, err := command(ctx, "cp", "--sparse=always", image, copied)
		b.Thaw()
		if err != nil {
			return err
		}
		lost, err := onDisk(ctx, s, t, copied, acked)
		if err != nil {
			return fmt.Errorf("cut %d: %w", cut+1, err)
		}
		t.count(0, lost)
	}
	t.note("%d cuts", cuts)
	return c.conclude(ctx, t, b.URL())
}

// onDisk starts a broker on a copy of a disk, and returns what is missing there.
func onDisk(ctx context.Context, s *rig.Stage, t *tally, image string, acked map[string]ack) (lost int, err error) {
	at, unmount, err := mountImage(ctx, s, image)
	if err != nil {
		return 0, err
	}
	defer unmount()
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(at, "store")})
	if err != nil {
		return 0, err
	}
	defer b.Kill()
	return missing(ctx, t, b.URL(), acked)
}

// fillDisk (D04): a full disk refuses durable writes with DISK_FULL and nothing else; they go on when there is space.
func fillDisk(ctx context.Context, s *rig.Stage, t *tally) error {
	at, err := newMemoryDisk(ctx, s, "48m")
	if err != nil {
		return err
	}
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(at, "store")})
	if err != nil {
		return err
	}
	client, err := dial(ctx, b.URL(), "writer", nil)
	if err != nil {
		return err
	}
	defer client.Close()
	full, err := fill(ctx, client, "full")
	if err != nil {
		return err
	}
	if _, err := client.Get(ctx, "full0", ""); err != nil {
		t.bad("a full disk is not read: %v", err)
	}
	if _, err := client.Set(ctx, "volatile", map[string]any{"n": 1}, crossframe.WriteOptions{Lifetime: protocol.LifetimeSession}); err != nil {
		t.bad("a full disk stops what is not for it: %v", err)
	}
	if _, err := command(ctx, "mount", "-o", "remount,size=72m", at); err != nil {
		return err
	}
	begin := time.Now()
	err = rig.Await(ctx, "writes to go on", func() bool {
		_, err := client.Set(ctx, "again", map[string]any{"n": 1}, crossframe.WriteOptions{})
		return err == nil
	})
	if err != nil {
		return err
	}
	t.note("writes go on %s after space has come", round(time.Since(begin)))
	more, err := fill(ctx, client, "more")
	if err != nil {
		return err
	}
	b.Kill()
	if err := b.Start(ctx); err != nil {
		return err
	}
	for name, n := range map[string]int{"full": full, "more": more} {
		lost, err := absent(ctx, client, name, n)
		if err != nil {
			return err
		}
		t.count(n, lost)
	}
	return nil
}

// fill creates contexts until the disk is full. It returns how many were acknowledged.
func fill(ctx context.Context, client *crossframe.Client, name string) (n int, err error) {
	filling := strings.Repeat("f", 100<<10)
	for {
		_, err := client.Set(ctx, fmt.Sprint(name, n), map[string]any{"filling": filling}, crossframe.WriteOptions{})
		if fault := (*protocol.Fault)(nil); errors.As(err, &fault) && fault.Code == protocol.DiskFull {
			return n, nil
		} else if err != nil {
			return n, fmt.Errorf("fill the disk: %w", err)
		}
		n++
	}
}

// absent returns how many of the contexts that were acknowledged are not there, or not whole.
func absent(ctx context.Context, client *crossframe.Client, name string, n int) (lost int, err error) {
	for i := range n {
		snapshot, err := read(ctx, client, fmt.Sprint(name, i))
		if err != nil {
			return lost, err
		}
		if len(snapshot.Value) < 100<<10 {
			lost++
		}
	}
	return lost, nil
}

// failDisk (D05): when the disk fails, nothing more is acknowledged, and what was is there when it works again.
func failDisk(ctx context.Context, s *rig.Stage, t *tally) error {
	image := filepath.Join(s.Dir, "disk")
	if _, err := newImage(ctx, image, "128M"); err != nil {
		return err
	}
	at, unmount, err := mountImage(ctx, s, image)
	if err != nil {
		return err
	}
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(at, "store")})
	if err != nil {
		return err
	}
	c, err := startCrowd(ctx, s, writers, b.URL())
	if err != nil {
		return err
	}
	if err := c.more(ctx, 300); err != nil {
		return err
	}
	if err := shutDown(at); err != nil {
		return err
	}
	_ = rig.Pause(ctx, 2*time.Second)
	_, before := c.acks()
	_ = rig.Pause(ctx, 2*time.Second)
	_, after := c.acks()
	t.want(after == before, "%d acknowledgements while there is no disk", after-before)
	c.end()
	b.Kill()
	unmount()
	again, _, err := mountImage(ctx, s, image)
	if err != nil {
		return err
	}
	b, err = s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(again, "store")})
	if err != nil {
		return err
	}
	return c.conclude(ctx, t, b.URL())
}

// slowSync (D06) would need a disk that can be told to be slow.
func slowSync(context.Context, *rig.Stage, *tally) error {
	return impossible("it takes a device that delays writes (device-mapper), which not every system lets a program make; what waits for a sync is bounded by broker/contexts, whose tests hold that")
}

// damageFiles (D07): a broker does not start on damaged files as if nothing were wrong.
func damageFiles(ctx context.Context, s *rig.Stage, t *tally) error {
	dir := filepath.Join(s.Dir, "store")
	b, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: dir})
	if err != nil {
		return err
	}
	c, err := startCrowd(ctx, s, writers, b.URL())
	if err != nil {
		return err
	}
	if err := c.more(ctx, 300); err != nil {
		return err
	}
	c.end()
	b.Stop(20 * time.Second)
	file, whole, err := largestBlock(dir)
	if err != nil {
		return err
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 4
	for what, data := range map[string][]byte{"a flipped bit": flipped, "a file cut short": whole[:len(whole)*2/3], "an empty file": nil} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Second)
		started := b.Start(short)
		cancel()
		if started == nil {
			acked, _ := c.acks()
			lost, err := missing(ctx, t, b.URL(), acked)
			t.bad("%s was not noticed (%d lost, %v)", what, lost, err)
			t.count(0, lost)
			b.Kill()
		} else if !strings.Contains(started.Error(), "the store is damaged") {
			t.bad("%s: %v", what, started)
		}
	}
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	t.note("no start with any of 3 damages")
	return c.conclude(ctx, t, b.URL())
}

// largestBlock returns the largest file of values of shared contexts.
func largestBlock(dir string) (file string, data []byte, err error) {
	var size int64
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".blk" || !strings.Contains(path, "KV_cf_contexts") {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			file, size = path, info.Size()
		}
		return err
	})
	if err == nil && size == 0 {
		err = errors.New("find a file of values: there is none")
	}
	if err == nil {
		data, err = os.ReadFile(file)
	}
	return file, data, err
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
