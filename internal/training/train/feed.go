package train

import (
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// sequence is one tokenized example: an article, a summary, and the token that starts the decoder for its language.
type sequence struct {
	source, label []int32
	start         int
}

// feed gives the batch of each step, which counts from 1. It is a pure function of the step.
type feed interface {
	batch(step int) (sequences []sequence, names []string, err error)
	targets() []string                   // languages that need a start token
	begin(start func(target string) int) // gives the start token of each of them
	pairs() int                          // directed pairs in use
}

// sampled is multistage sampling from a data set.
type sampled struct {
	data    *dataset
	sampler *sampling.Sampler
	mini    int
	start   []int // by pair
}

func newSampled(d *dataset, params schemas.TrainParams, seed uint64) (*sampled, error) {
	s, err := sampling.New(d.pairs, params, seed)
	return &sampled{data: d, sampler: s, mini: params.MiniBatch}, err
}

func (s *sampled) batch(step int) (sequences []sequence, names []string, err error) {
	draws, err := s.sampler.Batch(step - 1)
	if err != nil {
		return nil, nil, err
	}
	for i, d := range draws {
		e := s.data.examples[d.Pair][d.Sample]
		sequences = append(sequences, sequence{s.data.sources[e.source], s.data.labels[e.target], s.start[d.Pair]})
		if i%s.mini == 0 {
			pair := s.data.pairs[d.Pair]
			names = append(names, pair.Source+"-"+pair.Target)
		}
	}
	return sequences, names, nil
}

func (s *sampled) targets() []string {
	var out []string
	seen := map[string]bool{}
	for _, k := range s.sampler.Kept() {
		if target := s.data.pairs[k].Target; !seen[target] {
			seen[target] = true
			out = append(out, target)
		}
	}
	return out
}

// begin gives pairs that are not in use -1: they are never drawn.
func (s *sampled) begin(start func(string) int) {
	used := map[int]bool{}
	for _, k := range s.sampler.Kept() {
		used[k] = true
	}
	for k, pair := range s.data.pairs {
		id := -1
		if used[k] {
			id = start(pair.Target)
		}
		s.start = append(s.start, id)
	}
}

func (s *sampled) pairs() int { return len(s.sampler.Kept()) }
