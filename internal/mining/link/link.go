// Package link turns neighbour lists into accepted pairs, duplicates and connected components. What it writes is a
// function of the lists and the parameters alone: thresholds are inclusive, ties go to the smaller id in byte order, and
// every compared number is a float32.
package link

import (
	"cmp"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// NearMiss is how far under its threshold a contender still counts as a near miss.
const NearMiss = 0.02

// Lists are the neighbours files of an unordered pair of languages A <= B; Backward is empty for A = B. Evidence is the file of
// schemas.EvidenceRow that the rule of that name reads of A < B.
type Lists struct{ A, B, Forward, Backward, Evidence string }

// Input names what is linked. Languages and Articles (paths of schemas.ArticleRow) go together, in byte order.
type Input struct {
	Languages          []string
	Articles           []string
	Lists              []Lists
	Rule               string
	Threshold          float64
	DuplicateThreshold float64
	K                  int
	Model              *schemas.EvidenceModel // of the rule "evidence"
}

// duplicate is a pair of near-identical summaries of one language, a < b.
type duplicate struct {
	a, b  int32
	score float32
}

// result is what Run writes.
type result struct {
	articles   *Articles
	accepted   []contender
	duplicates []duplicate
	counts     map[string]int64
	histogram  *Histogram
	forest     *Forest
}

// Run links and writes pairs.arrow, duplicates.arrow, components.arrow and histogram.json into dir. progress is called
// with the number of language pairs done. Counts: candidates, accepted, near_misses, duplicates, components (those of one
// article included), cut_edges.
func Run(in Input, dir string, progress func(done, total int)) (map[string]int64, error) {
	r, err := link(in, progress)
	if err != nil {
		return nil, err
	}
	return r.counts, r.write(dir)
}

func link(in Input, progress func(done, total int)) (*result, error) {
	chosen, articles, pageMarks, err := open(in, func(int32, *schemas.ArticleRow) error { return nil })
	if err != nil {
		return nil, err
	}
	r := &result{articles: articles, counts: map[string]int64{}, histogram: newHistogram(in), forest: NewForest(articles.Len())}
	units := sorted(in.Lists)
	var induced induction
	var waiting []contender
	for i, unit := range units {
		if unit.A == unit.B {
			err = r.addDuplicates(unit, float32(in.DuplicateThreshold))
		} else if !chosen.weigh {
			err = r.addPairs(unit, in, chosen, pageMarks, &induced, &waiting)
		}
		if err != nil {
			return nil, err
		}
		progress(i+1, len(units))
	}
	if chosen.weigh {
		if waiting, r.counts["candidates"], err = weigh(in, articles, func() { progress(len(units), len(units)) }); err != nil {
			return nil, err
		}
	} else {
		sortContenders(waiting)
		agree(waiting, articles)
	}
	for _, c := range waiting {
		r.decide(c)
	}
	if chosen.induce {
		accepted, rejected, cut := induced.run(in.Threshold)
		r.accept(accepted...)
		r.reject(rejected...)
		r.counts["cut_edges"] = int64(len(cut))
		for _, c := range cut {
			r.histogram.add(c, false)
		}
	}
	r.finish()
	return r, nil
}

// sorted puts pairs of languages in order.
func sorted(lists []Lists) []Lists {
	units := append([]Lists(nil), lists...)
	slices.SortFunc(units, func(x, y Lists) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return units
}

// open finds the rule and reads the articles, with their marks if the rule wants them. each is as in ReadArticles.
func open(in Input, each func(int32, *schemas.ArticleRow) error) (chosen rule, articles *Articles, pageMarks [][]uint64, err error) {
	if chosen, err = check(in); err != nil {
		return chosen, nil, nil, err
	}
	articles, err = ReadArticles(in.Languages, in.Articles, func(n int32, row *schemas.ArticleRow) error {
		if chosen.marks {
			pageMarks = append(pageMarks, marks(row))
		}
		return each(n, row)
	})
	return chosen, articles, pageMarks, err
}

// contenders reads the lists of two languages and lets the rule choose.
func (r rule) contenders(unit Lists, in Input, articles *Articles, pageMarks [][]uint64) ([]contender, int64, error) {
	forward, err := readLists(unit.Forward, articles, unit.A, unit.B, in.K, bestOf(in.K))
	if err != nil {
		return nil, 0, err
	}
	backward, err := readLists(unit.Backward, articles, unit.B, unit.A, in.K, bestOf(in.K))
	if err != nil {
		return nil, 0, err
	}
	return r.choose(newLanguagePair(articles, forward, backward, in.K, in.Threshold, pageMarks))
}

func (r *result) addPairs(unit Lists, in Input, chosen rule, pageMarks [][]uint64, induced *induction, waiting *[]contender) error {
	contenders, candidates, err := chosen.contenders(unit, in, r.articles, pageMarks)
	if err != nil {
		return err
	}
	r.counts["candidates"] += candidates
	for _, c := range contenders {
		switch {
		case chosen.induce && induced.add(c): // decided when all languages were read
		case chosen.agree:
			*waiting = append(*waiting, c)
		default:
			r.decide(c)
		}
	}
	return nil
}

func (r *result) decide(c contender) {
	if c.accepted() {
		r.accept(c)
	} else {
		r.reject(c)
	}
}

func (r *result) accept(cs ...contender) {
	r.accepted = append(r.accepted, cs...)
	for _, c := range cs {
		r.histogram.add(c, true)
	}
}

// reject counts the near misses among contenders under their threshold.
func (r *result) reject(cs ...contender) {
	for _, c := range cs {
		if r.histogram.add(c, false); c.near() {
			r.counts["near_misses"]++
		}
	}
}

func (r *result) addDuplicates(unit Lists, threshold float32) error {
	l, err := readLists(unit.Forward, r.articles, unit.A, unit.A, 1, kept{math.MaxInt32, threshold})
	if err != nil {
		return err
	}
	seen := map[[2]int32]bool{}
	for i := 0; i+1 < len(l.offsets); i++ {
		n := int32(l.from + i)
		targets, scores := l.of(n, len(l.targets))
		for j, other := range targets {
			a, b := min(n, other), max(n, other)
			if !seen[[2]int32{a, b}] {
				seen[[2]int32{a, b}] = true
				r.duplicates = append(r.duplicates, duplicate{a, b, scores[j]})
			}
		}
	}
	return nil
}

// finish sorts, joins components and counts.
func (r *result) finish() {
	sortContenders(r.accepted)
	slices.SortFunc(r.duplicates, func(x, y duplicate) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for _, c := range r.accepted {
		r.forest.Union(c.a, c.b)
	}
	for _, d := range r.duplicates {
		r.forest.Union(d.a, d.b)
	}
	r.counts["accepted"] = int64(len(r.accepted))
	r.counts["duplicates"] = int64(len(r.duplicates))
	r.counts["near_misses"] += 0
	r.counts["cut_edges"] += 0
	for n := range r.articles.Len() {
		if r.forest.Root(int32(n)) == int32(n) {
			r.counts["components"]++
		}
	}
	r.histogram.finish(r.articles)
}

func (r *result) write(dir string) error {
	component := func(n int32) string { return r.articles.Name(r.forest.Root(n)) }
	return errors.Join(
		arrowfile.WriteRows(filepath.Join(dir, "pairs.arrow"), len(r.accepted), func(i int) schemas.PairRow {
			c := r.accepted[i]
			return schemas.PairRow{SourceLanguage: r.articles.Language(c.a), SourceID: r.articles.ID(c.a),
				TargetLanguage: r.articles.Language(c.b), TargetID: r.articles.ID(c.b), Score: c.score, Margin: c.margin, Tokens: c.tokens, Agreement: c.agreement,
				Probability: c.probability(), Rule: c.rule, Component: component(c.a)}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "duplicates.arrow"), len(r.duplicates), func(i int) schemas.DuplicateRow {
			d := r.duplicates[i]
			return schemas.DuplicateRow{Language: r.articles.Language(d.a), SourceID: r.articles.ID(d.a), TargetID: r.articles.ID(d.b), Score: d.score}
		}),
		arrowfile.WriteRows(filepath.Join(dir, "components.arrow"), r.articles.Len(), func(i int) schemas.ComponentRow {
			return schemas.ComponentRow{Language: r.articles.Language(int32(i)), ID: r.articles.ID(int32(i)), Component: component(int32(i))}
		}),
		r.histogram.write(filepath.Join(dir, "histogram.json")))
}

// sortContenders sorts by (a, b), which is (source language, source id, target language, target id).
func sortContenders(cs []contender) {
	sort.Slice(cs, func(i, j int) bool { return cs[i].a < cs[j].a || cs[i].a == cs[j].a && cs[i].b < cs[j].b })
}

func check(in Input) (rule, error) {
	params := schemas.AlignParams{Rule: in.Rule, Threshold: &in.Threshold, Duplicate: &in.DuplicateThreshold, Neighbours: in.K,
		Keep: in.K, BlockRows: 1} // these two are the search's
	if err := params.Check(); err != nil {
		return rule{}, fault.Of(schemas.InvalidInput, err)
	}
	chosen := rules[in.Rule]
	if chosen.weigh {
		if in.Model == nil {
			return chosen, invalid("the rule %s needs weights: those of an encoder's card", in.Rule)
		}
		if err := in.Model.Check(); err != nil {
			return chosen, invalid("%v", err)
		}
	}
	if len(in.Languages) != len(in.Articles) {
		return chosen, invalid("%d languages with %d files", len(in.Languages), len(in.Articles))
	}
	seen := map[string]bool{}
	for _, u := range in.Lists {
		if u.A > u.B || seen[u.A+"-"+u.B] {
			return chosen, corrupt("neighbours of %s and %s are out of order or given twice", u.A, u.B)
		}
		seen[u.A+"-"+u.B] = true
	}
	return chosen, nil
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, "link: "+format, args...)
}

func corrupt(format string, args ...any) error {
	return fault.New(schemas.CorruptObject, "link: "+format, args...)
}
