package jsontext

import "strconv"

// maxExact is JavaScript's Number.MAX_SAFE_INTEGER: beyond it a JSON number is not the same integer everywhere.
const maxExact = 1<<53 - 1

// number takes the number ahead.
func (r *Reader) number() {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
	}
	if r.peek() == '0' {
		r.pos++
	} else {
		r.digits()
	}
	if r.peek() == '.' {
		r.pos++
		r.digits()
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.pos++
		if c = r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		r.digits()
	}
	if r.pos-start > MaxNumberBytes {
		r.Fail(Malformed, "number too long")
	}
}

func (r *Reader) digits() {
	start := r.pos
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.pos++
	}
	if r.pos == start {
		r.Fail(Malformed, "want a digit")
	}
}

// Int takes the number ahead as an integer; see the function Int for what counts as one.
func (r *Reader) Int() int64 {
	if r.Kind() != KindNumber {
		r.Fail(WrongKind, "want an integer")
		return 0
	}
	start := r.pos
	r.number()
	if r.err != nil {
		return 0
	}
	n, ok := exact(r.text[start:r.pos])
	if !ok {
		r.pos = start
		r.Fail(WrongKind, "want an integer")
	}
	return n
}

// Bool takes the true or false ahead.
func (r *Reader) Bool() bool {
	if r.Kind() != KindBool {
		r.Fail(WrongKind, "want true or false")
		return false
	}
	yes := r.peek() == 't'
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

// Float returns the number that text is; one that overflows a float64 is refused.
func Float(text []byte) (float64, error) {
	r := Reader{text: text}
	if r.Kind() != KindNumber {
		r.Fail(WrongKind, "want a number")
	}
	value := r.Value()
	if err := r.End(); err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return 0, &Error{Reason: WrongKind, Want: "want a number that a float64 can hold"}
	}
	return f, nil
}

// Bool returns the true or false that text is.
func Bool(text []byte) (bool, error) {
	r := Reader{text: text}
	yes := r.Bool()
	if err := r.End(); err != nil {
		return false, err
	}
	return yes, nil
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
