package schema

import (
	"bytes"
	"slices"
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
	type pair struct{ name, value []byte }
	var pairs []pair
	for s := r.Object(); s.Next(); {
		name := bytes.Clone(s.Name)
		pairs = append(pairs, pair{name, appendCanonical(nil, r)})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a.name, b.name) })
	for _, p := range pairs {
		dst = append(appendSized(dst, p.name), p.value...)
	}
	return append(dst, '}')
}

func appendSized[T string | []byte](dst []byte, s T) []byte {
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
