package schema

import (
	"sort"
	"strconv"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// appendCanonical takes the value ahead and appends a form of it that is equal for equal values (as JSON Schema
// defines equality) and different for others: numbers as doubles, strings unescaped behind their length,
// members in the order of their names. It is no JSON.
func appendCanonical(dst []byte, r *jsontext.Reader) []byte {
	switch r.Kind() {
	case jsontext.KindObject:
		return appendMembers(append(dst, '{'), r)
	case jsontext.KindArray:
		dst = append(dst, '[')
		for s := r.Array(); s.Next(); {
			dst = appendCanonical(dst, r)
		}
		return append(dst, ']')
	case jsontext.KindString:
		return appendSized(append(dst, 's'), r.Str())
	case jsontext.KindNumber:
		// Beyond the range of doubles it is an infinity, as it is in JavaScript.
		f, _ := float(r.Value())
		return append(strconv.AppendFloat(append(dst, 'n'), f, 'g', -1, 64), ';')
	default:
		return append(dst, r.Value()...)
	}
}

func appendMembers(dst []byte, r *jsontext.Reader) []byte {
	var names []string
	values := make(map[string][]byte)
	for s := r.Object(); s.Next(); {
		name := string(s.Name)
		names = append(names, name)
		values[name] = appendCanonical(nil, r)
	}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
	for _, name := range names {
		dst = append(appendSized(dst, name), values[name]...)
	}
	return append(dst, '}')
}

func appendSized(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(s)), 10), ':')
	return append(dst, s...)
}

// float reads a number's text as JavaScript does; ok is false where a double cannot hold it.
func float(text []byte) (f float64, ok bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	if f == 0 {
		return 0, err == nil // not -0, which equals 0
	}
	return f, err == nil
}
