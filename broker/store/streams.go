package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// auditStream keeps the Log.
const auditStream = "CF_AUDIT"

// auditRoot is what the subjects of its records begin with; the tenant follows.
const auditRoot = "cf.audit."

// streamNames are all streams that there must be.
func (s *Store) streamNames() []string {
	names := []string{auditStream}
	for _, t := range traits {
		names = append(names, t.class.stream())
	}
	return names
}

// configOf describes the stream of a bucket. It is that of a key-value bucket of NATS, so that its tools read it.
func (s *Store) configOf(t trait) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: t.class.stream(), Subjects: []string{t.class.root() + ">"},
		Storage: jetstream.FileStorage, Replicas: s.options.Replicas,
		MaxMsgsPerSubject: t.history, MaxMsgSize: -1, MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1,
		Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true,
		AllowMsgTTL: true, SubjectDeleteMarkerTTL: markerAge,
		// Any node may answer a direct read, also one that has not heard the last word.
		AllowDirect: !t.strict,
		// For the committer.
		AllowAtomicPublish: s.batches(t.memory),
	}
	if t.memory || s.volatile() {
		c.Storage = jetstream.MemoryStorage
	}
	if !t.quiet {
		c.RePublish = &jetstream.RePublish{Source: t.class.root() + ">", Destination: t.class.news() + ">"}
	}
	return c
}

func (s *Store) auditConfig() jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: auditStream, Subjects: []string{auditRoot + "*"},
		Storage: jetstream.FileStorage, Replicas: s.options.Replicas,
		MaxMsgsPerSubject: -1, MaxMsgSize: -1, MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1,
		Retention: jetstream.LimitsPolicy, MaxAge: s.options.AuditMaxAge,
		DenyDelete: true, DenyPurge: true, AllowDirect: true, AllowAtomicPublish: s.batches(false),
	}
	if s.volatile() {
		c.Storage = jetstream.MemoryStorage
	}
	return c
}

// volatile: nothing at all is on disk.
func (s *Store) volatile() bool { return s.engine != nil && s.engine.dir == nil }

// batches: the embedded engine takes several messages with one sync.
func (s *Store) batches(memory bool) bool { return s.engine != nil && s.engine.dir != nil && !memory }

// ensure makes a stream, or brings its settings to what they are now. A stream that was there once must be there.
func (s *Store) ensure(ctx context.Context, config jetstream.StreamConfig, known bool) error {
	return s.persist(ctx, func(ctx context.Context) error {
		stream, err := s.js.Stream(ctx, config.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound) && known:
			return fmt.Errorf("%w: %s is missing", ErrCorrupt, config.Name)
		case errors.Is(err, jetstream.ErrStreamNotFound):
			_, err = s.js.CreateStream(ctx, config)
			if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				err = nil // another broker was faster, with the same settings
			}
			return err
		case err != nil:
			return err
		case same(stream.CachedInfo().Config, config):
			return nil
		}
		_, err = s.js.UpdateStream(ctx, config)
		return err
	})
}

// same compares the settings that may differ between versions and configurations.
func same(a, b jetstream.StreamConfig) bool {
	return a.Replicas == b.Replicas && a.AllowDirect == b.AllowDirect && a.MaxAge == b.MaxAge &&
		a.MaxMsgsPerSubject == b.MaxMsgsPerSubject && a.SubjectDeleteMarkerTTL == b.SubjectDeleteMarkerTTL &&
		a.AllowMsgTTL == b.AllowMsgTTL && a.AllowAtomicPublish == b.AllowAtomicPublish && reflect.DeepEqual(a.RePublish, b.RePublish)
}

// tryTimeout bounds one of several tries. A cluster without a leader does not answer at all.
const tryTimeout = 5 * time.Second

// persist tries again until ctx ends: a cluster that forms refuses at first, or is silent. The embedded engine is there or
// is not.
func (s *Store) persist(ctx context.Context, f func(context.Context) error) error {
	for reason := error(nil); ; {
		try, cancel := context.WithTimeout(ctx, tryTimeout)
		err := f(try)
		cancel()
		if err == nil || s.engine != nil || errors.Is(err, ErrCorrupt) || errors.Is(err, ErrFormat) {
			return err
		}
		if reason == nil || !errors.Is(err, context.DeadlineExceeded) {
			reason = err
		}
		if !sleep(ctx, retryEvery) {
			return fmt.Errorf("%w: %w", ErrUnavailable, reason)
		}
	}
}
