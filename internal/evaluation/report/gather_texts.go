package report

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/evaluation/metric"
	"crosssum/schemas"
)

func (g *gathering) scores() error {
	var summary metric.Summary
	found, err := g.store.ReadFirst(schemas.Score.Of(g.in.Made), "summary.json", &summary)
	if err != nil || !found {
		return err
	}
	g.Scores = &summary
	var rows []schemas.ScoredRow
	err = first(g, schemas.Score.Of(g.in.Made), "scores.arrow", func(r *schemas.ScoredRow) error {
		s := arrowfile.Clone
		rows = append(rows, schemas.ScoredRow{SourceLanguage: s(r.SourceLanguage), SourceID: s(r.SourceID), TargetLanguage: s(r.TargetLanguage),
			TargetID: s(r.TargetID), Generated: s(r.Generated), Reference: s(r.Reference), Lead: s(r.Lead),
			Figures: schemas.Figures{Rouge2: r.Rouge2, LaSE: r.LaSE}})
		return nil
	})
	g.Samples = chooseSamples(rows, g.in.Params.Seed)
	if err != nil {
		return err
	}
	generations, err := g.units(schemas.Generate.Of(g.in.Made))
	for _, u := range generations {
		if n := u.Counts["not_generated"]; n > 0 {
			g.NotGenerated = append(g.NotGenerated, Missed{Pair: u.Name, Generated: u.Counts["samples"], NotGenerated: n})
		}
	}
	return err
}

// samplesShown is how many generated summaries the page shows in full.
const samplesShown = 10

// chooseSamples takes rows by a hash of the seed, first those whose pair and target language are new: neither the best nor
// the worst, and of many languages. The result is in the rows' order.
func chooseSamples(rows []schemas.ScoredRow, seed uint64) []schemas.ScoredRow {
	order := make([]int, len(rows))
	hash := make([][32]byte, len(rows))
	for i, r := range rows {
		order[i] = i
		hash[i] = sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", seed, metric.Order(r)))
	}
	sort.Slice(order, func(i, j int) bool { return bytes.Compare(hash[order[i]][:], hash[order[j]][:]) < 0 })
	taken, targets := map[int]bool{}, map[string]bool{}
	for _, fresh := range []bool{true, false} {
		for _, i := range order {
			if len(taken) < samplesShown && !taken[i] && !(fresh && targets[rows[i].TargetLanguage]) {
				taken[i], targets[rows[i].TargetLanguage] = true, true
			}
		}
	}
	var out []schemas.ScoredRow
	for i, r := range rows {
		if taken[i] {
			out = append(out, r)
		}
	}
	return out
}

// texts looks up the source texts of the samples and the summaries of pairs near the threshold and of what is misplaced.
func (g *gathering) texts() error {
	g.Sources = make([]string, len(g.Samples))
	type use struct {
		of func(*schemas.ArticleRow) string
		to *string
	}
	wanted := map[string]map[string][]use{}
	want := func(language, id string, of func(*schemas.ArticleRow) string, to *string) {
		if wanted[language] == nil {
			wanted[language] = map[string][]use{}
		}
		wanted[language][id] = append(wanted[language][id], use{of, to})
	}
	summary, text := func(a *schemas.ArticleRow) string { return a.Summary }, func(a *schemas.ArticleRow) string { return a.Text }
	for i, r := range g.Samples {
		want(r.SourceLanguage, r.SourceID, text, &g.Sources[i])
	}
	for _, pairs := range [][]NearPair{g.Above, g.Below} {
		for i := range pairs {
			p := &pairs[i]
			want(p.SourceLanguage, p.SourceID, summary, &p.Source)
			want(p.TargetLanguage, p.TargetID, summary, &p.Target)
		}
	}
	for i := range g.Misplaced {
		m := &g.Misplaced[i]
		want(m.Language, m.ID, summary, &m.Summary)
	}
	for _, articles := range []schemas.Ref{schemas.Ingest.Of(g.in.Made), schemas.Screen.Of(g.in.Made)} { // what was set aside is in the first only, what was moved in the second
		if articles.Index == "" {
			continue
		}
		units, paths, _, err := g.store.Files(articles, "articles.arrow")
		if err != nil {
			return err
		}
		for i, u := range units {
			if wanted[u.Name] == nil {
				continue
			}
			err := arrowfile.Each(paths[i], func(r *schemas.ArticleRow) error {
				for _, use := range wanted[u.Name][r.ID] {
					*use.to = arrowfile.Clone(use.of(r))
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
