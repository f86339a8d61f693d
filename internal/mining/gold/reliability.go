package gold

import (
	"cmp"
	"slices"

	"crosssum/schemas"
)

// reliabilityBins are the steps of a reliability curve.
const reliabilityBins = 10

// sizes are the classes of pairs of languages, by the articles of the smaller one: below these numbers.
var sizes = []struct {
	below int
	name  string
}{{30, "fewer than 30 articles"}, {300, "30 to 299 articles"}, {1 << 31, "300 articles and more"}}

// reliability compares the probabilities of the judged pairs with the share that is right.
func (j *jury) reliability() []schemas.Reliability {
	groups := []schemas.Reliability{{Group: "all pairs"}}
	for _, s := range sizes {
		groups = append(groups, schemas.Reliability{Group: s.name})
	}
	bins := make([][reliabilityBins]schemas.ReliabilityBin, len(groups))
	articles := map[string]int{}
	for n := range j.s.rows {
		articles[j.s.articles.Language(int32(n))]++
	}
	for i, v := range j.verdicts {
		if !v.judged {
			continue
		}
		a, b := j.sweep.Pair(i)
		smaller := min(articles[j.s.articles.Language(a)], articles[j.s.articles.Language(b)])
		size := 0
		for smaller >= sizes[size].below {
			size++
		}
		value := float64(j.sweep.Value(i))
		for _, g := range []int{0, 1 + size} {
			bin := &bins[g][min(int(value*reliabilityBins), reliabilityBins-1)]
			bin.Pairs++
			bin.Right += int64(btoi(v.right))
			bin.Probability += value
		}
	}
	for g := range groups {
		for _, bin := range bins[g] {
			if bin.Pairs > 0 {
				bin.Probability /= float64(bin.Pairs)
				groups[g].Bins = append(groups[g].Bins, bin)
			}
		}
	}
	return slices.DeleteFunc(groups, func(r schemas.Reliability) bool { return len(r.Bins) == 0 })
}

// byLanguages judges the pairs of languages with many known pairs at the cut of a wanted precision, if it was reached.
func (j *jury) byLanguages(m *schemas.EvidenceModel, precision float64) (list []schemas.LanguagesAtCut) {
	cut, err := m.Cut(precision)
	if err != nil {
		return nil
	}
	j.s.markUntranslated()
	j.s.accepted, j.s.partners = nil, map[int32][]int32{}
	promised := map[[2]string]float64{}
	for _, i := range j.sweep.At(cut) {
		a, b := j.sweep.Pair(i)
		if j.s.rows[a].Key != "" && j.s.rows[b].Key != "" {
			j.s.accepted = append(j.s.accepted, [2]int32{a, b})
			if j.verdicts[i].judged {
				promised[[2]string{j.s.articles.Language(a), j.s.articles.Language(b)}] += float64(j.sweep.Value(i))
			}
		}
		j.s.partners[a], j.s.partners[b] = append(j.s.partners[a], b), append(j.s.partners[b], a)
	}
	for name, g := range j.s.byLanguages() {
		if len(g.gold) < schemas.LargePair {
			continue
		}
		var wrong, missed Reasons
		_, judged := j.s.judge(g, &wrong, &missed)
		judged.divide()
		at := schemas.LanguagesAtCut{Source: name[0], Target: name[1], Judged: judged.Accepted - judged.Neither, Gold: judged.Gold,
			Precision: judged.Precision, Recall: judged.Recall, Wrong: wrong.most(), Missed: missed.most()}
		if at.Judged > 0 {
			at.Probability = promised[name] / float64(at.Judged)
		}
		list = append(list, at)
	}
	slices.SortFunc(list, func(x, y schemas.LanguagesAtCut) int {
		return cmp.Or(btoi(x.Good())-btoi(y.Good()), cmp.Compare(x.Precision, y.Precision), cmp.Compare(x.Source, y.Source), cmp.Compare(x.Target, y.Target))
	})
	return list
}

// most names the reason of most pairs.
func (r Reasons) most() (name string) {
	most := int64(0)
	for _, reason := range []struct {
		n    int64
		name string
	}{{r.NoCounterpart, "articles without a counterpart"}, {r.Sibling, "siblings"}, {r.Ambiguous, "shared summaries"}, {r.Untranslated, "untranslated summaries"},
		{r.Other, "other articles"}} {
		if reason.n > most {
			most, name = reason.n, reason.name
		}
	}
	return name
}
