package stream

import (
	"errors"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

// of returns a message that is told by its op and encodes to size bytes.
func of(op protocol.Op, size int) protocol.Envelope {
	m := protocol.Envelope{Op: op, Body: protocol.BinaryBody(nil)}
	if n := size - len(appendMessage(nil, &m)); n > 0 {
		for n > 0 {
			m.Body = protocol.BinaryBody(make([]byte, n))
			if over := len(appendMessage(nil, &m)) - size; over > 0 {
				n -= over
				continue
			}
			break
		}
	}
	return m
}

// drain returns the ops of all that waits, a list for each frame.
func drain(t *testing.T, q *Queue) (frames [][]protocol.Op, ids []string) {
	t.Helper()
	for data := q.Pop(); data != nil; data = q.Pop() {
		id, messages, fault := Read(nil, data, Limits{BodyBytes: 1 << 30})
		if fault != nil {
			t.Fatal(fault)
		}
		ops := []protocol.Op{}
		for _, m := range messages {
			ops = append(ops, m.Op)
		}
		frames, ids = append(frames, ops), append(ids, id)
	}
	if !q.Empty() || q.waiting != 0 {
		t.Fatalf("drained, and %d bytes wait", q.waiting)
	}
	return frames, ids
}

func equal(a, b [][]protocol.Op) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
		for j := range a[i] {
			if a[i][j] != b[i][j] {
				return false
			}
		}
	}
	return true
}

func TestQueueJoins(t *testing.T) {
	bounds := Bounds{QueueBytes: 1 << 20, MessageBytes: 1 << 20}
	for _, c := range []struct {
		why   string
		sizes []int
		want  [][]protocol.Op
	}{
		{"nothing", nil, nil},
		{"small ones share a frame", []int{10, 10, 10}, [][]protocol.Op{{0, 1, 2}}},
		{"a large one has its own, and takes small ones no more", []int{10, 100_000, 10}, [][]protocol.Op{{0}, {1}, {2}}},
		{"a frame is full", []int{30_000, 30_000, 30_000, 30_000, 30_000}, [][]protocol.Op{{0, 1}, {2, 3}, {4}}},
	} {
		var q Queue
		for i, size := range c.sizes {
			if err := q.Push([]protocol.Envelope{of(protocol.Op(i), size)}, bounds); err != nil {
				t.Fatalf("%s: %v", c.why, err)
			}
		}
		if got, _ := drain(t, &q); !equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}

func TestQueueCountsMessages(t *testing.T) {
	var q Queue
	if err := q.Push(make([]protocol.Envelope, protocol.MaxTuplesPerFrame+1), Bounds{1 << 20, 1 << 20}); err != nil {
		t.Fatal(err)
	}
	if got, _ := drain(t, &q); len(got) != 2 || len(got[0]) != protocol.MaxTuplesPerFrame || len(got[1]) != 1 {
		t.Errorf("%d frames", len(got))
	}
}

func TestQueueBound(t *testing.T) {
	bounds := Bounds{QueueBytes: 1000, MessageBytes: 5000}
	var q Queue
	push := func(messages ...protocol.Envelope) error { return q.Push(messages, bounds) }
	if err := push(of(1, 5000)); err != nil {
		t.Fatalf("a large message onto an empty queue: %v", err)
	}
	if err := push(of(2, 10)); !errors.Is(err, ErrFull) {
		t.Fatalf("a small message behind it: %v", err)
	}
	if got, _ := drain(t, &q); !equal(got, [][]protocol.Op{{1}}) {
		t.Fatalf("%v", got)
	}
	if err := push(of(3, 400), of(4, 600)); err != nil {
		t.Fatalf("exactly the bound: %v", err)
	}
	if err := push(of(5, 10)); !errors.Is(err, ErrFull) {
		t.Fatalf("a byte more: %v", err)
	}
	q.Pop()
	if err := push(of(6, 10)); err != nil {
		t.Fatalf("after room was made: %v", err)
	}
}

func TestPushIsAllOrNothing(t *testing.T) {
	bounds := Bounds{QueueBytes: 200_000, MessageBytes: 90_000}
	var tooLarge *protocol.Fault
	for _, c := range []struct {
		why  string
		push []protocol.Envelope
		is   func(error) bool
	}{
		{"too large", []protocol.Envelope{of(8, 10), of(8, 70_000), of(8, 90_001)},
			func(err error) bool { return errors.As(err, &tooLarge) && tooLarge.Code == protocol.TooLarge }},
		{"full", []protocol.Envelope{of(8, 10), of(8, 90_000), of(8, 90_000), of(8, 90_000)},
			func(err error) bool { return errors.Is(err, ErrFull) }},
	} {
		var q Queue
		if err := q.Push([]protocol.Envelope{of(1, 50), of(2, 50)}, bounds); err != nil {
			t.Fatal(err)
		}
		if err := q.Push(c.push, bounds); !c.is(err) {
			t.Errorf("%s: %v", c.why, err)
		}
		if err := q.Push([]protocol.Envelope{of(3, 50)}, bounds); err != nil {
			t.Fatal(err)
		}
		if got, _ := drain(t, &q); !equal(got, [][]protocol.Op{{1, 2, 3}}) {
			t.Errorf("%s: left %v", c.why, got)
		}
	}
}

func TestQueueBeats(t *testing.T) {
	bounds := Bounds{1000, 1000}
	var q Queue
	steps := []func(){
		q.Beat, q.Beat,
		func() { _ = q.Push([]protocol.Envelope{of(1, 10)}, bounds) },
		q.Beat,
		func() { q.Pop(); q.Beat(); q.Bind("late") },
		func() { _ = q.Push([]protocol.Envelope{of(2, 10)}, bounds) },
	}
	for _, step := range steps {
		step()
	}
	got, ids := drain(t, &q)
	if !equal(got, [][]protocol.Op{{1}, {}, {2}}) || strings.Join(ids, ",") != ",,late" {
		t.Errorf("%v of %q", got, ids)
	}
	q.Beat()
	q.Drop()
	if !q.Empty() || q.Pop() != nil {
		t.Error("something waits after Drop")
	}
}

func BenchmarkQueue(b *testing.B) {
	bounds := Bounds{1 << 20, 1 << 20}
	messages := []protocol.Envelope{{Op: 46, ID: 1000, Ref: 7, Peer: 3, Name: "orders", Body: protocol.TextBody(make([]byte, 250))}}
	var q Queue
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := q.Push(messages, bounds); err != nil {
			b.Fatal(err)
		}
		if i%100 == 0 {
			q.Drop()
		}
	}
}
