package crossframe

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/crossframe/crossframe/protocol"
)

// Value is an app's own data: a JSON text, bytes, or nothing.
type Value struct {
	// JSON is the text; nil where there is none.
	JSON json.RawMessage
	// Binary are the bytes; nil where there are none.
	Binary []byte
}

// Empty reports whether there is nothing.
func (v Value) Empty() bool { return v.JSON == nil && v.Binary == nil }

// Decode stores the value in what to points at, as json.Unmarshal does; bytes go into a *[]byte. Nothing leaves it as it is.
func (v Value) Decode(to any) error {
	switch {
	case v.JSON != nil:
		if err := json.Unmarshal(v.JSON, to); err != nil {
			return fmt.Errorf("decode value: %w", err)
		}
	case v.Binary != nil:
		data, ok := to.(*[]byte)
		if !ok {
			return fmt.Errorf("decode value: it is bytes, and %T takes none", to)
		}
		*data = v.Binary
	}
	return nil
}

// valueOf copies a body, which is valid only for the moment.
func valueOf(b protocol.Body) Value {
	switch b.Kind {
	case protocol.BodyText:
		return Value{JSON: append(json.RawMessage{}, b.Bytes()...)}
	case protocol.BodyBinary:
		return Value{Binary: append([]byte{}, b.Bytes()...)}
	}
	return Value{}
}

// bodyOf makes a body: nil is none, []byte is bytes, a Value is what it is, and all else is JSON.
func bodyOf(value any) (protocol.Body, error) {
	switch v := value.(type) {
	case nil:
		return protocol.Body{}, nil
	case []byte:
		return protocol.BinaryBody(bytes.Clone(v)), nil
	case Value:
		switch {
		case v.JSON != nil:
			return protocol.TextBody(bytes.Clone(v.JSON)), nil
		case v.Binary != nil:
			return protocol.BinaryBody(bytes.Clone(v.Binary)), nil
		}
		return protocol.Body{}, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return protocol.Body{}, fmt.Errorf("encode value: %w", err)
	}
	return protocol.TextBody(text), nil
}
