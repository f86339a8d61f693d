package train

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// example is one directed sample: the article of `source` with the summary of `target`, as indices into the articles.
type example struct{ source, target int32 }

// dataset is everything training reads, tokenized once. Of a run's data it holds 8 bytes a sample and 48 an article; the ids are
// views of mapped files, of which the system keeps in memory what there is room for.
type dataset struct {
	samples  string // path of the samples file
	pairs    []sampling.Pair
	examples [][]example // by pair, in the order of the samples file
	sources  [][]int32   // by article: ids of its text, nil if no sample uses it as source
	labels   [][]int32   // by article: ids of its summary, nil if no sample uses it as target
	mapped   []*arrowfile.Mapped

	articles int64 // articles that some sample uses
	dropped  int   // sentinels left out of labels
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
	d := &dataset{samples: path}
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
	err := arrowfile.Each(path, func(r *schemas.SampleRow) error {
		if r.Split != "train" {
			return nil
		}
		k, ok := pairs[[2]string{r.SourceLanguage, r.TargetLanguage}]
		if !ok {
			source, target := arrowfile.Clone(r.SourceLanguage), arrowfile.Clone(r.TargetLanguage)
			k = len(d.pairs)
			pairs[[2]string{source, target}] = k
			d.pairs = append(d.pairs, sampling.Pair{Source: source, Target: target})
			d.examples = append(d.examples, nil)
		}
		source, target := number(articleKey{r.SourceLanguage, r.SourceID}), number(articleKey{r.TargetLanguage, r.TargetID})
		source.source, target.target = true, true
		d.examples[k] = append(d.examples[k], example{source.index, target.index})
		d.pairs[k].Samples++
		return nil
	})
	return d, uses, err
}

// load reads the samples, and finds the ids of the articles they name in the token files. alive is called every thousand articles.
func load(samples string, tokens []string, vocabulary int, alive func(articles int64)) (d *dataset, err error) {
	d, uses, err := loadSamples(samples)
	if err != nil {
		return nil, err
	}
	if len(d.pairs) == 0 {
		return nil, invalid("%s: no sample is in split \"train\": align more articles or raise the share of train: %s", samples, schemas.Shares())
	}
	views := d
	defer func() {
		if err != nil {
			views.close()
		}
	}()
	d.sources, d.labels = make([][]int32, len(uses)), make([][]int32, len(uses))
	for _, path := range tokens {
		mapped, err := arrowfile.Map(path, func(r *schemas.TokensRow) error {
			key := articleKey{r.Language, r.ID}
			u := uses[key]
			if u == nil {
				return nil
			}
			for _, id := range slices.Concat(r.Source, r.Label) {
				if id < 0 || int(id) >= vocabulary {
					return corrupt("%s: article %s/%s has token %d, and the model a table of %d rows: it was tokenized for another model", path,
						key.language, key.id, id, vocabulary)
				}
			}
			if u.source && len(r.Source) == 0 || u.target && len(r.Label) == 0 {
				return corrupt("%s: article %s/%s has no tokens, not even </s>", path, key.language, key.id)
			}
			if u.source {
				d.sources[u.index] = r.Source
			}
			if u.target {
				d.labels[u.index] = r.Label
				d.dropped += int(r.Dropped)
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
		d.mapped = append(d.mapped, mapped)
	}
	if len(uses) > 0 {
		missing := slices.MinFunc(slices.Collect(maps.Keys(uses)), func(a, b articleKey) int {
			return cmp.Or(strings.Compare(a.language, b.language), strings.Compare(a.id, b.id))
		})
		return nil, invalid("%s: %d articles are in no token file, the first is %s/%s: samples and articles come from different runs",
			samples, len(uses), missing.language, missing.id)
	}
	return d, nil
}

// close ends the views of mapped files.
func (d *dataset) close() {
	for _, m := range d.mapped {
		m.Close()
	}
	d.mapped = nil
}
