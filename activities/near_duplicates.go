package activities

import (
	"context"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/neardup"
	"crosssum/schemas"
)

// comparedASecond is a guess for the length of work items: texts normalized, hashed and compared on one thread.
const comparedASecond = 4000

// nearDuplicatesMaterial is all that the near texts of a language depend on.
type nearDuplicatesMaterial struct {
	Articles   string  `json:"articles"` // digest
	Similarity float64 `json:"similarity"`
}

// comparing finds equal and near texts of a language, which the splits keep together.
type comparing struct {
	*Activities
	in       schemas.NearDuplicatesInput
	articles inputs
}

func openNearDuplicates(o *opening, in schemas.NearDuplicatesInput) work {
	return comparing{o.Activities, in, o.inputs(in.Articles, "articles.arrow")}
}

func (w comparing) units() ([]schemas.WorkUnit, error) {
	return w.articles.work(func(u schemas.Unit) float64 { return 0.05 + float64(sizeOf(u))/comparedASecond })
}

func (w comparing) material(language string) any {
	_, _, articles := w.articles.of(language)
	return nearDuplicatesMaterial{Articles: articles, Similarity: w.in.Similarity}
}

func (w comparing) run(_ context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	own, path, _ := w.articles.of(u.Name)
	return neardup.Run(path, w.in.Similarity, draft.Dir, func(articles, bands int) {
		report(schemas.Progress{Done: int64(articles*(neardup.Bands+bands)) / (2 * neardup.Bands), Total: sizeOf(own), Of: "articles"})
	})
}
