package schema

// Error says where a schema cannot be used, or where a value does not match one. It holds member names of the
// text it is about, and nothing else of it.
type Error struct {
	// Path is a JSON pointer into the schema or the value; "" is the whole. In a signature it is empty.
	Path string
	// Problem is a few words for people: what is wrong with the schema, or what was expected of the value.
	Problem string
}

// Error makes it an error.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Problem
	}
	return "at " + e.Path + ": " + e.Problem
}

// maxPathBytes bounds a Path; names of members are as long as their author likes.
const maxPathBytes = 512

// appendStep adds a member's name to a JSON pointer (RFC 6901).
func appendStep[T string | []byte](path []byte, name T) []byte {
	path = append(path, '/')
	for i := range len(name) {
		switch name[i] {
		case '~':
			path = append(path, "~0"...)
		case '/':
			path = append(path, "~1"...)
		default:
			path = append(path, name[i])
		}
	}
	return path
}

// clip cuts a path to maxPathBytes, between characters.
//
//go:noinline
func clip(path []byte) string {
	if len(path) <= maxPathBytes {
		return string(path)
	}
	end := maxPathBytes
	for end > 0 && path[end]&0xc0 == 0x80 {
		end--
	}
	return string(path[:end]) + "…"
}
