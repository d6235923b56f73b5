package protocol

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// MaxElements bounds every list in a payload struct.
const MaxElements = 100_000

// members is a payload struct as the decoder sees it; codec.gen.go implements it.
type members interface {
	// decodeMember takes the value ahead into the member of that name. It returns false, and takes nothing, where
	// there is no such member.
	decodeMember(d *decoder, name []byte) bool
}

// decoder reads a payload struct. Errors stay in the Reader; path says in which member the first one was.
type decoder struct {
	jsontext.Reader
	path string
}

// decode reads text into v, which is zero. Members that v does not know are checked and left out, so that a newer
// peer may say more. A member that is null is absent.
func decode(text []byte, v members) error {
	if len(text) == 0 {
		return nil
	}
	var d decoder
	d.Reset(text)
	d.object(v)
	if err := d.End(); err != nil {
		return d.fault(err)
	}
	return nil
}

// fault says to the developer of the sending app what is wrong, and where.
func (d *decoder) fault(err *jsontext.Error) *Fault {
	switch {
	case err.Reason == jsontext.TooDeep:
		return NewFault(TooDeep, err.Error())
	case err.Reason == jsontext.WrongKind && d.path != "":
		return NewFault(BadMessage, d.path+": "+err.Want)
	}
	return NewFault(BadMessage, err.Error())
}

func (d *decoder) object(v members) {
	for s := d.Object(); s.Next(); {
		if d.Kind() == jsontext.KindNull || !v.decodeMember(d, s.Name) {
			d.Skip()
			continue
		}
		if d.Err() != nil {
			d.within(string(s.Name))
		}
	}
}

// within puts a member or an index before the path. It is called from the inside out.
func (d *decoder) within(step string) {
	if d.path != "" && d.path[0] != '[' {
		step += "."
	}
	d.path = step + d.path
}

// full makes the decoder fail where a list holds as much as it may.
func (d *decoder) full(n int) bool {
	if n >= MaxElements {
		d.Fail(jsontext.WrongKind, "want at most "+strconv.Itoa(MaxElements)+" elements")
	}
	return d.Err() != nil
}

// list takes an array of which each element is taken by element.
func list[T any](d *decoder, dst *[]T, element func(d *decoder, dst *T)) {
	for s := d.Array(); s.Next(); {
		n := len(*dst)
		if !d.full(n) {
			*dst = append(*dst, *new(T))
			element(d, &(*dst)[n])
		}
		if d.Err() != nil {
			d.within("[" + strconv.Itoa(n) + "]")
		}
	}
}

func (d *decoder) strings(dst *[]string) { list(d, dst, (*decoder).string) }
func (d *decoder) paths(dst *[][]string) { list(d, dst, (*decoder).strings) }
func (d *decoder) ints(dst *[]int64)     { list(d, dst, (*decoder).int) }

func (d *decoder) string(dst *string) { *dst = d.Str() }
func (d *decoder) int(dst *int64)     { *dst = d.Int() }
func (d *decoder) bool(dst *bool)     { *dst = d.Bool() }

// raw takes any value. The bytes are copied: the text belongs to the caller.
func (d *decoder) raw(dst *Raw) { *dst = append(Raw(nil), d.Value()...) }

// structs takes an array of payload structs.
func structs[T any, P interface {
	*T
	members
}](d *decoder, dst *[]T) {
	list(d, dst, func(d *decoder, element *T) { d.object(P(element)) })
}
