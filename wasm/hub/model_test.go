package hub_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// history plays what bytes say: five participants send any operation with names, numbers and heads from small pools,
// frames load and go, documents greet and prove themselves or not, policy and definitions change, time passes, the program
// crashes. The desk itself fails where something is answered twice or sent to a closed port.
type history struct {
	t     testing.TB
	d     *hubtest.Desk
	data  []byte
	main  *hubtest.Client
	seats []*seat
	// everybody who ever came to the door.
	everybody []*hubtest.Client
}

// seat is a place from which clients come, one after the other.
type seat struct {
	app    string
	origin string
	window int64
	frame  uint64
	client *hubtest.Client
}

func newHistory(t testing.TB, data []byte) *history {
	d, main := newDesk(t)
	h := &history{t: t, d: d, data: data, main: main, everybody: []*hubtest.Client{main}}
	for _, s := range []seat{{app: "crm", origin: crm}, {app: "chart", origin: chart}, {app: "box", origin: "null"}, {app: "shell", origin: nestedApp}} {
		s.frame, _ = d.Open(main, s.app)
		h.seats = append(h.seats, &s)
	}
	h.seats = append(h.seats, &seat{app: "shell", origin: partner, window: 1, frame: h.seats[3].frame})
	for _, s := range h.seats {
		h.greet(s)
		s.client.Prove()
	}
	return h
}

// next returns a number below n.
func (h *history) next(n int) int {
	if len(h.data) == 0 {
		return 0
	}
	b := h.data[0]
	h.data = h.data[1:]
	return int(b) % n
}

func pick[T any](h *history, pool []T) T { return pool[h.next(len(pool))] }

func (h *history) greet(s *seat) {
	s.client = h.d.Greet(hubtest.Visit{Frame: s.frame, Window: s.window, Origin: s.origin})
	h.everybody = append(h.everybody, s.client)
}

func (h *history) run() {
	for len(h.data) > 0 {
		h.step()
	}
}

func (h *history) step() {
	s := pick(h, h.seats)
	switch h.next(16) {
	case 0:
		h.d.Load(s.frame)
	case 1, 2:
		s.client.Prove()
	case 3:
		if s.client.Closed || h.next(4) == 0 {
			h.greet(s)
		}
	case 4:
		h.d.Pass(int64(h.next(256)) * 20)
	case 5:
		h.leave(s)
	case 6:
		if h.next(8) == 0 {
			h.crash()
		}
	case 7:
		h.change()
	case 8, 9, 10:
		h.respond(s.client)
	default:
		c := s.client
		if h.next(4) == 0 {
			c = h.main
		}
		h.send(c)
	}
}

// leave ends a client in one way or another.
func (h *history) leave(s *seat) {
	switch h.next(4) {
	case 0:
		s.client.Send(protocol.Envelope{Op: protocol.OpBye})
	case 1:
		h.d.Fail(s.frame, protocol.NewFault(protocol.AppFailed, "blocked"))
	case 2:
		for range 3 {
			s.client.Echo("no nonce")
		}
	case 3:
		if h.main.Closed {
			return
		}
		frame := s.frame
		h.d.Remove(frame)
		h.main.Ask(message(protocol.OpAppDefine, "", &protocol.AppList{Apps: apps()}))
		fresh, _ := h.d.Open(h.main, s.app)
		for _, other := range h.seats {
			if other.frame == frame {
				other.frame = fresh
				h.greet(other)
			}
		}
	}
}

// change changes the policy or a definition.
func (h *history) change() {
	switch h.next(4) {
	case 0:
		h.main.Request(message(protocol.OpPolicySet, "", &protocol.Policy{BlockList: []string{pick(h, []string{crm, partner, "null", evil})}}))
	case 1:
		h.main.Request(message(protocol.OpPolicySet, "", &protocol.Policy{}))
	case 2:
		list := protocol.AppList{Apps: apps()}
		if h.next(2) == 0 {
			list.Apps[0].Grants = &protocol.Grants{Invoke: []string{"a"}, ReadContexts: []string{"a"}, Start: []string{"chart"}}
		}
		h.main.Request(message(protocol.OpAppDefine, "", &list))
	case 3:
		h.main.Request(protocol.Envelope{Op: protocol.OpAppRemove, Name: pick(h, []string{"crm", "box"})})
	}
}

// respond answers one of the calls that a client heard, perhaps again.
func (h *history) respond(c *hubtest.Client) {
	calls := c.All(protocol.OpCall)
	if len(calls) == 0 {
		return
	}
	e := protocol.Envelope{Op: pick(h, []protocol.Op{protocol.OpResult, protocol.OpResult, protocol.OpProgress, protocol.OpError}), ID: calls[h.next(len(calls))].ID}
	if e.Op == protocol.OpError {
		e.Head = []byte(`{"code":"HANDLER_ERROR","message":"no"}`)
	} else {
		e.Body = text(`{"x":1}`)
	}
	c.Send(e)
}

var (
	names = []string{"a", "a", "a", "a", "b", "b", "", "crm", "crm", "ops", "ops", "chart", "box", "Hub.x", strings.Repeat("n", 300), "a*"}
	heads = []string{
		"", "", "", "", "", "{}", "{", `{"waitMs":300,"timeoutMs":500}`, `{"target":"all","timeoutMs":4000}`, `{"target":"all"}`, `{"target":"others"}`, `{"exclusive":true}`,
		`{"lifetime":"owner"}`, `{"waitFor":"created"}`, `{"timeoutMs":700}`, `{"name":"a"}`, `{"prefix":"a"}`, `{"ifRevision":-1}`,
		`{"ifRevision":3}`, `{"remove":["x"]}`, `{"set":[["x","y"]]}`, `{"accepts":"String x"}`, `{"instance":"main"}`, `{"apps":[]}`, `{"blockList":[]}`,
	}
	bodies = []protocol.Body{{}, text(`{"x":1}`), text(`{"x":2,"y":[]}`), text(`{"y":{"z":[1,2]}}`), text(`[1]`), text(`{`), protocol.BinaryBody([]byte{1, 2})}
)

// often are the operations to choose from; 0 stands for any.
var often = []protocol.Op{
	protocol.OpRegister, protocol.OpRegister, protocol.OpInvoke, protocol.OpInvoke, protocol.OpInvoke, protocol.OpCancel, protocol.OpUnregister,
	protocol.OpWatch, protocol.OpAwait, protocol.OpContextSet, protocol.OpContextUpdate, protocol.OpContextPatch, protocol.OpContextSubscribe,
	protocol.OpContextDestroy, protocol.OpAppStart, protocol.OpAppStart, protocol.OpAppStop, protocol.OpAppWatch, protocol.OpAuditWatch, 0, 0, 0,
}

// send sends any operation that is not the answer to a call: what answers calls has ids of its own, as in a real client.
func (h *history) send(c *hubtest.Client) {
	e := protocol.Envelope{
		Op: pick(h, often), ID: uint64(h.next(6)), Ref: uint64(h.next(6)), Name: pick(h, names), Head: []byte(pick(h, heads)), Body: pick(h, bodies),
	}
	if h.next(3) == 0 {
		e.Peer = uint32(pick(h, h.everybody).Ack.Me.Peer)
	}
	switch e.Op {
	case protocol.OpResult, protocol.OpError, protocol.OpProgress:
		e.ID += 1 << 45
	case protocol.OpBye:
		if c == h.main {
			return
		}
	case 0:
		e.Op = protocol.Op(h.next(128))
	case protocol.OpAppStop:
		e.Name = pick(h, h.everybody).Ack.Me.Instance
	}
	c.Send(e)
}

// finish lets every timer run out, and looks for what should not be.
func (h *history) finish() {
	h.d.Pass(2 * protocol.MaxTimeoutMs)
	for _, c := range h.everybody {
		if open := c.Open(); !c.Closed && len(open) > 0 {
			h.t.Errorf("%s: requests %v were never answered", c.Ack.Me.Instance, open)
		}
		for _, e := range c.All(protocol.OpError) {
			if strings.Contains(string(e.Head), string(protocol.Internal)) {
				h.t.Errorf("%s heard %s: something panicked", c.Ack.Me.Instance, e.Head)
			}
		}
		h.introduced(c)
	}
}

// introduced checks that whoever was named to a client had been introduced before and had not left, and that it
// was told of all who left since.
func (h *history) introduced(c *hubtest.Client) {
	known := map[uint32]bool{uint32(c.Ack.Me.Peer): true}
	for _, e := range c.Log {
		switch {
		case e.Op == protocol.OpPeer:
			known[e.Peer] = true
		case e.Op == protocol.OpGone:
			delete(known, e.Peer)
		case e.Peer != 0 && !known[e.Peer]:
			h.t.Errorf("%s: operation %d names peer %d, who is not there", c.Ack.Me.Instance, e.Op, e.Peer)
			return
		}
	}
	for _, other := range h.everybody {
		if peer := uint32(other.Ack.Me.Peer); !c.Closed && other.Closed && peer != 0 && known[peer] {
			h.t.Errorf("%s was not told that peer %d left", c.Ack.Me.Instance, peer)
		}
	}
}

// crash loses the program. What everybody can see must be the same before and after.
func (h *history) crash() {
	h.stir()
	before := strings.Split(h.seen(), "\n")
	if lost := h.d.Crash(); len(lost) > 0 {
		h.t.Errorf("the crash lost %v", lost)
	}
	after := strings.Split(h.seen(), "\n")
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			h.t.Errorf("before the crash:\n%s\nafter it:\n%s", before[i], after[i])
		}
	}
	if len(before) != len(after) {
		h.t.Errorf("%d things to be seen before the crash, %d after it", len(before), len(after))
	}
	for _, s := range h.seats {
		if h.next(4) > 0 {
			s.client.Prove()
		}
	}
}

// live returns the participants that are ready.
func (h *history) live() (list []*hubtest.Client) {
	for _, c := range append([]*hubtest.Client{h.main}, h.clients()...) {
		if c.Ready() {
			list = append(list, c)
		}
	}
	return list
}

func (h *history) clients() (list []*hubtest.Client) {
	for _, s := range h.seats {
		list = append(list, s.client)
	}
	return list
}

// seen writes down what requests show of the hub's state, and what the main page's doings show of watches and
// subscriptions. Revisions go on meanwhile, so they are left out.
func (h *history) seen() string {
	var b strings.Builder
	for _, c := range h.clients() {
		fmt.Fprintf(&b, "%s: closed %v\n", c.Ack.Me.Instance, c.Closed)
	}
	marks := map[*hubtest.Client]int{}
	for _, c := range h.live() {
		for _, op := range []protocol.Op{protocol.OpAppInstances, protocol.OpDiscover, protocol.OpPolicyGet} {
			answer := c.Ask(protocol.Envelope{Op: op})
			fmt.Fprintf(&b, "%d: %s\n", op, answer.Head)
		}
		fmt.Fprintf(&b, "apps: %v\n", definitions(h.t, c))
		for _, name := range []string{"a", "b", "crm"} {
			answer := c.Ask(protocol.Envelope{Op: protocol.OpContextGet, Name: name})
			fmt.Fprintf(&b, "%s: %s\n", name, answer.Body.Bytes())
		}
		marks[c] = len(c.Log)
	}
	h.stir()
	// Among the watches of a peer there is no order.
	var heard []string
	for _, c := range h.live() {
		for _, e := range c.Log[marks[c]:] {
			if e.Ref != 0 && e.Op != protocol.OpReply {
				heard = append(heard, fmt.Sprintf("%s hears %d ref %d", c.Ack.Me.Instance, e.Op, e.Ref))
			}
		}
	}
	slices.Sort(heard)
	return b.String() + strings.Join(heard, "\n")
}

// stir makes everything happen that somebody may watch.
func (h *history) stir() {
	if h.main.Closed {
		return
	}
	for _, name := range []string{"a", "b", "crm"} {
		e := message(protocol.OpContextUpdate, name, nil)
		e.Body = text(`{}`)
		h.main.Ask(e)
	}
	for _, name := range []string{"a.probe", "b.probe"} {
		id, _ := h.main.Request(message(protocol.OpRegister, name, nil))
		h.main.Ask(protocol.Envelope{Op: protocol.OpUnregister, Ref: id})
	}
	h.main.Ask(message(protocol.OpAppDefine, "", &protocol.AppList{Apps: apps()[1:2]}))
	h.d.Now += 1000
	h.d.Greet(hubtest.Visit{Frame: 1 << 40, Origin: evil})
}

func definitions(t testing.TB, c *hubtest.Client) (list []string) {
	t.Helper()
	var apps protocol.AppList
	if err := apps.DecodeJSON(c.Ask(protocol.Envelope{Op: protocol.OpAppList}).Head); err != nil {
		t.Fatal(err)
	}
	for i := range apps.Apps {
		list = append(list, string(apps.Apps[i].AppendJSON(nil)))
	}
	slices.Sort(list)
	return list
}

func playHistory(t testing.TB, data []byte) {
	h := newHistory(t, data)
	h.run()
	h.crash()
	h.finish()
	if tables := h.d.Hub.(*hub.Hub).Tables(); tables > 5*(len(h.seats)+1) {
		t.Errorf("%d entries in the tables", tables)
	}
}

func TestHistories(t *testing.T) {
	runs := 150
	if testing.Short() {
		runs = 20
	}
	for seed := range uint64(runs) {
		rng := rand.New(rand.NewPCG(seed, 1))
		data := make([]byte, 1500)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if playHistory(t, data); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte{0, 5, 3, 1, 2, 11, 9, 20, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) { playHistory(t, data[:min(len(data), 4000)]) })
}
