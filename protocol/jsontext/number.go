package jsontext

import (
	"math/bits"
)

// maxExact is JavaScript's Number.MAX_SAFE_INTEGER: beyond it a JSON number is not the same integer everywhere.
const maxExact = 1<<53 - 1

// number takes the number at offset i.
func (r *Reader) number(i int) int {
	text, start := r.text, i
	if text[i] == '-' {
		i++
	}
	if peek(text, i) == '0' {
		i++
	} else if i = r.digits(i); i < 0 {
		return -1
	}
	c := peek(text, i)
	if c == '.' {
		if i = r.digits(i + 1); i < 0 {
			return -1
		}
		c = peek(text, i)
	}
	if c == 'e' || c == 'E' {
		i++
		if c = peek(text, i); c == '+' || c == '-' {
			i++
		}
		if i = r.digits(i); i < 0 {
			return -1
		}
	}
	if i-start > MaxNumberBytes {
		return r.failAt(i, Malformed, "number too long")
	}
	return i
}

// digits takes at least one digit at offset i.
func (r *Reader) digits(i int) int {
	text, start := r.text, i
	for len(text)-i >= 8 {
		m := notDigits(load64(text[i:]))
		if m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			break
		}
		i += 8
	}
	for c := peek(text, i); c >= '0' && c <= '9'; c = peek(text, i) {
		i++ // one of the last few bytes of the text
	}
	if i == start {
		return r.failAt(i, Malformed, "want a digit")
	}
	return i
}

// Int takes the number ahead as an integer; see the function Int for what counts as one.
func (r *Reader) Int() int64 {
	if r.Kind() != KindNumber {
		r.Fail(WrongKind, "want an integer")
		return 0
	}
	end := r.number(r.pos)
	if end < 0 {
		return 0
	}
	n, ok := exact(r.text[r.pos:end])
	if !ok {
		r.Fail(WrongKind, "want an integer")
		return n
	}
	r.pos = end
	return n
}

// Bool takes the true or false ahead.
func (r *Reader) Bool() bool {
	if r.Kind() != KindBool {
		r.Fail(WrongKind, "want true or false")
		return false
	}
	yes := peek(r.text, r.pos) == 't'
	r.Skip()
	return yes && r.err == nil
}

// exact reads a number that the grammar has passed, where it is plain digits within ±maxExact.
func exact(digits []byte) (n int64, ok bool) {
	negative := digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) > 16 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		return -n, n <= maxExact
	}
	return n, n <= maxExact
}

// Int returns the integer that text is. It must be written as plain digits and lie within ±(2^53-1): "1.0" and
// "1e3" are refused, as no JSON.stringify writes an integer of that range so, and a reader that takes them
// would disagree with one that does not. "-0" is 0.
func Int(text []byte) (int64, error) {
	r := Reader{text: text}
	n := r.Int()
	return n, r.End().orNil()
}

// Unquote returns the string that text is, unescaped.
func Unquote(text []byte) (string, error) {
	r := Reader{text: text}
	s := r.Str()
	if err := r.End(); err != nil {
		return "", err
	}
	return s, nil
}
