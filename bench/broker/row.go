package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// row is what the result file has of one figure.
type row struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Value    float64  `json:"value"`
	Low      float64  `json:"low"`
	High     float64  `json:"high"`
	Limit    *float64 `json:"limit"`
	Baseline string   `json:"baseline"`
	OK       bool     `json:"ok"`
}

// limit is what a goal asks of a figure.
type limit struct {
	value float64
	// least: the figure is to be at least that; else at most.
	least bool
	// none: the row is for information.
	none bool
}

func atMost(v float64) limit  { return limit{value: v} }
func atLeast(v float64) limit { return limit{value: v, least: true} }

var noLimit = limit{none: true}

// add takes the samples of a figure: its value is their median.
func (b *bench) add(id, name, baseline string, samples []float64, l limit) {
	value, low, high := estimate(samples)
	r := row{ID: id, Name: name, Baseline: baseline, Value: value, Low: low, High: high, OK: true}
	wanted, verdict := "", "–"
	if !l.none {
		r.Limit, r.OK = &l.value, value <= l.value
		sign := "≤"
		if l.least {
			r.OK, sign = value >= l.value, "≥"
		}
		wanted, verdict = sign+" "+number(l.value), "yes"
		if !r.OK {
			verdict = "NO"
			b.missed++
		}
	}
	b.results.Add(r)
	fmt.Printf("%-4s %-50s %-23s %9s  %-17s %-9s %s\n", id, name, baseline, number(value), number(low)+" – "+number(high), wanted, verdict)
}

var heading = fmt.Sprintf("%-4s %-50s %-23s %9s  %-17s %-9s %s", "id", "what", "against", "value", "95 % interval", "limit", "ok")

func number(v float64) string {
	switch {
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// ratios divides samples that were measured in turns: what disturbs a turn mostly disturbs both.
func ratios(samples, baseline []float64) []float64 {
	list := make([]float64, min(len(samples), len(baseline)))
	for i := range list {
		list[i] = samples[i] / baseline[i]
	}
	return list
}

const resamples = 2000

// estimate returns the median with its 95 % bootstrap interval. The same samples give the same interval.
func estimate(samples []float64) (value, low, high float64) {
	random := rand.New(rand.NewPCG(uint64(len(samples)), 1))
	found, drawn := make([]float64, resamples), make([]float64, len(samples))
	for i := range found {
		for j := range drawn {
			drawn[j] = samples[random.IntN(len(samples))]
		}
		found[i] = median(drawn)
	}
	return median(samples), percentile(found, 0.025), percentile(found, 0.975)
}

func median(samples []float64) float64 { return percentile(samples, 0.5) }

func percentile(samples []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	at := float64(len(sorted)-1) * p
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (sorted[above]-sorted[below])*(at-float64(below))
}
