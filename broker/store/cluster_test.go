package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store/storetest"
)

// crowd are writers that count up a key each, whatever happens, and note what was acknowledged.
type crowd struct {
	stop  context.CancelFunc
	all   sync.WaitGroup
	count atomic.Int64

	mu      sync.Mutex
	acked   map[Key]int
	longest time.Duration
}

func startCrowd(t *testing.T, b *Bucket, n int) *crowd {
	ctx, cancel := context.WithCancel(context.Background())
	c := &crowd{stop: cancel, acked: make(map[Key]int)}
	t.Cleanup(func() { cancel(); c.all.Wait() })
	for w := range n {
		c.all.Go(func() {
			key, n, last := KeyOf("crowd", fmt.Sprint(w)), 0, time.Now()
			for ctx.Err() == nil {
				try, cancel := context.WithTimeout(ctx, 2*time.Second)
				_, err := b.Put(try, key, []byte(fmt.Sprint(n+1)))
				cancel()
				n++ // a write without an answer may have been done: its number is used up
				if err != nil {
					if ctx.Err() == nil && !errors.Is(err, ErrUnavailable) {
						t.Error(err)
					}
					continue
				}
				c.mu.Lock()
				c.acked[key] = n
				c.longest = max(c.longest, time.Since(last))
				c.mu.Unlock()
				last = time.Now()
				c.count.Add(1)
			}
		})
	}
	return c
}

// await waits until so many more writes were acknowledged.
func (c *crowd) await(t *testing.T, more int64) {
	t.Helper()
	want := c.count.Load() + more
	for end := time.Now().Add(60 * time.Second); c.count.Load() < want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no writes were acknowledged for a minute")
		}
	}
}

func (c *crowd) end() {
	c.stop()
	c.all.Wait()
}

// TestLeaderDies (C01): what was acknowledged outlives the node that acknowledged it; writes go on; who follows through
// another node is told of everything.
func TestLeaderDies(t *testing.T) {
	ctx := within(t)
	cluster := storetest.Start(t, storetest.Options{})
	one := open(t, Options{URLs: cluster.URLs(), CheckEvery: 2 * time.Second})
	two := open(t, Options{URLs: cluster.URLs(), CheckEvery: 2 * time.Second})
	if one.Epoch() != two.Epoch() || one.Node() == two.Node() {
		t.Error("two brokers of one store do not have one epoch and two names")
	}
	d := newDiary()
	stop := must[func()](t)(two.Bucket(Contexts).Follow(ctx, Key{}, d.tell))
	defer stop()
	writers := startCrowd(t, one.Bucket(Contexts), 4)
	writers.await(t, 200)
	for range 2 {
		leader := cluster.AwaitLeader(Contexts.stream())
		cluster.Kill(leader)
		writers.await(t, 200)
		cluster.Restart(leader)
		writers.await(t, 200)
	}
	writers.end()
	lost := 0
	for key, n := range writers.acked {
		have := 0
		e, err := two.Bucket(Contexts).GetStrict(ctx, key)
		if err == nil {
			_, err = fmt.Sscan(string(e.Value), &have)
		}
		if err != nil {
			t.Error(err)
		}
		lost += max(0, n-have)
		// A write that was not acknowledged in time may still be done.
		d.await(t, "the last write", func(now map[Key]string) bool {
			e, err := two.Bucket(Contexts).GetStrict(ctx, key)
			return err == nil && now[key] == string(e.Value)
		})
	}
	t.Logf("longest pause between two acknowledgements: %v", writers.longest.Round(100*time.Millisecond))
	report(t, "the leader of three nodes ends, twice", int(writers.count.Load()), lost)
	if lost > 0 {
		t.Errorf("%d acknowledged writes were lost", lost)
	}
}

// TestMajority (C03): a node without a majority acknowledges nothing, and goes on when there is one again.
func TestMajority(t *testing.T) {
	ctx := within(t)
	cluster := storetest.Start(t, storetest.Options{Quick: true})
	s := open(t, Options{URLs: cluster.URLs()})
	b, key := s.Bucket(Contexts), KeyOf("k")
	first := must[uint64](t)(b.Create(ctx, key, []byte("one")))
	cluster.Kill(1)
	cluster.Kill(2)
	short, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := b.Update(short, key, []byte("two"), first); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a write to a minority: %v", err)
	}
	// A leader that has just lost the others answers for a moment yet.
	for missing := []string(nil); missing == nil; {
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		missing = s.Missing(short)
		cancel()
		if ctx.Err() != nil {
			t.Fatal("a minority misses nothing")
		}
	}
	cluster.Restart(1)
	cluster.Restart(2)
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := b.Put(try, key, []byte("three"))
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if e := must[Entry](t)(b.GetStrict(ctx, key)); string(e.Value) != "three" {
		t.Errorf("got %q", e.Value)
	}
}

// TestStrict: what one broker has written, another one reads, at once, through another node.
func TestStrict(t *testing.T) {
	ctx := within(t)
	cluster := storetest.Start(t, storetest.Options{Quick: true})
	stores := []*Store{}
	for i := range 3 {
		stores = append(stores, open(t, Options{URLs: []string{cluster.URL(i)}}))
	}
	for i := range 300 {
		writer, reader := stores[i%3], stores[(i+1)%3]
		for _, class := range []Class{Sessions, Tokens} {
			key := KeyOf("k", fmt.Sprint(i%5))
			sequence := must[uint64](t)(writer.Bucket(class).Put(ctx, key, []byte(fmt.Sprint(i))))
			if e := must[Entry](t)(reader.Bucket(class).Get(ctx, key)); e.Sequence != sequence {
				t.Fatalf("%s: %d was read after %d had been written", class, e.Sequence, sequence)
			}
		}
		key := KeyOf("k", fmt.Sprint(i%5))
		sequence := must[uint64](t)(writer.Bucket(Contexts).Put(ctx, key, nil))
		if e := must[Entry](t)(reader.Bucket(Contexts).GetStrict(ctx, key)); e.Sequence != sequence {
			t.Fatalf("%d was read strictly after %d had been written", e.Sequence, sequence)
		}
		listed := uint64(0)
		err := reader.Bucket(Contexts).List(ctx, Key{}, func(e Entry) error { listed = e.Sequence; return nil })
		if err != nil || listed != sequence {
			t.Fatalf("%d was listed after %d had been written: %v", listed, sequence, err)
		}
	}
}

// TestForming: a broker that comes before its cluster waits for it; one whose cluster does not come says why.
func TestForming(t *testing.T) {
	cluster := storetest.Start(t, storetest.Options{Quick: true})
	for i := range 3 {
		cluster.Kill(i)
	}
	short, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := Open(short, Options{URLs: cluster.URLs(), Log: quietLog}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("opened without a cluster: %v", err)
	}
	var all sync.WaitGroup
	epochs := make([]string, 3)
	for i := range epochs {
		all.Go(func() {
			s, err := Open(within(t), Options{URLs: cluster.URLs(), Log: quietLog})
			if err != nil {
				t.Error(err)
				return
			}
			epochs[i] = s.Epoch()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 3 {
		cluster.Restart(i)
	}
	all.Wait()
	if epochs[0] == "" || epochs[0] != epochs[1] || epochs[1] != epochs[2] {
		t.Errorf("three brokers that began at once have the epochs %q", epochs)
	}
}

// TestReconnect: who loses the connection says so, fails at once, and catches up.
func TestReconnect(t *testing.T) {
	ctx := within(t)
	cluster := storetest.Start(t, storetest.Options{Nodes: 1, Quick: true})
	s := open(t, Options{URLs: cluster.URLs(), Replicas: 1})
	states := make(chan State, 16)
	unwatch := s.Watch(func(state State) { states <- state })
	defer unwatch()
	if first := <-states; !first.Connected || first.Resumed {
		t.Errorf("first state %+v", first)
	}
	durable, volatile := newDiary(), newDiary()
	stop := must[func()](t)(s.Bucket(Contexts).Follow(ctx, Key{}, durable.tell))
	defer stop()
	stop = must[func()](t)(s.Bucket(Volatile).Follow(ctx, Key{}, volatile.tell))
	defer stop()
	must[uint64](t)(s.Bucket(Contexts).Put(ctx, KeyOf("k"), []byte("kept")))
	must[uint64](t)(s.Bucket(Volatile).Put(ctx, KeyOf("k"), []byte("not kept")))
	volatile.await(t, "a volatile value", func(now map[Key]string) bool { return len(now) == 1 })
	epoch, before := s.Bucket(Volatile).Epoch(), s.Bucket(Contexts).Epoch()
	cluster.Kill(0)
	if lost := <-states; lost.Connected {
		t.Errorf("after the loss %+v", lost)
	}
	if _, err := s.Bucket(Contexts).Put(ctx, KeyOf("k"), nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a write without a connection: %v", err)
	}
	if err := s.Bus().Publish(KeyOf("x"), nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a message without a connection: %v", err)
	}
	cluster.Restart(0)
	if again := <-states; !again.Connected || !again.Resumed {
		t.Errorf("after the return %+v", again)
	}
	volatile.await(t, "the end of a volatile value", func(now map[Key]string) bool { return len(now) == 0 })
	for {
		if _, err := s.Bucket(Volatile).Put(ctx, KeyOf("k"), []byte("again")); err == nil {
			break
		} else if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	must[uint64](t)(s.Bucket(Contexts).Put(ctx, KeyOf("k"), []byte("kept again")))
	volatile.await(t, "a new volatile value", func(now map[Key]string) bool { return now[KeyOf("k")] == "again" })
	durable.await(t, "a new value", func(now map[Key]string) bool { return now[KeyOf("k")] == "kept again" })
	if s.Bucket(Volatile).Epoch() == epoch {
		t.Error("volatile values were lost, and their epoch is the old one")
	}
	if s.Bucket(Contexts).Epoch() != before {
		t.Error("nothing durable was lost, and its epoch is another one")
	}
}
