// Package apps is the room of app definitions and instances: what may run, what runs, in which frame, and in
// which state. It asks the page for frames and learns from the hub what becomes of them.
//
// It may import protocol, protocol/definition, protocol/origin and wasm/peer. It refuses definitions that
// protocol/definition refuses.
package apps

import (
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Peers tells the room who is connected and ready: what a watcher hears depends on its grants.
type Peers interface {
	Peer(id peer.ID) *peer.Peer
}

// Options of a room.
type Options struct {
	// Peers must be set.
	Peers Peers
	// Random fills b with random bytes; it makes instance ids. It must be set.
	Random func(b []byte)
	// StartMs is how long an app may take to connect, in milliseconds; if 0, protocol.DefaultStartMs.
	StartMs int64
	// LastFrame is the highest frame number that an earlier room of the same hub can have given away.
	LastFrame uint64
}

// App is a definition with its compiled parts.
type App struct {
	protocol.Definition
	// Origins match the documents of the app itself, NestedOrigins those that it embeds.
	Origins, NestedOrigins origin.Patterns
	Grants                 peer.Grants
}

// Instance is one running copy of an app.
type Instance struct {
	Info  protocol.InstanceInfo
	App   *App
	Frame uint64
	// Loads counts the load events of its frame.
	Loads int64
	// Context is the start context, a JSON text, or empty.
	Context []byte
	// Blocked is why the page thinks that the app's document is gone, until something proves or disproves it.
	Blocked *protocol.Fault
	// waiting are requests that want to know when it is connected.
	waiting []request
}

type request struct {
	peer peer.ID
	id   uint64
}

// Room holds definitions and instances.
type Room struct {
	opts  Options
	apps  map[string]*App
	order []string
	// removed holds definitions that were removed before a crash of the program, for instances that ran on.
	removed   map[string]*App
	instances map[string]*Instance
	frames    map[uint64]*Instance
	lastFrame uint64
	watches   map[request]struct{}
	starts    peer.Deadlines
}

// New returns an empty room.
func New(opts Options) *Room {
	opts.StartMs = protocol.ClampTimeout(opts.StartMs, protocol.DefaultStartMs)
	return &Room{
		opts:      opts,
		apps:      make(map[string]*App),
		removed:   make(map[string]*App),
		instances: make(map[string]*Instance),
		frames:    make(map[uint64]*Instance),
		lastFrame: opts.LastFrame,
		watches:   make(map[request]struct{}),
	}
}

// Add defines an app, or replaces its definition. The fault names the field.
func (r *Room) Add(d protocol.Definition) *protocol.Fault {
	app, fault := compile(d)
	if fault != nil {
		return fault
	}
	if _, known := r.apps[d.Name]; !known {
		r.order = append(r.order, d.Name)
	}
	r.apps[d.Name] = app
	return nil
}

func compile(d protocol.Definition) (*App, *protocol.Fault) {
	if fault := definition.Check(&d); fault != nil {
		return nil, fault
	}
	own, err := definition.OriginPatterns(&d)
	if err != nil {
		return nil, protocol.NewFault(protocol.InvalidApp, err.Error())
	}
	nested, err := definition.NestedOriginPatterns(&d)
	if err != nil {
		return nil, protocol.NewFault(protocol.InvalidApp, err.Error())
	}
	app := &App{Definition: d, Origins: own, NestedOrigins: nested, Grants: peer.DefaultGrants()}
	if d.Grants != nil {
		app.Grants = peer.NewGrants(*d.Grants)
	}
	return app, nil
}

// ByFrame returns the instance in a frame, or nil.
func (r *Room) ByFrame(frame uint64) *Instance { return r.frames[frame] }

// newInstanceID returns an id that no instance has: the app's name and 40 random bits. It is a valid name, so that a
// saved layout can ask for it again.
func (r *Room) newInstanceID(app string) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	for {
		var b [8]byte
		r.opts.Random(b[:])
		id := append([]byte(clip(app, 128)), '-')
		for _, c := range b {
			id = append(id, digits[c&31])
		}
		if r.instances[string(id)] == nil {
			return string(id)
		}
	}
}

// definitionOrNotFound answers APP_NOT_FOUND where there is no such app.
func (r *Room) definitionOrNotFound(t *peer.Turn, name string) *App {
	app := r.apps[name]
	if app == nil {
		t.Fail(protocol.AppNotFound, "no app definition is named "+quoted(name))
	}
	return app
}

// denied answers PERMISSION_DENIED; the audit log hears of it, too.
func denied(t *peer.Turn, message string) { refuse(t, protocol.PermissionDenied, message) }

// refuse answers the turn's message with an error that the audit log hears of, too.
func refuse(t *peer.Turn, code protocol.Code, message string) {
	t.Out.Audits = append(t.Out.Audits, protocol.AuditEvent{
		Code: code, Origin: t.From.Info.Origin, App: t.From.App(), Instance: t.From.Instance(),
	})
	t.Fail(code, message)
}

func quoted(name string) string {
	if short := clip(name, 64); len(short) < len(name) {
		name = short + "…"
	}
	return jsontext.Quote(name)
}

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
