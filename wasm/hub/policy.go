package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/wasm/peer"
)

const policyKey = "hub/policy"

// setPolicy compiles the lists and replaces both, or neither.
func (h *Hub) setPolicy(p protocol.Policy) (warnings []string, err error) {
	block, notes, err := origin.NewPatterns(origin.BlockList, p.BlockList)
	if err != nil {
		return nil, err
	}
	allow, more, err := origin.NewPatterns(origin.AllowList, p.AllowList)
	if err != nil {
		return nil, err
	}
	for _, w := range append(notes, more...) {
		warnings = append(warnings, w.String())
	}
	h.block, h.allow, h.boot.Policy = block, allow, p
	return warnings, nil
}

// policyGet handles policy.get.
func (h *Hub) policyGet(t *peer.Turn) {
	if !t.From.Grants.Admin {
		h.denied(t, `reading the policy needs the grant "admin"`)
		return
	}
	t.Reply(h.boot.Policy.AppendJSON(nil))
}

// policySet handles policy.set: whoever the new lists refuse is refused now.
func (h *Hub) policySet(t *peer.Turn) {
	if !t.From.Grants.Admin {
		h.denied(t, `changing the policy needs the grant "admin"`)
		return
	}
	var p protocol.Policy
	if err := p.DecodeJSON(t.Msg.Head); err != nil {
		t.Fail(protocol.InvalidArgument, err.Error())
		return
	}
	if _, err := h.setPolicy(p); err != nil {
		t.Fail(protocol.InvalidArgument, err.Error())
		return
	}
	t.Out.Put(policyKey, p.AppendJSON(nil), protocol.Body{})
	t.Reply(nil)
	for _, c := range h.live() {
		if fault := h.checkLists(c.peer.Info.Origin); fault != nil {
			h.endWith(c, fault)
		}
	}
}
