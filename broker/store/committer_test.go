package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestBatches: many writers at once get each their own answer and their own sequence, whether or not somebody else's write is
// refused, and a follower is told of each once, when it is on disk.
func TestBatches(t *testing.T) {
	ctx := within(t)
	s := open(t, Options{Dir: privateDir(t)})
	b := s.Bucket(Contexts)
	d := newDiary()
	early := make(map[uint64]bool)
	stop := must[func()](t)(b.Follow(ctx, Key{}, func(e Event) {
		if !e.Synced && !e.Resync && !s.engine.marks.await(alreadyOver(), b.class.stream(), e.Sequence) {
			early[e.Sequence] = true
		}
		d.tell(e)
	}))
	defer stop()
	const writers, writes = 64, 20
	var all sync.WaitGroup
	var lock sync.Mutex
	sequences := make(map[uint64]bool)
	for w := range writers {
		all.Go(func() {
			key, last := KeyOf("batch", fmt.Sprint(w)), uint64(0)
			for i := range writes {
				value := []byte(fmt.Sprint(i))
				if i%7 == 3 && w%16 == 0 {
					if _, err := b.Update(ctx, key, value, last+1_000_000); !errors.Is(err, ErrConflict) {
						t.Errorf("a write that must be refused: %v", err)
					}
				}
				var sequence uint64
				var err error
				if last == 0 {
					sequence, err = b.Create(ctx, key, value)
				} else {
					sequence, err = b.Update(ctx, key, value, last)
				}
				if err != nil {
					t.Errorf("write %d of %d: %v", i, w, err)
					return
				}
				last = sequence
				lock.Lock()
				if sequences[sequence] {
					t.Errorf("two writes have the sequence %d", sequence)
				}
				sequences[sequence] = true
				lock.Unlock()
			}
			e, err := b.GetStrict(ctx, key)
			if err != nil || e.Sequence != last || string(e.Value) != fmt.Sprint(writes-1) {
				t.Errorf("key %d is %q with %d, and was written with %d: %v", w, e.Value, e.Sequence, last, err)
			}
		})
	}
	all.Wait()
	// Whether enough of those met depends on how fast the disk is. These do.
	stream, together := b.class.stream(), make([]*pendingWrite, batchWorth)
	for i := range together {
		together[i] = &pendingWrite{ctx, sealed(b.subject(KeyOf("together", fmt.Sprint(i))), []byte("x")), make(chan outcome, 1)}
	}
	s.committers[stream].commit(together)
	for i, w := range together {
		o := <-w.done
		if o.err != nil {
			t.Errorf("write %d of a batch: %v", i, o.err)
		}
		s.engine.marks.acknowledged(stream, o.sequence)
	}
	d.await(t, "the last writes", func(now map[Key]string) bool {
		for w := range writers {
			if now[KeyOf("batch", fmt.Sprint(w))] != fmt.Sprint(writes-1) {
				return false
			}
		}
		return true
	})
	batched := 0
	err := s.walk(ctx, b.class.stream(), true, want{Next: b.below(Key{})}, func(r record) error {
		if r.header.Get(batchHeader) != "" {
			batched++
			if early[r.sequence] {
				t.Errorf("%d was told before it was on disk", r.sequence)
			}
		}
		return nil
	})
	if err != nil || batched < batchWorth {
		t.Errorf("%d writes were in batches: %v", batched, err)
	}
}

func alreadyOver() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
