package apps

import (
	"errors"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Restore rebuilds what a key of the journal holds. Requests that waited for an instance are not restored: the
// supervisor has answered them.
func (r *Room) Restore(key string, chunks []peer.Chunk) error {
	if len(chunks) != 1 {
		return errors.New("restore " + key + ": want one chunk")
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(key, "apps/"), "/")
	switch kind {
	case "instance":
		return r.restoreInstance(chunks[0])
	case "defined":
		return r.restoreDefinition(rest, chunks[0])
	case "watch":
		return r.restoreWatch(rest)
	}
	return errors.New("restore " + key + ": unknown key")
}

func (r *Room) restoreInstance(chunk peer.Chunk) error {
	var rec protocol.InstanceRecord
	if err := rec.DecodeJSON(chunk.Head); err != nil {
		return err
	}
	app := r.apps[rec.Info.App]
	if app == nil {
		app = r.removed[rec.Info.App]
	}
	if app == nil {
		return errors.New("there is no definition of " + rec.Info.App)
	}
	in := &Instance{Info: rec.Info, App: app, Frame: uint64(rec.Frame), Loads: rec.Loads, Context: chunk.Body}
	r.instances[in.Info.Instance], r.frames[in.Frame] = in, in
	r.lastFrame = max(r.lastFrame, in.Frame)
	return nil
}

// removedBody is in the journal beside a definition that was removed. Its instances run on.
var removedBody = protocol.TextBody([]byte("null"))

// restoreDefinition repeats a change of the definitions at run time.
func (r *Room) restoreDefinition(name string, chunk peer.Chunk) error {
	var list protocol.AppList
	if err := list.DecodeJSON(chunk.Head); err != nil {
		return err
	}
	for i := range list.Apps {
		if fault := r.Add(list.Apps[i]); fault != nil {
			return fault
		}
	}
	if len(chunk.Body) > 0 {
		r.removed[name] = r.apps[name]
		r.forget(name)
	}
	return nil
}

func (r *Room) restoreWatch(rest string) error {
	p, id, _ := strings.Cut(rest, "/")
	number, err := strconv.ParseUint(p, 10, 32)
	if err != nil {
		return err
	}
	watch, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return err
	}
	r.watches[request{peer.ID(number), watch}] = struct{}{}
	return nil
}

// Resume gives the instances that were loading when the program was lost their time to connect anew, and ends the
// state of those whose connection did not come back.
func (r *Room) Resume(t *peer.Turn) {
	for _, in := range r.instances {
		if id := peer.ID(in.Info.Peer); id != 0 && r.opts.Peers.Peer(id) == nil {
			r.Disconnected(t, in, id, nil)
		}
		if in.Info.State == protocol.StateLoading {
			r.awaitConnection(t, in, r.opts.StartMs)
		}
	}
}
