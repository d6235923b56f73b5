package store

import "syscall"

// freeBytes returns what a user may still write on the file system of a directory, how large it is, and whether it
// takes nothing at all.
func freeBytes(dir string) (free, total int64, readOnly bool, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, false, err
	}
	const stReadOnly = 1 // ST_RDONLY of statfs(2)
	return int64(fs.Bavail) * fs.Bsize, int64(fs.Blocks) * fs.Bsize, fs.Flags&stReadOnly != 0, nil
}
