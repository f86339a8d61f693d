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
	parts
}

// parts are what spoke for a pair.
type parts struct{ score, margin, tokens, agreement, probability float32 }

// NativeRule stands in column rule of an article's own text and summary.
const NativeRule = "native"

// order is (source id, target language, target id): that of the samples file.
func (s *sample) order(o *sample) int {
	return cmp.Or(strings.Compare(s.source, o.source), strings.Compare(s.language, o.language), strings.Compare(s.target, o.target))
}

// readSamples lists the samples of the source language in order, with their pair's score and their component.
func readSamples(in Input) ([]sample, error) {
	var samples []sample
	var known arrowfile.Names
	err := arrowfile.Each(in.Samples, func(row *schemas.SampleRow) error {
		if row.SourceLanguage != in.Source {
			return nil
		}
		s := sample{source: arrowfile.Clone(row.SourceID), language: known.Clone(row.TargetLanguage), target: arrowfile.Clone(row.TargetID),
			split: known.Clone(row.Split)}
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
	var known arrowfile.Names
	err := arrowfile.Each(in.Pairs, func(row *schemas.PairRow) error {
		source, language, target := row.SourceID, row.TargetLanguage, row.TargetID
		switch in.Source {
		case row.SourceLanguage:
		case row.TargetLanguage:
			source, language, target = row.TargetID, row.SourceLanguage, row.SourceID
		default:
			return nil
		}
		pairs = append(pairs, sample{source: arrowfile.Clone(source), language: known.Clone(language), target: arrowfile.Clone(target),
			parts: parts{row.Score, row.Margin, row.Tokens, row.Agreement, row.Probability}, rule: known.Clone(row.Rule)})
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
		s.parts, s.rule = pairs[next].parts, pairs[next].rule
	}
	return nil
}

// joinComponents gives every sample the component of its source article, and compares their splits.
func joinComponents(in Input, samples []sample) error {
	next := 0
	err := arrowfile.Each(in.Splits, func(row *schemas.SplitRow) error {
		if row.Language != in.Source {
			return nil
		}
		var component arrowfile.Names
		for ; next < len(samples) && samples[next].source == row.ID; next++ {
			if samples[next].split != row.Split {
				return corrupt("sample of %s/%s is in %s, the article in %s", in.Source, row.ID, samples[next].split, row.Split)
			}
			samples[next].component = component.Clone(row.Component)
		}
		return nil
	})
	if err == nil && next < len(samples) {
		err = corrupt("sample of %s/%s, which has no split", in.Source, samples[next].source)
	}
	return err
}
