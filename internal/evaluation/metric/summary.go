// Package metric scores generated summaries: ROUGE and LaSE of every sample, and means by pair, by target language and in all, with
// bootstrap intervals.
package metric

import (
	"maps"
	"slices"

	"crosssum/internal/evaluation/metric/rouge"
	"crosssum/schemas"
)

// Order sorts samples by pair, then by article.
func Order(r schemas.ScoredRow) string {
	return r.SourceLanguage + "\x00" + r.TargetLanguage + "\x00" + r.SourceID + "\x00" + r.TargetID
}

// fields lists the measures for sums over rows.
func fields(f *schemas.Figures) []*float64 {
	return []*float64{&f.Rouge1, &f.Rouge2, &f.RougeL, &f.LaSE, &f.MS, &f.LC, &f.LP, &f.LaSEShuffled,
		&f.LeadRouge1, &f.LeadRouge2, &f.LeadRougeL, &f.LeadLaSE}
}

// Group is the mean over N samples of one pair, one target language or one kind of pair.
type Group struct {
	Source      string `json:"source_language,omitempty"`
	Target      string `json:"target_language,omitempty"`
	Provisional bool   `json:"provisional"` // some target language's segmenter or stemmer is not the reference's yet
	N           int    `json:"n"`
	schemas.Figures
	Intervals *Intervals `json:"intervals,omitempty"`
}

// Intervals are 95 % bootstrap intervals of the means; mid is the median of the resampled means.
type Intervals struct {
	Rouge1 Interval `json:"rouge1"`
	Rouge2 Interval `json:"rouge2"`
	RougeL Interval `json:"rougeL"`
	LaSE   Interval `json:"lase"`
}

// Interval has the bounds of an Intervals measure.
type Interval struct {
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
}

// Summary is summary.json.
type Summary struct {
	LaSEName     string  `json:"lase_name"` // "LaSE (<encoder>)"
	Encoder      string  `json:"encoder"`
	All          Group   `json:"all"`
	InLanguage   Group   `json:"in_language"`   // source language = target language
	CrossLingual Group   `json:"cross_lingual"` // source language != target language
	Targets      []Group `json:"targets"`       // by name
	Pairs        []Group `json:"pairs"`         // by source, then target
}

// Summarize groups rows; seed is the bootstrap's.
func Summarize(rows []schemas.ScoredRow, encoder string, seed uint32) Summary {
	s := Summary{LaSEName: "LaSE (" + encoder + ")", Encoder: encoder, Targets: []Group{}, Pairs: []Group{}}
	total := func(keep func(schemas.ScoredRow) bool) Group {
		var kept []schemas.ScoredRow
		for _, r := range rows {
			if keep(r) {
				kept = append(kept, r)
			}
		}
		g := mean(kept)
		g.Intervals = intervals(kept, seed)
		return g
	}
	s.All = total(func(schemas.ScoredRow) bool { return true })
	s.InLanguage = total(func(r schemas.ScoredRow) bool { return r.SourceLanguage == r.TargetLanguage })
	s.CrossLingual = total(func(r schemas.ScoredRow) bool { return r.SourceLanguage != r.TargetLanguage })
	by := map[[2]string][]schemas.ScoredRow{} // source and target, and "" and target
	for _, r := range rows {
		for _, source := range []string{"", r.SourceLanguage} {
			by[[2]string{source, r.TargetLanguage}] = append(by[[2]string{source, r.TargetLanguage}], r)
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(by), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		g, list := mean(by[name]), &s.Pairs
		if g.Source, g.Target = name[0], name[1]; g.Source == "" {
			list = &s.Targets
		}
		*list = append(*list, g)
	}
	return s
}

func mean(rows []schemas.ScoredRow) Group {
	g := Group{N: len(rows)}
	for _, r := range rows {
		g.Provisional = g.Provisional || provisional(r.TargetLanguage)
		for i, p := range fields(&g.Figures) {
			*p += *fields(&r.Figures)[i]
		}
	}
	if len(rows) > 0 {
		for _, p := range fields(&g.Figures) {
			*p /= float64(len(rows))
		}
	}
	return g
}

func intervals(rows []schemas.ScoredRow, seed uint32) *Intervals {
	if len(rows) == 0 {
		return nil
	}
	columns := make([][]float64, 4)
	for _, r := range rows {
		for i, x := range fields(&r.Figures)[:4] {
			columns[i] = append(columns[i], *x)
		}
	}
	b := rouge.Bootstrap(seed, columns...)
	return &Intervals{Interval(b[0]), Interval(b[1]), Interval(b[2]), Interval(b[3])}
}
