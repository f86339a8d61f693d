package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/evaluation/metric"
	"crosssum/schemas"
)

// scoring compares every generated summary with its reference: ROUGE and LaSE, beside the lead sentence and
// shuffled references. One unit: bootstrap and shuffling are over all samples.
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
	rows, err := metric.Samples(metric.Input{Generations: w.generations.paths, Languages: w.articles.names(), Articles: w.articles.paths}, report)
	if err != nil {
		return nil, err
	}
	if err := metric.Rouge(ctx, rows, report); err != nil {
		return nil, err
	}
	scratch, err := w.Store.Draft()
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	if len(rows) > 0 {
		encoder := w.in.Encoder
		judge := metric.Judge{Classifier: w.LanguageID, Seed: w.in.Seed, Dir: scratch.Dir,
			Encoder: engine.EncodeRequest{Model: w.encoder.Dir, Prefix: encoder.Prefix, MaxTokens: encoder.MaxTokens, BatchTokens: encoder.BatchTokens},
			Call: func(ctx context.Context, op string, args, result any) error {
				return w.CPU.Call(ctx, w.in.Numerics, op, args, result, report)
			}}
		if err := judge.LaSE(ctx, rows, report); err != nil {
			return nil, err
		}
	}
	err = arrowfile.WriteRows(filepath.Join(draft.Dir, "scores.arrow"), len(rows), func(i int) schemas.ScoredRow { return rows[i] })
	if err != nil {
		return nil, err
	}
	summary := metric.Summarize(rows, filepath.Base(w.in.Encoder.Name), uint32(w.in.Seed))
	counts := map[string]int64{"samples": int64(len(rows)), "pairs": int64(len(summary.Pairs))}
	return counts, writeJSON(filepath.Join(draft.Dir, "summary.json"), summary)
}
