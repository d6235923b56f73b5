// Package apps is the room of app definitions and instances: what may run, what runs, in which frame, and in
// which state. It asks the page for frames and learns from the hub what becomes of them.
//
// It may import protocol, protocol/definition, protocol/origin and wasm/peer. It refuses definitions that
// protocol/definition refuses.
package apps

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Options of a room.
type Options struct {
	// Random fills b with random bytes; it makes instance ids.
	Random func(b []byte)
	// StartMs is how long an app may take to connect, in milliseconds; if 0, protocol.DefaultStartMs.
	StartMs int64
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
	// startDue is when it counts as failed if nothing has connected; 0 once something has.
	startDue int64
	// waiting are requests that want to know when it is connected.
	waiting []request
}

type request struct {
	peer peer.ID
	id   uint64
}

// Room holds definitions and instances.
type Room struct {
	opts      Options
	apps      map[string]*App
	order     []string
	instances map[string]*Instance
	frames    map[uint64]*Instance
	lastFrame uint64
	watches   map[request]struct{}
	starts    peer.Deadlines
}

// New returns an empty room.
func New(opts Options) *Room {
	if opts.StartMs == 0 {
		opts.StartMs = protocol.DefaultStartMs
	}
	return &Room{
		opts:      opts,
		apps:      make(map[string]*App),
		instances: make(map[string]*Instance),
		frames:    make(map[uint64]*Instance),
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

// ByID returns the instance with the id, or nil.
func (r *Room) ByID(instance string) *Instance { return r.instances[instance] }

// Instances calls f for every instance.
func (r *Room) Instances(f func(*Instance)) {
	for _, in := range r.instances {
		f(in)
	}
}

// newInstanceID returns an id that no instance has: the app's name and 40 random bits.
func (r *Room) newInstanceID(app string) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	for {
		var b [8]byte
		r.opts.Random(b[:])
		id := []byte(app + "-")
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
		t.Fail(protocol.AppNotFound, "no app definition is named "+strconv.Quote(name))
	}
	return app
}

// Renew points an instance at the current definition of its app, where there is one.
func (r *Room) Renew(in *Instance) {
	if app := r.apps[in.Info.App]; app != nil {
		in.App = app
	}
}
