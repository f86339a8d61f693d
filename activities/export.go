package activities

import (
	"context"

	"crosssum/internal/engine"
	"crosssum/internal/export"
	"crosssum/internal/store"
	"crosssum/schemas"
)

// export writes the data set in CrossSum's format: one unit a source language, one file a directed pair and split.
var exportDefinition = definition[schemas.ExportInput]{stage: schemas.Export, plan: planExport, run: runExport}

// exportMaterial is all that the files of a source language depend on: any language may be a target.
type exportMaterial struct {
	Source   string            `json:"source"`
	Articles map[string]string `json:"articles"` // digests by language
	Samples  string            `json:"samples"`
}

// rowsASecond is a guess for the length of work items; every unit also reads every language's summaries.
const rowsASecond = 20000

func planExport(_ context.Context, a *Activities, in schemas.ExportInput) ([]unit, error) {
	languages, _, digests, err := a.files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	_, _, samples, err := a.files(in.Splits, "samples.arrow")
	if err != nil {
		return nil, err
	}
	articles, rows := map[string]string{}, 0.0
	for i, u := range languages {
		articles[u.Name] = digests[i]
		rows += float64(u.Counts["accepted"])
	}
	var units []unit
	for _, u := range languages {
		units = append(units, unit{
			name:     u.Name,
			material: exportMaterial{Source: u.Name, Articles: articles, Samples: samples[0]},
			seconds:  0.05 + rows/rowsASecond,
		})
	}
	return units, nil
}

func runExport(_ context.Context, a *Activities, in schemas.ExportInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	languages, paths, _, err := a.files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	input := export.Input{Source: u.name, Articles: map[string]string{}}
	for i, language := range languages {
		input.Articles[language.Name] = paths[i]
	}
	if input.Samples, err = a.fileOf(in.Splits, "all", "samples.arrow"); err != nil {
		return nil, err
	}
	return export.Run(input, draft.Dir, func(done, total int64) {
		report(schemas.Progress{Done: done, Total: total, Of: "rows"})
	})
}
