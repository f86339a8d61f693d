package link

import (
	"slices"
	"sort"

	"crosssum/schemas"
)

// Sweep holds what a rule chooses in every pair of languages, read once, so that many thresholds can be tried on it.
type Sweep struct {
	Articles   *Articles
	induce     bool
	contenders []contender // by (a, b)
	number     map[[2]int32]int
	duplicates []duplicate
}

// NewSweep reads articles and lists; the threshold of in says nothing. each is as in ReadArticles.
func NewSweep(in Input, each func(number int32, row *schemas.ArticleRow) error, progress func(done, total int)) (*Sweep, error) {
	in.Threshold = 0
	chosen, articles, pageMarks, err := open(in, each)
	if err != nil {
		return nil, err
	}
	r := &result{articles: articles}
	for i, unit := range in.Lists {
		if unit.A == unit.B {
			err = r.addDuplicates(unit, float32(in.DuplicateThreshold))
		} else if !chosen.weigh {
			var found []contender
			found, _, err = chosen.contenders(unit, in, articles, pageMarks)
			r.accepted = append(r.accepted, found...)
		}
		if err != nil {
			return nil, err
		}
		progress(i+1, len(in.Lists))
	}
	if chosen.weigh {
		if r.accepted, _, err = chooseByEvidence(in, articles, func() { progress(len(in.Lists), len(in.Lists)) }); err != nil {
			return nil, err
		}
	}
	sortContenders(r.accepted)
	if chosen.agree {
		agree(r.accepted, articles)
	}
	s := &Sweep{Articles: articles, induce: chosen.induce, contenders: r.accepted, duplicates: r.duplicates}
	if s.induce {
		s.number = make(map[[2]int32]int, len(s.contenders))
		for i, c := range s.contenders {
			s.number[[2]int32{c.a, c.b}] = i
		}
	}
	return s, nil
}

// Len is the number of pairs that only a threshold decides.
func (s *Sweep) Len() int { return len(s.contenders) }

// Pair gives the articles of a pair, a < b.
func (s *Sweep) Pair(i int) (a, b int32) { return s.contenders[i].a, s.contenders[i].b }

// Values are what the threshold is compared with, ascending. A pair that the rule takes at a threshold lower by a gap stands
// there with the gap added.
func (s *Sweep) Values() []float64 {
	out := make([]float64, len(s.contenders))
	for i, c := range s.contenders {
		out[i] = float64(c.value) - c.with(0).threshold
	}
	slices.Sort(out)
	return out
}

// At lists the pairs that Run accepts at a threshold, ascending.
func (s *Sweep) At(threshold float64) []int {
	var accepted []int
	var induced induction
	for i, c := range s.contenders {
		c = c.with(threshold)
		if s.induce {
			induced.add(c)
		} else if c.accepted() {
			accepted = append(accepted, i)
		}
	}
	if s.induce {
		within, _, _ := induced.run(threshold)
		for _, c := range within {
			accepted = append(accepted, s.number[[2]int32{c.a, c.b}])
		}
		sort.Ints(accepted)
	}
	return accepted
}

// cuttable bounds the components that a sweep cuts: minimum cuts take cubic time, and a sweep makes them again and again.
const cuttable = 250

// Tractable says whether a threshold can be tried in seconds: that no component to be cut is large. It is larger ones that make
// `induced` useless there.
func (s *Sweep) Tractable(threshold float64) bool {
	if !s.induce {
		return true
	}
	f := NewForest(s.Articles.Len())
	for _, c := range s.contenders {
		if c.with(threshold).accepted() {
			f.Union(c.a, c.b)
		}
	}
	return f.Largest() <= cuttable
}

// Largest is the number of articles in the largest component that accepted pairs and duplicates make.
func (s *Sweep) Largest(accepted []int) int {
	f := NewForest(s.Articles.Len())
	for _, i := range accepted {
		f.Union(s.Pair(i))
	}
	for _, d := range s.duplicates {
		f.Union(d.a, d.b)
	}
	return f.Largest()
}

// Features are what the rule "evidence" weighs of a pair, in the order of schemas.EvidenceFeatures.
func (s *Sweep) Features(i int) []float64 {
	features := s.contenders[i].features()
	return features[:]
}

// Value is what a threshold is compared with.
func (s *Sweep) Value(i int) float32 { return s.contenders[i].value }

// Judge gives a pair another value than the rule did.
func (s *Sweep) Judge(i int, value float32) { s.contenders[i].value = value }

// Rechoose lets the rule "evidence" choose again, with other weights. beat is as of weigh.
func (s *Sweep) Rechoose(in Input, beat func()) (err error) {
	s.contenders, _, err = chooseByEvidence(in, s.Articles, beat)
	return err
}
