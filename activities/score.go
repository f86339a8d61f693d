package activities

import (
	"context"
	"path/filepath"
	"sort"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/metric"
	"crosssum/internal/evaluation/metric/lead"
	"crosssum/internal/evaluation/metric/rouge"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// scoreDefinition compares every generated summary with its reference: ROUGE and LaSE, beside the lead sentence and
// shuffled references. One unit: bootstrap and shuffling are over all samples.
var scoreDefinition = definition[schemas.ScoreInput]{stage: schemas.Score, open: openScore}

type scoring struct {
	*Activities
	whole
	in                    schemas.ScoreInput
	articles, generations inputs
	encoder               model
	classifier            string // digest
	profile               engine.Profile
}

func openScore(o *opening, in schemas.ScoreInput) work {
	return scoring{o.Activities, 60, in, o.inputs(in.Articles, "articles.arrow"), o.inputs(in.Generations, "generations.arrow"), o.model(in.Encoder.Name),
		o.classifier(), o.profile(o.CPU, in.Numerics)}
}

func (w scoring) material(string) any {
	settings := w.in.Encoder
	settings.Name = filepath.Base(settings.Name)
	return map[string]any{"articles": w.articles.digests, "generations": w.generations.digests, "encoder": settings, "encoder_digest": w.encoder.Digest,
		"classifier": w.classifier, "profile": w.profile, "seed": w.in.Seed}
}

func (w scoring) run(ctx context.Context, _ schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	rows, err := w.samplesToScore(report)
	if err != nil {
		return nil, err
	}
	if err := rougeRows(ctx, rows, report); err != nil {
		return nil, err
	}
	scratch, err := w.Store.Draft()
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	if len(rows) > 0 {
		if err := w.laseRows(ctx, rows, scratch.Dir, report); err != nil {
			return nil, err
		}
	}
	err = arrowfile.WriteRows(filepath.Join(draft.Dir, "scores.arrow"), len(rows), func(i int) schemas.ScoredRow { return rows[i] })
	if err != nil {
		return nil, err
	}
	summary := metric.Summarize(rows, filepath.Base(w.in.Encoder.Name), uint32(w.in.Seed), provisional)
	counts := map[string]int64{"samples": int64(len(rows)), "pairs": int64(len(summary.Pairs))}
	return counts, writeJSON(filepath.Join(draft.Dir, "summary.json"), summary)
}

// samplesToScore reads generations and looks up the reference (the target's summary) and the lead of the source, in the
// order (source language, target language, source, target).
func (w scoring) samplesToScore(report engine.Report) ([]schemas.ScoredRow, error) {
	type article struct{ summary, lead string }
	wanted := map[string]map[string]*article{}
	want := func(language, id string) {
		if wanted[language] == nil {
			wanted[language] = map[string]*article{}
		}
		wanted[language][id] = nil
	}
	var rows []schemas.ScoredRow
	for _, path := range w.generations.paths {
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
	for i, u := range w.articles.units {
		ids := wanted[u.Name]
		if len(ids) == 0 {
			continue
		}
		report(schemas.Progress{Done: int64(i), Total: int64(len(w.articles.units)), Of: "languages read"})
		err := arrowfile.Each(w.articles.paths[i], func(r *schemas.ArticleRow) error {
			if _, ok := ids[r.ID]; ok {
				id, text := arrowfile.Clone(r.ID), arrowfile.Clone(r.Text)
				ids[id] = &article{arrowfile.Clone(r.Summary), lead.Sentence(rougeName(u.Name), text)}
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
	sort.Slice(rows, func(i, j int) bool { return metric.Order(rows[i]) < metric.Order(rows[j]) })
	return rows, nil
}

// rougeRows fills in ROUGE of the generated text and of the lead.
func rougeRows(ctx context.Context, rows []schemas.ScoredRow, report engine.Report) error {
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

func provisional(language string) bool { return rouge.Provisional(rougeName(language)) }
