package bridge

import (
	"sort"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Bridge joins the room of its host with the room of one other side. The zero value is of no use; see New.
type Bridge struct {
	host    Host
	options Options
	limits  protocol.Limits
	// nextID is the number of the next request to the other side.
	nextID uint64
	// self watches what this side offers; nil while there is no link.
	self *likeness
	// watch is the number under which the other side was asked what it offers.
	watch uint64

	// likes finds the peers of the other side by their number there, byID by that here.
	likes map[uint32]*likeness
	byID  map[peer.ID]*likeness
	// lastTurn numbers the requests that the bridge itself makes of the room in the name of likenesses.
	lastTurn uint64
	// imports are the registrations of likenesses.
	imports map[uint64]imported

	// met are the peers of this side that the other side has been introduced to.
	met map[peer.ID]struct{}
	// exports are what this side offers there, by peer and name, and by registration.
	exports       map[exportKey]*export
	registrations map[uint64]*export
	// waiting are those that the other side refused, until what may be in their way goes.
	waiting map[exportKey]*export

	// asked are the calls to the other side, by their number there; numbers finds those by the room's number.
	asked   map[uint64]*asked
	numbers map[uint64]uint64
	// asks are the calls of the other side, by the number that it gave them.
	asks map[uint64]*likeness
}

// likeness is how a peer of the other side appears here.
type likeness struct {
	peer *peer.Peer
	// wire is its number on the other side.
	wire uint32
	// offers are its registrations by method.
	offers map[string]uint64
	// asks are its open calls, asked the open calls to it by their numbers on the other side.
	asks, asked map[uint64]struct{}
}

// New returns a bridge without a link.
func New(options Options) *Bridge {
	options.FirstID, options.StepID = max(options.FirstID, 1), max(options.StepID, 1)
	if options.Peers == 0 {
		options.Peers = 10_000
	}
	if options.Calls == 0 {
		options.Calls = 10_000
	}
	b := &Bridge{host: options.Host, options: options, limits: options.Limits.Or(protocol.DefaultLimits())}
	b.clear()
	return b
}

func (b *Bridge) clear() {
	b.nextID = b.options.FirstID
	b.likes, b.byID = make(map[uint32]*likeness), make(map[peer.ID]*likeness)
	b.imports = make(map[uint64]imported)
	b.met = make(map[peer.ID]struct{})
	b.exports, b.registrations = make(map[exportKey]*export), make(map[uint64]*export)
	b.waiting = make(map[exportKey]*export)
	b.asked, b.numbers = make(map[uint64]*asked), make(map[uint64]uint64)
	b.asks = make(map[uint64]*likeness)
}

// Open begins: the other side listens, and knows nothing of this one yet.
func (b *Bridge) Open() {
	if b.self != nil {
		return
	}
	b.self = &likeness{peer: b.join(b.options.Self)}
	b.byID[b.self.peer.ID] = b.self
	b.turn(b.self, protocol.Envelope{Op: protocol.OpWatch})
	if b.options.Uplink {
		b.watch = b.number()
		b.host.Send(protocol.Envelope{Op: protocol.OpWatch, ID: b.watch})
	}
}

// Close ends all of the other side: the link is no more.
func (b *Bridge) Close() {
	if b.self == nil {
		return
	}
	self, likes := b.self, b.sorted()
	b.self = nil
	b.clear()
	for _, l := range likes {
		b.host.Leave(l.peer)
	}
	b.host.Leave(self.peer)
}

// sorted returns the likenesses in an order that does not depend on chance.
func (b *Bridge) sorted() []*likeness {
	list := make([]*likeness, 0, len(b.likes))
	for _, l := range b.likes {
		list = append(list, l)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].wire < list[j].wire })
	return list
}

// join makes a peer of the other side a peer of this one. It may offer and call: what its own side does not let it do does
// not come this far.
func (b *Bridge) join(info protocol.PeerInfo) *peer.Peer {
	all := []string{"*"}
	return b.host.Join(peer.Peer{
		Info: info, Grants: peer.NewGrants(protocol.Grants{Offer: all, Invoke: all}), Limits: b.limits, Ready: true, Remote: true,
	})
}

// number returns the number of the next request to the other side.
func (b *Bridge) number() uint64 {
	id := b.nextID
	b.nextID += b.options.StepID
	return id
}

// ownTurns is where the numbers begin of requests that the bridge itself makes of the room; calls of the other side have
// lower ones.
const ownTurns = 1 << 52

// turn hands a request of the bridge itself to the room, in the name of l, and returns its number.
func (b *Bridge) turn(l *likeness, e protocol.Envelope) uint64 {
	b.lastTurn++
	e.ID = ownTurns + b.lastTurn
	b.host.Turn(l.peer, e)
	return e.ID
}

// Receive takes a message of the other side.
func (b *Bridge) Receive(e protocol.Envelope) {
	if b.self == nil {
		return
	}
	switch e.Op {
	case protocol.OpPeer:
		b.introduced(&e)
	case protocol.OpGone:
		b.gone(e.Peer)
	case protocol.OpMethods:
		b.told(e.Head)
	case protocol.OpRegister:
		b.register(&e)
	case protocol.OpUnregister:
		b.unregister(&e)
	case protocol.OpCall:
		b.call(&e)
	case protocol.OpInvoke:
		b.invoke(&e)
	case protocol.OpCancel:
		if l := b.asks[e.ID]; l != nil {
			b.host.Turn(l.peer, protocol.Envelope{Op: protocol.OpCancel, ID: e.ID})
		}
	case protocol.OpResult, protocol.OpProgress, protocol.OpError, protocol.OpReply:
		b.answered(&e)
	default:
		b.host.Note(protocol.UnknownOperation, nil)
	}
}

// Deliver takes what the room sent to a peer that the bridge has joined.
func (b *Bridge) Deliver(to peer.ID, e protocol.Envelope) {
	l := b.byID[to]
	switch {
	case l == nil:
	case l == b.self:
		b.watched(&e)
	case e.Op == protocol.OpCall:
		b.ask(l, &e)
	case e.Op == protocol.OpCancel:
		b.cancel(e.ID)
	case e.ID > ownTurns:
		b.registered(l, &e)
	default:
		b.answer(l, &e)
	}
}

// Left says that a peer of this side has left. What the room had to say of it comes before.
func (b *Bridge) Left(id peer.ID) {
	if _, met := b.met[id]; met {
		delete(b.met, id)
		b.host.Send(protocol.Envelope{Op: protocol.OpGone, Peer: id})
	}
}

// Introduce makes sure that the other side knows a peer of this one, and reports whether there is such a peer.
func (b *Bridge) Introduce(id peer.ID) bool {
	if _, met := b.met[id]; met {
		return true
	}
	p := b.host.Peer(id)
	if p == nil || b.self == nil {
		return false
	}
	b.met[id] = struct{}{}
	info := p.Info
	info.Title = clip(info.Title, maxTitleBytes)
	b.host.Send(protocol.Envelope{Op: protocol.OpPeer, Peer: id, Head: info.AppendJSON(nil)})
	return true
}

// maxTitleBytes bounds a title that travels. A definition may have a longer one, and the other side would not take it.
const maxTitleBytes = 512

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Likeness returns the number here of a peer that the other side gave the number wire; 0 where there is none.
func (b *Bridge) Likeness(wire uint32) peer.ID {
	if l := b.likes[wire]; l != nil {
		return l.peer.ID
	}
	return 0
}
