package hub

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/peer"
)

// bootTurn handles page.boot: it takes the configuration, or says what is wrong with it. A hub that cannot run
// as configured admits nobody.
func (h *Hub) bootTurn(t *peer.Turn) {
	if h.apps != nil {
		return
	}
	var result protocol.BootResult
	if err := h.boot.DecodeJSON(t.Msg.Head); err != nil {
		h.fault = protocol.NewFault(protocol.InvalidArgument, "configuration: "+err.Error())
	} else {
		h.clockMs = h.boot.NowMs - t.Now
		h.connect()
		h.fault = h.configure(&result)
	}
	result.Fault = h.fault
	h.ports.Page(protocol.Envelope{Op: protocol.OpPageReady, Head: result.AppendJSON(nil)})
	if h.uplink != nil && h.fault == nil {
		h.uplink.booted()
	}
}

// configure applies the configuration.
func (h *Hub) configure(result *protocol.BootResult) *protocol.Fault {
	warnings, err := h.setPolicy(h.boot.Policy)
	if err != nil {
		return protocol.NewFault(protocol.InvalidArgument, "policy: "+err.Error())
	}
	result.Warnings = warnings
	if h.boot.Link != nil && h.uplink == nil {
		result.Warnings = append(result.Warnings, "link: this program of the hub cannot reach a broker; nothing is shared beyond this page")
	}
	if p := definition.First(&protocol.Definition{Name: "x", URL: "https://x", Limits: h.boot.Limits, Sharing: h.boot.Sharing}); p != nil {
		return protocol.NewFault(protocol.InvalidArgument, p.Field+": "+p.Text)
	}
	for i := range h.boot.Apps {
		if fault := h.apps.Add(h.boot.Apps[i]); fault != nil {
			return fault
		}
	}
	return h.checkLicense(result)
}

// savedEntry is a key of the journal on its way back.
type savedEntry struct {
	key    string
	chunks []peer.Chunk
}

// Restore takes one key of an earlier run's journal. Nothing comes of it until Resume.
func (h *Hub) Restore(key string, chunks []peer.Chunk) {
	h.saved = append(h.saved, savedEntry{key, chunks})
}

// restoreOrder lists the beginnings of keys in the order in which they make sense: what may run, what runs, who
// is connected, and then what they share.
var restoreOrder = [...]string{policyKey, "apps/defined/", "apps/", "hub/connection/", "hub/remote/", auditPrefix, "interop/", "contexts/"}

// rank returns the place of a key in that order.
func rank(key string) int {
	for i, prefix := range restoreOrder {
		if strings.HasPrefix(key, prefix) {
			return i
		}
	}
	return len(restoreOrder)
}

// Resume rebuilds the state from what Restore took, and goes on from there. It returns the keys that could not be
// restored: the supervisor drops them, and says so.
func (h *Hub) Resume(now int64) (lost []string) {
	h.begin(now, nil)
	if h.apps == nil {
		return nil
	}
	for place := range len(restoreOrder) + 1 {
		for _, e := range h.saved {
			if rank(e.key) != place {
				continue
			}
			if err := h.restoreEntry(e); err != nil {
				lost = append(lost, e.key)
			}
		}
	}
	h.saved = nil
	h.run(h.resumeTurn)
	h.drain()
	return lost
}

func (h *Hub) restoreEntry(e savedEntry) error {
	room, _, _ := strings.Cut(e.key, "/")
	switch room {
	case "apps":
		return h.apps.Restore(e.key, e.chunks)
	case "interop":
		return h.interop.Restore(e.key, e.chunks)
	case "contexts":
		return h.contexts.Restore(e.key, e.chunks)
	case "hub":
		return h.restoreOwn(e)
	}
	return protocol.NewFault(protocol.BadMessage, "unknown key")
}

func (h *Hub) restoreOwn(e savedEntry) error {
	if len(e.chunks) != 1 {
		return protocol.NewFault(protocol.BadMessage, "want one chunk")
	}
	head := e.chunks[0].Head
	if e.key == policyKey {
		var p protocol.Policy
		if err := p.DecodeJSON(head); err != nil {
			return err
		}
		_, err := h.setPolicy(p)
		return err
	}
	if strings.HasPrefix(e.key, auditPrefix) {
		return h.restoreAudit(e.key)
	}
	if h.uplink != nil && !strings.HasPrefix(e.key, "hub/connection/") {
		return h.uplink.restore(e.key, e.chunks)
	}
	var rec protocol.ConnectionRecord
	if err := rec.DecodeJSON(head); err != nil {
		return err
	}
	if e.key != connectionKey(Port(rec.Port)) {
		return protocol.NewFault(protocol.BadMessage, "unknown key")
	}
	if err := h.restoreConnection(&rec); err != nil {
		// Nobody else would tell the client app, whose port is open.
		h.ports.Send(Port(rec.Port), h.dialectOf(rec.Dialect).Refusal(protocol.NewFault(protocol.SessionRevoked, "the hub has lost this connection")))
		h.ports.Close(Port(rec.Port))
		return err
	}
	return nil
}

// dialectOf returns the dialect of that name; where there is none, the native one.
func (h *Hub) dialectOf(name string) dialect.Dialect {
	i := slices.IndexFunc(h.dialects, func(d dialect.Dialect) bool { return d.Name() == name })
	return h.dialects[max(i, 0)]
}

func (h *Hub) restoreConnection(rec *protocol.ConnectionRecord) error {
	d := h.dialectOf(rec.Dialect)
	if d.Name() != rec.Dialect {
		return protocol.NewFault(protocol.BadMessage, "unknown dialect")
	}
	c := &connection{
		port: Port(rec.Port), source: source{uint64(rec.Frame), rec.Window}, dialect: d, version: rec.Version,
		session: d.Open(rec.Version), met: make(map[peer.ID]struct{}), restored: true,
		peer: peer.Peer{ID: peer.ID(rec.Peer.Peer), Info: rec.Peer, ConnectionID: rec.ConnectionID, Ready: rec.Ready},
		// What was under way behind an echo of the last program's challenge is not the app's fault.
		early: -protocol.MaxTuplesPerFrame,
	}
	in := h.apps.ByFrame(c.source.frame)
	switch {
	case rec.Peer.Main:
		c.peer.Grants, c.peer.Limits = h.mainGrants()
		h.share(&c.peer, nil)
	case in != nil:
		c.peer.Grants, c.peer.Limits = in.App.Grants, in.App.Limits.Or(h.boot.Limits).Or(protocol.DefaultLimits())
		h.share(&c.peer, in.App.Sharing)
		// Its own load, if it has not come yet, is the one that an opaque document may live through.
		c.loads = max(in.Loads-1, 0)
	default:
		return protocol.NewFault(protocol.InstanceNotFound, "the connection's instance is gone")
	}
	h.lastPeer = max(h.lastPeer, c.peer.ID)
	h.add(c)
	h.ports.Admit(c.port, c.peer.ConnectionID, c.dialect.Form(), c.peer.Limits)
	return nil
}

// resumeTurn makes every document that can be challenged prove itself anew: while no program ran, one may have
// been replaced.
func (h *Hub) resumeTurn(t *peer.Turn) {
	h.apps.Resume(t)
	if h.uplink != nil {
		h.uplink.resumed()
	}
	for _, c := range h.live() {
		if !c.opaque() {
			h.challenge(c, protocol.ProofMs)
		}
	}
	h.revokedTurn(t)
}
