package contexts

import (
	"context"
	"errors"
	"time"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

func (r *Room) timeout() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), r.options.StoreTimeout)
}

// outage is when the store did not answer, and what it said. Who asks just then is not made to wait as well.
type outage struct {
	at  time.Time
	err error
}

// askedAgain is how long an outage counts.
const askedAgain = time.Second

// read answers contexts.get and contexts.subscribe. With other brokers about it asks the store, so that whoever has been
// acknowledged anywhere is read; a store that does not answer is no reason to keep what is held in memory.
func (e *entry) read(op *operation) {
	if !e.room.options.Alone || !e.isLoaded() {
		if err := e.refresh(); err != nil && !e.isHeld() {
			if op.client != nil {
				op.client.drop(op.subscription)
				op.client.fail(nil, op.id, notRead(err))
				op.release()
			}
			return
		}
	}
	if op.reload {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	defer op.release()
	if op.subscription != nil && !op.client.begin(op.subscription, e) {
		return
	}
	info := e.state.info(&e.address)
	m := protocol.Envelope{Op: protocol.OpContextValue, ID: op.id, Ref: e.state.current()}
	switch {
	case !e.state.exists():
	case op.epoch != "" && op.epoch == e.room.Epoch() && op.known == info.Revision:
		info.Unchanged = true
	default:
		m.Body = protocol.TextBody(e.state.text)
	}
	m.Head = info.AppendJSON(nil)
	op.client.conn.Send(nil, m)
}

// fetch returns what one bucket has of the entry; a state that does not exist where that is nothing.
func (e *entry) fetch(kind int) (state, error) {
	ctx, cancel := e.room.timeout()
	defer cancel()
	found, err := e.room.buckets[kind].GetStrict(ctx, e.key)
	if errors.Is(err, store.ErrNotFound) {
		return state{kind: kind}, nil
	}
	if err != nil {
		return state{}, err
	}
	rec, err := readRecord(found.Value)
	if err != nil {
		e.room.options.Log.Error("a stored context cannot be read", "key", e.key.String(), "error", err)
		return state{}, store.ErrCorrupt
	}
	s := state{record: *rec, kind: kind}
	s.sequences[kind] = found.Sequence
	return s, nil
}

// refresh makes the state what the store has, and tells subscribers what that changes. Where there is a durable context, the other
// bucket is not asked: a cluster that loses nodes one after the other may be without its volatile data for as long as it takes
// the last of them to come back, and that is to keep nobody from what is durable. What is remembered of that bucket is checked
// by whoever writes there.
func (e *entry) refresh() error {
	var both [kinds]state
	for kind := range both {
		if kind == volatile && both[durable].exists() {
			break
		}
		var err error
		if both[kind], err = e.fetchUnlessOut(kind); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	next := both[durable]
	if other := &both[volatile]; !next.exists() && (other.exists() || other.revision > next.revision) {
		next = *other
	}
	next.sequences = [kinds]uint64{durable: both[durable].sequences[durable], volatile: both[volatile].sequences[volatile]}
	if both[durable].exists() {
		next.sequences[volatile] = e.state.sequences[volatile]
	}
	e.loaded, e.held = true, true
	e.become(next)
	return nil
}

// fetchUnlessOut fetches from a bucket, unless that has just been found not to answer.
func (e *entry) fetchUnlessOut(kind int) (state, error) {
	last := &e.room.outages[kind]
	if out := last.Load(); out != nil && time.Since(out.at) < askedAgain {
		return state{}, out.err
	}
	s, err := e.fetch(kind)
	if errors.Is(err, store.ErrUnavailable) {
		last.Store(&outage{time.Now(), err})
	}
	return s, err
}

// become makes next the state and tells the difference. The entry's mutex is held.
func (e *entry) become(next state) {
	if next.revision == e.state.revision && next.lifetime == e.state.lifetime && next.sequences == e.state.sequences {
		return
	}
	before := e.state
	e.state = next
	e.tell(&before)
}
