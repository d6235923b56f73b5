package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Patch removes and sets paths of a context's value, or creates it.
func (r *Room) Patch(t *peer.Turn) {
	if !r.elsewhere(t) {
		answer(t, r.patch(t))
	}
}

func (r *Room) patch(t *peer.Turn) *protocol.Fault {
	o, values, fault := readPatch(t)
	if fault != nil {
		return fault
	}
	c := r.at(t.Msg.Name)
	if fault := check(c, o.IfRevision, o.Lifetime); fault != nil {
		return fault
	}
	if !c.exists() {
		return r.patchNew(t, c, o, values)
	}
	if c.value.Len()+len(o.Set) > protocol.MaxMembers {
		return tooManyMembers()
	}
	size := c.size()
	if err := c.value.Patch(o.Set, values, o.Remove, r.ceiling(t, c)); err != nil {
		return r.refusal(t, c, patchError(err))
	}
	change := protocol.ContextChange{Kind: protocol.ChangePatch, Set: o.Set, Remove: o.Remove}
	r.changed(t, c, size, change.AppendJSON(nil), len(values))
	return nil
}

// patchNew creates a context from a patch of nothing. Subscribers are told the value, as they have none to patch.
func (r *Room) patchNew(t *peer.Turn, c *shared, o *protocol.PatchOptions, values []byte) *protocol.Fault {
	value := new(jsontext.Object)
	if err := value.Patch(o.Set, values, nil, 0); err != nil {
		return protocol.FaultOf(patchError(err))
	}
	text := value.Append(nil)
	return r.replace(t, c, o.Lifetime, value, protocol.TextBody(text), 0)
}

// readPatch reads head and body of contexts.patch. The values are an array's text, or empty where there is no body.
func readPatch(t *peer.Turn) (*protocol.PatchOptions, []byte, *protocol.Fault) {
	if fault := mayWrite(t); fault != nil {
		return nil, nil, fault
	}
	o := new(protocol.PatchOptions)
	if err := o.DecodeJSON(t.Msg.Head); err != nil {
		return nil, nil, protocol.FaultOf(err)
	}
	for _, paths := range [...][][]string{o.Set, o.Remove} {
		for _, path := range paths {
			if len(path) == 0 || len(path) > protocol.MaxDepth {
				return nil, nil, invalid("set, remove: want paths of 1 to 64 members")
			}
		}
	}
	if t.Msg.Body.Kind == protocol.BodyNone {
		return o, nil, nil
	}
	values := t.Msg.Body.Bytes()
	if t.Msg.Body.Kind != protocol.BodyText || jsontext.Kind(values) != jsontext.KindArray {
		return nil, nil, protocol.NewFault(protocol.BadMessage, "body: want a JSON array, one value for each path of set")
	}
	return o, values, nil
}

// patchError tells a path that does not fit the value, which is for the caller to mend, from a body that is no JSON.
func patchError(err error) error {
	if e, ok := err.(*jsontext.Error); ok && e.Reason == jsontext.WrongKind {
		return invalid("set: " + e.Want)
	}
	return err
}
