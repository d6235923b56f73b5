package apps

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Connected notes that the instance has a ready connection.
func (r *Room) Connected(t *peer.Turn, in *Instance, p peer.ID) {
	in.Info.Peer, in.Blocked = int64(p), nil
	r.setState(t, in, protocol.StateConnected, nil)
	for _, w := range in.waiting {
		t.Out.Send(w.peer, protocol.Envelope{Op: protocol.OpReply, ID: w.id, Head: in.Info.AppendJSON(nil)})
	}
	in.waiting = nil
}

// Disconnected notes that a connection of the instance's document ended; reason is nil where the app or a reload
// ended it. A connection that never got ready changes the state only where something was awaited.
func (r *Room) Disconnected(t *peer.Turn, in *Instance, p peer.ID, reason *protocol.Fault) {
	if in.Info.Peer != int64(p) && (reason == nil || in.Info.State != protocol.StateLoading && in.Info.State != protocol.StateGone) {
		return
	}
	in.Info.Peer = 0
	switch {
	case reason == nil:
		r.setState(t, in, protocol.StateGone, nil)
		return
	case in.Blocked != nil:
		reason, in.Blocked = in.Blocked, nil
		r.setState(t, in, protocol.StateFailed, reason)
	default:
		r.setState(t, in, protocol.StateRefused, reason)
	}
	r.failWaiting(t, in, reason)
}

// Refused notes that a document in the instance's frame greeted and was refused.
func (r *Room) Refused(t *peer.Turn, in *Instance, reason *protocol.Fault) {
	if in.Info.State == protocol.StateConnected {
		return
	}
	r.setState(t, in, protocol.StateRefused, reason)
	r.failWaiting(t, in, reason)
}

// Failed handles page.failed: the page says why the frame does not show its app. Which frame it was the browser does
// not always tell, so a connected app gets to prove itself first; if it cannot, this was why.
func (r *Room) Failed(t *peer.Turn, in *Instance, reason *protocol.Fault) {
	in.Blocked = reason
	if in.Info.State != protocol.StateConnected {
		r.setState(t, in, protocol.StateFailed, reason)
		r.failWaiting(t, in, reason)
	}
}

// Removed handles page.removed: the frame is gone, and with it the instance.
func (r *Room) Removed(t *peer.Turn, in *Instance) {
	r.failWaiting(t, in, protocol.NewFault(protocol.AppFailed, "the instance was stopped"))
	delete(r.instances, in.Info.Instance)
	delete(r.frames, in.Frame)
	r.starts.Remove(in.Frame)
	t.Out.Drop(instanceKey(in.Frame))
	in.Info.State, in.Info.Peer, in.Info.Reason = protocol.StateGone, 0, nil
	r.tellInstance(t, in, true)
}

// over reports whether nothing is to be expected of the instance as it is.
func (in *Instance) over() bool {
	switch in.Info.State {
	case protocol.StateGone, protocol.StateFailed, protocol.StateRefused:
		return true
	}
	return false
}

// Loaded notes a load event of the frame, and gives a document that was not there before its time to greet. The
// first load may be that of a document that has greeted and was refused already, and the one behind page.failed is that of
// the browser's error page.
func (r *Room) Loaded(t *peer.Turn, in *Instance) {
	in.Loads++
	if in.over() && in.Loads > 1 && in.Blocked == nil {
		r.awaitConnection(t, in, r.opts.StartMs)
		r.setState(t, in, protocol.StateLoading, nil)
		return
	}
	if in.Info.State != protocol.StateConnected {
		in.Blocked = nil
	}
	r.journal(t, in)
}

// awaitConnection makes the instance count as failed unless something connects within ms.
func (r *Room) awaitConnection(t *peer.Turn, in *Instance, ms int64) {
	r.starts.Add(in.Frame, t.Now+ms)
}

func (r *Room) setState(t *peer.Turn, in *Instance, state string, reason *protocol.Fault) {
	in.Info.State, in.Info.Reason = state, reason
	if state != protocol.StateLoading {
		r.starts.Remove(in.Frame)
	}
	head := protocol.FrameState{State: state, Reason: reason}
	t.Out.Send(peer.Page, protocol.Envelope{Op: protocol.OpPageState, Ref: in.Frame, Head: head.AppendJSON(nil)})
	r.changed(t, in)
}

func (r *Room) failWaiting(t *peer.Turn, in *Instance, reason *protocol.Fault) {
	for _, w := range in.waiting {
		t.Out.Fail(w.peer, w.id, protocol.NewFault(protocol.AppFailed, string(reason.Code)+": "+reason.Message))
	}
	in.waiting = nil
}

// Deadline returns when the next instance has had its time to connect; 0 means never.
func (r *Room) Deadline() int64 { return r.starts.Next() }

// Due fails the instances whose time to connect is over.
func (r *Room) Due(t *peer.Turn) {
	for {
		frame, ok := r.starts.PopDue(t.Now)
		if !ok {
			return
		}
		in := r.frames[frame]
		if in == nil {
			continue
		}
		reason := protocol.NewFault(protocol.HandshakeTimeout, silentReason(in.Loads))
		reason.Retryable = true
		r.setState(t, in, protocol.StateFailed, reason)
		r.failWaiting(t, in, reason)
	}
}

// silentReason explains a frame from which nothing was heard. A browser tells an embedder neither that a
// document refused to be framed nor that its server did not answer, so the text names what to look at.
func silentReason(loads int64) string {
	if loads == 0 {
		return "nothing was loaded in time: is the app's server running, and does its address resolve?"
	}
	return "a document was loaded but did not greet: it may refuse to be framed (Content-Security-Policy frame-ancestors, X-Frame-Options), " +
		"its server may be down, it may not use a client library, or its client library may not accept this page as its hub"
}

func instanceKey(frame uint64) string { return "apps/instance/" + strconv.FormatUint(frame, 10) }

// journal writes the instance down.
func (r *Room) journal(t *peer.Turn, in *Instance) {
	rec := protocol.InstanceRecord{Info: in.Info, Frame: int64(in.Frame), Loads: in.Loads}
	t.Out.Put(instanceKey(in.Frame), rec.AppendJSON(nil), in.context())
}

// changed journals the instance and tells those who watch.
func (r *Room) changed(t *peer.Turn, in *Instance) {
	r.journal(t, in)
	r.tellInstance(t, in, false)
}
