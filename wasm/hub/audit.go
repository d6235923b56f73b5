package hub

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// auditsPerSecond bounds the events of one code, so that an attack does not drown the log.
const auditsPerSecond = 10

// audit tells refusals, revocations and abuse to those who watch.
type audit struct {
	watchers map[peer.ID]uint64
	rates    map[protocol.Code]*auditRate
}

type auditRate struct {
	second  int64
	told    int64
	dropped int64
}

func newAudit() audit {
	return audit{watchers: make(map[peer.ID]uint64), rates: make(map[protocol.Code]*auditRate)}
}

// note tells an audit event.
func (h *Hub) note(code protocol.Code, docOrigin, app, instance string) {
	rate := h.audit.rates[code]
	if rate == nil {
		rate = &auditRate{}
		h.audit.rates[code] = rate
	}
	if second := h.turn.Now / 1000; second != rate.second {
		rate.second, rate.told = second, 0
	}
	if rate.told++; rate.told > auditsPerSecond {
		rate.dropped++
		return
	}
	event := protocol.AuditEvent{
		TimeMs: h.turn.Now + h.clockMs, Code: code, Origin: docOrigin, App: app, Instance: instance, Dropped: rate.dropped,
	}
	rate.dropped = 0
	head := event.AppendJSON(nil)
	for id, watch := range h.audit.watchers {
		// The grant may have been taken back since.
		if c := h.byPeer[id]; c != nil && c.peer.Grants.Admin {
			h.deliver(c, protocol.Envelope{Op: protocol.OpAuditEvent, Ref: watch, Head: head})
		}
	}
}

// denied answers PERMISSION_DENIED; the audit log hears of it, too.
func (h *Hub) denied(t *peer.Turn, message string) {
	h.note(protocol.PermissionDenied, t.From.Info.Origin, t.From.App(), t.From.Instance())
	t.Fail(protocol.PermissionDenied, message)
}

// auditWatch handles audit.watch. A peer has one watch; a second one takes the first one's place.
func (h *Hub) auditWatch(t *peer.Turn) {
	if !t.From.Grants.Admin {
		h.denied(t, `watching the audit needs the grant "admin"`)
		return
	}
	h.audit.watchers[t.From.ID] = t.Msg.ID
	t.Out.Put(auditKey(t.From.ID), jsontext.AppendInt(nil, int64(t.Msg.ID)), protocol.Body{})
	t.Reply(nil)
}

// auditUnwatch handles audit.unwatch.
func (h *Hub) auditUnwatch(t *peer.Turn) {
	if watch, watching := h.audit.watchers[t.From.ID]; !watching || watch != t.Msg.Ref {
		t.Fail(protocol.NotOwner, "this peer has no such watch")
		return
	}
	h.forgetAudit(t.From.ID)
	t.Reply(nil)
}

// forgetAudit ends the watch of a peer, if it has one.
func (h *Hub) forgetAudit(id peer.ID) {
	if _, watching := h.audit.watchers[id]; watching {
		delete(h.audit.watchers, id)
		h.out.Drop(auditKey(id))
	}
}

const auditPrefix = "hub/audit/"

func auditKey(id peer.ID) string { return auditPrefix + strconv.FormatUint(uint64(id), 10) }

// restoreAudit rebuilds a watch.
func (h *Hub) restoreAudit(key string, watch []byte) error {
	id, err := strconv.ParseUint(key[len(auditPrefix):], 10, 32)
	if err != nil {
		return err
	}
	number, err := jsontext.Int(watch)
	if err != nil {
		return err
	}
	h.audit.watchers[peer.ID(id)] = uint64(number)
	return nil
}
