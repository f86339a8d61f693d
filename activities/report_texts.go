package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/evaluation/metric"
	"crosssum/internal/evaluation/report"
	"crosssum/schemas"
)

// chooseSamples takes rows by a hash of the seed, first those whose pair and target language are new: neither the best nor
// the worst, and of many languages. The result is in the rows' order.
func chooseSamples(rows []metric.Row, seed uint64) []metric.Row {
	order := make([]int, len(rows))
	hash := make([][32]byte, len(rows))
	for i, r := range rows {
		order[i] = i
		hash[i] = sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", seed, sampleOrder(r)))
	}
	sort.Slice(order, func(i, j int) bool { return bytes.Compare(hash[order[i]][:], hash[order[j]][:]) < 0 })
	taken, targets := map[int]bool{}, map[string]bool{}
	for _, fresh := range []bool{true, false} {
		for _, i := range order {
			if len(taken) < sampleOutputs && !taken[i] && !(fresh && targets[rows[i].TargetLanguage]) {
				taken[i], targets[rows[i].TargetLanguage] = true, true
			}
		}
	}
	var out []metric.Row
	for i, r := range rows {
		if taken[i] {
			out = append(out, r)
		}
	}
	return out
}

// gatherTexts looks up the source texts of the samples and the summaries of pairs near the threshold and of what is misplaced.
func (a *Activities) gatherTexts(_ context.Context, in schemas.ReportInput, d *report.Data) error {
	d.Sources = make([]string, len(d.Samples))
	type use struct {
		field int
		to    *string
	}
	wanted := map[string]map[string][]use{}
	want := func(language, id string, field int, to *string) {
		if wanted[language] == nil {
			wanted[language] = map[string][]use{}
		}
		wanted[language][id] = append(wanted[language][id], use{field, to})
	}
	const summary, text = 4, 5
	for i, r := range d.Samples {
		want(r.SourceLanguage, r.SourceID, text, &d.Sources[i])
	}
	for _, pairs := range [][]report.NearPair{d.Above, d.Below} {
		for i := range pairs {
			p := &pairs[i]
			want(p.SourceLanguage, p.SourceID, summary, &p.Source)
			want(p.TargetLanguage, p.TargetID, summary, &p.Target)
		}
	}
	for i := range d.Misplaced {
		m := &d.Misplaced[i]
		want(m.Language, m.ID, summary, &m.Summary)
	}
	for _, articles := range []schemas.Ref{in.Ingested, in.Articles} { // what was set aside is in the first only, what was moved in the second
		if articles.Index == "" {
			continue
		}
		units, paths, _, err := a.files(articles, "articles.arrow")
		if err != nil {
			return err
		}
		for i, u := range units {
			if wanted[u.Name] == nil {
				continue
			}
			err := arrowfile.Each(paths[i], schemas.Article, func(r arrowfile.Row) error {
				for _, use := range wanted[u.Name][r.Str(1)] {
					*use.to = arrowfile.Clone(r.Str(use.field))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
