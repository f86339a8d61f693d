package metric

import (
	"context"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/metric/lead"
	"crosssum/internal/evaluation/metric/rouge"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Input names what is scored: the files of generations, and those of the articles by language.
type Input struct {
	Generations         []string // paths
	Languages, Articles []string // paths, in the order of Languages
}

// Samples reads generations and looks up the reference (the target's summary) and the lead of the source, in the order (source
// language, target language, source, target).
func Samples(in Input, report engine.Report) ([]schemas.ScoredRow, error) {
	type article struct{ summary, lead string }
	wanted := map[string]map[string]*article{}
	want := func(language, id string) {
		if wanted[language] == nil {
			wanted[language] = map[string]*article{}
		}
		wanted[language][id] = nil
	}
	var rows []schemas.ScoredRow
	for _, path := range in.Generations {
		err := arrowfile.Each(path, func(r *schemas.GenerationRow) error {
			s := arrowfile.Clone
			row := schemas.ScoredRow{SourceLanguage: s(r.SourceLanguage), SourceID: s(r.SourceID), TargetLanguage: s(r.TargetLanguage),
				TargetID: s(r.TargetID), Generated: s(r.Generated)}
			rows = append(rows, row)
			want(row.SourceLanguage, row.SourceID)
			want(row.TargetLanguage, row.TargetID)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for i, language := range in.Languages {
		ids := wanted[language]
		if len(ids) == 0 {
			continue
		}
		report(schemas.Progress{Done: int64(i), Total: int64(len(in.Languages)), Of: "languages read"})
		err := arrowfile.Each(in.Articles[i], func(r *schemas.ArticleRow) error {
			if _, ok := ids[r.ID]; ok {
				id, text := arrowfile.Clone(r.ID), arrowfile.Clone(r.Text)
				ids[id] = &article{arrowfile.Clone(r.Summary), lead.Sentence(rougeName(language), text)}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for i := range rows {
		r := &rows[i]
		source, target := wanted[r.SourceLanguage][r.SourceID], wanted[r.TargetLanguage][r.TargetID]
		if source == nil || target == nil {
			return nil, fault.New(schemas.InvalidInput, "a summary was generated for %s/%s from %s/%s, which the articles do not hold: "+
				"score the generations of these articles", r.TargetLanguage, r.TargetID, r.SourceLanguage, r.SourceID)
		}
		r.Lead, r.Reference = source.lead, target.summary
	}
	sort.Slice(rows, func(i, j int) bool { return Order(rows[i]) < Order(rows[j]) })
	return rows, nil
}

// Rouge fills in ROUGE of the generated text and of the lead.
func Rouge(ctx context.Context, rows []schemas.ScoredRow, report engine.Report) error {
	for i := range rows {
		if i%200 == 0 {
			report(schemas.Progress{Done: int64(i), Total: int64(len(rows)), Of: "rows"})
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		r := &rows[i]
		name := rougeName(r.TargetLanguage)
		reference := rouge.Tokens(name, r.Reference, true)
		s := rouge.Compare(reference, rouge.Tokens(name, r.Generated, true))
		r.Rouge1, r.Rouge2, r.RougeL = s.R1, s.R2, s.RL
		s = rouge.Compare(reference, rouge.Tokens(name, r.Lead, true))
		r.LeadRouge1, r.LeadRouge2, r.LeadRougeL = s.R1, s.R2, s.RL
	}
	return nil
}

// rougeName is the tokenizer and stemmer of a language; one that the table lacks has neither.
func rougeName(language string) string {
	if l, err := schemas.LanguageByName(language); err == nil {
		return l.Rouge
	}
	return language
}

// provisional says whether a language's segmenter or stemmer is not the reference's yet.
func provisional(language string) bool { return rouge.Provisional(rougeName(language)) }
