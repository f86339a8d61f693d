package export

import (
	"cmp"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// sample is a sample of the source language that is exported: its two articles and what is known about their pair.
type sample struct {
	source, language, target string // id, and the target's language and id
	split                    string
	component                string // of pairs and duplicates: what splits were made by
	rule                     string // NativeRule for an article with itself, which has neither score nor margin
	score, margin            float32
}

// NativeRule stands in column rule of an article's own text and summary.
const NativeRule = "native"

// order is (source id, target language, target id): that of the samples file.
func (s *sample) order(o *sample) int {
	return cmp.Or(strings.Compare(s.source, o.source), strings.Compare(s.language, o.language), strings.Compare(s.target, o.target))
}

// readSamples lists the samples of the source language in order, with their pair's score and their component.
func readSamples(in Input) ([]sample, error) {
	var samples []sample
	var languages names
	err := arrowfile.Each(in.Samples, schemas.Sample, func(row arrowfile.Row) error {
		if row.Str(0) != in.Source {
			return nil
		}
		s := sample{source: arrowfile.Clone(row.Str(1)), language: languages.one(row.Str(2)), target: arrowfile.Clone(row.Str(3)),
			split: languages.one(row.Str(4))}
		if fileSplits[s.split] == "" {
			return corrupt("sample %s/%s to %s/%s has split %q", in.Source, s.source, s.language, s.target, s.split)
		}
		if n := len(samples); n > 0 && samples[n-1].order(&s) >= 0 {
			return corrupt("sample %s/%s to %s/%s stands out of order", in.Source, s.source, s.language, s.target)
		}
		samples = append(samples, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	pairs, err := readPairs(in)
	if err != nil {
		return nil, err
	}
	if err := joinPairs(in.Source, samples, pairs); err != nil {
		return nil, err
	}
	return samples, joinComponents(in, samples)
}

// readPairs lists the accepted pairs that the source language is on either side of, as samples out of it, in order.
func readPairs(in Input) ([]sample, error) {
	var pairs []sample
	var known names
	err := arrowfile.Each(in.Pairs, schemas.Pair, func(row arrowfile.Row) error {
		here, there := 0, 2
		if row.Str(here) != in.Source {
			here, there = 2, 0
		}
		if row.Str(here) == in.Source {
			pairs = append(pairs, sample{source: arrowfile.Clone(row.Str(here + 1)), language: known.one(row.Str(there)),
				target: arrowfile.Clone(row.Str(there + 1)), score: float32(row.Float(4)), margin: float32(row.Float(5)), rule: known.one(row.Str(6))})
		}
		return nil
	})
	slices.SortFunc(pairs, func(a, b sample) int { return a.order(&b) })
	return pairs, err
}

// joinPairs gives every sample what its pair has. Pairs of dropped articles have no sample.
func joinPairs(source string, samples, pairs []sample) error {
	next := 0
	for i := range samples {
		s := &samples[i]
		if s.language == source && s.target == s.source {
			s.rule = NativeRule
			continue
		}
		for next < len(pairs) && pairs[next].order(s) < 0 {
			next++
		}
		if next == len(pairs) || pairs[next].order(s) != 0 {
			return corrupt("sample %s/%s to %s/%s is of no accepted pair", source, s.source, s.language, s.target)
		}
		s.score, s.margin, s.rule = pairs[next].score, pairs[next].margin, pairs[next].rule
	}
	return nil
}

// joinComponents gives every sample the component of its source article, and compares their splits.
func joinComponents(in Input, samples []sample) error {
	next := 0
	err := arrowfile.Each(in.Splits, schemas.Split, func(row arrowfile.Row) error {
		if row.Str(0) != in.Source {
			return nil
		}
		component := ""
		for ; next < len(samples) && samples[next].source == row.Str(1); next++ {
			if samples[next].split != row.Str(3) {
				return corrupt("sample of %s/%s is in %s, the article in %s", in.Source, row.Str(1), samples[next].split, row.Str(3))
			}
			if component == "" {
				component = arrowfile.Clone(row.Str(2))
			}
			samples[next].component = component
		}
		return nil
	})
	if err == nil && next < len(samples) {
		err = corrupt("sample of %s/%s, which has no split", in.Source, samples[next].source)
	}
	return err
}

// names keeps one copy of each of a few strings.
type names map[string]string

func (n *names) one(s string) string {
	if *n == nil {
		*n = names{}
	}
	known, ok := (*n)[s]
	if !ok {
		known = arrowfile.Clone(s)
		(*n)[known] = known
	}
	return known
}
