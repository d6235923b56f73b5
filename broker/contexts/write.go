package contexts

import (
	"slices"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// write is a change that somebody asks for.
type write struct {
	op         protocol.Op
	ifRevision int64
	lifetime   string
	remove     []string
	set, drop  [][]string
	// sequence is the number of the write, first that of the first one that was joined to it, or 0.
	sequence, first int64
	body            []byte
	// by is who writes, hub the connection's hub or program, counter who counts sequence.
	by           *protocol.PeerInfo
	hub, counter string
	// force: the owner is gone; whatever the rules of destroying are.
	force bool
}

// bodies of writes by operation.
var needsBody = map[protocol.Op]bool{protocol.OpContextSet: true, protocol.OpContextUpdate: true}

// readWrite reads head and body of a write. Both are kept, so they are copied.
func readWrite(m *protocol.Envelope) (w write, scope string, fault *protocol.Fault) {
	w = write{op: m.Op}
	switch m.Op {
	case protocol.OpContextSet, protocol.OpContextUpdate:
		var o protocol.WriteOptions
		if err := o.DecodeJSON(m.Head); err != nil {
			return w, "", protocol.FaultOf(err)
		}
		if m.Op == protocol.OpContextSet && len(o.Remove) > 0 {
			return w, "", invalid("remove: contexts.set replaces the whole value")
		}
		w.ifRevision, w.lifetime, w.remove, w.sequence, w.first, scope = o.IfRevision, o.Lifetime, o.Remove, o.Sequence, o.First, o.Scope
	case protocol.OpContextPatch:
		var o protocol.PatchOptions
		if err := o.DecodeJSON(m.Head); err != nil {
			return w, "", protocol.FaultOf(err)
		}
		for _, paths := range [...][][]string{o.Set, o.Remove} {
			for _, path := range paths {
				if len(path) == 0 || len(path) > protocol.MaxDepth {
					return w, "", invalid("set, remove: want paths of 1 to 64 members")
				}
			}
		}
		w.ifRevision, w.lifetime, w.set, w.drop, w.sequence, scope = o.IfRevision, o.Lifetime, o.Set, o.Remove, o.Sequence, o.Scope
	default:
		var o protocol.ContextOptions
		if err := o.DecodeJSON(m.Head); err != nil {
			return w, "", protocol.FaultOf(err)
		}
		w.sequence, scope = o.Sequence, o.Scope
	}
	return w, scope, w.check(m)
}

// check holds the options against what they may be, and takes the body.
func (w *write) check(m *protocol.Envelope) *protocol.Fault {
	switch w.lifetime {
	case "", protocol.LifetimeSession, protocol.LifetimeOwner, protocol.LifetimeDurable:
	default:
		return invalid(`lifetime: want "durable", "session" or "owner"`)
	}
	switch {
	case w.ifRevision < -1:
		return invalid("ifRevision: want a revision, or -1")
	case w.sequence < 0 || w.first < 0 || w.first > w.sequence:
		return invalid("sequence, first: want numbers above 0, the first not above the last")
	case needsBody[w.op] && m.Body.Kind != protocol.BodyText:
		return protocol.NewFault(protocol.BadMessage, "body: want a JSON object")
	case m.Body.Kind == protocol.BodyBinary,
		w.op == protocol.OpContextPatch && m.Body.Kind == protocol.BodyText && jsontext.Kind(m.Body.Bytes()) != jsontext.KindArray:
		return protocol.NewFault(protocol.BadMessage, "body: want a JSON array, one value for each path of set")
	}
	w.body = slices.Clone(m.Body.Bytes())
	return nil
}

// apply makes the write a change of the state, or says why it cannot be one; then the state is as before. A write that the
// context has seen changes nothing either, and repeat is true.
func (r *Room) apply(e *entry, s *state, w *write, now time.Time) (revision uint64, repeat bool, fault *protocol.Fault) {
	if revision, ok := s.repeated(w.counter, w.sequence); ok {
		return revision, true, nil
	}
	if w.ifRevision == -1 && s.exists() || w.ifRevision > 0 && uint64(w.ifRevision) != s.current() {
		return 0, false, s.conflict()
	}
	if err := s.prepare(); err != nil {
		return 0, false, protocol.NewFault(protocol.StorageCorrupt, "the stored value cannot be read")
	}
	switch {
	case w.op == protocol.OpContextDestroy:
		fault = s.destroy(w)
	case w.op == protocol.OpContextSet || !s.exists():
		fault = r.replace(e, s, w)
	case w.op == protocol.OpContextUpdate:
		fault = r.merge(s, w)
	default:
		fault = r.patch(s, w)
	}
	if fault != nil {
		return 0, false, fault
	}
	s.remember(w.counter, w.first, w.sequence, now)
	return s.revision, false, nil
}

var (
	headSet       = (&protocol.ContextChange{Kind: protocol.ChangeSet}).AppendJSON(nil)
	headSkipped   = (&protocol.ContextChange{Kind: protocol.ChangeSet, Gap: protocol.GapSkipped}).AppendJSON(nil)
	headDestroyed = (&protocol.ContextChange{Kind: protocol.ChangeDestroyed}).AppendJSON(nil)
	headGone      = (&protocol.ContextChange{Kind: protocol.ChangeDestroyed, Gap: protocol.GapLost}).AppendJSON(nil)
)

func (s *state) destroy(w *write) *protocol.Fault {
	switch {
	case !s.exists():
		return protocol.NewFault(protocol.ContextNotFound, "there is no such context")
	case w.force && (s.lifetime != protocol.LifetimeOwner || s.owner != w.owner()):
		return protocol.NewFault(protocol.ContextNotFound, "the context is another one by now")
	case !w.force && s.lifetime == protocol.LifetimeOwner && s.owner != w.owner():
		return protocol.NewFault(protocol.NotOwner, "the context belongs to the instance that created it")
	}
	s.lifetime, s.owner, s.value, s.text = "", Owner{}, nil, nil
	s.bump(change{head: headDestroyed, by: w.by})
	return nil
}

// owner is who the write is of, as owner of what it creates.
func (w *write) owner() Owner {
	o := Owner{Hub: w.hub}
	if w.by != nil {
		o.Instance = w.by.Instance
	}
	return o
}

// replace gives the context a whole new value, and creates it where there is none.
func (r *Room) replace(e *entry, s *state, w *write) *protocol.Fault {
	value := new(jsontext.Object)
	var err error
	if w.op == protocol.OpContextPatch {
		err = patchError(value.Patch(w.set, w.body, nil, r.options.ValueBytes))
	} else {
		value, err = jsontext.ParseObject(w.body)
	}
	switch {
	case err != nil:
		return r.refusal(err)
	case value.Len() > protocol.MaxMembers:
		return tooManyMembers()
	case value.Size() > r.options.ValueBytes:
		return r.tooLarge()
	}
	if !s.exists() {
		if fault := r.create(e, s, w); fault != nil {
			return fault
		}
	}
	s.value = value
	body := w.body
	if w.op == protocol.OpContextPatch || len(body) != value.Size() {
		body = value.Append(nil)
	}
	s.bump(change{head: headSet, body: body, whole: true, by: w.by})
	return nil
}

// create makes the context exist. The write at hand gives it its first revision.
func (r *Room) create(e *entry, s *state, w *write) *protocol.Fault {
	if !r.room(&e.address) {
		return protocol.NewFault(protocol.QuotaExceeded, "there are, or have been lately, as many shared contexts as there may be")
	}
	lifetime := w.lifetime
	if lifetime == "" {
		lifetime = protocol.LifetimeDurable
	}
	s.lifetime, s.owner = lifetime, Owner{}
	s.kind = kindOf(lifetime)
	if lifetime == protocol.LifetimeOwner {
		s.owner = w.owner()
	}
	if s.kind == volatile {
		// The memory that remembers how far revisions went is volatile too. By the clock, in microseconds, none comes twice.
		s.revision = max(s.revision, uint64(time.Now().UnixMicro()))
	}
	s.since, s.changes = s.revision, nil
	return nil
}

// kindOf returns which bucket keeps contexts of a lifetime.
func kindOf(lifetime string) int {
	if lifetime == protocol.LifetimeDurable {
		return durable
	}
	return volatile
}

// merge does contexts.update.
func (r *Room) merge(s *state, w *write) *protocol.Fault {
	if s.value.Outgrows(w.body, protocol.MaxMembers) {
		return tooManyMembers()
	}
	leaving := s.value.Having(w.remove)
	if err := s.value.Merge(w.body, w.remove, r.options.ValueBytes); err != nil {
		return r.refusal(err)
	}
	var head []byte
	if removed := s.value.Lacking(leaving); len(removed) > 0 {
		c := protocol.ContextChange{Removed: removed}
		head = c.AppendJSON(nil)
	}
	s.bump(change{head: head, body: w.body, by: w.by})
	return nil
}

// patch does contexts.patch.
func (r *Room) patch(s *state, w *write) *protocol.Fault {
	if s.value.Len()+len(w.set) > protocol.MaxMembers {
		return tooManyMembers()
	}
	if err := s.value.Patch(w.set, w.body, w.drop, r.options.ValueBytes); err != nil {
		return r.refusal(patchError(err))
	}
	c := protocol.ContextChange{Kind: protocol.ChangePatch, Set: w.set, Remove: w.drop}
	s.bump(change{head: c.AppendJSON(nil), body: w.body, by: w.by})
	return nil
}

func (r *Room) refusal(err error) *protocol.Fault {
	if e, ok := err.(*jsontext.Error); ok && e.Reason == jsontext.TooLarge {
		return r.tooLarge()
	}
	return protocol.FaultOf(err)
}

// patchError tells a path that does not fit the value, which is for the caller to mend, from a body that is no JSON.
func patchError(err error) error {
	if e, ok := err.(*jsontext.Error); ok && e.Reason == jsontext.WrongKind {
		return invalid("set: " + e.Want)
	}
	return err
}
