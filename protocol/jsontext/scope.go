package jsontext

// Scope steps through one object or array of a Reader. After each Next that returns true, the caller takes
// exactly one value from the Reader.
type Scope struct {
	// Name is the present member's name, unescaped. It must not be changed.
	Name []byte

	r       *Reader
	key     []byte // the present member's name as it is written, with quotes
	seen    seen
	started bool
	end     byte
}

// Next goes to the next member or element. It returns false behind the last one, and after an error.
func (s *Scope) Next() bool {
	r := s.r
	if r.err != nil {
		return false
	}
	i := gap(r.text, r.pos)
	c := peek(r.text, i)
	if c == s.end {
		r.pos = i + 1
		r.depth--
		r.names.count = s.seen.base
		return false
	}
	if s.started {
		if c != ',' {
			r.failUnclosed(i, s.end)
			return false
		}
		i++
	}
	s.started = true
	if s.end == '}' {
		start := gap(r.text, i)
		name, end, colon := r.member(start, &s.seen)
		if colon < 0 {
			return false
		}
		s.Name, s.key = name, r.text[start:end]
		i = colon
	}
	r.pos = i
	return true
}
