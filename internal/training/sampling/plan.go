package sampling

// Planned is what a training of so many steps will see of a pair.
type Planned struct {
	Pair
	Expected float64 // share of the mini-batches, by Algorithm 1's probabilities
	Drawn    float64 // share of the mini-batches, by the seed's draws
	Batches  int     // mini-batches drawn
	Epochs   float64 // passes over the pair's samples
}

// Plan tells, for each pair in use in (source, target) order, what the first steps will draw of it. It is computed from the
// same draws as Batch, without looking at samples.
func (s *Sampler) Plan(steps int) []Planned {
	counts := make([]int, len(s.pairs))
	for step := range steps {
		s.languages(step)
		for _, k := range s.pick {
			counts[k]++
		}
	}
	expected := s.Expected()
	out := make([]Planned, 0, len(s.kept))
	for _, k := range s.kept {
		p := Planned{Pair: s.pairs[k], Expected: expected[k], Batches: counts[k]}
		if steps > 0 {
			p.Drawn = float64(counts[k]) / float64(steps*s.m)
		}
		p.Epochs = float64(counts[k]*s.mini) / float64(p.Samples)
		out = append(out, p)
	}
	return out
}

// Expected is the probability of each of the pairs given to New to be a mini-batch's: sum over f of q_f q_(o|f), for `coin`
// the mean of both sides'; 0 for pairs that were dropped.
func (s *Sampler) Expected() []float64 {
	out := make([]float64, len(s.pairs))
	switch s.sampling {
	case "unistage":
		s.unistage.each(func(k int, q float64) { out[k] += q })
	case "fixed_source":
		s.bySource.expect(out, 1)
	case "fixed_target":
		s.byTarget.expect(out, 1)
	default:
		s.bySource.expect(out, 0.5)
		s.byTarget.expect(out, 0.5)
	}
	return out
}

// expect adds weight times the probability of each pair.
func (s side) expect(out []float64, weight float64) {
	s.fixed.each(func(group int, q float64) {
		s.pairs[group].each(func(k int, p float64) { out[k] += weight * q * p })
	})
}

// each calls f with every item and its probability.
func (c choice) each(f func(item int, probability float64)) {
	before, total := 0.0, c.cumulative[len(c.cumulative)-1]
	for i, sum := range c.cumulative {
		f(c.items[i], (sum-before)/total)
		before = sum
	}
}
