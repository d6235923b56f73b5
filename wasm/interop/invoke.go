package interop

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// question is an interop.invoke that has been read.
type question struct {
	method  string
	options protocol.InvokeOptions
	// peer is the callee that the message names, or 0.
	peer peer.ID
	hops int64
	// timeout is how long the answers may take, in milliseconds.
	timeout int64
	args    arguments
}

// Invoke handles interop.invoke.
func (r *Room) Invoke(t *peer.Turn) {
	from := r.member(t.From)
	if !mayAsk(t, from) {
		return
	}
	q := question{method: t.Msg.Name, peer: t.Msg.Peer, args: arguments{body: t.Msg.Body}}
	if len(t.Msg.Head) > 0 {
		var f *protocol.Fault
		if q.options, f = readOptions(t.Msg.Head); f != nil {
			t.FailWith(f)
			return
		}
		q.hops = max(r.hops(from, q.options.Parent), q.options.Hops)
	}
	if q.hops > protocol.MaxHops {
		refuse(t, protocol.LoopDetected, "this call is the result of too many calls in a row")
		return
	}
	if !t.From.Grants.Invoke.Has(q.method) {
		// The log learns what the caller must not: whether it lacks the grant or nobody has the method.
		audit(t, protocol.PermissionDenied, t.From)
	}
	targets, f := r.find(from, &q)
	switch wait := protocol.ClampTimeout(q.options.WaitMs, 0); {
	case f == nil:
		r.dispatch(t, r.open(from, t.Msg.ID, one), &q, targets)
	case wait > 0 && protocol.ValidName(q.method):
		r.park(t, from, &q, wait)
	default:
		t.FailWith(f)
	}
}

// mayAsk checks that the turn's message can open a request; else it answers.
func mayAsk(t *peer.Turn, from *member) bool {
	if _, taken := from.requests[t.Msg.ID]; !numbered(t, taken) {
		return false
	}
	// A call of many targets is let in while there is room for one more, so that it can be made at all.
	if from.open >= t.From.Limits.PendingCalls {
		refuse(t, protocol.QuotaExceeded, "you have as many open calls as you may")
		return false
	}
	return true
}

// readOptions decodes a head. It is apart from Invoke because what is decoded lives on the heap.
func readOptions(head []byte) (protocol.InvokeOptions, *protocol.Fault) {
	var o protocol.InvokeOptions
	if err := o.DecodeJSON(head); err != nil {
		return o, fault(err)
	}
	switch o.Target {
	case "", protocol.TargetBest, protocol.TargetAll, protocol.TargetOthers:
	default:
		return o, protocol.NewFault(protocol.InvalidArgument, `target: want "best", "all" or "others"`)
	}
	// The recommendation has whoever reads one that is malformed go on as if there were none.
	if o.Trace != "" && !protocol.ValidTrace(o.Trace) {
		o.Trace = ""
	}
	return o, nil
}

// hops counts the calls that lead to one that a handler of parent makes. A parent that is not an open call to this
// peer says nothing: it has been answered, or is not the peer's to name.
func (r *Room) hops(from *member, parent int64) int64 {
	c := r.calls[uint64(parent)]
	if c == nil || c.offer == nil || c.offer.by != from {
		return 0
	}
	return c.hops + 1
}

// targets are the offers that a question goes to: a single one, or a list of at least one.
type targets struct {
	single *offer
	list   []*offer
}

// find returns the targets of a question, or why there are none.
func (r *Room) find(from *member, q *question) (targets, *protocol.Fault) {
	switch {
	case !from.peer.Grants.Invoke.Has(q.method):
		return targets{}, methodNotFound()
	case q.peer != 0:
		return r.findAt(from, r.peers.Peer(q.peer), q.method)
	case q.options.Instance != "":
		return r.findAt(from, r.peers.ByInstance(q.options.Instance), q.method)
	}
	list := r.offers[q.method]
	switch q.options.Target {
	case protocol.TargetAll:
		list = r.reachable(from.peer, list, nil)
	case protocol.TargetOthers:
		list = r.reachable(from.peer, list, from.named[q.method])
	default:
		if o := r.first(from.peer, list); o != nil {
			return targets{single: o}, nil
		}
		return targets{}, methodNotFound()
	}
	if len(list) == 0 {
		return targets{}, methodNotFound()
	}
	return targets{list: list}, nil
}

// findAt returns what p offers under the name.
func (r *Room) findAt(from *member, p *peer.Peer, method string) (targets, *protocol.Fault) {
	if p == nil {
		return targets{}, targetGone()
	}
	if m := r.members[p.ID]; m != nil && m.named[method] != nil && r.reaches(from.peer, m.named[method]) {
		return targets{single: m.named[method]}, nil
	}
	if !r.near(from.peer, p) {
		return targets{}, targetGone()
	}
	return targets{}, methodNotFound()
}

// dispatch sends a question to its targets and starts the clock.
func (r *Room) dispatch(t *peer.Turn, req *request, q *question, to targets) {
	q.timeout = protocol.ClampTimeout(q.options.TimeoutMs, protocol.DefaultTimeoutMs)
	r.due.Add(req.number, t.Now+q.timeout)
	if to.single != nil {
		req.kind = one
		r.put(t, &req.call, q, to.single)
		return
	}
	req.kind = many
	r.charge(req, int64(len(to.list)))
	req.calls = make([]*call, len(to.list))
	for i := range to.list {
		req.calls[i] = &call{id: r.nextCall, request: req}
		r.calls[r.nextCall] = req.calls[i]
		r.nextCall++
	}
	// The last part may close the request, so the list is taken along.
	for i, c := range req.calls {
		r.put(t, c, q, to.list[i])
	}
}

// put puts the question to one callee; arguments that its method does not accept are answered at once.
func (r *Room) put(t *peer.Turn, c *call, q *question, o *offer) {
	c.hops = q.hops
	r.assign(c, o)
	if o.accepts != nil {
		if f := q.args.check(o.accepts); f != nil {
			r.answer(t, c, f, protocol.Body{})
			return
		}
	}
	e := protocol.Envelope{Op: protocol.OpCall, ID: c.id, Ref: o.registration, Peer: c.request.from.peer.ID, Body: q.args.body}
	elsewhere := o.by.peer.Info.Hub != ""
	if q.options.Trace != "" || q.hops > 0 || elsewhere {
		info := protocol.CallInfo{Trace: q.options.Trace, Hops: q.hops}
		if elsewhere {
			info.TimeoutMs = q.timeout
		}
		e.Head = info.AppendJSON(nil)
	}
	t.Out.Send(o.by.peer.ID, e)
}
