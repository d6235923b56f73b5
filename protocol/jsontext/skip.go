package jsontext

// Most of the time that reading takes is spent here and in string.go, so these functions keep the offset in a variable,
// pass it along and call little: in WebAssembly a call, and each jump back in a loop, costs what a dozen
// operations cost. They return the offset behind what they took, and -1 after an error; only an error moves r.pos.

// skip takes the value at offset i, or behind white space there.
func (r *Reader) skip(i int) int {
	i = gap(r.text, i)
	word := "null"
	switch c := peek(r.text, i); kinds[c] {
	case KindString:
		end, _ := r.str(i)
		return end
	case KindNumber:
		return r.number(i)
	case KindObject:
		return r.skipAll(i, '}')
	case KindArray:
		return r.skipAll(i, ']')
	case KindBool:
		if word = "false"; c == 't' {
			word = "true"
		}
	case KindInvalid:
		return r.failAt(i, Malformed, "want a value")
	}
	if end := i + len(word); end <= len(r.text) && string(r.text[i:end]) == word {
		return end
	}
	return r.failAt(i, Malformed, "want "+word)
}

// skipAll takes the object or array that opens at offset i.
func (r *Reader) skipAll(i int, end byte) int {
	if r.depth >= MaxDepth {
		return r.failAt(i, TooDeep, tooDeep)
	}
	r.depth++
	s := seen{base: r.names.count}
	c := byte(',')
	if i = gap(r.text, i+1); peek(r.text, i) == end {
		c = end
		i++
	}
	for c == ',' {
		if end == '}' {
			if _, _, i = r.member(gap(r.text, i), &s); i < 0 {
				return -1
			}
		}
		if i = r.skip(i); i < 0 {
			return -1
		}
		i = gap(r.text, i)
		c = peek(r.text, i)
		i++
	}
	if c != end {
		return r.failUnclosed(i-1, end)
	}
	r.depth--
	r.names.count = s.base
	return i
}

func (r *Reader) failUnclosed(i int, end byte) int {
	return r.failAt(i, Malformed, "want ',' or '"+string(rune(end))+"'")
}

// peek returns the byte at offset i; 0, which begins nothing, at the end.
func peek(text []byte, i int) byte {
	if uint(i) < uint(len(text)) {
		return text[i]
	}
	return 0
}

// gap returns the offset of the first byte from i on that is not white space.
func gap(text []byte, i int) int {
	if uint(i) < uint(len(text)) && text[i] <= ' ' {
		return wideGap(text, i)
	}
	return i
}

func wideGap(text []byte, i int) int {
	for ; i < len(text); i++ {
		if c := text[i]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			break
		}
	}
	return i
}
