package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Get answers with the value, and with revision 0 and no body where there is no such context.
func (r *Room) Get(t *peer.Turn) {
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

// List answers with the contexts that the app may read, by name.
func (r *Room) List(t *peer.Turn) {
	list := protocol.ContextList{}
	for name, c := range r.contexts {
		if c.exists() && reachable(t.From, &t.From.Grants.ReadContexts, name) {
			list.Contexts = append(list.Contexts, c.info())
		}
	}
	sort.Slice(list.Contexts, func(i, j int) bool { return list.Contexts[i].Name < list.Contexts[j].Name })
	t.Reply(list.AppendJSON(nil))
}
