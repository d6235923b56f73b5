package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store/storetest"
)

// TestContract runs the same cases against each way to open a store.
func TestContract(t *testing.T) {
	engines := map[string]func(t *testing.T) Options{
		"memory":    func(*testing.T) Options { return Options{} },
		"directory": func(t *testing.T) Options { return Options{Dir: privateDir(t)} },
		"cluster": func(t *testing.T) Options {
			return Options{URLs: storetest.Start(t, storetest.Options{Quick: true, User: "crossframe", Password: "s3cret"}).URLs(), User: "crossframe", Password: "s3cret"}
		},
	}
	cases := map[string]func(*testing.T, *Store){
		"writes":       contractWrites,
		"names":        contractNames,
		"lifetimes":    contractLifetimes,
		"lists":        contractLists,
		"histories":    contractHistories,
		"tokens":       contractTokens,
		"one winner":   contractOneWinner,
		"follow":       contractFollow,
		"follow below": contractFollowBelow,
		"bus":          contractBus,
		"log":          contractLog,
		"sizes":        contractSizes,
	}
	for engine, options := range engines {
		t.Run(engine, func(t *testing.T) {
			s := open(t, options(t))
			for _, name := range slices.Sorted(mapKeys(cases)) {
				t.Run(name, func(t *testing.T) { cases[name](t, s) })
			}
			if missing := s.Missing(within(t)); missing != nil {
				t.Error("a store that works misses", missing)
			}
		})
	}
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func contractWrites(t *testing.T, s *Store) {
	ctx := within(t)
	for _, class := range []Class{Contexts, Volatile, Sessions, Definitions} {
		b, key := s.Bucket(class), KeyOf("t", "writes")
		if _, err := b.GetStrict(ctx, key); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: get of nothing: %v", class, err)
		}
		if _, err := b.Get(ctx, key); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: direct get of nothing: %v", class, err)
		}
		first := must[uint64](t)(b.Create(ctx, key, []byte("one")))
		if _, err := b.Create(ctx, key, []byte("two")); !errors.Is(err, ErrExists) || errors.Is(err, ErrConflict) {
			t.Errorf("%s: second create: %v", class, err)
		}
		second := must[uint64](t)(b.Update(ctx, key, []byte("two"), first))
		if _, err := b.Update(ctx, key, []byte("three"), first); !errors.Is(err, ErrConflict) || errors.Is(err, ErrExists) {
			t.Errorf("%s: update of an old value: %v", class, err)
		}
		if _, err := b.Update(ctx, KeyOf("t", "none"), nil, 7); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: update of nothing: %v", class, err)
		}
		third := must[uint64](t)(b.Put(ctx, key, []byte("three")))
		if !(first < second && second < third) {
			t.Errorf("%s: sequences %d, %d, %d do not grow", class, first, second, third)
		}
		got := must[Entry](t)(b.GetStrict(ctx, key))
		if got.Key != key || string(got.Value) != "three" || got.Sequence != third || got.Written.IsZero() {
			t.Errorf("%s: got %+v", class, got)
		}
		if _, err := b.Delete(ctx, key, second); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: delete of an old value: %v", class, err)
		}
		gone := must[uint64](t)(b.Delete(ctx, key, third))
		if _, err := b.GetStrict(ctx, key); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: get after delete: %v", class, err)
		}
		if again := must[uint64](t)(b.Create(ctx, key, []byte("four"))); again <= gone {
			t.Errorf("%s: created with %d after deletion %d", class, again, gone)
		}
		must[uint64](t)(b.Remove(ctx, key))
		must[uint64](t)(b.Remove(ctx, key))
	}
}

// hostile are names that mean something to NATS, to file systems or to the encoding.
var hostile = []string{"a.>", "*", ">", "$JS.API.>", "$KV.cf_meta.x", "cf.ev.contexts.>", "..", "a/b", "", "_", " ", "Ü\n\x00", "=", "\xff\xfe", strings.Repeat("n", 300)}

func contractNames(t *testing.T, s *Store) {
	ctx, b := within(t), s.Bucket(Contexts)
	d := newDiary()
	stop := must[func()](t)(b.Follow(ctx, KeyOf("other tenant"), d.tell))
	defer stop()
	for i, name := range hostile {
		must[uint64](t)(b.Put(ctx, KeyOf("names", name), []byte{byte(i)}))
	}
	for i, name := range hostile {
		e := must[Entry](t)(b.GetStrict(ctx, KeyOf("names", name)))
		if len(e.Value) != 1 || e.Value[0] != byte(i) || !slices.Equal(e.Key.Elements(), []string{"names", name}) {
			t.Errorf("%q came back as %q with %v", name, e.Key.Elements(), e.Value)
		}
		must[uint64](t)(b.Put(ctx, KeyOf(name, "x"), []byte{1}))
		must[uint64](t)(b.Remove(ctx, KeyOf(name, "x")))
	}
	count := 0
	if err := b.List(ctx, KeyOf("names"), func(Entry) error { count++; return nil }); err != nil || count != len(hostile) {
		t.Errorf("listed %d of %d: %v", count, len(hostile), err)
	}
	must[uint64](t)(b.Put(ctx, KeyOf("other tenant", "own"), []byte("own")))
	d.await(t, "its own key", func(now map[Key]string) bool { return now[KeyOf("other tenant", "own")] == "own" })
	if len(d.events) != 1 {
		t.Errorf("another tenant was told of %v", d.events)
	}
	for _, key := range []Key{{}, KeyOf(strings.Repeat("x", maxKeyBytes))} {
		if _, err := b.Put(ctx, key, nil); !errors.Is(err, ErrInvalidKey) {
			t.Errorf("put of a bad key: %v", err)
		}
	}
}

func contractLifetimes(t *testing.T, s *Store) {
	ctx, b := within(t), s.Bucket(Presence)
	d := newDiary()
	stop := must[func()](t)(b.Follow(ctx, KeyOf("lives"), d.tell))
	defer stop()
	short, renewed, ever := KeyOf("lives", "short"), KeyOf("lives", "renewed"), KeyOf("lives", "ever")
	must[uint64](t)(b.Put(ctx, short, []byte("s"), Lifetime(time.Second)))
	must[uint64](t)(b.Put(ctx, renewed, []byte("r"), Lifetime(time.Second)))
	must[uint64](t)(b.Put(ctx, renewed, []byte("r"), Lifetime(time.Hour)))
	must[uint64](t)(b.Put(ctx, ever, []byte("e")))
	d.await(t, "the end of a lifetime", func(now map[Key]string) bool {
		return len(d.events) >= 5 && now[short] == "" && now[renewed] == "r" && now[ever] == "e"
	})
	if last := d.events[len(d.events)-1]; !last.Deleted || last.Key != short || last.Resync {
		t.Errorf("the end of a lifetime was told as %+v", last)
	}
	if _, err := b.GetStrict(ctx, short); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its lifetime: %v", err)
	}
	must[uint64](t)(b.Create(ctx, short, []byte("again")))
}

func contractLists(t *testing.T, s *Store) {
	ctx := within(t)
	for _, class := range []Class{Contexts, Sessions, Records} {
		b := s.Bucket(class)
		const many = 650
		var all sync.WaitGroup
		for part := range 13 {
			all.Go(func() {
				for i := range many / 13 {
					if _, err := b.Put(ctx, KeyOf("lists", fmt.Sprint(part*50+i)), []byte("v")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		must[uint64](t)(b.Remove(ctx, KeyOf("lists", "7")))
		must[uint64](t)(b.Put(ctx, KeyOf("lists", "8"), []byte("w")))
		found := map[Key]string{}
		last := uint64(0)
		err := b.List(ctx, KeyOf("lists"), func(e Entry) error {
			if e.Sequence <= last {
				t.Errorf("%s: listed out of order", class)
			}
			last, found[e.Key] = e.Sequence, string(e.Value)
			return nil
		})
		if err != nil || len(found) != many-1 || found[KeyOf("lists", "8")] != "w" {
			t.Errorf("%s: listed %d: %v", class, len(found), err)
		}
		stop := errors.New("stop")
		if err := b.List(ctx, KeyOf("lists"), func(Entry) error { return stop }); err != stop {
			t.Errorf("%s: stopped with %v", class, err)
		}
		if err := b.List(ctx, KeyOf("nothing"), func(Entry) error { return stop }); err != nil {
			t.Errorf("%s: list of nothing: %v", class, err)
		}
	}
}

func contractHistories(t *testing.T, s *Store) {
	ctx, b, key := within(t), s.Bucket(Records), KeyOf("histories", "layout")
	for i := range 14 {
		must[uint64](t)(b.Put(ctx, key, []byte(fmt.Sprint(i))))
	}
	var values []string
	collect := func(e Entry) error { values = append(values, string(e.Value)); return nil }
	if err := b.History(ctx, key, collect); err != nil || fmt.Sprint(values) != "[4 5 6 7 8 9 10 11 12 13]" {
		t.Errorf("history %v: %v", values, err)
	}
	values = nil
	if err := b.List(ctx, KeyOf("histories"), collect); err != nil || fmt.Sprint(values) != "[13]" {
		t.Errorf("list of the last values %v: %v", values, err)
	}
	must[uint64](t)(b.Remove(ctx, key))
	values = nil
	if err := b.History(ctx, key, collect); err != nil || len(values) != 0 {
		t.Errorf("history after removal %v: %v", values, err)
	}
}

// contractTokens: of many who redeem a token, one does.
func contractTokens(t *testing.T, s *Store) {
	ctx, b := within(t), s.Bucket(Tokens)
	for n := range 20 {
		key := KeyOf("t", fmt.Sprint(n))
		must[uint64](t)(b.Create(ctx, key, []byte("token"), Lifetime(time.Minute)))
		var all sync.WaitGroup
		var lock sync.Mutex
		winners := 0
		for range 8 {
			all.Go(func() {
				e, err := b.Get(ctx, key)
				if err == nil {
					_, err = b.Delete(ctx, key, e.Sequence)
				}
				lock.Lock()
				defer lock.Unlock()
				if err == nil {
					winners++
				} else if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if winners != 1 {
			t.Fatalf("token %d was redeemed %d times", n, winners)
		}
	}
}

// contractOneWinner: writers that count up one key by Update lose none.
func contractOneWinner(t *testing.T, s *Store) {
	ctx, b, key := within(t), s.Bucket(Contexts), KeyOf("counter")
	must[uint64](t)(b.Create(ctx, key, []byte{0}))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for done := 0; done < 10; {
				e, err := b.GetStrict(ctx, key)
				if err == nil {
					_, err = b.Update(ctx, key, []byte{e.Value[0] + 1}, e.Sequence)
				}
				if err == nil {
					done++
				} else if !errors.Is(err, ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if e := must[Entry](t)(b.GetStrict(ctx, key)); e.Value[0] != 40 {
		t.Errorf("counted to %d", e.Value[0])
	}
}

func contractFollow(t *testing.T, s *Store) {
	ctx, b := within(t), s.Bucket(Contexts)
	key := func(i int) Key { return KeyOf("follow", fmt.Sprint(i)) }
	for i := range 20 {
		must[uint64](t)(b.Put(ctx, key(i), []byte("before")))
	}
	d := newDiary()
	var all sync.WaitGroup
	// Writes go on while the follower begins.
	all.Go(func() {
		for n := range 20 {
			for i := range 20 {
				if _, err := b.Put(ctx, key(i), []byte(fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			}
		}
	})
	stop := must[func()](t)(b.Follow(ctx, Key{}, d.tell))
	all.Wait()
	must[uint64](t)(b.Remove(ctx, key(0)))
	d.await(t, "the last writes", func(now map[Key]string) bool {
		_, there := now[key(0)]
		for i := 1; i < 20; i++ {
			if now[key(i)] != "19" {
				return false
			}
		}
		return !there
	})
	stop()
	stop()
	count := len(d.events)
	must[uint64](t)(b.Put(ctx, key(1), []byte("after")))
	if len(d.events) != count {
		t.Error("told after the end")
	}
}

func contractFollowBelow(t *testing.T, s *Store) {
	ctx, b := within(t), s.Bucket(Volatile)
	d := newDiary()
	stop := must[func()](t)(b.Follow(ctx, KeyOf("below", "x"), d.tell))
	defer stop()
	must[uint64](t)(b.Put(ctx, KeyOf("below", "x"), []byte("not this")))
	must[uint64](t)(b.Put(ctx, KeyOf("below", "xy", "a"), []byte("not this")))
	for i := range 50 {
		must[uint64](t)(b.Put(ctx, KeyOf("below", "x", "a"), []byte(fmt.Sprint(i))))
	}
	d.await(t, "what is below", func(now map[Key]string) bool { return now[KeyOf("below", "x", "a")] == "49" })
	for _, e := range d.events[1:] {
		if !e.Key.Below(KeyOf("below", "x")) || !e.Resync && e.Previous == 0 {
			t.Errorf("told %+v", e)
		}
	}
}

func contractBus(t *testing.T, s *Store) {
	ctx, bus := within(t), s.Bus()
	got := make(chan string, 100)
	take := func(name string) func(*Message) {
		return func(m *Message) {
			got <- name + " " + strings.Join(m.Subject.Elements(), "/") + " " + string(m.Data)
			if m.Wants() {
				if err := m.Reply([]byte("answer")); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if _, err := bus.Request(ctx, KeyOf("hub", "1"), nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("request to nobody: %v", err)
	}
	one := must[*Subscription](t)(bus.Subscribe(KeyOf("hub", "1"), take("one")))
	below := must[*Subscription](t)(bus.SubscribeBelow(KeyOf("hub"), take("below")))
	if err := bus.Publish(KeyOf("hub", "1"), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := bus.Publish(KeyOf("hub", ">"), []byte("odd")); err != nil {
		t.Fatal(err)
	}
	heard := []string{<-got, <-got, <-got}
	slices.Sort(heard)
	if fmt.Sprint(heard) != "[below hub/1 hello below hub/> odd one hub/1 hello]" {
		t.Error(heard)
	}
	below.Close()
	if answer := must[[]byte](t)(bus.Request(ctx, KeyOf("hub", "1"), []byte("?"))); string(answer) != "answer" {
		t.Errorf("answered %q", answer)
	}
	one.Close()
	one.Close()
	<-got
	queues := []*Subscription{
		must[*Subscription](t)(bus.Queue(KeyOf("work"), "any group", take("a"))),
		must[*Subscription](t)(bus.Queue(KeyOf("work"), "any group", take("b"))),
	}
	for range 10 {
		must[[]byte](t)(bus.Request(ctx, KeyOf("work"), nil))
	}
	if len(got) != 10 {
		t.Errorf("%d of 10 were taken", len(got))
	}
	for _, q := range queues {
		q.Close()
	}
	short, cancel := context.WithCancel(ctx)
	mute := must[*Subscription](t)(bus.Subscribe(KeyOf("mute"), func(*Message) { cancel() }))
	if _, err := bus.Request(short, KeyOf("mute"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("request without an answer: %v", err)
	}
	mute.Close()
}

func contractLog(t *testing.T, s *Store) {
	ctx, log := within(t), s.Audit()
	for i := range 30 {
		if err := log.Append(ctx, []string{"a.>", "b"}[i%2], []byte(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	var times []time.Time
	collect := func(r Record) error {
		found, times = append(found, string(r.Data)), append(times, r.Written)
		return nil
	}
	if err := log.Search(ctx, "a.>", Search{}, collect); err != nil || len(found) != 15 || found[14] != "28" {
		t.Fatalf("found %v: %v", found, err)
	}
	from, to := times[3], times[8]
	found = nil
	odd := func(r Record) bool { return len(r.Data) == 2 }
	if err := log.Search(ctx, "a.>", Search{From: from, To: to, Filter: odd, Limit: 2}, collect); err != nil || fmt.Sprint(found) != "[10 12]" {
		t.Errorf("found %v: %v", found, err)
	}
	var sequences []uint64
	at := func(r Record) error { sequences = append(sequences, r.Sequence); return nil }
	if err := log.Search(ctx, "a.>", Search{}, at); err != nil {
		t.Fatal(err)
	}
	found = nil
	if err := log.Search(ctx, "a.>", Search{After: sequences[12], From: from}, collect); err != nil || fmt.Sprint(found) != "[26 28]" {
		t.Errorf("found behind a record %v: %v", found, err)
	}
	found = nil
	if err := log.Search(ctx, "b", Search{From: time.Now().Add(time.Hour)}, collect); err != nil || found != nil {
		t.Errorf("found in the future %v: %v", found, err)
	}
	if err := log.Search(ctx, "nobody", Search{}, collect); err != nil || found != nil {
		t.Errorf("found of nobody %v: %v", found, err)
	}
	stream := must[interface{ Purge(context.Context) error }](t)(purger(ctx, s))
	if err := stream.Purge(ctx); err == nil {
		t.Error("the log could be emptied")
	}
}

func contractSizes(t *testing.T, s *Store) {
	ctx, b := within(t), s.Bucket(Contexts)
	value := make([]byte, 4<<20)
	value[1<<20] = 7
	must[uint64](t)(b.Put(ctx, KeyOf("large"), value))
	if e := must[Entry](t)(b.GetStrict(ctx, KeyOf("large"))); len(e.Value) != len(value) || e.Value[1<<20] != 7 {
		t.Error("a large value came back changed")
	}
	if _, err := b.Put(ctx, KeyOf("larger"), make([]byte, 4<<20+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	must[uint64](t)(b.Put(ctx, KeyOf("empty"), nil))
	if e := must[Entry](t)(b.GetStrict(ctx, KeyOf("empty"))); len(e.Value) != 0 {
		t.Error("an empty value came back with something in it")
	}
}
