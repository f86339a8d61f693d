package link

import "slices"

// contender is a pair of articles that an accepting rule has chosen; only the threshold is left to decide. a's language
// is the smaller one.
type contender struct {
	a, b      int32
	score     float32 // cosine
	margin    float32
	value     float32 // score, margin or probability: what the threshold is compared with
	threshold float64 // of this pair; compared as float32, as every number is
	shared    bool    // `seed`: the two pages share other identical information
	rule      string

	tokens, tokenMargin, agreement float32 // of the rules that ask for them
}

func (c contender) accepted() bool { return c.value >= float32(c.threshold) }

// languagePair is what a rule sees: the neighbour lists of two languages, forward from a to b and backward.
type languagePair struct {
	articles          *Articles
	forward, backward *lists
	meanA, meanB      []float64 // mean cosine of the k nearest, by article
	k                 int
	threshold         float64
	marks             [][]uint64 // by article; only for the rule that needs them
}

// rule chooses contenders of a pair of languages in (a, b) order and counts the candidates that it looked at.
type rule struct {
	choose func(*languagePair) (contenders []contender, candidates int64, err error)
	agree  bool // other languages have their say after all were read
	induce bool // add induced pairs after all languages were read
	marks  bool // needs images and URLs
	weigh  bool // weighs all that speaks for a pair, in all languages
}

// rules are the accepting rules by name.
var rules = map[string]rule{
	"margin":    {choose: marginBest},
	"agreement": {choose: marginBest, agree: true},
	"mutual":    {choose: mutualNearest},
	"seed":      {choose: eitherNearest, marks: true},
	"induced":   {choose: mutualNearest, induce: true},
	"evidence":  {weigh: true},
}

// SharedGap is by how much `seed` lowers its threshold for two pages that share other identical information: the
// paper's 0.735 and 0.666.
const SharedGap = 0.069

// with is the contender under a threshold of the run. One that needs the lower threshold has a rule of its own.
func (c contender) with(threshold float64) contender {
	c.threshold = threshold
	if c.shared {
		c.threshold = threshold - SharedGap
		c.rule = "seed"
		if c.value < float32(threshold) {
			c.rule = "seed_shared"
		}
	}
	return c
}

// near says whether a contender that was not accepted lies within NearMiss of its threshold.
func (c contender) near() bool { return c.value >= float32(c.threshold-NearMiss) }

func newLanguagePair(articles *Articles, forward, backward *lists, k int, threshold float64, marks [][]uint64) *languagePair {
	return &languagePair{articles: articles, forward: forward, backward: backward, k: k, threshold: threshold,
		marks: marks, meanA: forward.means(k), meanB: backward.means(k)}
}

// means are the mean cosines of the best k neighbours of each article; 0 without neighbours.
func (l *lists) means(k int) []float64 {
	out := make([]float64, len(l.offsets)-1)
	for i := range out {
		_, scores := l.of(int32(l.from+i), k)
		for _, s := range scores {
			out[i] += float64(s)
		}
		if len(scores) > 0 {
			out[i] /= float64(len(scores))
		}
	}
	return out
}

// margin is the cosine divided by the mean cosine of both sides' k nearest neighbours (Artetxe and Schwenk's ratio). A
// mean that is not positive measures nothing: the margin is 0.
func (p *languagePair) margin(a, b int32, score float32) float32 {
	mean := (p.meanA[int(a)-p.forward.from] + p.meanB[int(b)-p.backward.from]) / 2
	if mean <= 0 {
		return 0
	}
	return float32(float64(score) / mean)
}

func (p *languagePair) contender(a, b int32, score float32) contender {
	return contender{a: a, b: b, score: score, margin: p.margin(a, b, score), value: score, threshold: p.threshold}
}

// best is the strongest candidate of one article so far; ties go to the smaller id.
type best struct {
	other  int32
	value  float32
	score  float32
	exists bool
}

func (b *best) offer(other int32, value, score float32) {
	if !b.exists || value > b.value || value == b.value && other < b.other {
		*b = best{other, value, score, true}
	}
}

// marginBest takes its candidates from both sides' k-lists and keeps the pairs that are best by margin for both.
func marginBest(p *languagePair) ([]contender, int64, error) {
	bestA, bestB := make([]best, len(p.meanA)), make([]best, len(p.meanB))
	candidates := int64(0)
	offer := func(a, b int32, score float32) {
		candidates++
		value := p.margin(a, b, score)
		bestA[int(a)-p.forward.from].offer(b, value, score)
		bestB[int(b)-p.backward.from].offer(a, value, score)
	}
	for i := range bestA {
		a := int32(p.forward.from + i)
		targets, scores := p.forward.of(a, p.k)
		for j, b := range targets {
			offer(a, b, scores[j])
		}
	}
	for i := range bestB {
		b := int32(p.backward.from + i)
		targets, scores := p.backward.of(b, p.k)
		for j, a := range targets {
			if known, score := p.forward.find(a, b, p.k); !known {
				offer(a, b, scores[j])
			} else if score != scores[j] {
				return nil, 0, corrupt("%s and %s have cosine %v forward and %v backward", p.articles.Name(a), p.articles.Name(b),
					score, scores[j])
			}
		}
	}
	var out []contender
	for i, choice := range bestA {
		a := int32(p.forward.from + i)
		if !choice.exists || bestB[int(choice.other)-p.backward.from].other != a {
			continue
		}
		c := p.contender(a, choice.other, choice.score)
		c.value, c.rule = c.margin, "margin"
		out = append(out, c)
	}
	return out, candidates, nil
}

// find looks for target among the best k of the list of source.
func (l *lists) find(source, target int32, k int) (bool, float32) {
	targets, scores := l.of(source, k)
	for i, t := range targets {
		if t == target {
			return true, scores[i]
		}
	}
	return false, 0
}

// mutualNearest keeps the pairs that are each other's nearest by cosine.
func mutualNearest(p *languagePair) ([]contender, int64, error) {
	var out []contender
	candidates := int64(0)
	for i := range p.meanA {
		a := int32(p.forward.from + i)
		targets, scores := p.forward.of(a, 1)
		if len(targets) == 0 {
			continue
		}
		candidates++
		if back, _ := p.backward.of(targets[0], 1); len(back) == 1 && back[0] == a {
			c := p.contender(a, targets[0], scores[0])
			c.rule = "mutual"
			out = append(out, c)
		}
	}
	return out, candidates, nil
}

// eitherNearest is the union of both directions' nearest neighbours. Pages that share their URL or an image pass at a
// threshold lower by SharedGap.
func eitherNearest(p *languagePair) ([]contender, int64, error) {
	var pairs []contender
	add := func(a, b int32, score float32) {
		c := p.contender(a, b, score)
		c.rule, c.shared = "seed", share(p.marks[a], p.marks[b])
		pairs = append(pairs, c.with(p.threshold))
	}
	for i := range p.meanA {
		a := int32(p.forward.from + i)
		if targets, scores := p.forward.of(a, 1); len(targets) == 1 {
			add(a, targets[0], scores[0])
		}
	}
	for i := range p.meanB {
		b := int32(p.backward.from + i)
		if targets, scores := p.backward.of(b, 1); len(targets) == 1 {
			if nearest, _ := p.forward.of(targets[0], 1); nearest[0] != b {
				add(targets[0], b, scores[0])
			}
		}
	}
	sortContenders(pairs)
	return pairs, int64(len(pairs)), nil
}

func share(a, b []uint64) bool {
	return slices.ContainsFunc(a, func(x uint64) bool { return slices.Contains(b, x) })
}
