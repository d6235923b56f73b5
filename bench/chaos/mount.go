package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/crossframe/crossframe/bench/rig"
)

// command runs a program and returns what it says.
func command(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, text)
	}
	return text, nil
}

// mountable says why no file system can be mounted here; nil where one can.
func mountable() error {
	if os.Geteuid() != 0 {
		return impossible("mounting a file system needs root")
	}
	for _, tool := range []string{"losetup", "mkfs.ext4", "mount", "umount", "cp"} {
		if _, err := exec.LookPath(tool); err != nil {
			return impossible("there is no " + tool)
		}
	}
	return nil
}

// newImage makes a file system in a file.
func newImage(ctx context.Context, image, size string) (string, error) {
	if err := mountable(); err != nil {
		return "", err
	}
	if _, err := command(ctx, "truncate", "--size="+size, image); err != nil {
		return "", err
	}
	return image, tried(command(ctx, "mkfs.ext4", "-q", "-F", image))
}

// tried leaves out what a command said.
func tried(_ string, err error) error { return err }

// newDisk makes and mounts a file system in a file.
func newDisk(ctx context.Context, s *rig.Stage, image, size string) (at string, err error) {
	if _, err = newImage(ctx, image, size); err != nil {
		return "", err
	}
	at, _, err = mountImage(ctx, s, image)
	return at, err
}

// mountImage mounts a file system in a file; what goes to it goes past the page cache of the one below. Where that cannot be
// done, the error is impossible. It is unmounted with the stage at the latest.
func mountImage(ctx context.Context, s *rig.Stage, image string) (at string, unmount func(), err error) {
	device, err := command(ctx, "losetup", "--direct-io=on", "--find", "--show", image)
	if err != nil {
		return "", nil, impossible(err.Error())
	}
	at = image + ".mounted"
	var once sync.Once
	unmount = func() {
		once.Do(func() {
			// The row's time may be over, and it must be tidied up all the same.
			_ = tried(command(context.WithoutCancel(ctx), "umount", at))
			_ = tried(command(context.WithoutCancel(ctx), "losetup", "--detach", device))
		})
	}
	s.Defer(unmount)
	if err := os.MkdirAll(at, 0o700); err != nil {
		return "", nil, err
	}
	if _, err := command(ctx, "mount", device, at); err != nil {
		return "", nil, impossible(err.Error())
	}
	return at, unmount, nil
}

// newMemoryDisk mounts a file system in memory.
func newMemoryDisk(ctx context.Context, s *rig.Stage, size string) (at string, err error) {
	if err := mountable(); err != nil {
		return "", err
	}
	at = s.Dir + "/memory"
	if err := os.MkdirAll(at, 0o700); err != nil {
		return "", err
	}
	if _, err := command(ctx, "mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "tmpfs", at); err != nil {
		return "", impossible(err.Error())
	}
	s.Defer(func() { _ = tried(command(context.WithoutCancel(ctx), "umount", at)) })
	return at, nil
}
