package contexts

import (
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// write is a change of a context beyond this hub that an app has asked for and the broker has not decided on, or that the
// followers have not seen yet. It goes through these states, each of them optional but the last:
//
//	held     waits to be sent, behind writes that are pending
//	sent     is under way to the broker; its writer waits
//	pending  its writer was told so, and the hub's view has it; it is sent when the broker can be reached
//	done     the broker has decided; its writer hears of it when the followers have seen what came of it
type write struct {
	of *replica
	// sequence is its number, and first that of the first write that was joined to it.
	sequence, first uint64
	op              protocol.Op
	// options are those of all writes; remove is that of contexts.update.
	options protocol.PatchOptions
	remove  []string
	body    []byte
	// ceiling is how long the writer's limits let the value be.
	ceiling int

	// writer is 0 once the peer has left; who is nil then, and after a restart.
	writer peer.ID
	who    *peer.Peer
	// askers wait for the answer, or for the second one where the write is pending. Writes that were joined bring their own.
	askers []asker

	// request is the id under which it is under way, or 0.
	request uint64
	// everSent: the broker may have it.
	everSent bool
	pending  bool
	done     bool
	// counted is the weight that the bound of bytes has been told; waits: the journal says who waits.
	counted int
	waits   bool
	// revision and fault are what the broker has decided.
	revision uint64
	fault    *protocol.Fault
}

// asker is who waits for an answer: a peer, and its id for the request.
type asker struct {
	peer peer.ID
	id   uint64
}

// weight is what a write counts for the bound of bytes.
func (w *write) weight() int { return len(w.body) + 256 }

// head returns the head as it goes to the broker.
func (w *write) head() []byte {
	o := w.options
	o.Sequence = int64(w.sequence)
	switch w.op {
	case protocol.OpContextPatch:
		return o.AppendJSON(nil)
	case protocol.OpContextDestroy:
		return (&protocol.ContextOptions{Scope: o.Scope, Sequence: o.Sequence}).AppendJSON(nil)
	}
	head := protocol.WriteOptions{IfRevision: o.IfRevision, Lifetime: o.Lifetime, Remove: w.remove, Scope: o.Scope, Sequence: o.Sequence}
	if w.first < w.sequence {
		head.First = int64(w.first)
	}
	return head.AppendJSON(nil)
}

// readHead is the opposite of head.
func (w *write) readHead(head []byte) error {
	switch w.op {
	case protocol.OpContextPatch:
		return w.options.DecodeJSON(head)
	case protocol.OpContextDestroy:
		var o protocol.ContextOptions
		err := o.DecodeJSON(head)
		w.options = protocol.PatchOptions{Scope: o.Scope, Sequence: o.Sequence}
		return err
	case protocol.OpContextSet, protocol.OpContextUpdate:
		var o protocol.WriteOptions
		err := o.DecodeJSON(head)
		w.options = protocol.PatchOptions{IfRevision: o.IfRevision, Lifetime: o.Lifetime, Scope: o.Scope, Sequence: o.Sequence}
		w.remove, w.first = o.Remove, uint64(max(o.First, 0))
		return err
	}
	return errNoKind
}

// readWrite reads the turn's message. What no broker would take is refused here, so that it never becomes pending.
func (s *replicas) readWrite(t *peer.Turn, scope string) (*write, *protocol.Fault) {
	w := &write{
		op: t.Msg.Op, ceiling: int(s.room.limits(t).ContextBytes), writer: t.From.ID, who: t.From, askers: []asker{{t.From.ID, t.Msg.ID}},
	}
	if fault := w.read(t); fault != nil {
		return nil, fault
	}
	w.options.Scope, w.first = scope, 0
	switch w.options.Lifetime {
	case "", protocol.LifetimeDurable, protocol.LifetimeSession, protocol.LifetimeOwner:
	default:
		return nil, invalid(`lifetime: want "durable", "session" or "owner"`)
	}
	if w.options.IfRevision < -1 {
		return nil, invalid("ifRevision: want a revision, or -1")
	}
	// What a write makes of nothing tells whether it has the form that it must have.
	if scratch := (document{}); w.op != protocol.OpContextDestroy {
		if fault := w.apply(&scratch, w.ceiling); fault != nil {
			return nil, fault
		}
		if scratch.object.Len() > protocol.MaxMembers {
			return nil, tooManyMembers()
		}
	}
	return w, nil
}

// read takes head and body of the turn's message.
func (w *write) read(t *peer.Turn) *protocol.Fault {
	if w.op == protocol.OpContextPatch {
		o, values, fault := readPatch(t)
		if fault != nil {
			return fault
		}
		w.options, w.body = *o, slices.Clone(values)
		return nil
	}
	if fault := mayWrite(t); fault != nil {
		return fault
	}
	if err := w.readHead(t.Msg.Head); err != nil {
		return protocol.FaultOf(err)
	}
	if w.op == protocol.OpContextDestroy {
		return nil
	}
	if w.op == protocol.OpContextSet && len(w.remove) > 0 {
		return invalid("remove: contexts.set replaces the whole value")
	}
	text, fault := objectText(t)
	w.body = slices.Clone(text)
	return fault
}

// apply makes the write's change to a document that may not exist.
func (w *write) apply(d *document, ceiling int) *protocol.Fault {
	var err error
	switch {
	case w.op == protocol.OpContextDestroy:
		if !d.exists() {
			return protocol.NewFault(protocol.ContextNotFound, "there is no such context")
		}
		*d = document{}
		return nil
	case w.op == protocol.OpContextPatch:
		err = w.applyPatch(d, ceiling)
	case d.exists() && w.op == protocol.OpContextUpdate:
		if d.object.Outgrows(w.body, protocol.MaxMembers) {
			return tooManyMembers()
		}
		err = d.merge(w.body, w.remove, ceiling)
	default:
		err = w.applyWhole(d, ceiling)
	}
	if e, ok := err.(*jsontext.Error); ok && e.Reason == jsontext.TooLarge {
		return tooLarge(int64(ceiling))
	}
	return protocol.FaultOf(err)
}

func (w *write) applyPatch(d *document, ceiling int) error {
	if d.exists() {
		if d.object.Len()+len(w.options.Set) > protocol.MaxMembers {
			return tooManyMembers()
		}
		return patchError(d.patch(w.options.Set, w.body, w.options.Remove, ceiling))
	}
	fresh := document{object: new(jsontext.Object)}
	if err := fresh.patch(w.options.Set, w.body, w.options.Remove, ceiling); err != nil {
		return patchError(err)
	}
	d.begin(w)
	d.object, d.text = fresh.object, nil
	return nil
}

func (w *write) applyWhole(d *document, ceiling int) error {
	existed := d.exists()
	next := *d
	if err := next.set(w.body); err != nil {
		return err
	}
	if next.size() > ceiling {
		return tooLarge(int64(ceiling))
	}
	*d = next
	if !existed {
		d.begin(w)
	}
	return nil
}

// begin notes what a write that creates a context says of it.
func (d *document) begin(w *write) {
	if d.lifetime = w.options.Lifetime; d.lifetime == "" {
		d.lifetime = protocol.LifetimeDurable
	}
	if w.who != nil && d.lifetime == protocol.LifetimeOwner {
		d.owner = w.who.Instance()
	}
}

// show makes the write's change to the view and returns how to tell it.
func (w *write) show(d *document) (head []byte, body protocol.Body, fault *protocol.Fault) {
	change := protocol.ContextChange{Kind: protocol.ChangeSet, Pending: true}
	leaving := []string(nil)
	switch {
	case w.op == protocol.OpContextDestroy:
		change.Kind = protocol.ChangeDestroyed
	case d.exists() && w.op == protocol.OpContextUpdate:
		change.Kind, leaving = "", d.object.Having(w.remove)
	case d.exists() && w.op == protocol.OpContextPatch:
		change.Kind, change.Set, change.Remove = protocol.ChangePatch, w.options.Set, w.options.Remove
	}
	if fault := w.apply(d, w.ceiling); fault != nil {
		return nil, body, fault
	}
	switch change.Kind {
	case protocol.ChangeSet:
		body = d.body()
	case protocol.ChangeDestroyed:
	default:
		if w.body != nil {
			body = protocol.TextBody(w.body)
		}
		if d.exists() {
			change.Removed = d.object.Lacking(leaving)
		}
	}
	return change.AppendJSON(nil), body, nil
}
