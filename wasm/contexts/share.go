package contexts

import (
	"sort"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// ShareOptions say how a room serves contexts beyond its hub.
type ShareOptions struct {
	// NowMs is the wall clock, in milliseconds since 1970. The sequence numbers of writes begin above a multiple of it, so
	// that none is used twice even where the page's store has lost the last one.
	NowMs int64
	// Now is the clock of the turns.
	Now int64
	// Contexts bounds the contexts that are held. If zero, 10,000.
	Contexts int
	// Bytes bounds their values, in bytes of their JSON texts. If zero, 128 MiB.
	Bytes int
	// Writes bounds those that the broker has not decided on. If zero, 10,000.
	Writes int
	// WriteBytes bounds them together. If zero, 10 MB.
	WriteBytes int
}

const (
	// patienceMs is how long requests wait for the first connection before they are answered as without one.
	patienceMs = 5_000
	// againMs is when something is tried again that the broker could not do.
	againMs = 2_000
	// flights and flightBytes bound the pending writes that are under way at a time, one for each context; the last may be above
	// the bytes. All that a page may keep is more than a link takes at once.
	flights     = 64
	flightBytes = 1 << 20
	// maxSent bounds the writes to one context that are under way: as many as a broker remembers, so that it knows each one
	// that is sent again.
	maxSent = 32
	// maxAsked bounds the requests that are under way or wait.
	maxAsked = 10_000
	// reserve is how many sequence numbers are journaled at a time.
	reserve = 1024
)

// linkState is what is known of the connection to the broker.
type linkState uint8

const (
	// connecting: there was no connection yet, and the first attempt has not failed. Requests wait.
	connecting linkState = iota
	online
	offline
)

// replicas are the contexts beyond a hub. See the package's comment for what it does.
type replicas struct {
	room    *Room
	options ShareOptions
	state   linkState
	// identity is whose contexts they are, as the broker said; epoch that of its store.
	identity, epoch string

	all map[address]*replica
	// bySubscription finds those that the broker tells changes of.
	bySubscription map[uint64]*replica
	// followed holds each peer's subscriptions by their ids.
	followed map[peer.ID]map[uint64]*follower
	// asked are the requests that the broker has not answered, by their ids; parked those that wait for it to be there.
	asked  map[uint64]*question
	parked []*question
	lastID uint64
	// restored are pending writes that were restored, and waiting who waits for them, by sequence.
	restored map[uint64]*write
	waiting  map[uint64][]asker
	// lastSequence is the last one that was used, reserved up to where the journal knows.
	lastSequence, reserved uint64

	// bytes are those of the values; writes, writeBytes and pendings those of all queues.
	bytes, writes, writeBytes, pendings int
	// flying counts the pending writes that are under way, flyingBytes what they weigh, and backlog holds who may have some to send.
	flying, flyingBytes int
	backlog             []*replica
	// wake is when due is to be called; 0 means never.
	wake int64
}

// Share makes the room serve the contexts of all scopes, of which a broker orders those that are not local. It is called
// before Restore. A hub that has no broker does not call it and does not link what is behind it.
func (r *Room) Share(o ShareOptions) {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&o.Contexts, 10_000)
	set(&o.Bytes, 128<<20)
	set(&o.Writes, 10_000)
	set(&o.WriteBytes, 10_000_000)
	r.beyond = &replicas{
		room: r, options: o,
		all:            make(map[address]*replica),
		bySubscription: make(map[uint64]*replica),
		followed:       make(map[peer.ID]map[uint64]*follower),
		asked:          make(map[uint64]*question),
		restored:       make(map[uint64]*write),
		waiting:        make(map[uint64][]asker),
		// A clock that is far out of its time must not use up all numbers.
		lastSequence: uint64(min(max(o.NowMs, 0), 1<<42)) << 10,
		wake:         o.Now + patienceMs,
	}
}

func (s *replicas) pending() int { return s.pendings }

func (s *replicas) deadline() int64 { return s.wake }

// due is called for what waits too long for the first connection, and for what is to be tried again.
func (s *replicas) due(t *peer.Turn) {
	s.wake = 0
	switch s.state {
	case connecting:
		s.disconnected(t)
	case online:
		for _, r := range s.sorted() {
			r.resting = false
			if len(r.followers) > 0 && r.subscription == 0 {
				s.follow(t, r)
			}
			s.push(t, r)
		}
	}
}

// again makes due be called after a while.
func (s *replicas) again(t *peer.Turn) {
	if s.wake == 0 {
		s.wake = t.Now + againMs
	}
}

// at returns the replica of an address. What it returns is held only if it is followed or has writes; see keep.
func (s *replicas) at(a address) *replica {
	if r := s.all[a]; r != nil {
		return r
	}
	return &replica{address: a}
}

// keep holds a replica, if there may be one more.
func (s *replicas) keep(r *replica) *protocol.Fault {
	if s.all[r.address] == nil {
		if len(s.all) >= s.options.Contexts || s.bytes >= s.options.Bytes {
			return quota("this hub follows as much as it may of what is shared")
		}
		s.all[r.address] = r
	}
	return nil
}

// forget lets go of a replica that nobody needs, unless it was restored a moment ago and the apps are still to come.
func (s *replicas) forget(t *peer.Turn, r *replica) {
	if len(r.followers) > 0 || len(r.queue) > 0 || s.all[r.address] != r {
		return
	}
	s.unask(t, r)
	if r.known {
		t.Out.Drop(keyBase + r.key())
	}
	s.bytes -= r.weight
	delete(s.all, r.address)
}

// sorted returns all replicas in an order that does not depend on chance.
func (s *replicas) sorted() []*replica {
	list := make([]*replica, 0, len(s.all))
	for _, r := range s.all {
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].before(list[j].address) })
	return list
}

// unknown forgets what the broker said of a context.
func (s *replicas) unknown(t *peer.Turn, r *replica) {
	if r.known {
		t.Out.Drop(keyBase + r.key())
	}
	s.bytes -= r.weight
	r.base, r.known, r.revision, r.epoch, r.weight = document{}, false, 0, "", 0
	r.view = nil
}

// weigh counts what base has become.
func (s *replicas) weigh(r *replica) {
	s.bytes += r.base.size() - r.weight
	r.weight = r.base.size()
}
