package relay

import (
	"context"
	"encoding/json"
	"sort"
	"sync"
	"time"

	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/store"
)

// Presence is one hub or program that is connected.
type Presence struct {
	Tenant string `json:"tenant"`
	User   string `json:"user"`
	// Hub is its id, Kind one of the protocol's, App what it calls itself.
	Hub  string `json:"hub"`
	Kind string `json:"kind"`
	App  string `json:"app,omitempty"`
	// Node is the broker that it is connected to.
	Node    string `json:"node"`
	SinceMs int64  `json:"sinceMs"`
}

// hubRecord is what the store keeps of a connected hub. It counts only as long as its node is there.
type hubRecord struct {
	Node       string `json:"node"`
	Connection string `json:"connection"`
	// Secret is the hash of the hub's secret.
	Secret  string `json:"secret"`
	Kind    string `json:"kind"`
	App     string `json:"app,omitempty"`
	User    string `json:"user"`
	SinceMs int64  `json:"sinceMs"`
}

func (s *session) presence() Presence { return s.record.presence(s.key) }

func (h *hubRecord) presence(key hubKey) Presence {
	return Presence{Tenant: key.tenant, User: h.User, Hub: key.hub, Kind: h.Kind, App: h.App, Node: h.Node, SinceMs: h.SinceMs}
}

// roster knows who is connected, at every broker. Each broker has a record that ends unless it is put again; the records of
// its hubs are written when they come and go, so that ten thousand of them cost nothing while nothing happens.
type roster struct {
	relay  *Relay
	bucket *store.Bucket
	stop   func()
	// died has a value when a broker has gone, whose hubs are to be buried.
	died chan struct{}

	mu    sync.Mutex
	nodes map[string]bool
	hubs  map[hubKey]hubEntry
}

type hubEntry struct {
	hubRecord
	sequence uint64
}

// The first element of a key says what the others are.
const (
	keyNode = "node" // node
	keyHub  = "hub"  // tenant, hub
)

func newRoster(r *Relay) *roster {
	return &roster{
		relay: r, bucket: r.options.Store.Bucket(store.Presence), died: make(chan struct{}, 1),
		nodes: map[string]bool{}, hubs: map[hubKey]hubEntry{},
	}
}

// storeTimeout bounds each call of the store.
const storeTimeout = 5 * time.Second

func (ro *roster) open(ctx context.Context) (err error) {
	ro.live()
	ro.stop, err = ro.bucket.Follow(ctx, store.Key{}, ro.take)
	return err
}

// live says that this broker is there.
func (ro *roster) live() {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	lifetime := store.Lifetime(max(ro.relay.options.NodeLifetime, time.Second))
	if _, err := ro.bucket.Put(ctx, store.KeyOf(keyNode, ro.relay.node), []byte("{}"), lifetime); err != nil {
		ro.relay.options.Log.Warn("the other brokers were not told that this one is there", "error", err)
	}
}

// beat says so again and again, and mends what the store has lost of this broker's hubs.
func (ro *roster) beat(ctx context.Context) {
	every := time.NewTicker(ro.relay.options.NodeLifetime / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ro.died:
			ro.bury(ctx)
		case <-every.C:
			ro.live()
			ro.mend(ctx)
			ro.bury(ctx)
		}
	}
}

// close says that this broker and its hubs are gone.
func (ro *roster) close() {
	if ro.stop == nil {
		return
	}
	ro.stop()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if _, err := ro.bucket.Remove(ctx, store.KeyOf(keyNode, ro.relay.node)); err != nil {
		ro.relay.options.Log.Info("the other brokers will notice that this one is gone", "error", err)
	}
}

// take takes what the store tells.
func (ro *roster) take(ev store.Event) {
	if ev.Synced {
		return
	}
	switch e := ev.Key.Elements(); {
	case len(e) == 2 && e[0] == keyNode:
		ro.takeNode(e[1], !ev.Deleted)
	case len(e) == 3 && e[0] == keyHub:
		ro.takeHub(hubKey{e[1], e[2]}, ev)
	}
}

func (ro *roster) takeNode(node string, there bool) {
	if node == ro.relay.node {
		return
	}
	ro.mu.Lock()
	changed := ro.nodes[node] != there
	if there {
		ro.nodes[node] = true
	} else {
		delete(ro.nodes, node)
	}
	ro.mu.Unlock()
	switch {
	case changed && there:
		ro.relay.nodes.appeared(node)
	case changed:
		ro.relay.nodes.vanished(node)
		// Not here: there may be thousands, and what else the store has to tell would wait for them.
		select {
		case ro.died <- struct{}{}:
		default:
		}
	}
}

// takeHub takes a hub's record. A hub of this broker that is connected elsewhere since is ended here.
func (ro *roster) takeHub(key hubKey, ev store.Event) {
	var h hubRecord
	if ev.Deleted || json.Unmarshal(ev.Value, &h) != nil {
		ro.mu.Lock()
		delete(ro.hubs, key)
		ro.mu.Unlock()
		return
	}
	ro.mu.Lock()
	ro.hubs[key] = hubEntry{h, ev.Sequence}
	ro.mu.Unlock()
	if h.Node == ro.relay.node {
		return
	}
	if s := ro.relay.at(key); s != nil && s.record.Connection != h.Connection && ro.older(s, &h, ev.Sequence) {
		s.supersede()
	}
}

// older reports whether a connection was written down before a record of another one. Brokers' clocks differ, and the store's order
// does not; the clock counts only for a connection that the store did not take.
func (ro *roster) older(s *session, h *hubRecord, sequence uint64) bool {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	if s.claimed == 0 {
		return s.record.SinceMs <= h.SinceMs
	}
	return s.claimed < sequence
}

func (ro *roster) remove(ctx context.Context, key hubKey, sequence uint64) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	// An error means that it is another's by now, or that it will be removed later.
	_, err := ro.bucket.Delete(ctx, store.KeyOf(keyHub, key.tenant, key.hub), sequence)
	return err
}

// there reports whether a broker is there. The mutex is held.
func (ro *roster) there(node string) bool { return node == ro.relay.node || ro.nodes[node] }

func (ro *roster) entry(key hubKey) (hubEntry, bool) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	h, ok := ro.hubs[key]
	return h, ok && ro.there(h.Node)
}

// left removes the record of a connection that has ended.
func (ro *roster) left(s *session) {
	ro.mu.Lock()
	h, ok := ro.hubs[s.key]
	if ok = ok && h.Connection == s.record.Connection; ok {
		delete(ro.hubs, s.key)
	}
	ro.mu.Unlock()
	if ok {
		_ = ro.remove(context.Background(), s.key, h.sequence)
	}
}

// present reports whether the owner of shared contexts is connected. Of a hub elsewhere, its broker knows the peers.
func (ro *roster) present(owner contexts.Owner) bool {
	key, ok := splitHub(owner.Hub)
	if !ok {
		return false
	}
	if s := ro.relay.at(key); s != nil {
		here := false
		ro.relay.methods.do(func() {
			p := ro.relay.methods.instances[instanceKey{key.tenant, owner.Instance}]
			here = owner.Instance == "" || p != nil && p.out == outlet(s)
		})
		return here
	}
	_, connected := ro.entry(key)
	return connected
}

// splitHub is the opposite of what a session calls its hub for the contexts. Hub ids have no slash.
func splitHub(text string) (hubKey, bool) {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '/' {
			return hubKey{text[:i], text[i+1:]}, true
		}
	}
	return hubKey{}, false
}

// Presence lists who is connected, at every broker, the longest first.
func (r *Relay) Presence() []Presence {
	ro := r.roster
	ro.mu.Lock()
	defer ro.mu.Unlock()
	list := make([]Presence, 0, len(ro.hubs))
	for key, h := range ro.hubs {
		if ro.there(h.Node) {
			list = append(list, h.presence(key))
		}
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		return a.SinceMs < b.SinceMs || a.SinceMs == b.SinceMs && a.Tenant+"/"+a.Hub < b.Tenant+"/"+b.Hub
	})
	return list
}
