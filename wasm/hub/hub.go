package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/protocol/dialect/native"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/wasm/apps"
	"github.com/crossframe/crossframe/wasm/contexts"
	"github.com/crossframe/crossframe/wasm/interop"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Options of a hub.
type Options struct {
	// Random fills b with cryptographically random bytes. It must be set.
	Random func(b []byte)
	// Dialects are tried in order at each greeting, behind the native one.
	Dialects []dialect.Dialect
	// uplink makes the hub's side of a broker; see WithLink.
	uplink func(*Hub) uplink
}

// room is what the hub asks of every room.
type room interface {
	Joined(t *peer.Turn, p *peer.Peer)
	Left(t *peer.Turn, p *peer.Peer)
	Gone(t *peer.Turn, instance string)
	// Regranted ends what the peer's new grants do not allow any more, and tells it so: error, with the id of the
	// registration, subscription or watch. before are the grants that it had.
	Regranted(t *peer.Turn, p *peer.Peer, before *peer.Grants)
	Deadline() int64
	Due(t *peer.Turn)
	Restore(key string, chunks []peer.Chunk) error
}

// Hub is one running platform. Its methods must be called from one goroutine at a time.
type Hub struct {
	ports    Ports
	random   func(b []byte)
	dialects []dialect.Dialect

	newUplink func(*Hub) uplink
	// uplink is nil where there is no broker.
	uplink uplink

	boot    protocol.Boot
	fault   *protocol.Fault // why no app is admitted; nil while the hub runs
	block   origin.Patterns
	allow   origin.Patterns
	clockMs int64 // wall clock minus the turns' clock

	standing standing

	apps     *apps.Room
	interop  *interop.Room
	contexts *contexts.Room
	rooms    []room
	handlers [256]func(*peer.Turn)
	// beforeReady holds what an app may send before its document has proven itself.
	beforeReady [256]bool

	byPort     map[Port]*connection
	byPeer     map[peer.ID]*connection
	bySource   map[source]*connection
	byInstance map[string]*connection
	// left are the connections that ended in this turn.
	left      []*connection
	lastPeer  peer.ID
	proofs    peer.Deadlines
	greetings map[source]*bucket
	audit     audit
	saved     []savedEntry

	turn    peer.Turn
	out     peer.Outbox
	decoded []protocol.Envelope
	frames  []dialect.Frame
}

// New returns a hub that has not been booted: it refuses every greeting with HUB_NOT_READY.
func New(ports Ports, opts Options) *Hub {
	return &Hub{
		ports:      ports,
		random:     opts.Random,
		newUplink:  opts.uplink,
		dialects:   append([]dialect.Dialect{native.New()}, opts.Dialects...),
		fault:      protocol.NewFault(protocol.HubNotReady, "the hub is starting"),
		byPort:     make(map[Port]*connection),
		byPeer:     make(map[peer.ID]*connection),
		bySource:   make(map[source]*connection),
		byInstance: make(map[string]*connection),
		greetings:  make(map[source]*bucket),
		audit:      newAudit(),
	}
}

// Peer returns a ready peer, or nil. Rooms ask it.
func (h *Hub) Peer(id peer.ID) *peer.Peer {
	if c := h.byPeer[id]; c != nil && c.peer.Ready {
		return &c.peer
	}
	return nil
}

// ByInstance returns the ready peer of an instance, or nil. Rooms ask it.
func (h *Hub) ByInstance(instance string) *peer.Peer {
	if c := h.byInstance[instance]; c != nil && c.peer.Ready {
		return &c.peer
	}
	return nil
}

// connect wires rooms and operations. It is the one place that knows both.
func (h *Hub) connect() {
	h.lastPeer = peer.ID(lastOf(h.boot.Epoch))
	if h.boot.Link != nil && h.newUplink != nil {
		h.uplink = h.newUplink(h)
	}
	h.apps = apps.New(apps.Options{Peers: h, Random: h.random, StartMs: h.boot.StartMs, LastFrame: lastOf(h.boot.Epoch)})
	h.interop = interop.New(interop.Options{Peers: h, FirstCall: firstCall(h.boot.Epoch), Shares: h.sharesOf()})
	h.contexts = contexts.New(contexts.Options{})
	if h.uplink != nil {
		h.uplink.serves(h.contexts)
	}
	h.rooms = []room{h.apps, h.interop, h.contexts}
	h.handlers = [256]func(*peer.Turn){
		protocol.OpProve: h.prove,
		protocol.OpBye:   h.bye,

		protocol.OpRegister:   h.interop.Register,
		protocol.OpUnregister: h.interop.Unregister,
		protocol.OpInvoke:     h.interop.Invoke,
		protocol.OpResult:     h.interop.Result,
		protocol.OpError:      h.interop.Error,
		protocol.OpProgress:   h.interop.Progress,
		protocol.OpCancel:     h.interop.Cancel,
		protocol.OpDiscover:   h.interop.Discover,
		protocol.OpWatch:      h.interop.Watch,
		protocol.OpUnwatch:    h.interop.Unwatch,
		protocol.OpAwait:      h.interop.Await,

		protocol.OpContextGet:         h.contexts.Get,
		protocol.OpContextSet:         h.contexts.Set,
		protocol.OpContextUpdate:      h.contexts.Update,
		protocol.OpContextPatch:       h.contexts.Patch,
		protocol.OpContextSubscribe:   h.contexts.Subscribe,
		protocol.OpContextUnsubscribe: h.contexts.Unsubscribe,
		protocol.OpContextDestroy:     h.contexts.Destroy,
		protocol.OpContextList:        h.contexts.List,

		protocol.OpAppStart:     h.apps.Start,
		protocol.OpAppStop:      h.apps.Stop,
		protocol.OpAppList:      h.apps.List,
		protocol.OpAppInstances: h.apps.ListInstances,
		protocol.OpAppWatch:     h.apps.Watch,
		protocol.OpAppUnwatch:   h.apps.Unwatch,
		protocol.OpAppDefine:    h.define,
		protocol.OpAppRemove:    h.apps.Remove,

		protocol.OpPolicyGet:    h.policyGet,
		protocol.OpPolicySet:    h.policySet,
		protocol.OpAuditWatch:   h.auditWatch,
		protocol.OpAuditUnwatch: h.auditUnwatch,
	}
	for op := range h.beforeReady {
		h.beforeReady[op] = protocol.Op(op).Traits().BeforeReady
	}
}

// firstCall gives every run of the Go program its own range of call numbers, so that a late answer to a call of
// an earlier run is recognised as such.
func firstCall(epoch int64) uint64 { return uint64(epoch)<<36 + 1 }

// lastOf does the same for the numbers of peers and frames, of which one run needs fewer than a million.
func lastOf(epoch int64) uint64 { return uint64(max(epoch, 1)-1) << 20 }
