package contexts

import (
	"errors"
	"sort"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Keys of the journal for what is shared beyond this hub. All but keyFollower and keyWaits also outlive the main page's
// reload.
const (
	// keyBase and the address: what the broker last said, first a whole value, its head a protocol.ReplicaRecord, then
	// changes with head and body of their events, each of one revision.
	keyBase = "contexts/base/"
	// keyPending and the sequence: a write, its head a protocol.PendingRecord.
	keyPending = "contexts/pending/"
	// keyWaits and the sequence: who waits for what becomes of that write, as "peer/id", separated by spaces.
	keyWaits = "contexts/waits/"
	// keyFollower, the peer's number, "/" and the subscription's id: the head is the address.
	keyFollower = "contexts/follower/"
	// keySequence: the head is a number that no sequence has reached, in decimal digits.
	keySequence = "contexts/sequence"
	// keyIdentity: the head is whose all of this is.
	keyIdentity = "contexts/identity"
)

func (f *follower) key() string {
	return keyFollower + strconv.FormatUint(uint64(f.peer), 10) + "/" + strconv.FormatUint(f.id, 10)
}

func putNumber(out *peer.Outbox, key string, n uint64) {
	out.Put(key, strconv.AppendUint(nil, n, 10), protocol.Body{})
}

// put journals the base with the body as its whole value.
func (r *replica) put(out *peer.Outbox, body protocol.Body) {
	r.appends, r.appended = 0, 0
	record := protocol.ReplicaRecord{
		Info:  protocol.ContextInfo{Name: r.name, Scope: r.scope, Revision: int64(r.revision), Lifetime: r.base.lifetime, Owner: r.base.owner},
		Epoch: r.epoch, Lost: r.lost && r.pendings() > 0,
	}
	out.Put(keyBase+r.key(), record.AppendJSON(nil), body)
}

// append journals a change that has been made to the base.
func (r *replica) append(out *peer.Outbox, change *protocol.ContextChange, head []byte, body protocol.Body, next bool, bodyBytes int) {
	switch {
	case change.Kind == protocol.ChangeSet || change.Kind == protocol.ChangeDestroyed:
		r.put(out, body)
		return
	case next:
		r.appends++
		r.appended += len(head) + bodyBytes + chunkBytes
		if !heavy(r.appends, r.appended, r.base.size()) {
			out.Append(keyBase+r.key(), head, body)
			return
		}
	}
	r.put(out, r.base.body())
}

// journal keeps a pending write, and who waits for it.
func (w *write) journal(out *peer.Outbox) {
	number := strconv.FormatUint(w.sequence, 10)
	record := protocol.PendingRecord{Op: int64(w.op), Name: w.of.name, Head: w.head()}
	body := protocol.Body{}
	if w.body != nil {
		body = protocol.TextBody(w.body)
	}
	out.Put(keyPending+number, record.AppendJSON(nil), body)
	if len(w.askers) == 0 {
		return
	}
	var waits []byte
	for i, a := range w.askers {
		if i > 0 {
			waits = append(waits, ' ')
		}
		waits = append(strconv.AppendUint(waits, uint64(a.peer), 10), '/')
		waits = strconv.AppendUint(waits, a.id, 10)
	}
	out.Put(keyWaits+number, waits, protocol.Body{})
	w.waits = true
}

// drop takes it out of the journal.
func (w *write) drop(out *peer.Outbox) {
	number := strconv.FormatUint(w.sequence, 10)
	out.Drop(keyPending + number)
	if w.waits {
		out.Drop(keyWaits + number)
	}
}

// orphan forgets a peer that has left.
func (w *write) orphan(p peer.ID) {
	if w.writer == p {
		w.writer, w.who = 0, nil
	}
	kept := w.askers[:0]
	for _, a := range w.askers {
		if a.peer != p {
			kept = append(kept, a)
		}
	}
	w.askers = kept
}

// joinedBytes bounds what a joined write is.
const joinedBytes = 256 << 10

// absorb joins the pending write before w to it, where the two are as good as one: merging writes of one writer that the broker
// has never seen. It spares the broker, and everybody who follows the context, most of what an app wrote while it was away.
func (w *write) absorb(before *write) bool {
	fits := w.pending && !w.done && !w.everSent && !before.everSent &&
		w.op == protocol.OpContextUpdate && before.op == protocol.OpContextUpdate &&
		w.writer == before.writer && w.options.Lifetime == before.options.Lifetime &&
		len(w.body)+len(before.body) <= joinedBytes && len(w.remove)+len(before.remove) <= 1000
	if !fits {
		return false
	}
	both, err := jsontext.ParseObject(before.body)
	if err != nil || both.Merge(w.body, w.remove, 0) != nil || both.Len() > protocol.MaxMembers {
		return false
	}
	w.body, w.first = both.Append(nil), before.first
	w.remove = append(append([]string(nil), before.remove...), w.remove...)
	w.askers = append(append([]asker(nil), before.askers...), w.askers...)
	return true
}

func (s *replicas) restore(key string, chunks []peer.Chunk) error {
	head := string(chunks[0].Head)
	var err error
	switch {
	case key == keySequence:
		var n uint64
		n, err = parseNumber(head)
		s.reserved = n
		s.lastSequence = max(s.lastSequence, n)
	case key == keyIdentity:
		s.identity = head
	case strings.HasPrefix(key, keyBase):
		err = s.restoreBase(key[len(keyBase):], chunks)
	case strings.HasPrefix(key, keyPending):
		err = s.restorePending(key[len(keyPending):], chunks[0])
	case strings.HasPrefix(key, keyWaits):
		err = s.restoreWaits(key[len(keyWaits):], head)
	case strings.HasPrefix(key, keyFollower):
		err = s.restoreFollower(key[len(keyFollower):], head)
	default:
		err = errNoKey
	}
	return err
}

// held returns the replica that a key or head names, which is held from then on.
func (s *replicas) held(key string) (*replica, error) {
	scope, name, _ := strings.Cut(key, "\n")
	if !protocol.ValidScope(scope) || scope == protocol.ScopeLocal || !protocol.ValidName(name) {
		return nil, errors.New("no scope and name")
	}
	r := s.at(address{scope, name})
	if fault := s.keep(r); fault != nil {
		return nil, fault
	}
	return r, nil
}

func (s *replicas) restoreBase(key string, chunks []peer.Chunk) error {
	var record protocol.ReplicaRecord
	if err := record.DecodeJSON(chunks[0].Head); err != nil {
		return err
	}
	base := document{lifetime: record.Info.Lifetime, owner: record.Info.Owner}
	if len(chunks[0].Body) > 0 {
		if err := base.set(chunks[0].Body); err != nil {
			return err
		}
	}
	revision := record.Info.Revision
	if revision < 0 || base.exists() && revision == 0 {
		return errors.New("no revision")
	}
	appended := 0
	for _, c := range chunks[1:] {
		var change protocol.ContextChange
		if err := change.DecodeJSON(c.Head); err != nil {
			return err
		}
		if err := base.follow(&change, c.Body); err != nil {
			return err
		}
		appended += len(c.Head) + len(c.Body) + chunkBytes
	}
	r, err := s.held(key)
	switch {
	case err != nil:
		return err
	case r.known:
		return errTwice
	}
	r.base, r.known, r.epoch, r.lost = base, true, record.Epoch, record.Lost
	r.revision = uint64(revision) + uint64(len(chunks)-1)
	r.appends, r.appended = len(chunks)-1, appended
	s.weigh(r)
	return nil
}

func (s *replicas) restorePending(digits string, c peer.Chunk) error {
	sequence, err := parseNumber(digits)
	if err != nil {
		return err
	}
	var record protocol.PendingRecord
	if err := record.DecodeJSON(c.Head); err != nil {
		return err
	}
	w := &write{sequence: sequence, op: protocol.Op(record.Op), body: c.Body, pending: true, everSent: true, ceiling: 1 << 30}
	if len(c.Body) == 0 {
		w.body = nil
	}
	if err := w.readHead(record.Head); err != nil {
		return err
	}
	if w.first == 0 || w.first > sequence {
		w.first = sequence
	}
	r, err := s.held(w.options.Scope + "\n" + record.Name)
	if err != nil {
		return err
	}
	at := sort.Search(len(r.queue), func(i int) bool { return r.queue[i].sequence >= sequence })
	if at < len(r.queue) && r.queue[at].sequence == sequence {
		return errTwice
	}
	r.queue = append(r.queue, nil)
	copy(r.queue[at+1:], r.queue[at:])
	r.queue[at] = w
	w.of, r.view, r.unsure = r, nil, true
	s.lastSequence = max(s.lastSequence, sequence)
	w.counted = w.weight()
	s.writes++
	s.pendings++
	s.writeBytes += w.counted
	// The keys come in any order.
	s.restored[sequence] = w
	if askers, ok := s.waiting[sequence]; ok {
		w.askers, w.waits = askers, true
	}
	return nil
}

func (s *replicas) restoreWaits(digits, list string) error {
	sequence, err := parseNumber(digits)
	if err != nil {
		return err
	}
	var askers []asker
	for entry := range strings.SplitSeq(list, " ") {
		p, id, err := parsePair(entry)
		if err != nil {
			return err
		}
		askers = append(askers, asker{p, id})
	}
	s.waiting[sequence] = askers
	if w := s.restored[sequence]; w != nil {
		w.askers, w.waits = askers, true
	}
	return nil
}

func (s *replicas) restoreFollower(key, address string) error {
	p, id, err := parsePair(key)
	if err != nil {
		return err
	}
	if s.followed[p][id] != nil {
		return errTwice
	}
	r, err := s.held(address)
	if err == nil {
		s.join(r, p, id)
	}
	return err
}
