package stream

// appendNumber appends v as a uvarint, in its shortest form. It is here, and its reader below, because hub.wasm knows this
// package, and must not link encoding/binary, which brings reflect.
func appendNumber(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// readNumber reads a uvarint, and returns how many bytes it has: 0 where data ends in its middle, below 0 where it is more than
// 64 bits.
func readNumber(data []byte) (v uint64, n int) {
	for i, b := range data {
		if i == 10 || i == 9 && b < 0x80 && b > 1 {
			return 0, -(i + 1)
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
