package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// identify asks the language classifier about every summary of a language.
var identifyDefinition = definition[schemas.IdentifyInput]{stage: schemas.Identify, plan: planIdentify, run: runIdentify}

// summariesASecond is a guess for the length of work items: short texts on one thread.
const summariesASecond = 10000

// identifyMaterial is all that the classification of a language depends on.
type identifyMaterial struct {
	Language   string         `json:"language"`
	Articles   string         `json:"articles"`   // digest
	Classifier string         `json:"classifier"` // digest
	Profile    engine.Profile `json:"profile"`
}

func planIdentify(ctx context.Context, a *Activities, in schemas.IdentifyInput) ([]unit, error) {
	profile, err := a.CPU.Profile(ctx, in.Numerics)
	if err != nil {
		return nil, err
	}
	classifier, err := digestOfFile(a.LanguageID)
	if err != nil {
		return nil, fault.New(schemas.MissingModel, "language classifier: %v: run the set-up, or name a lid.176 model in temporal.yaml", err)
	}
	languages, _, digests, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	var units []unit
	for i, u := range languages {
		units = append(units, unit{
			name:     u.Name,
			material: identifyMaterial{Language: u.Name, Articles: digests[i], Classifier: classifier, Profile: profile},
			seconds:  0.3 + float64(sizeOf(u))/summariesASecond,
		})
	}
	return units, nil
}

func runIdentify(ctx context.Context, a *Activities, in schemas.IdentifyInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	articles, err := a.Store.FileOf(in.Articles, u.name, "articles.arrow")
	if err != nil {
		return nil, err
	}
	request := engine.ClassifyRequest{Model: a.LanguageID, Input: articles, Column: "summary",
		Output: filepath.Join(draft.Dir, "classified.arrow")}
	var result engine.ClassifyResult
	if err := a.CPU.Call(ctx, in.Numerics, engine.OpClassify, request, &result, report); err != nil {
		return nil, err
	}
	counts := map[string]int64{"rows": result.Rows, "unknown": 0}
	return counts, arrowfile.Each(request.Output, schemas.Classified, func(r arrowfile.Row) error {
		if r.Float(4) < 0 {
			counts["unknown"]++
		}
		return nil
	})
}
