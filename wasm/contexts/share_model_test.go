package contexts

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// site is a hub with its apps, in the world of a model.
type site struct {
	*desk
	name string
	// life counts the page's loads; now is the wall clock, which the sequences begin at.
	apps []*peer.Peer
	conn *conn
	// followed are the subscriptions by peer and id; open the requests that wait, with the mark that they bring.
	followed map[asker]*watcher
	open     map[asker]*request
	// earlier are states of the journal that the page's store may have.
	earlier  []map[string][]peer.Chunk
	lastPeer peer.ID
}

// watcher follows a context by its events alone, as the client library does.
type watcher struct {
	imitation
	name    string
	pending bool
}

type request struct {
	mark    string
	op      protocol.Op
	name    string
	pending bool
	cas     bool
}

// universe is everything together.
type universe struct {
	t      *testing.T
	rng    *dice
	broker *ledger
	sites  []*site
	nowMs  int64
	lastID uint64
	marks  int
	// done are marks that were acknowledged in this epoch, and refused those that were not to be.
	done, refused map[string]bool
	log           []string
}

// TestShareModel lets two hubs share three contexts over a broker, with all that can happen to the connections, the programs
// and the store between. In the end all see the same, nothing acknowledged is lost, and nothing was done twice.
func TestShareModel(t *testing.T) {
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := &dice{Rand: rand.New(rand.NewPCG(seed, 7))}
			u := &universe{t: t, rng: rng, broker: newLedger(rng), nowMs: 1_700_000_000_000, done: map[string]bool{}, refused: map[string]bool{}}
			for _, name := range []string{"north", "south"} {
				u.sites = append(u.sites, u.newSite(name))
			}
			for step := range 400 {
				u.step(u.sites[rng.IntN(len(u.sites))])
				if t.Failed() {
					t.Fatalf("at step %d:\n%s", step, strings.Join(u.log[max(0, len(u.log)-60):], "\n"))
				}
			}
			u.finish()
			if t.Failed() {
				t.Fatalf("in the end:\n%s", strings.Join(u.log[max(0, len(u.log)-120):], "\n"))
			}
		})
	}
}

func (u *universe) newSite(name string) *site {
	s := &site{desk: newDesk(u.t, Options{}), name: name, conn: &conn{}, followed: map[asker]*watcher{}, open: map[asker]*request{}}
	s.share = func(r *Room) { r.Share(ShareOptions{NowMs: u.nowMs}) }
	s.share(s.room)
	u.newApps(s)
	return s
}

func (u *universe) newApps(s *site) {
	s.apps = nil
	for i := range 2 {
		s.lastPeer++
		s.apps = append(s.apps, app(s.lastPeer, fmt.Sprint("instance ", i)))
	}
	clear(s.followed)
	clear(s.open)
}

func (u *universe) note(format string, args ...any) {
	u.log = append(u.log, fmt.Sprintf(format, args...))
}

// step does one random thing.
func (u *universe) step(s *site) {
	switch n := u.rng.IntN(100); {
	case n < 30:
		u.request(s)
	case n < 50 && len(s.conn.in) > 0 && s.conn.up:
		u.broker.take(s.conn)
	case n < 70 && len(s.conn.out) > 0 && s.conn.up:
		u.deliver(s)
	case n < 78 && !s.conn.up:
		u.connect(s)
	case n < 82:
		u.disconnect(s)
	case n < 84:
		u.crash(s)
	case n < 85:
		u.reload(s)
	case n < 86:
		u.broker.save()
	case n == 86 && u.rng.IntN(4) == 0:
		u.lose()
	case n < 90 && s.conn.up:
		u.broker.catchUp(s.conn)
	case n < 95:
		u.due(s)
	}
	u.compare(s)
}

func (u *universe) request(s *site) {
	from := s.apps[u.rng.IntN(len(s.apps))]
	name := []string{"x", "y", "z"}[u.rng.IntN(3)]
	u.lastID++
	who := asker{from.ID, u.lastID}
	mark := ""
	var m protocol.Envelope
	switch n := u.rng.IntN(20); {
	case n < 4:
		m = subscribe(u.lastID, name)
	case n < 5:
		for old := range s.followed {
			if old.peer == from.ID {
				delete(s.followed, old)
				delete(s.open, old)
				u.run(s, from, unsubscribe(u.lastID, old.id))
				return
			}
		}
		return
	case n < 7:
		m = get(u.lastID, name)
	case n < 8:
		m = destroy(u.lastID, name)
	default:
		m, mark = u.writing(name)
	}
	m = inScope(m)
	r := &request{mark: mark, op: m.Op, name: name, cas: strings.Contains(string(m.Head), "ifRevision")}
	s.open[who] = r
	u.run(s, from, m)
}

// writing returns a random write, which brings a mark of its own.
func (u *universe) writing(name string) (protocol.Envelope, string) {
	u.marks++
	mark := fmt.Sprint("mark", u.marks)
	value := fmt.Sprintf(`{"%s":1,"%s":%d}`, mark, []string{"a", "b", "d", "i", "j"}[u.rng.IntN(5)], u.marks)
	switch u.rng.IntN(6) {
	case 0:
		return set(u.lastID, name, value), mark
	case 1:
		return patch(u.lastID, name, fmt.Sprintf(`{"set":[["p","%s"]],"remove":[["%s"]]}`, mark, modelMembers[u.rng.IntN(5)]), `[1]`), mark
	case 2:
		return withHead(update(u.lastID, name, value), `{"remove":["a","i"]}`), mark
	case 3:
		return withHead(update(u.lastID, name, value), fmt.Sprintf(`{"ifRevision":%d}`, 1+u.rng.IntN(30))), mark
	}
	return update(u.lastID, name, value), mark
}

// run runs an app's message through the hub.
func (u *universe) run(s *site, from *peer.Peer, m protocol.Envelope) {
	u.note("%s: %d asks %s %d %s%s", s.name, from.ID, opName(m.Op), m.ID, m.Name, payload(m.Head, m.Body))
	u.heed(s, s.do(from, m))
}

func (u *universe) deliver(s *site) {
	m := s.conn.out[0]
	s.conn.out = s.conn.out[1:]
	u.note("%s: the broker says %s %d ref %d%s", s.name, opName(m.Op), m.ID, m.Ref, payload(m.Head, m.Body))
	u.heed(s, s.says(m))
}

func (u *universe) connect(s *site) {
	s.conn = u.broker.connect(s.name)
	u.note("%s: connects", s.name)
	u.heed(s, s.online(u.broker.epochName()))
}

func (u *universe) disconnect(s *site) {
	s.conn.up = false
	u.note("%s: is disconnected", s.name)
	u.heed(s, s.offline())
}

func (u *universe) due(s *site) { u.heed(s, s.due(1<<40)) }

// crash loses the program; what waited is cancelled, and the apps go on.
func (u *universe) crash(s *site) {
	s.conn.up = false
	u.nowMs++
	u.note("%s: the program ends", s.name)
	for who, r := range s.open {
		if !r.pending {
			delete(s.open, who)
			delete(s.followed, who)
		}
	}
	s.crash(everything)
}

// reload is a new page, whose store may be a little behind.
func (u *universe) reload(s *site) {
	s.conn.up = false
	u.nowMs++
	if n := len(s.earlier); n > 0 && u.rng.IntN(2) == 0 {
		clear(u.refused) // what the apps have heard, too, is of before
		s.journal = s.earlier[u.rng.IntN(n)]
	}
	u.note("%s: the page is loaded anew", s.name)
	u.newApps(s)
	s.crash(kept)
	s.earlier = nil
}

// kept says what the page's store keeps.
func kept(key string) bool {
	for _, prefix := range []string{keyValue, keyFloor, keyBase, keyPending, keySequence, keyIdentity} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// lose sets the store back.
func (u *universe) lose() {
	u.note("the store is another one")
	for _, s := range u.sites {
		if s.conn.up {
			u.disconnect(s)
		}
	}
	u.broker.lose()
	clear(u.done)
	clear(u.refused)
}

// heed takes what a turn led to.
func (u *universe) heed(s *site, out *peer.Outbox) {
	for _, line := range render(out) {
		u.note("%s:    %s", s.name, line)
	}
	for _, m := range out.Messages {
		if m.To == peer.Broker {
			if s.conn.up && m.Op != protocol.OpContextUnsubscribe && u.rng.IntN(30) == 0 {
				// The link could not take it: its end is about to be told, or it will be better soon.
				s.conn.out = append([]protocol.Envelope{failed(m.ID, protocol.Offline)}, s.conn.out...)
			} else if s.conn.up {
				s.conn.in = append(s.conn.in, m.Envelope)
			} else {
				u.t.Errorf("%s: sends to a broker that is not there", s.name)
			}
			continue
		}
		if m.Op == protocol.OpContextEvent {
			u.told(s, m)
		} else {
			u.answered(s, m)
		}
	}
	s.earlier = append(s.earlier, maps.Clone(s.journal))
	if len(s.earlier) > 6 {
		s.earlier = s.earlier[1:]
	}
}

func (u *universe) answered(s *site, m peer.Message) {
	who := asker{m.To, m.ID}
	r := s.open[who]
	if r == nil {
		if w := s.followed[who]; w != nil && m.Op == protocol.OpError {
			delete(s.followed, who)
		} else if m.Op != protocol.OpReply {
			u.t.Errorf("%s: answers what nobody asked: %s", s.name, opName(m.Op))
		}
		return
	}
	var result protocol.WriteResult
	switch m.Op {
	case protocol.OpError:
		var fault protocol.Fault
		if err := fault.DecodeJSON(m.Head); err != nil {
			u.t.Fatal(err)
		}
		if r.mark != "" && !r.cas && fault.Code == protocol.Offline {
			u.t.Errorf("%s: %v was not kept", s.name, who)
		}
		// What went wrong on the way back, or was not tried to the end, may have been done.
		if r.mark != "" && fault.Code != protocol.Offline && fault.Code != protocol.StorageDown && fault.Code != protocol.RateLimited {
			u.refused[r.mark] = true
		}
	case protocol.OpContextValue:
		if r.op == protocol.OpContextSubscribe {
			w := &watcher{name: r.name}
			w.revision = m.Ref
			if m.Body.Kind != protocol.BodyNone {
				w.value = map[string]any{}
				if err := json.Unmarshal(m.Body.Bytes(), &w.value); err != nil {
					u.t.Fatal(err)
				}
			}
			s.followed[who] = w
		}
	case protocol.OpReply:
		if err := result.DecodeJSON(m.Head); err != nil {
			u.t.Fatal(err)
		}
		if result.Pending && (r.pending || r.cas) {
			u.t.Errorf("%s: %v is pending, again or with a condition", s.name, who)
		}
		if !result.Pending && r.mark != "" {
			u.done[r.mark] = true
		}
	}
	if r.pending = result.Pending; !r.pending {
		delete(s.open, who)
	}
}

// told is what the client library does with a change.
func (u *universe) told(s *site, m peer.Message) {
	w := s.followed[asker{m.To, m.Ref}]
	if w == nil {
		u.t.Errorf("%s: tells %d what it does not follow", s.name, m.To)
		return
	}
	var head protocol.ContextChange
	if err := head.DecodeJSON(m.Head); err != nil {
		u.t.Fatal(err)
	}
	switch {
	case m.ID < w.revision && head.Gap != protocol.GapLost:
		u.t.Errorf("%s: revision %d after %d", s.name, m.ID, w.revision)
	case head.Pending && head.Gap == "" && m.ID != w.revision && w.value != nil:
		u.t.Errorf("%s: a pending change moves the revision from %d to %d", s.name, w.revision, m.ID)
	case !head.Pending && head.Gap == "" && w.pending:
		u.t.Errorf("%s: a change of what is not there any more", s.name)
	case !head.Pending && head.Gap == "" && m.ID != w.revision+1 && w.value != nil:
		u.t.Errorf("%s: revision %d after %d without a word", s.name, m.ID, w.revision)
	case (head.Kind == "" || head.Kind == protocol.ChangeUpdate || head.Kind == protocol.ChangePatch) && w.value == nil:
		u.t.Errorf("%s: a change of nothing", s.name)
		return
	}
	w.pending = head.Pending
	w.revision = m.ID - 1 // take wants them one after the other
	if head.Gap != "" && head.Kind == "" {
		if string(m.Body.Bytes()) != "{}" {
			u.t.Errorf("%s: a change with a gap before it", s.name)
		}
	}
	w.take(u.t, m)
}

// compare holds what the apps of a hub know against what the hub would tell them.
func (u *universe) compare(s *site) {
	for who, w := range s.followed {
		r := s.replicas().all[address{"user", w.name}]
		if r == nil {
			u.t.Errorf("%s: %q is followed and not held", s.name, w.name)
			continue
		}
		d, known := r.seen()
		if !known || r.unsure {
			continue
		}
		got, want := "", ""
		if w.value != nil {
			got = marshal(w.value)
		}
		if d.exists() {
			want = marshal(clone2(d.encoded()))
		}
		if got != want {
			u.t.Errorf("%s: %v sees %q as %s, the hub as %s", s.name, who, w.name, got, want)
		}
	}
}

func clone2(text []byte) (v map[string]any) {
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
	}
	return v
}

// finish lets everything come to rest, and compares all.
func (u *universe) finish() {
	for range 2000 {
		busy := false
		for _, s := range u.sites {
			switch {
			case !s.conn.up:
				u.connect(s)
				busy = true
			case len(s.conn.in) > 0:
				u.broker.take(s.conn)
				busy = true
			case len(s.conn.out) > 0:
				u.deliver(s)
				busy = true
			case len(s.conn.behind) > 0:
				u.broker.catchUp(s.conn)
				busy = true
			case s.room.Deadline() != 0:
				u.due(s)
				busy = true
			}
			u.compare(s)
		}
		if !busy || u.t.Failed() {
			break
		}
	}
	for _, s := range u.sites {
		if s.room.Pending() != 0 || s.replicas().writes != 0 {
			u.t.Errorf("%s: %d writes are pending, %d wait", s.name, s.room.Pending(), s.replicas().writes)
		}
		for who, r := range s.open {
			u.t.Errorf("%s: %v was never answered: %s", s.name, who, opName(r.op))
		}
		for who, w := range s.followed {
			e := u.broker.at(w.name)
			if fmt.Sprint(w.value) != fmt.Sprint(e.value) || e.value != nil && w.revision != e.revision || w.pending {
				u.t.Errorf("%s: %v has %q at %d as %v, pending %v; the broker at %d as %v", s.name, who, w.name, w.revision, w.value, w.pending, e.revision, e.value)
			}
		}
	}
	for _, mark := range slices.Sorted(maps.Keys(u.done)) {
		if u.broker.applied[mark] != 1 {
			u.t.Errorf("%s was acknowledged and done %d times", mark, u.broker.applied[mark])
		}
	}
	for mark, n := range u.broker.applied {
		if n > 1 || u.refused[mark] {
			u.t.Errorf("%s was done %d times, refused %v", mark, n, u.refused[mark])
		}
	}
}
