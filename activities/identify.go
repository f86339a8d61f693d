package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// summariesASecond is a guess for the length of work items: short texts on one thread.
const summariesASecond = 10000

// identifyMaterial is all that the classification of a language depends on.
type identifyMaterial struct {
	Language   string         `json:"language"`
	Articles   string         `json:"articles"`   // digest
	Classifier string         `json:"classifier"` // digest
	Profile    engine.Profile `json:"profile"`
}

// identifying asks the language classifier about every summary of a language.
type identifying struct {
	*Activities
	in         schemas.IdentifyInput
	articles   inputs
	classifier string // digest
	profile    engine.Profile
}

func openIdentify(o *opening, in schemas.IdentifyInput) work {
	return identifying{o.Activities, in, o.inputs(in.Articles, "articles.arrow"), o.classifier(), o.profile(o.CPU, in.Numerics)}
}

func (w identifying) units() ([]schemas.WorkUnit, error) {
	return w.articles.work(func(u schemas.Unit) float64 { return 0.3 + float64(sizeOf(u))/summariesASecond })
}

func (w identifying) material(language string) any {
	_, _, articles := w.articles.of(language)
	return identifyMaterial{Language: language, Articles: articles, Classifier: w.classifier, Profile: w.profile}
}

func (w identifying) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	_, articles, _ := w.articles.of(u.Name)
	request := engine.ClassifyRequest{Model: w.LanguageID, Input: articles, Column: "summary",
		Output: filepath.Join(draft.Dir, "classified.arrow")}
	var result engine.ClassifyResult
	if err := w.CPU.Call(ctx, w.in.Numerics, engine.OpClassify, request, &result, report); err != nil {
		return nil, err
	}
	counts := map[string]int64{"rows": result.Rows, "unknown": 0}
	return counts, arrowfile.Each(request.Output, func(r *schemas.ClassifiedRow) error {
		if r.Wanted < 0 {
			counts["unknown"]++
		}
		return nil
	})
}
