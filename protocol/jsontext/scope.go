package jsontext

import "bytes"

// manyNames is how many members an object has before its names are looked up in a map.
const manyNames = 32

// Scope steps through one object or array of a Reader. After each Next that returns true, the caller takes
// exactly one value from the Reader.
type Scope struct {
	// Name is the present member's name, unescaped. It must not be changed.
	Name []byte

	r     *Reader
	key   []byte // the present member's name as it is written, with quotes
	count int
	base  int // where this object's names begin in r.names
	// bits has a bit set for each name seen; a name whose bit is clear is new for sure.
	bits uint64
	many map[string]struct{}
	end  byte
}

// Next goes to the next member or element. It returns false behind the last one, and after an error.
func (s *Scope) Next() bool {
	r := s.r
	if r.err != nil {
		return false
	}
	r.space()
	c := r.peek()
	if c == s.end {
		r.pos++
		r.depth--
		r.names = r.names[:s.base]
		return false
	}
	if s.count > 0 {
		if c != ',' {
			r.Fail(Malformed, "want ',' or '"+string(rune(s.end))+"'")
			return false
		}
		r.pos++
	}
	s.count++
	return s.end == ']' || s.member()
}

// member reads a name and the colon behind it.
func (s *Scope) member() bool {
	r := s.r
	r.space()
	start := r.pos
	if r.peek() != '"' {
		r.Fail(Malformed, "want a member name")
		return false
	}
	name, escaped := r.quoted()
	s.key = r.text[start:r.pos]
	if escaped {
		name = unescape(make([]byte, 0, len(name)), name)
	}
	if r.err == nil && !s.isNew(name) {
		r.pos = start
		r.Fail(Duplicate, "duplicate member")
	}
	if r.space(); r.peek() != ':' {
		r.Fail(Malformed, "want ':'")
	}
	r.pos++
	s.Name = name
	return r.err == nil
}

// isNew reports whether the object has no member of that name yet, and notes it. Its cost does not grow
// with the number of members: few names are compared one by one, many are in a map.
func (s *Scope) isNew(name []byte) bool {
	if s.many != nil {
		if _, dup := s.many[string(name)]; dup {
			return false
		}
		s.many[string(name)] = struct{}{}
		return true
	}
	r := s.r
	bit := nameBit(name)
	if s.bits&bit != 0 {
		for _, n := range r.names[s.base:] {
			if bytes.Equal(n, name) {
				return false
			}
		}
	}
	s.bits |= bit
	r.names = append(r.names, name)
	if len(r.names)-s.base >= manyNames {
		s.many = make(map[string]struct{}, 2*manyNames)
		for _, n := range r.names[s.base:] {
			s.many[string(n)] = struct{}{}
		}
	}
	return true
}

// nameBit spreads names over 64 bits by length and three bytes; names that collide are only slower.
func nameBit(name []byte) uint64 {
	n := len(name)
	if n == 0 {
		return 1
	}
	h := uint32(n)*31 + uint32(name[0])*7 + uint32(name[n/2])*13 + uint32(name[n-1])*17
	return 1 << (h & 63)
}
