package protocol

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// MaxElements bounds every list in a payload struct.
const MaxElements = 100_000

// decoder reads a payload struct. Errors stay in the Reader; path says in which member the first one was.
type decoder struct {
	jsontext.Reader
	path string
	// walker takes members; it is here to be one piece of memory with the rest.
	walker walker
}

// decode reads text into v, which is zero. Members that v does not know are checked and left out, so that a newer
// peer may say more. A member that is null is absent.
func decode(text []byte, v payload) error {
	if len(text) == 0 {
		return nil
	}
	var d decoder
	d.Reset(text)
	d.walker.d = &d
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

func (d *decoder) object(v payload) {
	w := &d.walker
	for s := d.Object(); s.Next(); {
		w.name, w.taken = s.Name, false
		if d.Kind() != jsontext.KindNull {
			v.walk(w)
		}
		if !w.taken {
			d.Skip()
		}
		if d.Err() != nil {
			d.within(string(s.Name))
		}
	}
	// The object was the value of a member of the object around it, whose walk goes on.
	w.taken = true
}

// elements reads an array, each element by a call of element.
func (d *decoder) elements(element func(i int)) {
	i := 0
	for s := d.Array(); s.Next(); i++ {
		if i < MaxElements {
			element(i)
		} else {
			d.Fail(jsontext.WrongKind, "want at most "+strconv.Itoa(MaxElements)+" elements")
		}
		if d.Err() != nil {
			d.within("[" + strconv.Itoa(i) + "]")
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
