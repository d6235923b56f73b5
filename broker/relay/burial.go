package relay

import (
	"context"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// forgotten is how old a record of this broker must be to count as one that could not be removed: those that are younger may be of
// connections that are about to be entered.
const forgotten = time.Minute

// bury removes the records of hubs whose broker is gone, which one broker does, the first by name, and those of this broker's own
// that it could not remove when their connections ended. A store that does not answer is asked again later.
func (ro *roster) bury(ctx context.Context) {
	for key, sequence := range ro.dead(time.Now().Add(-forgotten).UnixMilli()) {
		if err := ro.remove(ctx, key, sequence); store.CodeOf(err) == protocol.StorageDown || ctx.Err() != nil {
			return
		}
	}
}

func (ro *roster) dead(before int64) map[hubKey]uint64 {
	connected := make(map[string]bool)
	for _, s := range ro.relay.all() {
		connected[s.record.Connection] = true
	}
	ro.mu.Lock()
	defer ro.mu.Unlock()
	first := true
	for node := range ro.nodes {
		first = first && ro.relay.node < node
	}
	dead := make(map[hubKey]uint64)
	for key, h := range ro.hubs {
		own := h.Node == ro.relay.node
		if own && !connected[h.Connection] && h.SinceMs < before || first && !ro.there(h.Node) {
			dead[key] = h.sequence
		}
	}
	return dead
}
