package peer

// Deadlines says which of many keys is due next: an indexed binary heap. Add and Remove take O(log n), and a
// removed key leaves nothing behind, so a room that answers a million calls in time holds no million timers.
// The zero value is ready.
type Deadlines struct {
	heap []deadline
	// place finds a key in the heap.
	place map[uint64]int
}

type deadline struct {
	due int64
	key uint64
}

// before orders by time and, at the same time, by key, so that a turn's work does not depend on chance.
func (d deadline) before(e deadline) bool {
	return d.due < e.due || d.due == e.due && d.key < e.key
}

// Len returns how many keys have a deadline.
func (d *Deadlines) Len() int { return len(d.heap) }

// Next returns when the first key is due, in milliseconds of the turn's clock; 0 where there is none.
func (d *Deadlines) Next() int64 {
	if len(d.heap) == 0 {
		return 0
	}
	return d.heap[0].due
}

// Add sets when a key is due, in milliseconds of the turn's clock. A key has one deadline; a second Add moves it.
func (d *Deadlines) Add(key uint64, due int64) {
	if d.place == nil {
		d.place = make(map[uint64]int)
	}
	if i, ok := d.place[key]; ok {
		d.heap[i].due = due
		d.settle(i)
		return
	}
	d.heap = append(d.heap, deadline{due, key})
	d.settle(len(d.heap) - 1)
}

// Remove forgets a key; it reports whether the key had a deadline.
func (d *Deadlines) Remove(key uint64) bool {
	i, ok := d.place[key]
	if ok {
		d.removeAt(i)
	}
	return ok
}

// PopDue removes and returns the first key whose deadline is not after now; ok is false where there is none.
func (d *Deadlines) PopDue(now int64) (key uint64, ok bool) {
	if len(d.heap) == 0 || d.heap[0].due > now {
		return 0, false
	}
	key = d.heap[0].key
	d.removeAt(0)
	return key, true
}

func (d *Deadlines) removeAt(i int) {
	last := len(d.heap) - 1
	delete(d.place, d.heap[i].key)
	moved := d.heap[last]
	d.heap = d.heap[:last]
	if i < last {
		d.heap[i] = moved
		d.settle(i)
	}
}

// settle moves the entry at i up or down to where it belongs.
func (d *Deadlines) settle(i int) {
	e := d.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(d.heap[parent]) {
			break
		}
		d.put(i, d.heap[parent])
		i = parent
	}
	for {
		child := 2*i + 1
		if child >= len(d.heap) {
			break
		}
		if right := child + 1; right < len(d.heap) && d.heap[right].before(d.heap[child]) {
			child = right
		}
		if !d.heap[child].before(e) {
			break
		}
		d.put(i, d.heap[child])
		i = child
	}
	d.put(i, e)
}

func (d *Deadlines) put(i int, e deadline) {
	d.heap[i] = e
	d.place[e.key] = i
}
