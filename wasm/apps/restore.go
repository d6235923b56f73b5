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
		return r.restoreInstance(chunks[0].Head)
	case "defined":
		return r.restoreDefinition(rest, chunks[0].Head)
	case "watch":
		return r.restoreWatch(rest)
	}
	return errors.New("restore " + key + ": unknown key")
}

func (r *Room) restoreInstance(head []byte) error {
	var rec protocol.InstanceRecord
	if err := rec.DecodeJSON(head); err != nil {
		return err
	}
	app := r.apps[rec.Info.App]
	if app == nil {
		// The definition was removed while the instance ran on: it keeps running, and nothing new is admitted.
		app = &App{Definition: protocol.Definition{Name: rec.Info.App, URL: "about:blank"}}
	}
	in := &Instance{Info: rec.Info, App: app, Frame: uint64(rec.Frame), Loads: rec.Loads, Context: rec.Context}
	r.instances[in.Info.Instance], r.frames[in.Frame] = in, in
	r.lastFrame = max(r.lastFrame, in.Frame)
	return nil
}

// restoreDefinition repeats a change of the definitions at run time; an empty head removed the app.
func (r *Room) restoreDefinition(name string, head []byte) error {
	if len(head) == 0 {
		r.forget(name)
		return nil
	}
	var list protocol.AppList
	if err := list.DecodeJSON(head); err != nil {
		return err
	}
	for i := range list.Apps {
		if fault := r.Add(list.Apps[i]); fault != nil {
			return fault
		}
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

// Resume gives the instances that were loading when the program was lost their time to connect anew.
func (r *Room) Resume(t *peer.Turn) {
	for _, in := range r.instances {
		if in.Info.State == protocol.StateLoading {
			r.awaitConnection(t, in, r.opts.StartMs)
		}
	}
}
