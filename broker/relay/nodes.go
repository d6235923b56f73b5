package relay

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// nodes are the other brokers. All of it is under the mutex of the methods.
type nodes struct {
	relay *Relay
	list  map[string]*node
	ends  []func()
	// dirty are those that something waits to be sent to.
	dirty []*node
}

// Subjects of the bus.
const (
	subjectNode    = "relay" // node
	subjectRevoked = "revoked"
)

func newNodes(r *Relay) *nodes { return &nodes{relay: r, list: make(map[string]*node)} }

// listen begins to take what other brokers send. A connection to the engine that was lost and is there again has missed
// messages; the links say so sooner than by their numbers.
func (ns *nodes) listen() error {
	bus := ns.relay.options.Store.Bus()
	own, err := bus.Subscribe(store.KeyOf(subjectNode, ns.relay.node), func(m *store.Message) { ns.take(m.Data) })
	if err != nil {
		return err
	}
	ns.ends = append(ns.ends, own.Close)
	revoked, err := bus.Subscribe(store.KeyOf(subjectRevoked), func(m *store.Message) { ns.takeRevoked(m.Data) })
	if err != nil {
		return err
	}
	ns.ends = append(ns.ends, revoked.Close)
	ns.ends = append(ns.ends, ns.relay.options.Store.Watch(func(state store.State) {
		if state.Resumed {
			go ns.relinkAll()
		}
	}))
	return nil
}

func (ns *nodes) relinkAll() {
	ns.relay.methods.do(func() {
		for _, n := range ns.list {
			n.lost()
		}
	})
}

// beat looks after the links until ctx ends.
func (ns *nodes) beat(ctx context.Context) {
	every := time.NewTicker(ns.relay.options.LinkSilence / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-every.C:
			ns.relay.methods.do(func() {
				for _, n := range ns.list {
					n.beat(now)
				}
			})
		}
	}
}

func (ns *nodes) close() {
	for _, end := range ns.ends {
		end()
	}
	ns.relay.methods.do(func() {
		for _, n := range ns.list {
			n.send(kindBye, 0, nil)
			n.end()
		}
		clear(ns.list)
	})
}

// appeared takes a broker that is there. The one whose name comes first opens the link.
func (ns *nodes) appeared(id string) {
	ns.relay.methods.do(func() {
		if n := ns.at(id); n.calls && n.bridge == nil {
			n.call()
		}
	})
}

// vanished takes a broker that is gone, and with it all its peers.
func (ns *nodes) vanished(id string) {
	ns.relay.methods.do(func() {
		if n := ns.list[id]; n != nil {
			delete(ns.list, id)
			n.end()
		}
	})
}

func (ns *nodes) at(id string) *node {
	n := ns.list[id]
	if n == nil {
		n = &node{relay: ns.relay, id: id, calls: ns.relay.node < id}
		ns.list[id] = n
	}
	return n
}

// take takes a message of another broker.
func (ns *nodes) take(data []byte) {
	m, ok := readNodeMessage(data)
	if !ok || m.from == ns.relay.node {
		ns.relay.counters.refused(protocol.BadMessage)
		return
	}
	ns.relay.methods.do(func() {
		if m.kind == kindBye {
			if n := ns.list[m.from]; n != nil && n.link == m.link {
				n.end()
			}
			return
		}
		ns.at(m.from).take(&m)
	})
}

// forget tells the other brokers that peers of this one are gone.
func (ns *nodes) forget(ids []peer.ID) {
	for _, n := range ns.list {
		if n.bridge != nil {
			for _, id := range ids {
				n.bridge.Left(id)
			}
		}
	}
}

// flush sends what waits. It is called at the end of each call of methods.do.
func (ns *nodes) flush() {
	for _, n := range ns.dirty {
		n.flush()
	}
	ns.dirty = ns.dirty[:0]
}

// revoked is a user whose session has ended.
type revoked struct {
	Tenant string `json:"tenant"`
	User   string `json:"user"`
}

func (ns *nodes) tellRevoked(tenant, user string) error {
	data, err := json.Marshal(revoked{tenant, user})
	if err != nil {
		return err
	}
	return ns.relay.options.Store.Bus().Publish(store.KeyOf(subjectRevoked), data)
}

func (ns *nodes) takeRevoked(data []byte) {
	var r revoked
	if json.Unmarshal(data, &r) == nil {
		ns.relay.revoke(r.Tenant, r.User)
	}
}

// newLink returns the number of a link; it is never 0.
func newLink() uint64 { return rand.Uint64()>>12 | 1 }
