package interop

import (
	"errors"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Keys of the journal: interop/method/<peer>/<registration> and interop/watch/<peer>/<watch>. The head is the one
// the app sent; beside a method the body is [order, name], and the scope where it is not local.

// record writes an offer down. Of one that is remote a new run of the program needs to know no more than that it is gone.
func record(t *peer.Turn, o *offer, head []byte) {
	if o.by.peer.Remote {
		head = nil
	}
	t.Out.Put(offerKey(o), head, offerRecord(o))
}

func offerKey(o *offer) string { return key("method", o.by.peer.ID, o.registration) }

func watchKey(w *watch) string { return key("watch", w.by.peer.ID, w.id) }

func key(kind string, p peer.ID, id uint64) string {
	return "interop/" + kind + "/" + strconv.FormatUint(uint64(p), 10) + "/" + strconv.FormatUint(id, 10)
}

func offerRecord(o *offer) protocol.Body {
	text := strconv.AppendInt([]byte{'['}, o.order, 10)
	text = jsontext.AppendString(append(text, ','), o.name)
	if o.shared {
		text = jsontext.AppendString(append(text, ','), o.scope)
	}
	return protocol.TextBody(append(text, ']'))
}

// Restore rebuilds the method or the watch that a key of the journal holds. Its peer must be connected. Open
// requests are not restored: the supervisor has answered them.
func (r *Room) Restore(key string, chunks []peer.Chunk) error {
	parts := strings.Split(key, "/")
	if len(parts) != 4 || parts[0] != "interop" || len(chunks) != 1 {
		return errors.New("restore " + key + ": not a record of this room")
	}
	number, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil {
		return errors.New("restore " + key + ": not a peer's number")
	}
	id, err := strconv.ParseUint(parts[3], 10, 64)
	if err != nil {
		return errors.New("restore " + key + ": not a request id")
	}
	p := r.peers.Peer(peer.ID(number))
	if p == nil {
		return errors.New("restore " + key + ": the peer is not connected")
	}
	switch parts[1] {
	case "method":
		err = r.restoreOffer(r.member(p), id, chunks[0])
	case "watch":
		err = r.restoreWatch(r.member(p), id, chunks[0])
	default:
		err = errors.New("not a record of this room")
	}
	if err != nil {
		return errors.New("restore " + key + ": " + err.Error())
	}
	return nil
}

func (r *Room) restoreOffer(m *member, registration uint64, record peer.Chunk) error {
	o := &offer{by: m, registration: registration, scope: protocol.ScopeLocal, bytes: len(record.Head)}
	if err := o.options.DecodeJSON(record.Head); err != nil {
		return err
	}
	err := jsontext.Elements(record.Body, func(i int, value []byte) (err error) {
		switch i {
		case 0:
			o.order, err = jsontext.Int(value)
		case 1:
			o.name, err = jsontext.Unquote(value)
		case 2:
			o.scope, err = jsontext.Unquote(value)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !protocol.ValidScope(o.scope):
		return errors.New("no scope")
	case o.name == "" || m.offers[registration] != nil || m.named[o.name] != nil:
		return errors.New("no name, or restored twice")
	}
	if f := o.compile(); f != nil {
		return f
	}
	o.shared = o.scope != protocol.ScopeLocal
	r.add(o)
	return nil
}

func (r *Room) restoreWatch(m *member, id uint64, record peer.Chunk) error {
	w := &watch{by: m, id: id}
	if err := w.query.DecodeJSON(record.Head); err != nil {
		return err
	}
	if m.watches[id] != nil {
		return errors.New("restored twice")
	}
	r.addWatch(w)
	return nil
}
