package bridge

import "github.com/crossframe/crossframe/protocol"

// imported is a method that a peer of the other side offers.
type imported struct {
	by   *likeness
	name string
	// wire is the registration where the other side registers; else 0.
	wire uint64
}

// told takes the head of interop.methods.
func (b *Bridge) told(head []byte) {
	var change protocol.MethodChange
	if err := change.DecodeJSON(head); err != nil || !b.options.Uplink {
		b.host.Note(protocol.BadMessage, nil)
		return
	}
	for i := range change.Removed {
		m := &change.Removed[i]
		if l := b.likes[wireOf(&m.Peer)]; l != nil {
			b.withdraw(l, l.offers[m.Name])
		}
		b.retry(m.Name)
	}
	b.add(change.Added)
}

// add offers here what peers offer elsewhere. What is offered already is not offered twice.
func (b *Bridge) add(methods []protocol.MethodInfo) {
	for i := range methods {
		m := &methods[i]
		l := b.like(wireOf(&m.Peer), &m.Peer)
		if l == nil || l.offers[m.Name] != 0 {
			continue
		}
		options := protocol.MethodOptions{
			DisplayName: m.DisplayName, Description: m.Description, Accepts: m.Accepts, Returns: m.Returns,
			Exclusive: m.Exclusive, Tags: m.Tags, Scope: m.Scope,
		}
		b.offer(l, m.Name, 0, options.AppendJSON(nil))
	}
}

// wireOf returns the number of a peer on the other side; 0 where what it says is none.
func wireOf(info *protocol.PeerInfo) uint32 {
	if info.Peer < 0 || info.Peer > 1<<32-1 {
		return 0
	}
	return uint32(info.Peer)
}

func (b *Bridge) offer(l *likeness, name string, wire uint64, head []byte) {
	registration := b.turn(l, protocol.Envelope{Op: protocol.OpRegister, Name: name, Head: head})
	b.imports[registration] = imported{l, name, wire}
	put(&l.offers, name, registration)
}

// withdraw takes back what a likeness offers. Calls under way can still be answered.
func (b *Bridge) withdraw(l *likeness, registration uint64) {
	if registration == 0 {
		return
	}
	delete(l.offers, b.imports[registration].name)
	delete(b.imports, registration)
	b.turn(l, protocol.Envelope{Op: protocol.OpUnregister, Ref: registration})
}

// registered takes the room's answer to what the bridge asked in the name of a likeness.
func (b *Bridge) registered(l *likeness, e *protocol.Envelope) {
	m, known := b.imports[e.ID]
	if !known {
		return
	}
	if e.Op == protocol.OpError {
		delete(b.imports, e.ID)
		delete(l.offers, m.name)
		b.refused(e.Head, &l.peer.Info)
	}
	if m.wire != 0 {
		b.host.Send(protocol.Envelope{Op: e.Op, ID: m.wire, Head: e.Head})
	}
}

// refused tells the audit log what the head of an error says.
func (b *Bridge) refused(head []byte, who *protocol.PeerInfo) (code protocol.Code) {
	var f protocol.Fault
	if err := f.DecodeJSON(head); err != nil || f.Code == "" {
		f.Code = protocol.BadMessage
	}
	b.host.Note(f.Code, who)
	return f.Code
}

// register takes interop.register of another broker.
func (b *Bridge) register(e *protocol.Envelope) {
	l := b.likes[e.Peer]
	if l == nil || b.options.Uplink || e.ID == 0 {
		b.host.Note(protocol.BadMessage, nil)
		return
	}
	if l.offers[e.Name] != 0 {
		b.fail(e.ID, protocol.NewFault(protocol.MethodExists, "the peer offers this method already"))
		return
	}
	b.offer(l, e.Name, e.ID, e.Head)
}

// unregister takes interop.unregister of another broker.
func (b *Bridge) unregister(e *protocol.Envelope) {
	l := b.likes[e.Peer]
	if l == nil || b.options.Uplink {
		b.host.Note(protocol.BadMessage, nil)
		return
	}
	for _, registration := range l.offers {
		if b.imports[registration].wire == e.Ref {
			b.withdraw(l, registration)
			return
		}
	}
}

func (b *Bridge) fail(id uint64, f *protocol.Fault) {
	b.host.Send(protocol.Envelope{Op: protocol.OpError, ID: id, Head: f.AppendJSON(nil)})
}
