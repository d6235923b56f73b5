package bridge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// history plays two sides at random, joined by a link that delivers late, and is cut now and then. It fails where a request gets no
// answer, or two, where somebody calls what is local to the other side, and where the sides do not agree once they are quiet.
type history struct {
	t      *testing.T
	random *rand.Rand
	sides  [2]*player
	linked bool
	log    []string
	// answers counts how requests ended.
	answers map[string]int
}

// player is a side and what its apps have asked and been asked.
type player struct {
	*side
	apps []*app
	// calls are those that wait for an app's answer.
	calls []call
	// local are the registrations that nobody elsewhere may call.
	local map[registration]bool
}

type app struct {
	*peer.Peer
	lastID uint64
	// open are the requests that wait for their answer; offers the registrations.
	open   map[uint64]string
	offers []uint64
}

type registration struct {
	by peer.ID
	id uint64
}

type call struct {
	by *app
	id uint64
}

func TestRandomHistories(t *testing.T) {
	total := make(map[string]int)
	for seed := range uint64(150) {
		h := &history{t: t, random: rand.New(rand.NewPCG(seed, 7)), answers: total}
		for i, name := range []string{"a", "b"} {
			p := &player{side: newSide(t, name, Options{Self: protocol.PeerInfo{App: "bridge"}}), local: make(map[registration]bool)}
			p.hear = func(to *peer.Peer, e protocol.Envelope) { h.hear(p, to, e) }
			h.sides[i] = p
		}
		h.link()
		for range 600 {
			h.step()
		}
		h.settle()
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, strings.Join(h.log[max(0, len(h.log)-60):], "\n"))
		}
	}
	for _, want := range []string{"result", "far result", "error TARGET_GONE", "error TIMEOUT", "error CANCELLED", "error METHOD_NOT_FOUND", "error HANDLER_ERROR", "error SCHEMA_VIOLATION", "far progress", "end"} {
		if total[want] < 50 {
			t.Errorf("%q has been tried %d times only: %v", want, total[want], total)
		}
	}
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *history) link() {
	h.note("link")
	h.linked = true
	for _, p := range h.sides {
		p.bridge.Open()
		p.run()
	}
}

// cut ends the link: what is on the way is lost.
func (h *history) cut() {
	h.note("cut")
	h.linked = false
	for _, p := range h.sides {
		p.sent = nil
		p.bridge.Close()
		p.run()
		p.sent = nil
		b := p.bridge
		if n := len(b.likes) + len(b.byID) + len(b.imports) + len(b.met) + len(b.exports) + len(b.registrations) + len(b.waiting) + len(b.asked) + len(b.numbers) + len(b.asks); n != 0 {
			h.t.Errorf("%s keeps %d things of a link that has ended", p.name, n)
		}
		for _, x := range p.peers {
			if x.Remote {
				h.t.Errorf("%s keeps peer %d", p.name, x.ID)
			}
		}
	}
}

// deliver takes the oldest message from p to the other side.
func (h *history) deliver(from int) bool {
	p, to := h.sides[from], h.sides[1-from]
	if len(p.sent) == 0 {
		return false
	}
	e := p.sent[0]
	p.sent = p.sent[1:]
	h.note("%s > %s: op %d id %d ref %d peer %d %s", p.name, to.name, e.Op, e.ID, e.Ref, e.Peer, e.Name)
	to.receive(e)
	return true
}

func (h *history) step() {
	p := h.sides[h.random.IntN(2)]
	switch n := h.random.IntN(100); {
	case n < 45:
		h.deliver(h.random.IntN(2))
	case n < 49 && len(p.apps) < 4:
		a := &app{Peer: p.join(), open: make(map[uint64]string)}
		p.apps = append(p.apps, a)
		h.note("%s: app %d comes", p.name, a.ID)
	case n < 51 && len(p.apps) > 1:
		i := h.random.IntN(len(p.apps))
		a := p.apps[i]
		p.apps = slices.Delete(p.apps, i, i+1)
		p.calls = slices.DeleteFunc(p.calls, func(c call) bool { return c.by == a })
		h.note("%s: app %d goes", p.name, a.ID)
		p.leave(a.Peer)
	case n == 51 && h.random.IntN(3) == 0:
		if h.linked {
			h.cut()
		} else {
			h.link()
		}
	case n < 54:
		p.pass(int64(h.random.IntN(400)))
	case n < 68 && len(p.calls) > 0:
		h.respond(p)
	case len(p.apps) > 0:
		h.ask(p, p.apps[h.random.IntN(len(p.apps))])
	}
}

var methods = []string{"x", "y", "z"}

// ask lets an app ask for something.
func (h *history) ask(p *player, a *app) {
	a.lastID++
	e := protocol.Envelope{ID: a.lastID, Name: methods[h.random.IntN(len(methods))]}
	switch n := h.random.IntN(10); {
	case n < 2:
		scope := []string{"local", "user", "tenant"}[h.random.IntN(3)]
		e.Op, e.Head = protocol.OpRegister, []byte(`{"scope":"`+scope+`"`+[]string{"", `,"accepts":"Number n"`, `,"exclusive":true`}[h.random.IntN(3)]+`}`)
		a.offers = append(a.offers, e.ID)
		p.local[registration{a.ID, e.ID}] = scope == "local"
	case n == 2 && len(a.offers) > 0:
		e.Op, e.Ref = protocol.OpUnregister, a.offers[h.random.IntN(len(a.offers))]
	case n == 3 && len(a.open) > 0:
		e.Op = protocol.OpCancel
		for id := range a.open {
			e.ID = id
			break
		}
	default:
		options := protocol.InvokeOptions{TimeoutMs: int64(100 + h.random.IntN(1000)), WaitMs: int64(h.random.IntN(2) * 150)}
		options.Target = []string{"", protocol.TargetAll, protocol.TargetOthers}[max(0, h.random.IntN(6)-3)]
		if options.Target == "" && h.random.IntN(3) == 0 {
			// Somebody whom it knows, or not.
			e.Peer = uint32(h.random.IntN(int(p.lastID) + 2))
		}
		e.Op, e.Head = protocol.OpInvoke, options.AppendJSON(nil)
		if h.random.IntN(4) > 0 {
			e.Body = protocol.TextBody([]byte(`{"n":1}`))
		}
	}
	if e.Op != protocol.OpCancel {
		a.open[e.ID] = e.Name
	}
	h.note("%s: app %d asks op %d id %d peer %d %s %s", p.name, a.ID, e.Op, e.ID, e.Peer, e.Name, e.Head)
	p.do(a.Peer, e)
}

// respond answers some call, reports progress, or answers what is not its to answer.
func (h *history) respond(p *player) {
	i := h.random.IntN(len(p.calls))
	c := p.calls[i]
	e := protocol.Envelope{Op: protocol.OpResult, ID: c.id, Body: protocol.TextBody([]byte("1"))}
	switch h.random.IntN(6) {
	case 0:
		e.Op, e.Head = protocol.OpError, []byte(`{"code":"HANDLER_ERROR","message":"no"}`)
	case 1:
		e.Op = protocol.OpProgress
	case 2:
		e.ID += uint64(h.random.IntN(3)) - 1
	}
	if e.ID == c.id && e.Op != protocol.OpProgress {
		p.calls = slices.Delete(p.calls, i, i+1)
	}
	h.note("%s: app %d answers %d by op %d", p.name, c.by.ID, e.ID, e.Op)
	p.do(c.by.Peer, e)
}

// hear is what an app hears.
func (h *history) hear(p *player, to *peer.Peer, e protocol.Envelope) {
	i := slices.IndexFunc(p.apps, func(a *app) bool { return a.Peer == to })
	if i < 0 {
		return // last words to one who has just left
	}
	a := p.apps[i]
	far := ""
	if from := p.peers[e.Peer]; from != nil && from.Remote {
		far = "far "
	}
	switch e.Op {
	case protocol.OpCall:
		if far != "" && p.local[registration{a.ID, e.Ref}] {
			h.t.Errorf("%s: app %d is called from elsewhere by a method that is local", p.name, a.ID)
		}
		p.calls = append(p.calls, call{a, e.ID})
	case protocol.OpReply, protocol.OpResult, protocol.OpError, protocol.OpEnd:
		if _, open := a.open[e.ID]; !open {
			if e.Op == protocol.OpError && e.ID >= 1000 || e.ID == 0 {
				return // the answer to an answer
			}
			h.t.Errorf("%s: app %d: op %d answers %d, which is not open", p.name, a.ID, e.Op, e.ID)
		}
		delete(a.open, e.ID)
		h.count(far, e)
	case protocol.OpPart, protocol.OpProgress:
		if _, open := a.open[e.ID]; !open {
			h.t.Errorf("%s: app %d: op %d of %d, which is not open", p.name, a.ID, e.Op, e.ID)
		}
		h.count(far, e)
	}
}

func (h *history) count(far string, e protocol.Envelope) {
	switch e.Op {
	case protocol.OpResult:
		h.answers[far+"result"]++
	case protocol.OpProgress:
		h.answers[far+"progress"]++
	case protocol.OpEnd:
		h.answers["end"]++
	case protocol.OpError:
		var f protocol.Fault
		if err := f.DecodeJSON(e.Head); err != nil {
			h.t.Error(err)
		}
		h.answers["error "+string(f.Code)]++
	}
}

// settle lets everything come to its end, and compares.
func (h *history) settle() {
	if !h.linked {
		h.link()
	}
	h.quiet()
	for _, p := range h.sides {
		p.pass(10_000)
	}
	h.quiet()
	for i, p := range h.sides {
		for _, a := range p.apps {
			if len(a.open) > 0 {
				h.t.Errorf("%s: app %d waits for %v", p.name, a.ID, a.open)
			}
		}
		b := p.bridge
		if len(b.asked)+len(b.numbers)+len(b.asks) != 0 {
			h.t.Errorf("%s keeps calls: %d, %d, %d", p.name, len(b.asked), len(b.numbers), len(b.asks))
		}
		for id := range b.met {
			if p.peers[id] == nil {
				h.t.Errorf("%s takes peer %d for one that the other side has met", p.name, id)
			}
		}
		for _, l := range b.likes {
			if len(l.asked)+len(l.asks) != 0 || len(l.offers) > 3 {
				h.t.Errorf("%s keeps calls of peer %d", p.name, l.peer.ID)
			}
		}
		if here, there := h.offered(p, false), h.offered(h.sides[1-i], true); !slices.Equal(here, there) {
			h.t.Errorf("%s offers %v, the other side knows of %v", p.name, here, there)
		}
	}
	h.cut()
}

// quiet delivers all that is under way.
func (h *history) quiet() {
	for h.deliver(0) || h.deliver(1) {
	}
}

// offered lists what is shared on a side, of its own peers or of those that are remote: who and what.
func (h *history) offered(p *player, remote bool) (list []string) {
	var found protocol.MethodList
	watcher := p.join()
	hear := p.hear
	p.hear = func(to *peer.Peer, e protocol.Envelope) {
		if to == watcher {
			if err := found.DecodeJSON(e.Head); err != nil {
				h.t.Error(err)
			}
		}
	}
	p.do(watcher, protocol.Envelope{Op: protocol.OpDiscover, ID: 1})
	p.hear = hear
	for _, m := range found.Methods {
		if by := p.peers[peer.ID(m.Peer.Peer)]; by.Remote == remote && m.Scope != "" {
			list = append(list, strings.TrimSuffix(m.Peer.Instance, "@"+m.Peer.Hub)+" "+m.Name+" "+m.Scope+fmt.Sprint(m.Exclusive, string(m.Accepts)))
		}
	}
	p.leave(watcher)
	sort.Strings(list)
	return list
}
