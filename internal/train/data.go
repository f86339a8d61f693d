package train

import (
	"fmt"
	"sort"

	"crosssum/internal/arrowfile"
	"crosssum/internal/model/t5"
	"crosssum/internal/sampling"
	"crosssum/schemas"
)

// example is one directed sample: the article of `source` with the summary of `target`, as indices into the articles.
type example struct{ source, target int32 }

// dataset is everything training reads, tokenized once.
type dataset struct {
	pairs    []sampling.Pair
	examples [][]example // by pair, in the order of the samples file
	sources  [][]int32   // by article: ids of its text, nil if no sample uses it as source
	labels   [][]int32   // by article: ids of its summary, nil if no sample uses it as target

	targets  []string // target languages in byte order
	articles int64    // articles that some sample uses
	dropped  int      // sentinels left out of labels
}

// articleKey is the identity of an article.
type articleKey struct{ language, id string }

// use says as what an article is wanted.
type use struct {
	index          int32
	source, target bool
}

// loadSamples reads the rows of split "train" and numbers the articles they name in order of appearance.
func loadSamples(path string) (*dataset, map[articleKey]*use, error) {
	d := &dataset{}
	uses := map[articleKey]*use{}
	number := func(key articleKey) *use {
		u := uses[key]
		if u == nil {
			key = articleKey{arrowfile.Clone(key.language), arrowfile.Clone(key.id)}
			u = &use{index: int32(len(uses))}
			uses[key] = u
		}
		return u
	}
	pairs := map[[2]string]int{}
	targets := map[string]bool{}
	err := arrowfile.Each(path, schemas.Sample, func(r arrowfile.Row) error {
		if r.Str(4) != "train" {
			return nil
		}
		k, ok := pairs[[2]string{r.Str(0), r.Str(2)}]
		if !ok {
			source, target := arrowfile.Clone(r.Str(0)), arrowfile.Clone(r.Str(2))
			k = len(d.pairs)
			pairs[[2]string{source, target}] = k
			targets[target] = true
			d.pairs = append(d.pairs, sampling.Pair{Source: source, Target: target})
			d.examples = append(d.examples, nil)
		}
		source, target := number(articleKey{r.Str(0), r.Str(1)}), number(articleKey{r.Str(2), r.Str(3)})
		source.source, target.target = true, true
		d.examples[k] = append(d.examples[k], example{source.index, target.index})
		d.pairs[k].Samples++
		return nil
	})
	for name := range targets {
		d.targets = append(d.targets, name)
	}
	sort.Strings(d.targets)
	return d, uses, err
}

// load reads the samples and the articles they name and tokenizes texts (as sources) and summaries (as labels). alive is
// called every thousand articles.
func load(samples string, articles []string, tokenizer *t5.Tokenizer, params schemas.TrainParams, alive func(articles int64)) (*dataset, error) {
	d, uses, err := loadSamples(samples)
	if err != nil {
		return nil, err
	}
	if len(d.pairs) == 0 {
		return nil, invalid("%s: no sample is in split \"train\": align more articles or raise the share of train", samples)
	}
	d.sources, d.labels = make([][]int32, len(uses)), make([][]int32, len(uses))
	for _, path := range articles {
		err := arrowfile.Each(path, schemas.Article, func(r arrowfile.Row) error {
			key := articleKey{r.Str(0), r.Str(1)}
			u := uses[key]
			if u == nil {
				return nil
			}
			if err := d.tokenize(u, r.Str(5), r.Str(4), tokenizer, params); err != nil {
				return fmt.Errorf("%s: article %s/%s: %w", path, key.language, key.id, err)
			}
			if d.articles++; d.articles%1000 == 0 {
				alive(d.articles)
			}
			delete(uses, key)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, missing := range firstOf(uses) {
		return nil, invalid("%s: %d articles are in no article file, the first is %s/%s: samples and articles come from different runs",
			samples, len(uses), missing.language, missing.id)
	}
	return d, nil
}

func (d *dataset) tokenize(u *use, text, summary string, tokenizer *t5.Tokenizer, params schemas.TrainParams) (err error) {
	if u.source {
		if d.sources[u.index], err = tokenizer.Source(text, params.SourceTokens); err != nil {
			return err
		}
	}
	if u.target {
		var dropped int
		d.labels[u.index], dropped, err = tokenizer.Label(summary, params.TargetTokens)
		d.dropped += dropped
	}
	return err
}

// firstOf is the smallest key in (language, id) order, if any.
func firstOf(uses map[articleKey]*use) []articleKey {
	var first []articleKey
	for key := range uses {
		if first == nil || key.language < first[0].language || key.language == first[0].language && key.id < first[0].id {
			first = []articleKey{key}
		}
	}
	return first
}
