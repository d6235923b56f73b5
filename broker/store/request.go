package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// callTimeout bounds a call whose context has no deadline.
const callTimeout = 10 * time.Second

// record is one message of a stream.
type record struct {
	subject  string
	sequence uint64
	written  time.Time
	header   nats.Header
	data     []byte
}

// noLeader is the engine's code for "no leader now".
const noLeader = 10008

// call asks the engine's API about what there is and reads the answer into it. While a cluster chooses a leader it asks again, until ctx ends.
func (s *Store) call(ctx context.Context, subject string, request, answer any) error {
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	ctx, cancel := limited(ctx)
	defer cancel()
	for {
		reply, err := s.askToRead(ctx, &nats.Msg{Subject: "$JS.API." + subject, Data: text})
		if err != nil {
			return err
		}
		var fault struct {
			Error *jetstream.APIError `json:"error"`
		}
		if err := json.Unmarshal(reply.Data, &fault); err != nil {
			return fmt.Errorf("%w: read answer: %w", ErrUnavailable, err)
		}
		if fault.Error == nil {
			return json.Unmarshal(reply.Data, answer)
		}
		if fault.Error.ErrorCode != noLeader || !sleep(ctx, retryEvery/5) {
			return faultOf(fault.Error)
		}
	}
}

// limited returns a context with a deadline.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, callTimeout)
}

// ask sends a request and waits for its answer. Where nobody takes it, it is sent again; a request that somebody may have
// taken is sent once.
func (s *Store) ask(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	if s.closing() {
		return nil, ErrClosed
	}
	ctx, cancel := limited(ctx)
	defer cancel()
	for {
		reply, err := s.conn.RequestMsgWithContext(ctx, m)
		if err == nil {
			return reply, nil
		}
		if !errors.Is(err, nats.ErrNoResponders) || !sleep(ctx, retryEvery/5) {
			return nil, s.broken(err)
		}
	}
}

// askAgain is how long an answer to a read may take before it is asked for anew: the node that would have answered may have died,
// and nobody says so.
const askAgain = time.Second

// askToRead asks for what changes nothing, again and again until ctx ends.
func (s *Store) askToRead(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	for {
		try, cancel := context.WithTimeout(ctx, askAgain)
		reply, err := s.ask(try, m)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return reply, err
		}
	}
}

// broken returns what an error of the connection means.
func (s *Store) broken(err error) error {
	switch {
	case s.closing():
		return ErrClosed
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: the engine takes %d bytes", ErrTooLarge, s.conn.MaxPayload())
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// faults is the table from the engine's error codes to ours. What is not in it is ErrUnavailable.
var faults = map[jetstream.ErrorCode]error{
	10071: ErrConflict, // wrong last sequence: N
	10164: ErrConflict, // wrong last sequence
	10037: ErrNotFound, // no message found
	10002: ErrFull,     // resource limits exceeded for account
	10023: ErrFull,     // insufficient resources
	10028: ErrFull,     // insufficient memory resources
	10047: ErrFull,     // insufficient storage resources
	10077: ErrFull,     // the stream's own limits
	10054: ErrTooLarge, // message size exceeds maximum allowed
}

func faultOf(e *jetstream.APIError) error {
	if err, ok := faults[e.ErrorCode]; ok {
		return fmt.Errorf("%w (%s)", err, e.Description)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, e)
}

// streamInfo is what the leader of a stream says of it.
type streamInfo struct {
	created time.Time
	// last is the sequence of the last message that there ever was.
	last uint64
	// nodes are how many keep the stream, and heard those of them that the leader has heard of lately, himself among them.
	nodes, heard int
}

// majority reports whether a write can be acknowledged. A leader that has lost the others goes on answering what is asked of him.
func (i streamInfo) majority() bool { return 2*i.heard > i.nodes }

// silentAfter is after how long without a word a node counts as lost: followers speak every second.
const silentAfter = 8 * time.Second

// info asks a stream's leader.
func (s *Store) info(ctx context.Context, stream string) (info streamInfo, err error) {
	var answer struct {
		Created time.Time `json:"created"`
		State   struct {
			Last uint64 `json:"last_seq"`
		} `json:"state"`
		Cluster struct {
			Replicas []struct {
				Offline bool          `json:"offline"`
				Active  time.Duration `json:"active"`
			} `json:"replicas"`
		} `json:"cluster"`
	}
	err = s.call(ctx, "STREAM.INFO."+stream, struct{}{}, &answer)
	info = streamInfo{created: answer.Created, last: answer.State.Last, nodes: 1, heard: 1}
	for _, r := range answer.Cluster.Replicas {
		info.nodes++
		if !r.Offline && r.Active < silentAfter {
			info.heard++
		}
	}
	return info, err
}

// want says which messages to read.
type want struct {
	Sequence uint64 `json:"seq,omitempty"`
	// Since is instead of Sequence.
	Since *time.Time `json:"start_time,omitempty"`
	// Last is a subject: its last message.
	Last string `json:"last_by_subj,omitempty"`
	// Next is a pattern: the first message at Sequence or later, or Since, whose subject it matches.
	Next string `json:"next_by_subj,omitempty"`
	// Batch and MaxBytes are for several messages; see page.
	Batch    int `json:"batch,omitempty"`
	MaxBytes int `json:"max_bytes,omitempty"`
}

// fromLeader reads one message from the stream's leader, who knows everything that was acknowledged.
func (s *Store) fromLeader(ctx context.Context, stream string, w want) (record, error) {
	var answer struct {
		Message struct {
			Subject  string    `json:"subject"`
			Sequence uint64    `json:"seq"`
			Time     time.Time `json:"time"`
			Header   []byte    `json:"hdrs"`
			Data     []byte    `json:"data"`
		} `json:"message"`
	}
	if err := s.call(ctx, "STREAM.MSG.GET."+stream, w, &answer); err != nil {
		return record{}, err
	}
	m := answer.Message
	r := record{subject: m.Subject, sequence: m.Sequence, written: m.Time, data: m.Data}
	if len(m.Header) == 0 {
		return r, nil
	}
	header, err := nats.DecodeHeadersMsg(m.Header)
	if err != nil {
		return record{}, fmt.Errorf("%w: headers of message %d of %s: %w", ErrCorrupt, m.Sequence, stream, err)
	}
	r.header = header
	return r, nil
}

// fromAny reads a subject's last message from any node that has the stream.
func (s *Store) fromAny(ctx context.Context, stream, subject string) (record, error) {
	reply, err := s.askToRead(ctx, nats.NewMsg("$JS.API.DIRECT.GET."+stream+"."+subject))
	if err != nil {
		return record{}, err
	}
	return directRecord(reply)
}

// directRecord reads the answer to a direct read.
func directRecord(m *nats.Msg) (r record, err error) {
	switch status := m.Header.Get("Status"); status {
	case "":
	case "404":
		return record{}, ErrNotFound
	default:
		return record{}, fmt.Errorf("%w: read: %s %s", ErrUnavailable, status, m.Header.Get("Description"))
	}
	r = record{subject: m.Header.Get(jetstream.SubjectHeader), header: m.Header, data: m.Data}
	if r.sequence, err = strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64); err != nil {
		return record{}, fmt.Errorf("%w: a message has no sequence", ErrUnavailable)
	}
	r.written, _ = time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
	return r, nil
}
