package interop

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// kind says what an open request waits for.
type kind uint8

const (
	// one: the answer of one callee.
	one kind = iota
	// many: the answers of several callees.
	many
	// parked: a method to call.
	parked
	// await: a method to be offered, and no more.
	await
)

// request is what a peer has asked and not been answered yet.
type request struct {
	from *member
	id   uint64
	kind kind
	// number is what the deadline is under. A request to one callee has the number of its call.
	number uint64
	// load is what it takes of Limits.PendingCalls.
	load int64
	// call is the call of a request to one callee. Otherwise it has the request's number and no callee.
	call call
	// calls are those of a request to many callees, parts the number of those that have been told.
	calls []*call
	parts int
	// method and question are what a waiting request waits for; await has no question.
	method   string
	question *question
}

// call is one question to one callee.
type call struct {
	id      uint64
	request *request
	// offer is nil where there is no callee, or no longer.
	offer *offer
	// hops counts the calls that led to this one.
	hops int64
	// next and prev are its place among the calls that its callee has to answer.
	next, prev *call
}

// maxSpare bounds the requests that are kept to be used again.
const maxSpare = 256

// open opens a request with a new number.
func (r *Room) open(from *member, id uint64, k kind) *request {
	var q *request
	if n := len(r.spare); n > 0 {
		q, r.spare = r.spare[n-1], r.spare[:n-1]
	} else {
		q = &request{}
	}
	q.from, q.id, q.kind, q.number = from, id, k, r.nextCall
	q.call.id, q.call.request = q.number, q
	r.calls[q.number] = &q.call
	r.nextCall++
	from.requests[id] = q
	r.charge(q, 1)
	return q
}

// charge sets what the request takes of its peer's quota.
func (r *Room) charge(q *request, load int64) {
	q.from.open += load - q.load
	q.load = load
}

// close forgets a request and its calls. It sends nothing; q must not be used afterwards.
func (r *Room) close(q *request) {
	for _, c := range q.calls {
		r.forget(c)
	}
	r.forget(&q.call)
	if q.kind == parked || q.kind == await {
		r.stopWaiting(q)
	}
	r.charge(q, 0)
	r.due.Remove(q.number)
	delete(q.from.requests, q.id)
	*q = request{}
	if len(r.spare) < maxSpare {
		r.spare = append(r.spare, q)
	}
}

// assign makes the callee that offers o the one who has to answer c.
func (r *Room) assign(c *call, o *offer) {
	c.offer = o
	ring := &o.by.incoming
	c.prev, c.next = ring.prev, ring
	c.prev.next, ring.prev = c, c
}

// forget takes a call from its callee and makes its number one of the past.
func (r *Room) forget(c *call) {
	delete(r.calls, c.id)
	if c.next != nil {
		c.prev.next, c.next.prev = c.next, c.prev
		c.next, c.prev = nil, nil
	}
	c.offer = nil
}

// pending returns the calls of q that wait for their callees.
func (q *request) pending() (list []*call) {
	if q.call.offer != nil {
		return []*call{&q.call}
	}
	for _, c := range q.calls {
		if c.offer != nil {
			list = append(list, c)
		}
	}
	return list
}

// cancel tells the callees of q that nobody waits any more, and closes it.
func (r *Room) cancel(t *peer.Turn, q *request) {
	for _, c := range q.pending() {
		tellCancelled(t, c)
	}
	r.close(q)
}

func tellCancelled(t *peer.Turn, c *call) {
	t.Out.Send(c.offer.by.peer.ID, protocol.Envelope{Op: protocol.OpCancel, ID: c.id})
}

// Cancel handles interop.cancel. A request that is not open was answered while the message travelled.
func (r *Room) Cancel(t *peer.Turn) {
	q := r.member(t.From).requests[t.Msg.ID]
	if q == nil {
		return
	}
	r.cancel(t, q)
	t.Fail(protocol.Cancelled, "cancelled by its caller")
}

// dropRequests ends what a peer that left has asked. What it asked of itself goes without a word.
func (r *Room) dropRequests(t *peer.Turn, m *member) {
	for _, id := range ids(m.requests) {
		q := m.requests[id]
		for _, c := range q.pending() {
			if c.offer.by != m {
				tellCancelled(t, c)
			}
		}
		r.close(q)
	}
}

// ids returns the keys of a map in their order, so that a turn's work does not depend on chance.
func ids[V any](m map[uint64]*V) []uint64 {
	list := make([]uint64, 0, len(m))
	for id := range m {
		list = append(list, id)
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list
}

// Deadline returns when Due has something to do; 0 means never.
func (r *Room) Deadline() int64 { return r.due.Next() }

// Due ends the requests whose time is over.
func (r *Room) Due(t *peer.Turn) {
	for {
		number, ok := r.due.PopDue(t.Now)
		if !ok {
			return
		}
		r.expire(t, r.calls[number].request)
	}
}

func (r *Room) expire(t *peer.Turn, q *request) {
	switch q.kind {
	case parked:
		t.Out.Fail(q.from.peer.ID, q.id, methodNotFound())
		r.close(q)
	case await:
		t.Out.Fail(q.from.peer.ID, q.id, protocol.NewFault(protocol.Timeout, "no app offered the method in time"))
		r.close(q)
	default:
		f := protocol.NewFault(protocol.Timeout, "no answer came in time")
		for _, c := range q.pending() {
			tellCancelled(t, c)
			r.answer(t, c, f, protocol.Body{})
		}
	}
}
