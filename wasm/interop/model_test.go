package interop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// model is the room as a reader of docs/protocol.md imagines it: flat lists that are searched from end to end. It
// watches every outbox and fails where a request gets no answer, two answers, or one that nobody gave.
type model struct {
	*world
	everybody []*peer.Peer
	lastPeer  peer.ID
	lastID    uint64
	offered   []modelOffer // the oldest first
	requests  []*modelRequest
	calls     []*modelCall
}

type modelOffer struct {
	by           *peer.Peer
	name         string
	registration uint64
}

type modelRequest struct {
	from  peer.ID
	id    uint64
	calls []uint64 // those that were put
	parts int
}

type modelCall struct {
	id      uint64
	callee  peer.ID
	request *modelRequest
}

var modelMethods = []string{"a", "b", "c"}

// play reads operations from data, three bytes each, and lets the clock run out at the end.
func play(t testing.TB, data []byte) {
	m := &model{world: newWorld(t), lastPeer: 10}
	for range 4 {
		m.enter()
	}
	for ; len(data) >= 3; data = data[3:] {
		m.step(int(data[0]), m.everybody[int(data[1])%len(m.everybody)], int(data[2]))
		if len(m.calls) != m.called() {
			t.Fatalf("the room has %d calls to be answered, the model %d", m.called(), len(m.calls))
		}
	}
	m.now += protocol.MaxTimeoutMs
	m.room.Due(m.turn(nil, protocol.Envelope{}))
	m.digest()
	if len(m.requests) != 0 {
		t.Fatalf("%d requests were never answered; the first is %+v", len(m.requests), *m.requests[0])
	}
	m.flat()
}

// called counts the calls that wait for a callee.
func (m *model) called() (n int) {
	for _, c := range m.room.calls {
		if c.offer != nil {
			n++
		}
	}
	return n
}

func (m *model) enter() {
	m.lastPeer++
	m.everybody = append(m.everybody, m.join(m.lastPeer))
}

func (m *model) nextID() uint64 {
	m.lastID++
	return m.lastID
}

func (m *model) step(op int, p *peer.Peer, arg int) {
	name := modelMethods[arg%len(modelMethods)]
	switch op % 11 {
	case 0:
		m.register(p, name)
	case 1:
		m.unregister(p, arg)
	case 2, 3, 4:
		m.invoke(p, name, arg/len(modelMethods))
	case 5, 6:
		m.respond(p, arg)
	case 7:
		if own := m.own(p.ID); len(own) > 0 {
			m.handle(p, cancel(own[arg%len(own)].id))
			m.digest()
		}
	case 8:
		m.handle(p, ask(protocol.OpAwait, m.open(p).id, name, `{"timeoutMs":300}`))
		m.digest()
	case 9:
		m.now += int64(arg)
		m.room.Due(m.turn(nil, protocol.Envelope{}))
		m.digest()
	case 10:
		m.leave(p, arg)
	}
}

func (m *model) open(p *peer.Peer) *modelRequest {
	q := &modelRequest{from: p.ID, id: m.nextID()}
	m.requests = append(m.requests, q)
	return q
}

func (m *model) own(id peer.ID) (own []*modelRequest) {
	for _, q := range m.requests {
		if q.from == id {
			own = append(own, q)
		}
	}
	return own
}

func (m *model) register(p *peer.Peer, name string) {
	twice := slices.ContainsFunc(m.offered, func(o modelOffer) bool { return o.by == p && o.name == name })
	q := m.open(p)
	if !twice {
		m.offered = append(m.offered, modelOffer{p, name, q.id})
	}
	m.handle(p, register(q.id, name, ""))
	if got := m.out.Messages[0].Op; (got == protocol.OpReply) == twice {
		m.t.Fatalf("register %s: operation %d, and twice is %v", name, got, twice)
	}
	m.digest()
}

func (m *model) unregister(p *peer.Peer, arg int) {
	for i, o := range m.offered {
		if o.by == p && arg%2 == 0 {
			m.offered = slices.Delete(m.offered, i, i+1)
			q := m.open(p)
			m.handle(p, ref(protocol.OpUnregister, q.id, o.registration))
			m.digest()
			return
		}
	}
}

func (m *model) invoke(p *peer.Peer, name string, variant int) {
	q := m.open(p)
	wait := ""
	if variant%3 == 0 {
		wait = `,"waitMs":200`
	}
	variant /= 3
	other := m.everybody[variant%len(m.everybody)]
	target, pick := "best", func(o modelOffer) bool { return true }
	number := peer.ID(0)
	switch variant % 5 {
	case 1:
		target = "all"
	case 2:
		target, pick = "others", func(o modelOffer) bool { return o.by != p }
	case 3:
		target, pick = `best","instance":"`+other.Instance(), func(o modelOffer) bool { return o.by == other }
	case 4:
		number, pick = other.ID, func(o modelOffer) bool { return o.by == other }
	}
	// The trace comes out beside the call and says whose it is.
	trace := fmt.Sprintf("00-%032x-00000000000000ff-01", q.id)
	e := invoke(q.id, name, `{"timeoutMs":300,"trace":"`+trace+`","target":"`+target+`"`+wait+`}`, "")
	e.Peer = number
	m.handle(p, e)

	var want, got []peer.ID
	for _, o := range m.offered {
		if o.name == name && pick(o) && (len(want) == 0 || target == "all" || target == "others") {
			want = append(want, o.by.ID)
		}
	}
	for _, s := range m.out.Messages {
		if s.Op == protocol.OpCall {
			got = append(got, s.To)
		}
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("invoke %s %s of %d went to %v, want %v", name, e.Head, p.ID, got, want)
	}
	m.digest()
}

// respond answers some call: with a result, an error, or as somebody whose call it is not.
func (m *model) respond(p *peer.Peer, arg int) {
	if len(m.calls) == 0 {
		return
	}
	c := m.calls[arg%len(m.calls)]
	e := result(c.id, strconv.FormatUint(c.id, 10))
	switch {
	case arg%5 == 0 && p.ID != c.callee:
		m.handle(p, e)
		if len(m.out.Messages) != 1 || m.out.Messages[0].To != p.ID || m.out.Messages[0].Op != protocol.OpError {
			m.t.Fatalf("a forged result led to %v", m.lines())
		}
		return
	case arg%5 == 1:
		e = failure(c.id, `{"code":"HANDLER_ERROR","message":"no"}`)
	}
	m.handle(m.peers[c.callee], e)
	if len(m.out.Messages) == 0 || m.out.Messages[0].To != c.request.from || m.out.Messages[0].ID != c.request.id {
		m.t.Fatalf("an answer led to %v", m.lines())
	}
	m.calls = slices.DeleteFunc(m.calls, func(x *modelCall) bool { return x == c })
	m.digest()
}

// leave ends a connection; somebody new comes in its place.
func (m *model) leave(p *peer.Peer, arg int) {
	if arg%4 != 0 {
		return
	}
	gone := func(id peer.ID) bool { return id == p.ID }
	m.everybody = slices.DeleteFunc(m.everybody, func(x *peer.Peer) bool { return x == p })
	m.offered = slices.DeleteFunc(m.offered, func(o modelOffer) bool { return o.by == p })
	delete(m.peers, p.ID)
	m.room.Left(m.turn(nil, protocol.Envelope{}), p)
	m.requests = slices.DeleteFunc(m.requests, func(q *modelRequest) bool { return gone(q.from) })
	m.digest()
	m.calls = slices.DeleteFunc(m.calls, func(c *modelCall) bool { return gone(c.callee) || gone(c.request.from) })
	m.enter()
}

// digest takes note of all that was sent.
func (m *model) digest() {
	for _, s := range m.out.Messages {
		if m.peers[s.To] == nil {
			m.t.Fatalf("sent to %d, who is not there: %s", s.To, line(s.Envelope))
		}
		switch s.Op {
		case protocol.OpCall:
			m.put(s)
		case protocol.OpCancel:
			m.calls = slices.DeleteFunc(m.calls, func(c *modelCall) bool { return c.id == s.ID && c.callee == s.To })
		case protocol.OpPart:
			m.request(s).parts++
			m.drop(s)
		case protocol.OpEnd:
			if q := m.request(s); q.parts != len(q.calls) || s.Ref != uint64(q.parts) {
				m.t.Fatalf("%s: %d parts of %d calls", line(s.Envelope), q.parts, len(q.calls))
			}
			m.answered(s)
		case protocol.OpResult, protocol.OpReply, protocol.OpError:
			m.drop(s)
			m.answered(s)
		default:
			m.t.Fatalf("unexpected: %s", line(s.Envelope))
		}
	}
}

// put notes a call.
func (m *model) put(s peer.Message) {
	if !slices.ContainsFunc(m.offered, func(o modelOffer) bool { return o.by.ID == s.To && o.registration == s.Ref }) {
		m.t.Fatalf("a call of what is not offered: %s", line(s.Envelope))
	}
	var info protocol.CallInfo
	if err := info.DecodeJSON(s.Head); err != nil {
		m.t.Fatal(err)
	}
	var id uint64
	if _, err := fmt.Sscanf(info.Trace, "00-%032x-00000000000000ff-01", &id); err != nil {
		m.t.Fatalf("a call without its trace: %s", line(s.Envelope))
	}
	q := m.request(peer.Message{To: s.Peer, Envelope: protocol.Envelope{ID: id}})
	q.calls = append(q.calls, s.ID)
	m.calls = append(m.calls, &modelCall{s.ID, s.To, q})
}

// request finds the open request that a message is for.
func (m *model) request(s peer.Message) *modelRequest {
	for _, q := range m.requests {
		if q.from == s.To && q.id == s.ID {
			return q
		}
	}
	m.t.Fatalf("answered twice, or never asked: to %d: %s", s.To, line(s.Envelope))
	return nil
}

// answered closes the request that a message answers.
func (m *model) answered(s peer.Message) {
	q := m.request(s)
	m.requests = slices.DeleteFunc(m.requests, func(x *modelRequest) bool { return x == q })
	for _, c := range m.calls {
		if c.request == q {
			m.t.Fatalf("%s, and call %d is still open", line(s.Envelope), c.id)
		}
	}
}

// drop forgets the call that an answer came from: it names the callee, or its request has one call.
func (m *model) drop(s peer.Message) {
	q := m.request(s)
	m.calls = slices.DeleteFunc(m.calls, func(c *modelCall) bool {
		return c.request == q && (s.Op != protocol.OpPart || c.callee == s.Peer)
	})
}

func TestEveryRequestIsAnsweredOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range 400 {
		data := make([]byte, 3*300)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		play(t, data)
	}
}

func FuzzEveryRequestIsAnsweredOnce(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 0, 2, 2, 3, 5, 0, 2, 10, 1, 4, 9, 0, 255})
	f.Add([]byte{2, 0, 0, 8, 1, 0, 0, 2, 0, 7, 0, 0, 9, 0, 200})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 3*2000 {
			play(t, data)
		}
	})
}
