package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// document is one value of a context beyond this hub: what the broker says it is, or what it is with the writes that are
// pending. The zero value is that of a context that does not exist.
type document struct {
	object *jsontext.Object
	// parsed and text are those of shared.
	parsed          int
	text            []byte
	lifetime, owner string
}

func (d *document) exists() bool { return d.object != nil }

func (d *document) size() int {
	if d.object == nil {
		return 0
	}
	return d.object.Size()
}

// encoded returns the JSON text; nil where there is no value. It is not changed afterwards.
func (d *document) encoded() []byte {
	if d.text == nil && d.object != nil {
		d.text = d.object.Append(nil)
	}
	return d.text
}

// body returns the value as a message's body.
func (d *document) body() protocol.Body {
	if d.object == nil {
		return protocol.Body{}
	}
	return protocol.TextBody(d.encoded())
}

// set replaces the value by that of a text.
func (d *document) set(text []byte) error {
	object, err := jsontext.ParseObject(text)
	if err != nil {
		return err
	}
	d.object, d.parsed, d.text = object, len(text), nil
	d.shrink()
	return nil
}

// merge and patch change the value as contexts.update and contexts.patch do.
func (d *document) merge(delta []byte, remove []string, ceiling int) error {
	if err := d.object.Merge(delta, remove, ceiling); err != nil {
		return err
	}
	d.text = nil
	d.shrink()
	return nil
}

func (d *document) patch(set [][]string, values []byte, remove [][]string, ceiling int) error {
	if err := d.object.Patch(set, values, remove, ceiling); err != nil {
		return err
	}
	d.text = nil
	d.shrink()
	return nil
}

// shrink is that of shared.
func (d *document) shrink() {
	if d.parsed > 4*d.size()+4<<10 {
		_ = d.set(d.encoded()) // its own text
	}
}

// copy returns a document that changes by itself.
func (d *document) copy() document {
	c := document{lifetime: d.lifetime, owner: d.owner}
	if d.object != nil {
		_ = c.set(d.encoded())
	}
	return c
}

// follow makes a change that the broker told. A value that does not fit it is an error, and stays as it was.
func (d *document) follow(change *protocol.ContextChange, body []byte) error {
	switch change.Kind {
	case protocol.ChangeSet:
		return d.set(body)
	case protocol.ChangeDestroyed:
		*d = document{}
		return nil
	}
	if d.object == nil {
		return errNoValue
	}
	switch change.Kind {
	case "", protocol.ChangeUpdate:
		return d.merge(body, change.Removed, 0)
	case protocol.ChangePatch:
		return d.patch(change.Set, body, change.Remove, 0)
	}
	return errNoKind
}

var (
	errNoValue = protocol.NewFault(protocol.BadMessage, "a change of a context that does not exist")
	errNoKind  = protocol.NewFault(protocol.BadMessage, "a change of no known kind")
)
