package source

import "strconv"

// Error is a mistake in a file, or in a setting that was given in another way.
type Error struct {
	// File is the file's name as the user gave it, or what stands in its place, such as a flag's name.
	File string
	// Line and Column count from 1; 0 means that the place is not known.
	Line, Column int
	// Field is the path of the value concerned, such as "policy.blockList[1]"; empty for the file as a whole.
	Field   string
	Message string
	// Fix says what to do, where that is known.
	Fix string
}

// Error gives "file:line:column: field: message", and the fix on a line of its own.
func (e *Error) Error() string {
	text := e.File
	if e.Line > 0 {
		text += ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column)
	}
	text += ": "
	if e.Field != "" {
		text += e.Field + ": "
	}
	text += e.Message
	if e.Fix != "" {
		text += "\n  fix: " + e.Fix
	}
	return text
}
