package contexts

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// repeats tells for each number what the state says of it: its revision, or "-".
func repeats(s *state, counter string, numbers ...int64) (got []string) {
	for _, n := range numbers {
		if revision, ok := s.repeated(counter, n); ok {
			got = append(got, fmt.Sprint(revision))
		} else {
			got = append(got, "-")
		}
	}
	return got
}

// Writes are known by their own numbers, whatever came after them, until so many came that none of them can be under way.
func TestSeen(t *testing.T) {
	s := &state{}
	now := time.Unix(1_800_000_000, 0)
	note := func(counter string, first, sequence int64) {
		s.revision++
		s.remember(counter, first, sequence, now)
	}
	note("a", 0, 10) // revision 1
	note("a", 0, 12) // 2: what 11 was came to nothing, or is of another context
	note("b", 0, 11) // 3
	note("a", 0, 11) // 4: it was sent again
	note("a", 15, 20)
	if got := repeats(s, "a", 9, 10, 11, 12, 13, 14, 15, 17, 20, 21); fmt.Sprint(got) != "[- 1 4 2 - - 5 5 5 -]" {
		t.Errorf("of a: %v", got)
	}
	if got := repeats(s, "b", 10, 11, 12); fmt.Sprint(got) != "[- 3 -]" {
		t.Errorf("of b: %v", got)
	}
	if got := repeats(s, "c", 0, 10); fmt.Sprint(got) != "[- -]" {
		t.Errorf("of c: %v", got)
	}
	for n := range int64(keptWrites) {
		note("a", 0, 100+2*n)
	}
	if got := repeats(s, "a", 9, 13, 100, 101, 102, 103); fmt.Sprint(got) != "[6 6 6 - 7 -]" {
		t.Errorf("after many: %v", got)
	}
	if n := len(s.seen[len(s.seen)-1].writes); n != keptWrites {
		t.Errorf("%d writes are kept one by one", n)
	}
	for n := range 2 * keptSeenMost {
		note(fmt.Sprint("hub ", n), 0, 5)
		note(fmt.Sprint("hub ", n), 0, 7)
	}
	if len(s.seen) != keptSeenMost {
		t.Errorf("%d hubs are remembered", len(s.seen))
	}
	for i, of := range s.seen {
		if many := len(of.writes) > 1; many != (i >= len(s.seen)-keptHubs) {
			t.Fatalf("hub %d of %d has %d writes", i, len(s.seen), len(of.writes))
		}
	}
	s.lifetime, s.text = protocol.LifetimeDurable, []byte("{}")
	s.since = s.revision
	data := s.record.append(nil)
	again, err := readRecord(data)
	if err != nil || !reflect.DeepEqual(again.seen, s.seen) || !bytes.Equal(again.append(nil), data) {
		t.Fatalf("the record is another one after reading: %v", err)
	}
	t.Logf("%d hubs take %d bytes", len(s.seen), len(data))
}
