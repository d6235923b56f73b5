package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// Bounds of one page of a walk.
const (
	pageMessages = 512
	pageBytes    = 4 << 20
	pageTries    = 4
	pageTimeout  = 3 * time.Second
)

// walk calls f with the messages of a stream whose subjects a pattern matches, in the order of their sequences. Pages may
// come from a node that has not heard everything yet. So at the end the leader is asked whether there is more: when walk
// returns, f has seen all that was acknowledged before the call and is still there.
func (s *Store) walk(ctx context.Context, stream string, strict bool, w want, f func(record) error) error {
	if w.Sequence == 0 && w.Since == nil {
		w.Sequence = 1
	}
	step := func(r record) error {
		w.Sequence, w.Since = r.sequence+1, nil
		return f(r)
	}
	for tries := 0; ; {
		if !strict {
			more, err := s.page(ctx, stream, w, step)
			if errors.Is(err, errPage) && tries < pageTries {
				tries++
				continue
			}
			if err != nil {
				return err
			}
			if tries = 0; more {
				continue
			}
		}
		r, err := s.fromLeader(ctx, stream, w)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := step(r); err != nil {
			return err
		}
	}
}

// errPage is a page that did not arrive whole. What has arrived is in order.
var errPage = fmt.Errorf("%w: a page did not arrive whole", ErrUnavailable)

// page calls f with some messages, and reports whether the node that sent them has more.
func (s *Store) page(ctx context.Context, stream string, w want, f func(record) error) (more bool, err error) {
	w.Batch, w.MaxBytes = pageMessages, pageBytes
	text, err := json.Marshal(w)
	if err != nil {
		return false, err
	}
	inbox := nats.NewInbox()
	sub, err := s.conn.SubscribeSync(inbox)
	if err != nil {
		return false, s.broken(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := s.conn.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, text); err != nil {
		return false, s.broken(err)
	}
	var before uint64
	for {
		m, err := next(ctx, sub)
		if err != nil {
			return false, s.unfinished(ctx, err)
		}
		if m.Header.Get("Status") == "204" {
			pending, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			if err != nil || m.Header.Get("Nats-Last-Sequence") != strconv.FormatUint(before, 10) {
				return false, errPage
			}
			return pending > 0, nil
		}
		r, err := directRecord(m)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, errPage
		}
		if m.Header.Get("Nats-Last-Sequence") != strconv.FormatUint(before, 10) {
			return false, errPage
		}
		before = r.sequence
		if err := f(r); err != nil {
			return false, err
		}
	}
}

func next(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// unfinished says what an error amid a page means. Where nobody takes the request there may be a leader to ask all the same.
func (s *Store) unfinished(ctx context.Context, err error) error {
	switch {
	case s.closing():
		return ErrClosed
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	return errPage
}
