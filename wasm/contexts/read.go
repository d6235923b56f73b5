package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Get answers with the value, and with revision 0 and no body where there is no such context.
func (r *Room) Get(t *peer.Turn) {
	if r.elsewhere(t) {
		return
	}
	fault := mayRead(t)
	if fault == nil {
		reply(t, r.at(t.Msg.Name))
	}
	answer(t, fault)
}

// reply answers the turn's message with the context's value.
func reply(t *peer.Turn, c *shared) {
	info := c.info()
	m := protocol.Envelope{
		Op:   protocol.OpContextValue,
		ID:   t.Msg.ID,
		Ref:  c.revision,
		Head: info.AppendJSON(nil),
	}
	if c.exists() {
		m.Body = protocol.TextBody(c.encoded())
	}
	t.Out.Send(t.From.ID, m)
}

// List answers with the contexts that the app may read, by name: those of a scope, or those of all scopes that are known
// in this hub.
func (r *Room) List(t *peer.Turn) {
	scope, fault := askedScope(t)
	switch {
	case fault != nil:
		answer(t, fault)
	case scope == "" || scope == protocol.ScopeLocal:
		r.list(t, scope)
	case r.beyond == nil:
		t.FailWith(noScope())
	default:
		r.beyond.list(t, scope)
	}
}

func (r *Room) list(t *peer.Turn, scope string) {
	list := protocol.ContextList{}
	for name, c := range r.contexts {
		if c.exists() && reachable(t.From, &t.From.Grants.ReadContexts, name) {
			list.Contexts = append(list.Contexts, c.info())
		}
	}
	if r.beyond != nil && scope == "" {
		r.beyond.listed(t, &list)
	}
	sort.SliceStable(list.Contexts, func(i, j int) bool { return list.Contexts[i].Name < list.Contexts[j].Name })
	t.Reply(list.AppendJSON(nil))
}
