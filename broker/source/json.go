package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
)

// readJSON reads exactly one JSON text.
func readJSON(name string, text []byte) (*node, error) {
	r := &jsonReader{text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	r.decoder.UseNumber()
	root, err := r.value(0)
	if err == nil && len(bytes.TrimSpace(text[r.decoder.InputOffset():])) > 0 {
		r.mark()
		err = errors.New("there is more behind the end of the value")
	}
	if err == nil {
		return root, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.start, err = len(text), errors.New("the file ends too early")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		// The scanner tells the offset behind the wrong byte, the decoder that of the wrong byte itself, behind white space.
		r.start = min(int(syntax.Offset), len(text))
		if r.start > 0 && strings.IndexByte(" \t\r\n", text[r.start-1]) < 0 {
			r.start--
		}
	}
	line, column := r.place()
	return nil, &Error{File: name, Line: line, Column: column, Message: "this is not JSON: " + err.Error()}
}

// jsonReader builds nodes from tokens, because only the tokens know where they are.
type jsonReader struct {
	text    []byte
	decoder *json.Decoder
	// start is the offset of the token read last; lineAt and line are the begin and number of a line not behind it.
	start, lineAt, line int
}

// mark notes where the next token begins.
func (r *jsonReader) mark() {
	r.start = int(r.decoder.InputOffset())
	for r.start < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[r.start]) >= 0 {
		r.start++
	}
}

// place returns line and column of start. Tokens come in order, so it counts each line once.
func (r *jsonReader) place() (line, column int) {
	if r.start < r.lineAt {
		r.lineAt, r.line = 0, 0
	}
	for {
		end := bytes.IndexByte(r.text[r.lineAt:], '\n')
		if end < 0 || r.lineAt+end >= r.start {
			return r.line + 1, r.start - r.lineAt + 1
		}
		r.lineAt += end + 1
		r.line++
	}
}

func (r *jsonReader) token() (json.Token, *node, error) {
	r.mark()
	token, err := r.decoder.Token()
	if err != nil {
		return nil, nil, err
	}
	n := &node{}
	n.line, n.column = r.place()
	return token, n, nil
}

func (r *jsonReader) value(depth int) (*node, error) {
	token, n, err := r.token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		n.kind, n.text = Null, "null"
	case bool:
		n.kind, n.text = Bool, strconv.FormatBool(t)
	case json.Number:
		n.kind, n.text = Number, string(t)
	case string:
		n.kind, n.text = Text, t
	case json.Delim:
		if depth > protocol.MaxDepth {
			return nil, errors.New("nested deeper than " + strconv.Itoa(protocol.MaxDepth))
		}
		return n, r.inside(n, t, depth)
	}
	return n, nil
}

// inside reads what a bracket opened, and the bracket that closes it.
func (r *jsonReader) inside(n *node, open json.Delim, depth int) error {
	n.kind = List
	if open == '{' {
		n.kind = Mapping
	}
	for r.decoder.More() {
		if n.kind == Mapping {
			name, key, err := r.token()
			if err != nil {
				return err
			}
			key.kind = Text
			key.text, _ = name.(string)
			n.keys = append(n.keys, key)
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, _, err := r.token()
	return err
}
