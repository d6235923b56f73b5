package peer

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func drain(d *Deadlines, now int64) (keys []uint64) {
	for {
		key, ok := d.PopDue(now)
		if !ok {
			return keys
		}
		keys = append(keys, key)
	}
}

func TestDeadlinesZeroValue(t *testing.T) {
	var d Deadlines
	if d.Next() != 0 || d.Remove(1) || d.Len() != 0 {
		t.Fatal("an empty Deadlines is not empty")
	}
	if key, ok := d.PopDue(1 << 60); ok {
		t.Fatalf("popped %d of nothing", key)
	}
}

func TestDeadlinesComeInOrder(t *testing.T) {
	var d Deadlines
	for _, e := range []deadline{{30, 3}, {10, 9}, {20, 2}, {10, 1}, {40, 4}} {
		d.Add(e.key, e.due)
	}
	if d.Next() != 10 {
		t.Fatalf("next is %d", d.Next())
	}
	if got := drain(&d, 9); got != nil {
		t.Fatalf("before the time: %v", got)
	}
	if got := drain(&d, 30); !slices.Equal(got, []uint64{1, 9, 2, 3}) {
		t.Fatalf("until 30: %v", got)
	}
	if d.Next() != 40 || d.Len() != 1 {
		t.Fatalf("left: next %d, %d keys", d.Next(), d.Len())
	}
}

func TestDeadlinesMoveAKey(t *testing.T) {
	var d Deadlines
	d.Add(1, 10)
	d.Add(2, 20)
	d.Add(1, 30)
	if got := drain(&d, 100); !slices.Equal(got, []uint64{2, 1}) {
		t.Fatalf("got %v", got)
	}
}

func TestDeadlinesRemoveLeavesNothing(t *testing.T) {
	var d Deadlines
	for round := range 1000 {
		for k := range uint64(8) {
			d.Add(k, int64(round)+int64(k%3))
		}
		for k := range uint64(8) {
			if !d.Remove(k) {
				t.Fatalf("key %d was not there", k)
			}
		}
	}
	if d.Len() != 0 || len(d.place) != 0 || cap(d.heap) > 16 {
		t.Fatalf("%d keys, %d places, room for %d left", d.Len(), len(d.place), cap(d.heap))
	}
}

// TestDeadlinesAgainstAList holds the heap against a list that is searched from end to end.
func TestDeadlinesAgainstAList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var d Deadlines
		list := map[uint64]int64{}
		for range 300 {
			key, due := rng.Uint64N(40), rng.Int64N(1000)+1
			switch rng.IntN(4) {
			case 0, 1:
				d.Add(key, due)
				list[key] = due
			case 2:
				_, had := list[key]
				if d.Remove(key) != had {
					t.Fatalf("remove %d: had is %v", key, had)
				}
				delete(list, key)
			case 3:
				want, ok := firstOf(list)
				ok = ok && want.due <= due
				got, popped := d.PopDue(due)
				if popped != ok || ok && got != want.key {
					t.Fatalf("pop until %d: %d %v, want %d %v", due, got, popped, want.key, ok)
				}
				if ok {
					delete(list, want.key)
				}
			}
			first, _ := firstOf(list)
			if d.Next() != first.due || d.Len() != len(list) {
				t.Fatalf("next %d of %d, want %d of %d", d.Next(), d.Len(), first.due, len(list))
			}
		}
	}
}

func firstOf(list map[uint64]int64) (first deadline, ok bool) {
	for key, due := range list {
		if e := (deadline{due, key}); !ok || e.before(first) {
			first, ok = e, true
		}
	}
	return first, ok
}

// BenchmarkDeadlines is the life of a call that is answered in time, beside n others that are open.
func BenchmarkDeadlines(b *testing.B) {
	for _, n := range []int{1, 64, 10_000} {
		b.Run("open="+strconv.Itoa(n), func(b *testing.B) {
			var d Deadlines
			for i := range n {
				d.Add(uint64(i), int64(i))
			}
			b.ReportAllocs()
			i := uint64(n)
			for b.Loop() {
				d.Add(i, int64(i))
				d.Remove(i - uint64(n))
				i++
			}
		})
	}
}
