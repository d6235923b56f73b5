package contexts

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Options of a room.
type Options struct {
	// Contexts bounds the shared contexts of all apps together. If zero, 10,000.
	Contexts int
	// Bytes bounds the values of all shared contexts together, in bytes of their JSON texts. The room and its
	// journal hold a small multiple of it. If zero, 128 MiB.
	Bytes int
}

// Room holds the shared contexts of one hub. Its methods must be called from one goroutine at a time.
type Room struct {
	options  Options
	defaults protocol.Limits
	// contexts holds what exists, and names that do not exist but have subscribers.
	contexts map[string]*shared
	// created holds the existing contexts by the instance that created them.
	created map[string]map[*shared]struct{}
	// subscriptions holds each peer's by its id.
	subscriptions map[peer.ID]map[uint64]*subscription
	// live counts the existing contexts, bytes their values.
	live, bytes int
	// floor is the highest revision that any destroyed context had. A context that is created begins above it,
	// so that no name ever has a revision twice, without a memory of each destroyed name.
	floor uint64
	// beyond is nil where there is no broker.
	beyond beyond
}

// New returns an empty room.
func New(opts Options) *Room {
	if opts.Contexts == 0 {
		opts.Contexts = 10_000
	}
	if opts.Bytes == 0 {
		opts.Bytes = 128 << 20
	}
	return &Room{
		options:       opts,
		defaults:      protocol.DefaultLimits(),
		contexts:      make(map[string]*shared),
		created:       make(map[string]map[*shared]struct{}),
		subscriptions: make(map[peer.ID]map[uint64]*subscription),
	}
}

// Joined does nothing: a peer brings nothing along.
func (r *Room) Joined(*peer.Turn, *peer.Peer) {}

// Deadline returns when Due is next to be called; 0 means never. Only what is shared beyond this hub has timers.
func (r *Room) Deadline() int64 {
	if r.beyond == nil {
		return 0
	}
	return r.beyond.deadline()
}

// Due does what is due.
func (r *Room) Due(t *peer.Turn) {
	if r.beyond != nil {
		r.beyond.due(t)
	}
}

// limits returns the limits of the turn's peer; a limit that is 0 stands for the default.
func (r *Room) limits(t *peer.Turn) protocol.Limits { return t.From.Limits.Or(r.defaults) }

// at returns the context of that name, existing or not. What it returns is in the room only if it exists or
// has subscribers.
func (r *Room) at(name string) *shared {
	if c := r.contexts[name]; c != nil {
		return c
	}
	return &shared{name: name, key: keyValue + name}
}

// answer sends the fault, if there is one; without one, the handler has answered. Of what no app does by
// chance the audit log hears, too.
func answer(t *peer.Turn, fault *protocol.Fault) {
	if fault == nil {
		return
	}
	if suspicious(fault.Code) {
		audit(t, fault.Code, t.From)
	}
	t.FailWith(fault)
}

// suspicious reports whether a refusal is for the audit log: it is where an app asks for what is not its own, for more
// than its share, or for what cannot be read. A conflict or a name that is none happens to the best.
func suspicious(code protocol.Code) bool {
	switch code {
	case protocol.PermissionDenied, protocol.NotOwner, protocol.QuotaExceeded, protocol.BadMessage, protocol.TooDeep, protocol.TooLarge:
		return true
	}
	return false
}

// audit tells the audit log that p did what code says.
func audit(t *peer.Turn, code protocol.Code, p *peer.Peer) {
	t.Out.Audits = append(t.Out.Audits, protocol.AuditEvent{
		Code: code, Origin: p.Info.Origin, App: p.Info.App, Instance: p.Info.Instance,
	})
}
