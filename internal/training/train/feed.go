package train

import (
	"fmt"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/training/sampling"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// sequence is one tokenized example: an article, a summary, and the token that starts the decoder for its language.
type sequence struct {
	source, label []int32
	start         int
}

// feed is what a training reads: the batch of each step, which counts from 1. It is a pure function of the step.
type feed interface {
	batch(step int) (sequences []sequence, names []string, err error)
	pairs() []sampling.Pair              // in use, with their samples; of batches of a file, only the target is known
	begin(start func(target string) int) // gives the start token of each target
	seen() ([]trained.Row, error)        // its texts
	divisor() int                        // the largest number of ranks that can share every batch equally
	unequal(ranks int) string            // names the first batch that they cannot
	close()
}

// sampled is multistage sampling from samples of a run or of a data set.
type sampled struct {
	data    *dataset
	run     *engine.TrainSamples // whose articles have the texts; nil: of a data set, where their digests name them
	sampler *sampling.Sampler
	params  schemas.TrainParams
	start   []int // by pair
}

func (s *sampled) batch(step int) (sequences []sequence, names []string, err error) {
	draws, err := s.sampler.Batch(step - 1)
	if err != nil {
		return nil, nil, err
	}
	for i, d := range draws {
		e := s.data.examples[d.Pair][d.Sample]
		sequences = append(sequences, sequence{s.data.sources[e.source], s.data.labels[e.target], s.start[d.Pair]})
		if i%s.params.MiniBatch == 0 {
			pair := s.data.pairs[d.Pair]
			names = append(names, pair.Source+"-"+pair.Target)
		}
	}
	return sequences, names, nil
}

func (s *sampled) pairs() (kept []sampling.Pair) {
	for _, k := range s.sampler.Kept() {
		kept = append(kept, s.data.pairs[k])
	}
	return kept
}

// begin gives pairs that are not in use -1: they are never drawn.
func (s *sampled) begin(start func(string) int) {
	s.start = slices.Repeat([]int{-1}, len(s.data.pairs))
	for _, k := range s.sampler.Kept() {
		s.start[k] = start(s.data.pairs[k].Target)
	}
}

func (s *sampled) divisor() int { return s.params.Pairs * s.params.MiniBatch }

func (s *sampled) unequal(int) string {
	return fmt.Sprintf("a batch of %d (pairs times mini_batch)", s.divisor())
}

func (s *sampled) close() { s.data.close() }

func (s *sampled) seen() (rows []trained.Row, err error) {
	_, uses, err := loadSamples(s.data.samples)
	if err != nil {
		return nil, err
	}
	if s.run == nil {
		for of := range uses {
			rows = append(rows, trained.Row{Language: of.language, Content: of.id[strings.LastIndexByte(of.id, ' ')+1:]})
		}
		return rows, nil
	}
	for _, file := range s.run.Articles {
		err := arrowfile.Each(file, func(row *schemas.ArticleRow) error {
			if uses[articleKey{row.Language, row.ID}] != nil {
				rows = append(rows, trained.Article(row))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}
