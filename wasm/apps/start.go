package apps

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// defaultSandbox is what an app's frame may do where its definition does not say.
var defaultSandbox = [...]string{"allow-scripts", "allow-same-origin", "allow-forms", "allow-popups", "allow-modals", "allow-downloads"}

// Start handles apps.start: it asks the page for a frame, and answers when the app is connected or the frame
// was asked for.
func (r *Room) Start(t *peer.Turn) {
	var opts protocol.StartOptions
	if err := opts.DecodeJSON(t.Msg.Head); err != nil {
		t.Fail(protocol.BadMessage, err.Error())
		return
	}
	if !t.From.Grants.Start.Has(t.Msg.Name) {
		t.Fail(protocol.PermissionDenied, "this app may not start "+quoted(t.Msg.Name))
		return
	}
	app := r.definitionOrNotFound(t, t.Msg.Name)
	if app == nil || !checkStart(t, &opts) {
		return
	}
	in := r.running(app, opts.Instance)
	if in == nil {
		in = r.create(t, app, &opts)
	} else {
		r.show(t, in, opts.Placement)
	}
	if opts.WaitFor == protocol.WaitCreated || in.Info.State == protocol.StateConnected {
		t.Reply(in.Info.AppendJSON(nil))
		return
	}
	in.waiting = append(in.waiting, request{t.From.ID, t.Msg.ID})
}

// checkStart answers options that cannot be served.
func checkStart(t *peer.Turn, opts *protocol.StartOptions) bool {
	switch opts.WaitFor {
	case "", protocol.WaitConnected, protocol.WaitCreated:
	default:
		t.Fail(protocol.InvalidArgument, `waitFor: want "connected" or "created"`)
		return false
	}
	if opts.Instance != "" && (!t.From.Info.Main || !protocol.ValidName(opts.Instance)) {
		t.Fail(protocol.PermissionDenied, "only the main app may choose an instance id, and it must be a valid name")
		return false
	}
	if t.Msg.Body.Kind == protocol.BodyBinary {
		t.Fail(protocol.InvalidArgument, "a start context is JSON, not binary")
		return false
	}
	return true
}

// running returns the instance that a start means instead of a new one, or nil.
func (r *Room) running(app *App, instance string) *Instance {
	if in := r.instances[instance]; instance != "" && in != nil && in.Info.App == app.Name {
		return in
	}
	if !app.Single {
		return nil
	}
	for _, in := range r.instances {
		if in.Info.App == app.Name {
			return in
		}
	}
	return nil
}

func (r *Room) create(t *peer.Turn, app *App, opts *protocol.StartOptions) *Instance {
	id := opts.Instance
	if id == "" || r.instances[id] != nil {
		id = r.newInstanceID(app.Name)
	}
	r.lastFrame++
	in := &Instance{
		Info: protocol.InstanceInfo{
			Instance: id, App: app.Name, Title: app.title(), State: protocol.StateLoading, StartedBy: t.From.Instance(),
		},
		App:     app,
		Frame:   r.lastFrame,
		Context: append([]byte(nil), t.Msg.Body.Bytes()...),
	}
	r.instances[id], r.frames[in.Frame] = in, in
	r.awaitConnection(t, in, protocol.ClampTimeout(opts.TimeoutMs, r.opts.StartMs))
	r.show(t, in, opts.Placement)
	r.changed(t, in)
	return in
}

// show asks the page for the frame; where it exists already, the page brings it to the front.
func (r *Room) show(t *peer.Turn, in *Instance, placement protocol.Raw) {
	sandbox := in.App.Frame.Sandbox
	if len(sandbox) == 0 {
		sandbox = defaultSandbox[:]
	}
	spec := protocol.FrameSpec{
		Instance: in.Info.Instance, App: in.Info.App, Title: in.Info.Title, URL: in.App.URL,
		Sandbox: sandbox, Allow: in.App.Frame.Allow, Placement: append(protocol.Raw(nil), placement...),
	}
	e := protocol.Envelope{Op: protocol.OpPageOpen, Ref: in.Frame, Head: spec.AppendJSON(nil)}
	if len(in.Context) > 0 {
		e.Body = protocol.TextBody(in.Context)
	}
	t.Out.Send(peer.Page, e)
}

func (a *App) title() string {
	if a.Title != "" {
		return a.Title
	}
	return a.Name
}

// Stop handles apps.stop. An app may stop itself and what it started; the grant "admin" stops anything.
func (r *Room) Stop(t *peer.Turn) {
	in := r.instances[t.Msg.Name]
	if in == nil {
		t.Fail(protocol.InstanceNotFound, "no running instance is "+quoted(t.Msg.Name))
		return
	}
	self := t.From.Instance()
	if !t.From.Grants.Admin && self != in.Info.Instance && self != in.Info.StartedBy {
		t.Fail(protocol.PermissionDenied, "this app did not start "+quoted(t.Msg.Name))
		return
	}
	t.Reply(nil)
	t.Out.Send(peer.Page, protocol.Envelope{Op: protocol.OpPageClose, Ref: in.Frame})
}
