package sampling

import (
	"maps"
	"math"
	"slices"
	"sort"

	"crosssum/internal/model/random"
)

// choice is a discrete distribution: item k with probability (cumulative[k] - cumulative[k-1]) / total.
type choice struct {
	items      []int
	cumulative []float64
}

// smoothed gives item k the probability counts[k]^exponent / sum of the same.
func smoothed(items []int, counts []int, exponent float64) choice {
	total := 0.0
	for _, n := range counts {
		total += float64(n)
	}
	c := choice{items: items, cumulative: make([]float64, len(items))}
	sum := 0.0
	for k, n := range counts {
		sum += math.Pow(float64(n)/total, exponent)
		c.cumulative[k] = sum
	}
	return c
}

// draw takes one item.
func (c choice) draw(s *random.Stream) int {
	u := s.Float64() * c.cumulative[len(c.cumulative)-1]
	k := sort.Search(len(c.cumulative), func(k int) bool { return c.cumulative[k] > u })
	return c.items[min(k, len(c.items)-1)] // u may round up to the total
}

// side is one half of Algorithm 1: a fixed language f ~ q_f, then pairs that hold it ~ q_(o|f).
type side struct {
	fixed choice   // items are indices into pairs
	pairs []choice // by fixed language; items are indices of pairs
}

// newSide groups pairs by fixed(pair): p_f = sum of the group / sum of all, q_f ~ p_f^alpha; within a group
// p_(o|f) = c / sum of the group, q_(o|f) ~ p_(o|f)^beta.
func newSide(pairs []Pair, kept []int, fixed func(Pair) string, alpha, beta float64) side {
	groups := map[string][]int{}
	for _, k := range kept {
		name := fixed(pairs[k])
		groups[name] = append(groups[name], k)
	}
	var s side
	var items, sums []int
	for g, name := range slices.Sorted(maps.Keys(groups)) {
		counts, sum := make([]int, len(groups[name])), 0
		for i, k := range groups[name] {
			counts[i] = pairs[k].Samples
			sum += pairs[k].Samples
		}
		items, sums = append(items, g), append(sums, sum)
		s.pairs = append(s.pairs, smoothed(groups[name], counts, beta))
	}
	s.fixed = smoothed(items, sums, alpha)
	return s
}

// draw takes one fixed language and m pairs that hold it, with replacement.
func (s side) draw(stream *random.Stream, out []int) {
	group := s.pairs[s.fixed.draw(stream)]
	for i := range out {
		out[i] = group.draw(stream)
	}
}
