package audit

import "github.com/crossframe/crossframe/protocol"

// How many events of one tenant, source and code a second may have. What was done is bounded too, far above what an honest
// morning brings: the store writes it all.
const (
	refusalsPerSecond = 10
	actsPerSecond     = 1000
)

// maxRates bounds the table; what comes when it is full shares one rate.
const maxRates = 10_000

// kind is what is counted together.
type kind struct {
	tenant, source string
	code           protocol.Code
}

// rate counts the events of one kind in one second.
type rate struct {
	second  int64
	told    int
	dropped uint64
}

// rates is the table of all kinds. It belongs to the mutex of its Log.
type rates struct {
	table  map[kind]*rate
	shared rate
}

// of returns the rate of a kind.
func (t *rates) of(k kind, second int64) *rate {
	if r := t.table[k]; r != nil {
		return r
	}
	if len(t.table) >= maxRates {
		return &t.shared
	}
	r := &rate{second: second}
	t.table[k] = r
	return r
}

// take reports whether the second may have one more.
func (r *rate) take(code protocol.Code, second int64) bool {
	if second != r.second {
		r.second, r.told = second, 0
	}
	most := refusalsPerSecond
	if acts[code] {
		most = actsPerSecond
	}
	if r.told >= most {
		return false
	}
	r.told++
	return true
}

// sweep forgets the kinds of which nothing came lately and nothing is to be told, and calls tell with those of which nothing came
// lately but for what was dropped. What tell takes has been told.
func (t *rates) sweep(second int64, tell func(kind, uint64) bool) {
	for k, r := range t.table {
		if r.second >= second-1 {
			continue
		}
		if r.dropped == 0 || tell(k, r.dropped) {
			delete(t.table, k)
		}
	}
}
