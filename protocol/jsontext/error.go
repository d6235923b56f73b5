package jsontext

import "strconv"

// Reason says why a text was refused.
type Reason uint8

// The reasons.
const (
	// Malformed: the text is not one JSON value.
	Malformed Reason = iota + 1
	// TooDeep: objects and arrays are nested more than MaxDepth deep.
	TooDeep
	// Duplicate: an object has two members of one name.
	Duplicate
	// Unicode: a string holds invalid UTF-8 or half of a surrogate pair.
	Unicode
	// WrongKind: the value is valid JSON, and not what was asked for: another kind, a number that is not an exact
	// integer, a path that runs through something other than an object.
	WrongKind
	// TooLarge: a change would make an Object larger than the caller allows.
	TooLarge
)

// Error says why and where a text was refused. It holds nothing of the text.
type Error struct {
	// Offset is the byte of the text at which reading ended.
	Offset int
	Reason Reason
	// Want is a few words for people, such as "want a value".
	Want string
}

// Error makes it an error.
func (e *Error) Error() string {
	return "JSON at byte " + strconv.Itoa(e.Offset) + ": " + e.Want
}
