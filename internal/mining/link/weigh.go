package link

import (
	"math"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// few is the number of articles up to which a language's means are shrunk towards those of the languages that have more: what
// stands nearest among few articles is not near.
const few = 30

// weigh finds the contenders of all languages by the rule "evidence", with a probability each, in order. Twice they are chosen: by what
// the two articles themselves say, then also by whether the other languages, with the first choice, agree. In memory are what
// the first choice and the second chose, never what they chose from. beat is called for each pair of languages that was read.
func weigh(in Input, articles *Articles, beat func()) (chosen []contender, candidates int64, err error) {
	threshold, err := in.Model.Cut(in.Threshold)
	if err != nil {
		return nil, 0, invalid("%v", err)
	}
	chosen, candidates, err = chooseByEvidence(in, articles, beat)
	for i := range chosen {
		chosen[i].threshold = threshold
	}
	return chosen, candidates, err
}

func chooseByEvidence(in Input, articles *Articles, beat func()) (chosen []contender, candidates int64, err error) {
	w := &weighing{articles: articles, model: newLinear(in.Model), beat: beat}
	units := sorted(in.Lists)
	if err := w.measure(units); err != nil {
		return nil, 0, err
	}
	first := newOpinions(articles)
	for _, unit := range units {
		found, n, err := w.choose(unit, nil)
		if err != nil {
			return nil, 0, err
		}
		candidates += n
		for _, c := range found {
			first.add(c.a, c.b)
		}
	}
	for _, unit := range units {
		found, _, err := w.choose(unit, first)
		if err != nil {
			return nil, 0, err
		}
		chosen = append(chosen, found...)
	}
	sortContenders(chosen)
	says := newOpinions(articles)
	for _, c := range chosen {
		says.add(c.a, c.b)
	}
	for i := range chosen {
		c := &chosen[i]
		c.agreement = float32(says.agreement(c.a, c.b))
		c.rule, c.value = schemas.EvidenceRule, float32(1/(1+math.Exp(-w.model.of(c.features()))))
	}
	return chosen, candidates, nil
}

// probability is 0 where the rule gives none.
func (c contender) probability() float32 {
	if c.rule == schemas.EvidenceRule {
		return c.value
	}
	return 0
}

// features are those of schemas.EvidenceFeatures, in their order. A further one is a name there and a number here.
func (c contender) features() [4]float64 {
	return [...]float64{float64(c.margin) - 1, float64(c.tokens), float64(c.tokenMargin), float64(c.agreement)}
}

// linear is a model with its weights in the order of the features.
type linear struct {
	bias    float64
	weights [4]float64
}

func newLinear(m *schemas.EvidenceModel) linear {
	l := linear{bias: m.Bias}
	for i, name := range schemas.EvidenceFeatures {
		l.weights[i] = m.Weights[name]
	}
	return l
}

// of is the logarithm of the odds.
func (l linear) of(features [4]float64) float64 {
	sum := l.bias
	for i, x := range features {
		sum += l.weights[i] * x
	}
	return sum
}

// weighing is what is known of all articles while pairs of languages are weighed.
type weighing struct {
	articles *Articles
	model    linear
	pools    []pool // by article; nil where every language has enough articles
	beat     func()
}

// pool sums up the means of an article in the languages that have enough articles.
type pool struct {
	mean, tokens float64
	languages    int32
	seen         int32 // the language that was counted last, from 1
}

// measure fills the pools, if a language needs them.
func (w *weighing) measure(units []Lists) error {
	small := false
	for i := range w.articles.Languages {
		small = small || w.size(i) < few
	}
	if !small {
		return nil
	}
	w.pools = make([]pool, w.articles.Len())
	for _, unit := range units {
		fromA, _, okA := w.articles.span(unit.A)
		fromB, _, okB := w.articles.span(unit.B)
		if unit.A == unit.B || !okA || !okB {
			continue
		}
		languageA, languageB := w.articles.language(int32(fromA)), w.articles.language(int32(fromB))
		add := func(n int32, other int, mean, tokens float32) {
			if p := &w.pools[n]; w.size(other) >= few && p.seen != int32(other+1) {
				p.mean, p.tokens, p.languages, p.seen = p.mean+float64(mean), p.tokens+float64(tokens), p.languages+1, int32(other+1)
			}
		}
		if err := w.each(unit, func(a, b int32, row *schemas.EvidenceRow) {
			add(a, languageB, row.SourceMean, row.SourceTokens)
			add(b, languageA, row.TargetMean, row.TargetTokens)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (w *weighing) size(language int) int {
	return w.articles.first[language+1] - w.articles.first[language]
}

// shrunk are the means of an article in a language.
func (w *weighing) shrunk(n int32, other int, mean, tokens float32) (float64, float64) {
	own := float64(w.size(other)) / few
	if own >= 1 || w.pools[n].languages == 0 {
		return float64(mean), float64(tokens)
	}
	p := w.pools[n]
	languages := float64(p.languages)
	return own*float64(mean) + (1-own)*p.mean/languages, own*float64(tokens) + (1-own)*p.tokens/languages
}

// choose keeps the pairs of two languages that are best for both. says, where it is known, is what the other languages say.
func (w *weighing) choose(unit Lists, says *opinions) (chosen []contender, candidates int64, err error) {
	if unit.A == unit.B {
		return nil, 0, nil
	}
	fromA, toA, okA := w.articles.span(unit.A)
	fromB, toB, okB := w.articles.span(unit.B)
	if !okA || !okB {
		return nil, 0, corrupt("evidence of %s and %s: there are no articles of one of them", unit.A, unit.B)
	}
	a, b := w.articles.language(int32(fromA)), w.articles.language(int32(fromB))
	var all []contender
	bestA, bestB := make([]best, toA-fromA), make([]best, toB-fromB)
	err = w.each(unit, func(x, y int32, row *schemas.EvidenceRow) {
		c := contender{a: x, b: y, score: row.Score, tokens: row.Tokens}
		meanA, tokensA := w.shrunk(x, b, row.SourceMean, row.SourceTokens)
		meanB, tokensB := w.shrunk(y, a, row.TargetMean, row.TargetTokens)
		if mean := (meanA + meanB) / 2; mean > 0 {
			c.margin = float32(float64(row.Score) / mean)
		}
		c.tokenMargin = float32(float64(row.Tokens) - (tokensA+tokensB)/2)
		if says != nil {
			c.agreement = float32(says.agreement(x, y))
		}
		c.value = float32(w.model.of(c.features()))
		bestA[int(x)-fromA].offer(y, c.value, c.score)
		bestB[int(y)-fromB].offer(x, c.value, c.score)
		all = append(all, c)
	})
	for _, c := range all {
		if bestA[int(c.a)-fromA].other == c.b && bestB[int(c.b)-fromB].other == c.a {
			chosen = append(chosen, c)
		}
	}
	return chosen, int64(len(all)), err
}

// each calls use with every row of the evidence of two languages, and the numbers of its articles.
func (w *weighing) each(unit Lists, use func(a, b int32, row *schemas.EvidenceRow)) error {
	fromA, toA, _ := w.articles.span(unit.A)
	fromB, toB, _ := w.articles.span(unit.B)
	last := [2]int32{-1, -1}
	defer w.beat()
	return arrowfile.Each(unit.Evidence, func(row *schemas.EvidenceRow) error {
		at := [2]int32{row.Source, row.Target}
		if at[0] < 0 || int(at[0]) >= toA-fromA || at[1] < 0 || int(at[1]) >= toB-fromB || at[0] < last[0] || at[0] == last[0] && at[1] <= last[1] {
			return corrupt("evidence of %s and %s: rows %d and %d are of no article, or out of order", unit.A, unit.B, at[0], at[1])
		}
		for _, x := range []float32{row.Score, row.SourceMean, row.TargetMean, row.Tokens, row.SourceTokens, row.TargetTokens} {
			if math.IsNaN(float64(x)) || math.Abs(float64(x)) > 1.001 {
				return corrupt("evidence of %s and %s: rows %d and %d have %v, which is no cosine", unit.A, unit.B, at[0], at[1], x)
			}
		}
		last = at
		use(int32(fromA)+at[0], int32(fromB)+at[1], row)
		return nil
	})
}
