package main

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// kept is how many prices of a symbol are remembered: two minutes at two a second.
const kept = 240

// market makes up prices: each symbol walks at random around where it began.
type market struct {
	mu      sync.Mutex
	symbols map[string]*symbol
}

type symbol struct {
	base, price float64
	// times are seconds since 1970.
	times, prices []float64
}

// quote is a price in the shared context.
type quote struct {
	Time  float64 `json:"time"`
	Price float64 `json:"price"`
}

// history is the answer of prices.history.
type history struct {
	Time  []float64 `json:"time"`
	Price []float64 `json:"price"`
}

// newMarket returns a market that has walked for a minute already.
func newMarket(now time.Time) *market {
	m := &market{symbols: map[string]*symbol{"ALPHA": {base: 184, price: 184}, "BRAVO": {base: 61.5, price: 61.5}, "CHARLIE": {base: 1290, price: 1290}}}
	for back := kept / 2; back > 0; back-- {
		m.next(now.Add(-time.Duration(back) * 500 * time.Millisecond))
	}
	return m
}

// next moves every symbol and returns the new prices.
func (m *market) next(now time.Time) map[string]quote {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := float64(now.UnixMilli()) / 1000
	quotes := make(map[string]quote, len(m.symbols))
	for name, s := range m.symbols {
		s.price += s.base*0.001*rand.NormFloat64() + 0.01*(s.base-s.price)
		s.price = math.Round(max(s.price, 0.01)*100) / 100
		s.times, s.prices = last(append(s.times, at)), last(append(s.prices, s.price))
		quotes[name] = quote{at, s.price}
	}
	return quotes
}

func last(list []float64) []float64 { return list[max(0, len(list)-kept):] }

// history answers a call.
func (m *market) history(_ context.Context, call *crossframe.Call) (any, error) {
	var args struct {
		Symbol string `json:"symbol"`
	}
	if err := call.Arguments.Decode(&args); err != nil {
		return nil, protocol.NewFault(protocol.InvalidArgument, "want {symbol}")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.symbols[args.Symbol]
	if s == nil {
		return nil, protocol.NewFault(protocol.InvalidArgument, "symbol: there is no such one")
	}
	return history{append([]float64{}, s.times...), append([]float64{}, s.prices...)}, nil
}
