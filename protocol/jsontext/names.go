package jsontext

import "bytes"

// manyNames is how many members an object has before its names are looked up in a map.
const manyNames = 32

// names is a stack of member names. The first of them are part of it, so that reading a small object allocates nothing.
type names struct {
	count int
	first [20][]byte
	more  [][]byte
}

func (n *names) push(name []byte) {
	switch i := n.count - len(n.first); {
	case i < 0:
		n.first[n.count] = name
	case i < len(n.more):
		n.more[i] = name
	default:
		n.more = append(n.more, name)
	}
	n.count++
}

func (n *names) at(i int) []byte {
	if i < len(n.first) {
		return n.first[i]
	}
	return n.more[i-len(n.first)]
}

// seen knows the names that one object has had so far.
type seen struct {
	base int // where they begin in the Reader's names
	// bits has a bit set for each name; a name whose bit is clear is new for sure.
	bits uint64
	many map[string]struct{}
}

// add notes a name; it reports false where the object has it already. Its cost does not grow with the number of members:
// few names are compared one by one, many are in a map.
func (s *seen) add(n *names, name []byte) bool {
	if s.many != nil {
		if _, dup := s.many[string(name)]; dup {
			return false
		}
		s.many[string(name)] = struct{}{}
		return true
	}
	bit := nameBit(name)
	if s.bits&bit != 0 {
		for i := s.base; i < n.count; i++ {
			if bytes.Equal(n.at(i), name) {
				return false
			}
		}
	}
	s.bits |= bit
	n.push(name)
	if n.count-s.base >= manyNames {
		s.many = make(map[string]struct{}, 2*manyNames)
		for i := s.base; i < n.count; i++ {
			s.many[string(n.at(i))] = struct{}{}
		}
	}
	return true
}

// nameBit spreads names over 64 bits; names that collide are only slower. Of a long name it looks at both ends.
func nameBit(name []byte) uint64 {
	var h uint64
	switch n := len(name); {
	case n >= 8:
		h = load64(name) ^ load64(name[n-8:])*0x9e3779b97f4a7c15
	case n >= 4:
		h = uint64(load32(name)) | uint64(load32(name[n-4:]))<<32
	case n > 0:
		h = uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16
	}
	return 1 << ((h ^ uint64(len(name))) * 0xd6e8feb86659fd93 >> 58)
}
