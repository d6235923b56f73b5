package relay

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store"
)

// TestForgotten (W14): what is written down of hubs that are not connected any more goes: of a broker that is gone, and of this one where
// the store did not take the end of a connection. Who is connected stays.
func TestForgotten(t *testing.T) {
	s := openStore(t, store.Options{})
	b := start(t, s, Options{})
	b.hub("anna", "stays")
	old := time.Now().Add(-time.Hour).UnixMilli()
	put := func(hub, node string, since int64) {
		value, err := json.Marshal(hubRecord{Node: node, Connection: hub, Kind: "hub", User: "anna", SinceMs: since})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Bucket(store.Presence).Put(within(t), store.KeyOf(keyHub, "acme", hub), value); err != nil {
			t.Fatal(err)
		}
	}
	b.at(hubKey{"acme", "stays"}).record.SinceMs = old
	put("left", b.node, old)
	put("comes", b.node, time.Now().UnixMilli())
	put("gone", "another broker", old)
	known := func() int {
		b.roster.mu.Lock()
		defer b.roster.mu.Unlock()
		return len(b.roster.hubs)
	}
	until(t, "it knows all of them", func() bool { return known() == 4 })
	b.roster.bury(within(t))
	until(t, "two are left", func() bool { return known() == 2 && len(b.Presence()) == 2 })
}
