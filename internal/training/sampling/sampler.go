// Package sampling draws the batches of multistage training (Algorithm 1 of CrossSum). A batch is a pure function of
// (pairs, parameters, seed, step): it is the same for every number of ranks, and after a crash it is drawn again rather
// than restored.
package sampling

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"crosssum/internal/fault"
	"crosssum/internal/model/random"
	"crosssum/schemas"
)

// Pair is a directed pair of languages with its number of training samples.
type Pair struct {
	Source, Target string
	Samples        int
}

// Draw is one example of a batch: Pair indexes the pairs given to New, Sample the examples of that pair.
type Draw struct{ Pair, Sample int }

// Sampler draws batches. It is not safe for concurrent use.
type Sampler struct {
	pairs    []Pair
	kept     []int // indices of the pairs in use, in (source, target) order
	sampling string
	m, mini  int
	seed     uint64

	bySource, byTarget side
	unistage           choice

	// What replaying the draws of the steps before next gives; no more than a cache.
	next   int
	drawn  []int // mini-batches taken, by pair
	orders []passes
	pick   []int // scratch: the pairs of one step
}

// New drops pairs outside the setting, those with fewer than MiniBatch samples and native ones (unless NativePairs), then
// computes q from the rest. The order of pairs does not matter. It fails with InvalidInput when a parameter is out of range, a
// pair is given twice or no pair is left.
func New(pairs []Pair, params schemas.TrainParams, seed uint64) (*Sampler, error) {
	if err := params.Check(); err != nil {
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	s := &Sampler{pairs: pairs, sampling: params.Sampling, m: params.Pairs, mini: params.MiniBatch, seed: seed}
	largest := 0 // pair of the setting
	for k, p := range pairs {
		if !within(p, params) {
			continue
		}
		largest = max(largest, p.Samples)
		if p.Samples >= s.mini && p.Samples <= math.MaxInt32 {
			s.kept = append(s.kept, k)
		}
	}
	if err := trainable(pairs, params); err != nil {
		return nil, err
	}
	if len(s.kept) == 0 {
		return nil, invalid("no pair%s has the %d training samples of a mini-batch (largest: %d): bring more articles, set train.fit_mini_batch, "+
			"or lower train.mini_batch: %s", ofSetting(params), s.mini, largest, schemas.Give("train.mini_batch", Fit(pairs, fitting(params)).MiniBatch))
	}
	order := func(a, b int) int {
		return cmp.Or(strings.Compare(pairs[a].Source, pairs[b].Source), strings.Compare(pairs[a].Target, pairs[b].Target))
	}
	slices.SortFunc(s.kept, order)
	for i := 1; i < len(s.kept); i++ {
		if a := s.kept[i-1]; order(a, s.kept[i]) == 0 {
			return nil, invalid("pair %s-%s is given twice", pairs[a].Source, pairs[a].Target)
		}
	}
	s.bySource = newSide(pairs, s.kept, func(p Pair) string { return p.Source }, params.Alpha, params.Beta)
	s.byTarget = newSide(pairs, s.kept, func(p Pair) string { return p.Target }, params.Alpha, params.Beta)
	counts := make([]int, len(s.kept))
	for i, k := range s.kept {
		counts[i] = pairs[k].Samples
	}
	s.unistage = smoothed(s.kept, counts, s.unistageExponent())
	s.drawn, s.orders, s.pick = make([]int, len(pairs)), make([]passes, len(pairs)), make([]int, s.m)
	for rank, k := range s.kept {
		s.orders[k] = passes{seed: seed, pair: uint32(rank), n: pairs[k].Samples, mini: s.mini}
	}
	return s, nil
}

// unistageExponent is the published smoothing over pairs: 0.75 for many-to-one and one-to-many, 0.25 for many-to-many.
// Alpha and Beta belong to the multistage samplings.
func (s *Sampler) unistageExponent() float64 {
	if len(s.bySource.pairs) == 1 || len(s.byTarget.pairs) == 1 {
		return 0.75
	}
	return 0.25
}

// Kept lists the pairs in use, as indices of those given to New, in (source, target) order.
func (s *Sampler) Kept() []int { return slices.Clone(s.kept) }

// Batch is the batch of a step, which counts from 0: Pairs mini-batches of MiniBatch draws, one mini-batch after the
// other. Successive steps are cheap; a jump forward replays the language draws between, a jump back those from step 0
// (25,000 steps replay in some tens of milliseconds).
func (s *Sampler) Batch(step int) ([]Draw, error) {
	if step < 0 || int64(step) > math.MaxUint32 {
		return nil, invalid("step %d is outside 0..2^32-1", step)
	}
	if step < s.next {
		s.next = 0
		clear(s.drawn)
	}
	for ; s.next < step; s.next++ {
		s.languages(s.next)
		for _, k := range s.pick {
			s.drawn[k]++
		}
	}
	s.languages(step)
	batch := make([]Draw, 0, s.m*s.mini)
	for _, k := range s.pick {
		for _, sample := range s.orders[k].miniBatch(s.drawn[k]) {
			batch = append(batch, Draw{k, int(sample)})
		}
		s.drawn[k]++
	}
	s.next = step + 1
	return batch, nil
}

// languages puts the m pairs of a step into s.pick. r ~ U[0,1): r > 0.5 fixes the source, else the target.
func (s *Sampler) languages(step int) {
	stream := random.New(s.seed, random.Languages, uint32(step), 0)
	r := stream.Float64()
	switch {
	case s.sampling == "unistage":
		for i := range s.pick {
			s.pick[i] = s.unistage.draw(stream)
		}
	case s.sampling == "fixed_source" || s.sampling == "coin" && r > 0.5:
		s.bySource.draw(stream, s.pick)
	default:
		s.byTarget.draw(stream, s.pick)
	}
}

// within says whether a pair belongs to the setting, and is not a native one that is left out.
func within(p Pair, params schemas.TrainParams) bool {
	switch {
	case p.Source == p.Target && !params.NativePairs,
		params.Setting == "many_to_one" && p.Target != params.Pivot,
		params.Setting == "one_to_many" && p.Source != params.Pivot:
		return false
	}
	return true
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, "sampling: "+format, args...)
}
