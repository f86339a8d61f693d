package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/lexicon"
	"crosssum/schemas"
)

// textsCutASecond is a guess for the length of work items.
const textsCutASecond = 4000

type lexiconMaterial struct {
	Articles string `json:"articles"` // digest
}

// cutting lists what the articles of a language say that does not depend on it: rare tokens.
type cutting struct {
	articles inputs
}

func openLexicon(o *opening, in schemas.LexiconInput) work {
	return cutting{o.inputs(in.Articles, "articles.arrow")}
}

func (w cutting) units() ([]schemas.WorkUnit, error) {
	return w.articles.work(func(u schemas.Unit) float64 { return 0.05 + float64(sizeOf(u))/textsCutASecond })
}

func (w cutting) material(language string) any {
	_, _, articles := w.articles.of(language)
	return lexiconMaterial{articles}
}

func (w cutting) run(_ context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	of, articles, _ := w.articles.of(u.Name)
	return lexicon.Run(articles, filepath.Join(draft.Dir, "lexicon.arrow"), func(rows int64) {
		report(schemas.Progress{Done: rows, Total: 2 * sizeOf(of), Of: "rows"})
	})
}
