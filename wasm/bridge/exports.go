package bridge

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

type exportKey struct {
	by   peer.ID
	name string
}

// export is a method of this side that is offered on the other.
type export struct {
	exportKey
	// id is its registration there; 0 while the other side refuses it.
	id   uint64
	head []byte
}

// watched takes what the room tells the bridge's own peer: what is offered here.
func (b *Bridge) watched(e *protocol.Envelope) {
	switch e.Op {
	case protocol.OpReply:
		var list protocol.MethodList
		if err := list.DecodeJSON(e.Head); err == nil {
			b.export(list.Methods)
		}
	case protocol.OpMethods:
		var change protocol.MethodChange
		if err := change.DecodeJSON(e.Head); err == nil {
			b.withdrawn(change.Removed)
			b.export(change.Added)
		}
	case protocol.OpError:
		b.refused(e.Head, &b.self.peer.Info)
	}
}

func (b *Bridge) export(methods []protocol.MethodInfo) {
	for i := range methods {
		m := &methods[i]
		key := exportKey{wireOf(&m.Peer), m.Name}
		if b.exports[key] != nil {
			continue
		}
		options := protocol.MethodOptions{
			DisplayName: m.DisplayName, Description: m.Description, Accepts: m.Accepts, Returns: m.Returns,
			Exclusive: m.Exclusive, Tags: m.Tags, Scope: m.Scope,
		}
		x := &export{exportKey: key, head: options.AppendJSON(nil)}
		b.exports[key] = x
		b.announce(x)
	}
}

// announce offers a method on the other side.
func (b *Bridge) announce(x *export) {
	if !b.Introduce(x.by) {
		return
	}
	delete(b.waiting, x.exportKey)
	x.id = b.number()
	b.registrations[x.id] = x
	if f := b.host.Send(protocol.Envelope{Op: protocol.OpRegister, ID: x.id, Peer: x.by, Name: x.name, Head: x.head}); f != nil {
		b.notOffered(x, f.Code)
	}
}

// notOffered remembers that the other side does not have a method of this one.
func (b *Bridge) notOffered(x *export, code protocol.Code) {
	delete(b.registrations, x.id)
	x.id = 0
	b.waiting[x.exportKey] = x
	if p := b.host.Peer(x.by); p != nil {
		b.host.Note(code, &p.Info)
	}
}

// retry offers what was refused because of a method of the same name, one of which has gone.
func (b *Bridge) retry(name string) {
	var list []*export
	for key, x := range b.waiting {
		if key.name == name {
			list = append(list, x)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].by < list[j].by })
	for _, x := range list {
		b.announce(x)
	}
}

func (b *Bridge) withdrawn(methods []protocol.MethodInfo) {
	for i := range methods {
		key := exportKey{wireOf(&methods[i].Peer), methods[i].Name}
		x := b.exports[key]
		if x == nil {
			continue
		}
		delete(b.exports, key)
		delete(b.waiting, key)
		if x.id != 0 {
			delete(b.registrations, x.id)
			b.host.Send(protocol.Envelope{Op: protocol.OpUnregister, ID: b.number(), Ref: x.id, Peer: x.by})
		}
	}
}
