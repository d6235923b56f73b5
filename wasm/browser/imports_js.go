package browser

import (
	"unsafe"

	"github.com/crossframe/crossframe/protocol"
)

// readBody copies body index of the incoming records to p, which has room for size bytes, and returns its length
// in bytes. With a nil p it only returns the length.
//
//go:wasmimport crossframe readBody
func readBody(index uint32, p unsafe.Pointer, size uint32) uint32

// Bodies reads the bodies that the Worker's JavaScript holds.
type Bodies struct{}

// exactFrom is the size above which the exact length is asked first: an upper bound for a text is three times
// its length, which is too much memory to waste on a large one.
const exactFrom = 4 << 10

// ReadBody implements protocol.BodySource.
func (Bodies) ReadBody(handle uint32, _ protocol.BodyKind, size int) []byte {
	if size > exactFrom {
		size = int(readBody(handle, nil, 0))
	}
	if size == 0 {
		return nil
	}
	b := make([]byte, size)
	n := readBody(handle, unsafe.Pointer(&b[0]), uint32(size))
	return b[:n]
}

// random fills size bytes at p by the browser's cryptographic source.
//
//go:wasmimport crossframe random
func random(p unsafe.Pointer, size uint32)

// Random fills b with cryptographically random bytes. Go's own crypto/rand does the same and brings a hundred
// kilobytes along.
func Random(b []byte) {
	if len(b) > 0 {
		random(unsafe.Pointer(&b[0]), uint32(len(b)))
	}
}
