package interop

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// maxParkedBytes bounds the arguments that the hub keeps for the waiting calls of one peer; the call that
// goes beyond it is the last one.
const maxParkedBytes = 4 << 20

// park keeps a question until its method is offered, or wait milliseconds have passed. A caller that may not call the
// method waits as long as if nobody had it.
func (r *Room) park(t *peer.Turn, from *member, q *question, wait int64) {
	if from.parkedBytes >= maxParkedBytes {
		refuse(t, protocol.QuotaExceeded, "your waiting calls hold as much as they may")
		return
	}
	kept := *q
	kept.args.body = inside(kept.args.body)
	req := r.open(from, t.Msg.ID, parked)
	req.question = &kept
	from.parkedBytes += kept.args.body.Size
	r.wait(t, req, q.method, wait)
}

// Await handles interop.await.
func (r *Room) Await(t *peer.Turn) {
	from := r.member(t.From)
	if !mayAsk(t, from) || !oneName(t, t.Msg.Name) {
		return
	}
	var o protocol.AwaitOptions
	if err := o.DecodeJSON(t.Msg.Head); err != nil {
		t.FailWith(fault(err))
		return
	}
	if who := r.offering(from, t.Msg.Name); who != 0 {
		t.Out.Send(t.From.ID, protocol.Envelope{Op: protocol.OpReply, ID: t.Msg.ID, Peer: who})
		return
	}
	r.wait(t, r.open(from, t.Msg.ID, await), t.Msg.Name, protocol.ClampTimeout(o.TimeoutMs, protocol.DefaultTimeoutMs))
}

// oneName checks that s is the name of one method; else it answers.
func oneName(t *peer.Turn, s string) bool {
	switch {
	case strings.HasSuffix(s, "*"):
		refuse(t, protocol.PermissionDenied, "a name is one method; there are no wildcards")
	case !protocol.ValidName(s):
		t.Fail(protocol.InvalidName, "this cannot be the name of a method")
	default:
		return true
	}
	return false
}

// offering returns who offers the method for the longest time, as far as m may know; 0 where nobody does.
func (r *Room) offering(m *member, method string) peer.ID {
	if o := r.first(m.peer, r.offers[method]); o != nil && m.peer.Grants.Invoke.Has(method) {
		return o.by.peer.ID
	}
	return 0
}

func (r *Room) wait(t *peer.Turn, req *request, method string, ms int64) {
	req.method = method
	r.waiting[method] = append(r.waiting[method], req)
	r.due.Add(req.number, t.Now+ms)
}

// stopWaiting takes a request out of those that wait for its method.
func (r *Room) stopWaiting(req *request) {
	if req.question != nil {
		req.from.parkedBytes -= req.question.args.body.Size
	}
	list := r.waiting[req.method]
	if len(list) == 1 {
		delete(r.waiting, req.method)
		return
	}
	i := slices.Index(list, req)
	r.waiting[req.method] = slices.Delete(list, i, i+1)
}

// wake goes on with what has waited for the method, which has just been offered.
func (r *Room) wake(t *peer.Turn, method string) {
	for _, req := range slices.Clone(r.waiting[method]) {
		if req.kind == await {
			if who := r.offering(req.from, method); who != 0 {
				t.Out.Send(req.from.peer.ID, protocol.Envelope{Op: protocol.OpReply, ID: req.id, Peer: who})
				r.close(req)
			}
			continue
		}
		q := req.question
		if to, f := r.find(req.from, q); f == nil {
			r.stopWaiting(req)
			req.question = nil
			r.dispatch(t, req, q, to)
		}
	}
}
