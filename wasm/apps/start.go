package apps

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// defaultSandbox is what an app's frame may do where its definition does not say.
var defaultSandbox = [...]string{"allow-scripts", "allow-same-origin", "allow-forms", "allow-popups", "allow-modals", "allow-downloads"}

// maxStarted bounds the running instances that one instance has started; the main page has no bound.
const maxStarted = 100

// Start handles apps.start: it asks the page for a frame, and answers when the app is connected or the frame
// was asked for.
func (r *Room) Start(t *peer.Turn) {
	var opts protocol.StartOptions
	if err := opts.DecodeJSON(t.Msg.Head); err != nil {
		t.FailWith(fault(err))
		return
	}
	if !t.From.Grants.Start.Has(t.Msg.Name) {
		denied(t, "this app may not start "+quoted(t.Msg.Name))
		return
	}
	app := r.definitionOrNotFound(t, t.Msg.Name)
	if app == nil || !checkStart(t, &opts) || !r.mayWait(t) {
		return
	}
	in := r.running(app, opts.Instance)
	switch {
	case in != nil:
		r.again(t, in, &opts)
	case r.mayCreate(t):
		in = r.create(t, app, &opts)
	default:
		return
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
	switch {
	case opts.Instance == "":
	case !t.From.Info.Main:
		denied(t, "only the main app may choose an instance id")
		return false
	case !protocol.ValidName(opts.Instance) || opts.Instance == t.From.Instance():
		t.Fail(protocol.InvalidArgument, "instance: this cannot be the id of an instance")
		return false
	}
	if t.Msg.Body.Kind == protocol.BodyBinary {
		t.Fail(protocol.InvalidArgument, "a start context is JSON, not binary")
		return false
	}
	if t.Msg.Body.Kind == protocol.BodyText {
		// The text goes on to another app and to the page, which take it for JSON.
		if err := jsontext.Check(t.Msg.Body.Bytes()); err != nil {
			t.FailWith(fault(err))
			return false
		}
	}
	return true
}

// mayWait checks that the turn's request can wait for an instance; else it answers.
func (r *Room) mayWait(t *peer.Turn) bool {
	waits := int64(0)
	for _, in := range r.instances {
		for _, w := range in.waiting {
			if w == (request{t.From.ID, t.Msg.ID}) {
				refuse(t, protocol.BadMessage, "id: already in use")
				return false
			}
			if w.peer == t.From.ID {
				waits++
			}
		}
	}
	if waits >= t.From.Limits.PendingCalls {
		refuse(t, protocol.QuotaExceeded, "this app waits for as many instances as it may")
		return false
	}
	return true
}

// mayCreate checks that the turn's peer can start one more instance; else it answers.
func (r *Room) mayCreate(t *peer.Turn) bool {
	started := 0
	for _, in := range r.instances {
		if in.Info.StartedBy == t.From.Instance() {
			started++
		}
	}
	if started >= maxStarted && !t.From.Info.Main {
		refuse(t, protocol.QuotaExceeded, "this app has started as many instances as it may; the limit is "+strconv.Itoa(maxStarted))
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

// again shows an instance that exists already. One that has ended in some way begins anew, with a new context
// if there is one.
func (r *Room) again(t *peer.Turn, in *Instance, opts *protocol.StartOptions) {
	over := in.over()
	if text := t.Msg.Body.Bytes(); over && len(text) > 0 {
		in.Context = append([]byte(nil), text...)
	}
	r.show(t, in, opts.Placement)
	if over {
		in.Blocked = nil
		r.awaitConnection(t, in, protocol.ClampTimeout(opts.TimeoutMs, r.opts.StartMs))
		r.setState(t, in, protocol.StateLoading, nil)
	}
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
		Sandbox: sandbox, Allow: in.App.Frame.Allow, Placement: placement,
	}
	e := protocol.Envelope{Op: protocol.OpPageOpen, Ref: in.Frame, Head: spec.AppendJSON(nil), Body: in.context()}
	t.Out.Send(peer.Page, e)
}

// context returns the start context as a body.
func (in *Instance) context() protocol.Body {
	if len(in.Context) == 0 {
		return protocol.Body{}
	}
	return protocol.TextBody(in.Context)
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
		denied(t, "this app did not start "+quoted(t.Msg.Name))
		return
	}
	t.Reply(nil)
	t.Out.Send(peer.Page, protocol.Envelope{Op: protocol.OpPageClose, Ref: in.Frame})
}

// fault returns the coded error for a text that cannot be read.
func fault(err error) *protocol.Fault {
	switch err := err.(type) {
	case *protocol.Fault:
		return err
	case *jsontext.Error:
		if err.Reason == jsontext.TooDeep {
			return protocol.NewFault(protocol.TooDeep, err.Error())
		}
	}
	return protocol.NewFault(protocol.BadMessage, err.Error())
}
