package gold

import (
	"maps"
	"slices"
)

// Input names what is scored. Languages and Articles (paths of schemas.ArticleRow, as ingest accepted them) go together, in
// byte order; Pairs is of schemas.PairRow; Gold may be gzipped.
type Input struct {
	Languages []string
	Articles  []string
	Pairs     string
	Gold      string
}

// Result is the alignment against the gold.
type Result struct {
	All     Aggregate      `json:"all"`
	English Aggregate      `json:"english"` // pairs of English with the others of the ten largest languages
	Pairs   []LanguagePair `json:"pairs"`   // by (source, target); those with gold or accepted pairs
	Corpus  Corpus         `json:"corpus"`
}

// Corpus counts what makes gold ambiguous, in articles that stand in the gold.
type Corpus struct {
	Judged       int64 `json:"articles"`
	NotInGold    int64 `json:"articles_not_in_gold"`
	SharedClass  int64 `json:"articles_sharing_summary"` // with an article of their language that has another key
	Untranslated int64 `json:"articles_untranslated"`    // not English, with the summary of their English original
}

// Judged are counts of pairs, with precision = right / (accepted - neither) and recall = found / gold; 0 where the
// denominator is. A pair is right by key when both articles have the same key; by class when articles with the same
// summaries as these have.
type Judged struct {
	Accepted  int64   `json:"accepted"` // both articles stand in the gold
	Neither   int64   `json:"neither"`  // package and application descriptions of one package
	Right     int64   `json:"right"`
	Gold      int64   `json:"gold"` // pairs of articles of one key that ingest accepted
	Found     int64   `json:"found"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
}

// LanguagePair is an unordered pair of languages, source < target.
type LanguagePair struct {
	Source  string `json:"source"`
	Target  string `json:"target"`
	ByKey   Judged `json:"by_key"`
	ByClass Judged `json:"by_class"`
}

// Aggregate sums language pairs. Wrong explains the accepted pairs that are wrong by class, Missed the gold pairs that are
// not found by class; each is under the first reason that fits.
type Aggregate struct {
	LanguagePairs int     `json:"language_pairs"`
	ByKey         Judged  `json:"by_key"`
	ByClass       Judged  `json:"by_class"`
	Wrong         Reasons `json:"wrong"`
	Missed        Reasons `json:"missed"`
}

// Reasons why pairs are wrong or missed.
type Reasons struct {
	Sibling       int64 `json:"sibling"`        // the true counterpart's summary differs by a word or an addition from the accepted one's
	Untranslated  int64 `json:"untranslated"`   // one of the two has the English summary
	Ambiguous     int64 `json:"ambiguous"`      // one of the two shares its summary with another key
	NoCounterpart int64 `json:"no_counterpart"` // wrong only: one of the two has no true counterpart in the other's language
	Other         int64 `json:"other"`
}

// largest is how many languages the English aggregate looks at.
const largest = 10

// Score compares. Gold rows whose article ingest did not accept are left out of the denominator of recall.
func Score(in Input) (Result, error) {
	s, err := load(in)
	if err != nil {
		return Result{}, err
	}
	result := Result{Corpus: s.describe()}
	ten := s.tenLargest()
	groups := s.byLanguages()
	for _, name := range slices.SortedFunc(maps.Keys(groups), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		g := groups[name]
		pair := LanguagePair{Source: name[0], Target: name[1]}
		var wrong, missed Reasons
		pair.ByKey, pair.ByClass = s.judge(g, &wrong, &missed)
		result.Pairs = append(result.Pairs, pair)
		result.All.add(pair, wrong, missed)
		if ten.english(name[0], name[1]) {
			result.English.add(pair, wrong, missed)
		}
	}
	for i := range result.Pairs {
		result.Pairs[i].ByKey.divide()
		result.Pairs[i].ByClass.divide()
	}
	for _, a := range []*Aggregate{&result.All, &result.English} {
		a.ByKey.divide()
		a.ByClass.divide()
	}
	return result, nil
}

// group is what concerns one unordered pair of languages: pairs of article numbers.
type group struct{ accepted, gold [][2]int32 }

// judge counts one group.
func (s *scored) judge(g group, wrong, missed *Reasons) (byKey, byClass Judged) {
	exact, classes := map[[2]int32]bool{}, map[[2]int32]bool{}
	for _, p := range g.accepted {
		exact[p] = true
		classes[[2]int32{s.class[p[0]], s.class[p[1]]}] = true
		a, b := s.rows[p[0]], s.rows[p[1]]
		byKey.Accepted++
		byClass.Accepted++
		switch {
		case a.Key == b.Key:
			byKey.Right++
			byClass.Right++
		case s.sameClass(p[0], p[1]):
			byClass.Right++
		case neither(a, b):
			byKey.Neither++
			byClass.Neither++
		default:
			s.explainWrong(p, wrong)
		}
	}
	for _, p := range g.gold {
		byKey.Gold++
		byClass.Gold++
		if exact[p] {
			byKey.Found++
		}
		if classes[[2]int32{s.class[p[0]], s.class[p[1]]}] {
			byClass.Found++
		} else {
			s.explainMissed(p, missed)
		}
	}
	return byKey, byClass
}

func (s *scored) explainWrong(p [2]int32, r *Reasons) {
	trueB, okB := s.counterpart(p[0], p[1])
	trueA, okA := s.counterpart(p[1], p[0])
	switch {
	case okB && sibling(s.summary[trueB], s.summary[p[1]]) || okA && sibling(s.summary[trueA], s.summary[p[0]]):
		r.Sibling++
	case s.untranslated[p[0]] || s.untranslated[p[1]]:
		r.Untranslated++
	case s.shared[s.class[p[0]]] || s.shared[s.class[p[1]]]:
		r.Ambiguous++
	case !okA || !okB:
		r.NoCounterpart++
	default:
		r.Other++
	}
}

func (s *scored) explainMissed(p [2]int32, r *Reasons) {
	for i := range 2 { // an accepted partner that is a sibling of the true one took its place
		for _, partner := range s.partners[p[i]] {
			if s.articles.Language(partner) == s.articles.Language(p[1-i]) && sibling(s.summary[partner], s.summary[p[1-i]]) {
				r.Sibling++
				return
			}
		}
	}
	switch {
	case s.untranslated[p[0]] || s.untranslated[p[1]]:
		r.Untranslated++
	case s.shared[s.class[p[0]]] || s.shared[s.class[p[1]]]:
		r.Ambiguous++
	default:
		r.Other++
	}
}

func (a *Aggregate) add(p LanguagePair, wrong, missed Reasons) {
	a.LanguagePairs++
	a.ByKey.add(p.ByKey)
	a.ByClass.add(p.ByClass)
	a.Wrong.add(wrong)
	a.Missed.add(missed)
}

func (j *Judged) add(o Judged) {
	j.Accepted, j.Neither, j.Right = j.Accepted+o.Accepted, j.Neither+o.Neither, j.Right+o.Right
	j.Gold, j.Found = j.Gold+o.Gold, j.Found+o.Found
}

func (j *Judged) divide() {
	if n := j.Accepted - j.Neither; n > 0 {
		j.Precision = float64(j.Right) / float64(n)
	}
	if j.Gold > 0 {
		j.Recall = float64(j.Found) / float64(j.Gold)
	}
}

func (r *Reasons) add(o Reasons) {
	r.Sibling, r.Untranslated, r.Ambiguous = r.Sibling+o.Sibling, r.Untranslated+o.Untranslated, r.Ambiguous+o.Ambiguous
	r.NoCounterpart, r.Other = r.NoCounterpart+o.NoCounterpart, r.Other+o.Other
}
