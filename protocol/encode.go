package protocol

import "github.com/crossframe/crossframe/protocol/jsontext"

// appender is a payload struct as the encoder sees it; codec.gen.go implements it.
type appender interface {
	AppendJSON(dst []byte) []byte
}

// The functions below append one member each to an object that has been opened. Those that begin with "opt"
// append nothing where the value is empty, as the tag option omitempty says.

// addKey appends a name and the comma before it. Nothing but an open object ends in a brace that opens.
func addKey(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '"'), name...)
	return append(dst, '"', ':')
}

func addString(dst []byte, name, s string) []byte {
	return jsontext.AppendString(addKey(dst, name), s)
}

func optString(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return addString(dst, name, s)
}

func addInt(dst []byte, name string, n int64) []byte {
	return jsontext.AppendInt(addKey(dst, name), n)
}

func optInt(dst []byte, name string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return addInt(dst, name, n)
}

func addBool(dst []byte, name string, b bool) []byte {
	return jsontext.AppendBool(addKey(dst, name), b)
}

func optBool(dst []byte, name string, b bool) []byte {
	if !b {
		return dst
	}
	return addBool(dst, name, b)
}

// optRaw leaves out what is not JSON, so that no struct can become a text that is not.
func optRaw(dst []byte, name string, raw Raw) []byte {
	if len(raw) == 0 || jsontext.Check(raw) != nil {
		return dst
	}
	return append(addKey(dst, name), raw...)
}

func addObject(dst []byte, name string, v appender) []byte {
	return v.AppendJSON(addKey(dst, name))
}

func optObject(dst []byte, name string, v appender) []byte {
	before := len(dst)
	dst = addObject(dst, name, v)
	if dst[len(dst)-2] == '{' {
		return dst[:before]
	}
	return dst
}

// addList appends an array of which each element is appended by element.
func addList[T any](dst []byte, name string, list []T, element func(v *T, dst []byte) []byte) []byte {
	return appendList(addKey(dst, name), list, element)
}

func optList[T any](dst []byte, name string, list []T, element func(v *T, dst []byte) []byte) []byte {
	if len(list) == 0 {
		return dst
	}
	return addList(dst, name, list, element)
}

func appendList[T any](dst []byte, list []T, element func(v *T, dst []byte) []byte) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = element(&list[i], dst)
	}
	return append(dst, ']')
}

func appendString(s *string, dst []byte) []byte    { return jsontext.AppendString(dst, *s) }
func appendInt(n *int64, dst []byte) []byte        { return jsontext.AppendInt(dst, *n) }
func appendStrings(v *[]string, dst []byte) []byte { return appendList(dst, *v, appendString) }
