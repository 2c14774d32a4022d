package main

import (
	"math"
	"slices"
)

// Spread is the distribution of times, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// spreadOf is nil for no times at all; each figure is one that was measured (nearest rank).
func spreadOf(nanoseconds []int64) *Spread {
	if len(nanoseconds) == 0 {
		return nil
	}
	slices.Sort(nanoseconds)
	at := func(share float64) float64 {
		rank := int(math.Ceil(share * float64(len(nanoseconds))))
		return float64(nanoseconds[max(rank, 1)-1]) / 1e6
	}
	return &Spread{P50: at(0.5), P99: at(0.99), Max: at(1)}
}
