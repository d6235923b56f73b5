package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// shutdownRequest is EXT4_IOC_SHUTDOWN: from then on every write to the file system fails, as when a disk dies.
const shutdownRequest = 0x8004587d

// shutDown makes a file system fail, without writing anything more.
func shutDown(at string) error {
	folder, err := os.Open(at)
	if err != nil {
		return fmt.Errorf("make the disk fail: %w", err)
	}
	defer folder.Close()
	how := uint32(2)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, folder.Fd(), shutdownRequest, uintptr(unsafe.Pointer(&how))); errno != 0 {
		return impossible("the file system cannot be made to fail: " + errno.Error())
	}
	return nil
}
