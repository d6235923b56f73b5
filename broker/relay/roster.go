package relay

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"sort"
	"sync"
	"time"

	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
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
	return &roster{relay: r, bucket: r.options.Store.Bucket(store.Presence), nodes: map[string]bool{}, hubs: map[hubKey]hubEntry{}}
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
		case <-every.C:
			ro.live()
			for _, s := range ro.relay.all() {
				if _, known := ro.entry(s.key); !known {
					_ = ro.claim(s)
				}
			}
			ro.bury()
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
		ro.bury()
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
	if s := ro.relay.at(key); s != nil && s.record.SinceMs <= h.SinceMs && s.record.Connection != h.Connection {
		s.supersede()
	}
}

// bury removes the records of hubs whose broker is gone. One broker does it: the first by name.
func (ro *roster) bury() {
	ro.mu.Lock()
	first := true
	for node := range ro.nodes {
		first = first && ro.relay.node < node
	}
	dead := make(map[hubKey]uint64)
	for key, h := range ro.hubs {
		if !ro.there(h.Node) {
			dead[key] = h.sequence
		}
	}
	ro.mu.Unlock()
	if !first {
		return
	}
	for key, sequence := range dead {
		ro.remove(key, sequence)
	}
}

func (ro *roster) remove(key hubKey, sequence uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	// An error means that it is another's by now, or that it will be removed later.
	_, _ = ro.bucket.Delete(ctx, store.KeyOf(keyHub, key.tenant, key.hub), sequence)
}

// there reports whether a broker is there. The mutex is held.
func (ro *roster) there(node string) bool { return node == ro.relay.node || ro.nodes[node] }

func (ro *roster) entry(key hubKey) (hubEntry, bool) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	h, ok := ro.hubs[key]
	return h, ok && ro.there(h.Node)
}

// claim writes down that a hub is connected here. It fails where the id is in use and the secret another one. A store that
// does not answer keeps nobody out: reading goes on, and the record is written later.
func (ro *roster) claim(s *session) *protocol.Fault {
	if before := ro.relay.at(s.key); before != nil && before != s && !same(before.record.Secret, s.record.Secret) {
		return inUse()
	}
	value, err := json.Marshal(s.record)
	if err != nil {
		return protocol.NewFault(protocol.Internal, "the broker failed at this")
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	key := store.KeyOf(keyHub, s.key.tenant, s.key.hub)
	for range 10 {
		var sequence uint64
		if sequence, err = ro.bucket.Create(ctx, key, value); errors.Is(err, store.ErrExists) {
			var f *protocol.Fault
			if sequence, f, err = ro.takeOver(ctx, s, key, value); f != nil {
				return f
			}
		}
		if err == nil {
			ro.mu.Lock()
			if ro.hubs[s.key].sequence < sequence {
				ro.hubs[s.key] = hubEntry{s.record, sequence}
			}
			ro.mu.Unlock()
			return nil
		}
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	ro.relay.options.Log.Warn("it was not written down that a hub is connected", "error", err)
	return nil
}

// takeOver replaces the record of a connection of the same hub, or of one that is no more.
func (ro *roster) takeOver(ctx context.Context, s *session, key store.Key, value []byte) (uint64, *protocol.Fault, error) {
	found, err := ro.bucket.GetStrict(ctx, key)
	if err != nil {
		return 0, nil, err
	}
	var h hubRecord
	if json.Unmarshal(found.Value, &h) == nil && !same(h.Secret, s.record.Secret) {
		ro.mu.Lock()
		there := ro.nodes[h.Node]
		ro.mu.Unlock()
		// Of this broker's own hubs, the connections decide.
		if there {
			return 0, inUse(), nil
		}
	}
	sequence, err := ro.bucket.Update(ctx, key, value, found.Sequence)
	return sequence, nil, err
}

func inUse() *protocol.Fault {
	return protocol.NewFault(protocol.BadHandshake, "hub: another one of that id is connected")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// left removes the record of a connection that has ended.
func (ro *roster) left(s *session) {
	ro.mu.Lock()
	h, ok := ro.hubs[s.key]
	if ok = ok && h.Connection == s.record.Connection; ok {
		delete(ro.hubs, s.key)
	}
	ro.mu.Unlock()
	if ok {
		ro.remove(s.key, h.sequence)
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
