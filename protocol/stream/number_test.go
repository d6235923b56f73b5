package stream

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzNumber holds numbers against those of encoding/binary, which the hub cannot link.
func FuzzNumber(f *testing.F) {
	for _, v := range []uint64{0, 1, 127, 128, 1<<53 - 1, 1 << 63, 1<<64 - 1} {
		f.Add(v, binary.AppendUvarint(nil, v))
	}
	f.Add(uint64(300), []byte{0x80, 0x80})
	f.Add(uint64(300), bytes.Repeat([]byte{0xff}, 10))
	f.Add(uint64(300), append(bytes.Repeat([]byte{0xff}, 9), 2))
	f.Add(uint64(300), bytes.Repeat([]byte{0x80}, 12))
	f.Fuzz(func(t *testing.T, v uint64, data []byte) {
		if got, want := appendNumber(nil, v), binary.AppendUvarint(nil, v); !bytes.Equal(got, want) {
			t.Fatalf("%d is written as %x, want %x", v, got, want)
		}
		got, n := readNumber(data)
		if want, m := binary.Uvarint(data); got != want || n != m {
			t.Fatalf("%x is read as %d, %d; want %d, %d", data, got, n, want, m)
		}
	})
}
