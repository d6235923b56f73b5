package source

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
)

// MaxBytes bounds a file.
const MaxBytes = 8 << 20

// Open reads a file of the disk; see Parse. Every error is an *Error.
func Open(path string) (Value, error) {
	text, err := Read(path)
	if err != nil {
		return Value{}, err
	}
	return Parse(path, text)
}

// Read returns what is in a file of the disk. Every error is an *Error; one byte more than MaxBytes shows that the
// file is too large.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return text, nil
}

// unreadable leaves out the path that the system's error repeats.
func unreadable(path string, err error) error {
	if of := new(fs.PathError); errors.As(err, &of) {
		err = of.Err
	}
	fault := &Error{File: path, Message: "the file cannot be read: " + err.Error()}
	if errors.Is(err, fs.ErrNotExist) {
		fault.Fix = "check the path; it is relative to the folder of the file that names it, or to where the program was started"
	}
	return fault
}

// Parse reads a file's text: as JSON where the name ends in ".json", as YAML otherwise. The name is used in
// messages only. An empty file gives a value of kind Null.
func Parse(name string, text []byte) (Value, error) {
	if len(text) > MaxBytes {
		return Value{}, &Error{File: name, Message: "the file is larger than " + strconv.Itoa(MaxBytes>>20) + " MiB", Fix: "split it"}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return Value{}, &Error{File: name, Message: "the file is not UTF-8 text", Fix: "save it with the encoding UTF-8"}
	}
	read := readYAML
	if strings.EqualFold(filepath.Ext(name), ".json") {
		read = readJSON
	}
	root, err := read(name, text)
	if err != nil {
		return Value{}, err
	}
	if err := check(name, root, 0); err != nil {
		return Value{}, err
	}
	return Value{file: name, node: root}, nil
}

// check refuses what neither format's parser refuses: members written twice, and depth.
func check(file string, n *node, depth int) error {
	if n == nil {
		return nil
	}
	if depth > protocol.MaxDepth {
		return &Error{File: file, Line: n.line, Column: n.column, Message: "nested deeper than " + strconv.Itoa(protocol.MaxDepth)}
	}
	seen := make(map[string]*node, len(n.keys))
	for _, key := range n.keys {
		if first := seen[key.text]; first != nil {
			return &Error{File: file, Line: key.line, Column: key.column, Field: key.text,
				Message: "written twice, first in line " + strconv.Itoa(first.line), Fix: "keep one of them"}
		}
		seen[key.text] = key
	}
	for _, item := range n.items {
		if err := check(file, item, depth+1); err != nil {
			return err
		}
	}
	return nil
}
