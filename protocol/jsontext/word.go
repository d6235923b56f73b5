package jsontext

// Eight bytes are looked at as one number, the first byte being the lowest. In the masks that the functions below
// return, the lowest bit that is set belongs to the first byte that they look for; bits above it mean nothing.
const (
	ones = 0x0101010101010101
	tops = 0x80 * ones
)

// notPlain marks the first byte that ends a run of plain bytes within a string: a quote, a backslash, a control
// character or a byte of a character outside of ASCII. It is 0 where there is none.
func notPlain(w uint64) uint64 {
	quote, backslash := w^'"'*ones, w^'\\'*ones
	return (w | (w - ' '*ones) | (quote - ones) | (backslash - ones)) & tops
}

// notDigits marks the first byte that is not a decimal digit. It is 0 where there is none.
func notDigits(w uint64) uint64 {
	return ((w + (tops - ('9'+1)*ones)) | (w - '0'*ones)) & tops
}

// load64 returns the first eight bytes of b. The compilers make one instruction of it.
func load64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// load32 returns the first four bytes of b.
func load32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}
