package hub

import (
	"slices"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// auditsPerSecond bounds the events of one code, so that an attack does not drown the log.
const auditsPerSecond = 10

// audit tells refusals, revocations and abuse to those who watch.
type audit struct {
	watchers map[watch]struct{}
	rates    map[protocol.Code]*auditRate
}

// watch is the request of a peer that began it.
type watch struct {
	peer peer.ID
	id   uint64
}

type auditRate struct {
	second  int64
	told    int64
	dropped int64
}

func newAudit() audit {
	return audit{watchers: make(map[watch]struct{}), rates: make(map[protocol.Code]*auditRate)}
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
	if h.uplink != nil {
		h.uplink.report(event)
	}
	head := event.AppendJSON(nil)
	for w := range h.audit.watchers {
		if c := h.byPeer[w.peer]; c != nil && c.peer.Grants.Admin {
			h.deliver(c, protocol.Envelope{Op: protocol.OpAuditEvent, Ref: w.id, Head: head})
		}
	}
}

// denied answers PERMISSION_DENIED; the audit log hears of it, too.
func (h *Hub) denied(t *peer.Turn, message string) {
	h.note(protocol.PermissionDenied, t.From.Info.Origin, t.From.App(), t.From.Instance())
	t.Fail(protocol.PermissionDenied, message)
}

// auditWatch handles audit.watch.
func (h *Hub) auditWatch(t *peer.Turn) {
	if !t.From.Grants.Admin {
		h.denied(t, `watching the audit needs the grant "admin"`)
		return
	}
	w := watch{t.From.ID, t.Msg.ID}
	if _, live := h.audit.watchers[w]; live {
		t.Fail(protocol.BadMessage, "this watch exists already")
		return
	}
	if h.auditWatches(w.peer) >= t.From.Limits.Subscriptions {
		t.Fail(protocol.QuotaExceeded, "too many watches")
		return
	}
	h.audit.watchers[w] = struct{}{}
	t.Out.Put(w.key(), nil, protocol.Body{})
	t.Reply(nil)
}

func (h *Hub) auditWatches(p peer.ID) (n int64) {
	for w := range h.audit.watchers {
		if w.peer == p {
			n++
		}
	}
	return n
}

// auditUnwatch handles audit.unwatch.
func (h *Hub) auditUnwatch(t *peer.Turn) {
	w := watch{t.From.ID, t.Msg.Ref}
	if _, live := h.audit.watchers[w]; !live {
		t.Fail(protocol.NotOwner, "this peer has no such watch")
		return
	}
	h.dropAudit(w)
	t.Reply(nil)
}

func (h *Hub) dropAudit(w watch) {
	delete(h.audit.watchers, w)
	h.out.Drop(w.key())
}

// forgetAudit ends the watches of a peer.
func (h *Hub) forgetAudit(p peer.ID) {
	for w := range h.audit.watchers {
		if w.peer == p {
			h.dropAudit(w)
		}
	}
}

// endAudit ends the watches of a peer that may not watch any more.
func (h *Hub) endAudit(p *peer.Peer) {
	var ids []uint64
	for w := range h.audit.watchers {
		if w.peer == p.ID {
			ids = append(ids, w.id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		h.dropAudit(watch{p.ID, id})
		h.out.Fail(p.ID, id, peer.Withdrawn())
	}
	if len(ids) > 0 {
		h.note(protocol.PermissionDenied, p.Info.Origin, p.App(), p.Instance())
	}
}

const auditPrefix = "hub/audit/"

func (w watch) key() string {
	return auditPrefix + strconv.FormatUint(uint64(w.peer), 10) + "/" + strconv.FormatUint(w.id, 10)
}

// restoreAudit rebuilds a watch from its key.
func (h *Hub) restoreAudit(key string) error {
	p, id, _ := strings.Cut(key[len(auditPrefix):], "/")
	number, err := strconv.ParseUint(p, 10, 32)
	if err != nil {
		return err
	}
	request, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return err
	}
	h.audit.watchers[watch{peer.ID(number), request}] = struct{}{}
	return nil
}
