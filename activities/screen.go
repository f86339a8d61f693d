package activities

import (
	"context"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl/screen"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// articlesASecond is a guess for the length of work items: articles read, counted and written on one thread.
const articlesASecond = 20000

// screenMaterial is all that a language's screened articles depend on: a summary in doubt is looked for in every language.
type screenMaterial struct {
	Language   string               `json:"language"`
	Articles   map[string]string    `json:"articles"`   // digests by language; only its own, unless articles move
	Classified map[string]string    `json:"classified"` // digests by language
	Params     schemas.ScreenParams `json:"params"`
}

// screening keeps, sets aside or moves the articles whose summary is not in their file's language. What it keeps as it is has
// the digest that it had, so that nothing behind it is computed again.
type screening struct {
	*Activities
	in                   schemas.ScreenInput
	articles, identified inputs
}

func openScreen(o *opening, in schemas.ScreenInput) work {
	return screening{o.Activities, in, o.inputs(in.Articles, "articles.arrow"), o.inputs(in.Identified, "classified.arrow")}
}

func (w screening) units() ([]schemas.WorkUnit, error) {
	rows := 0.0
	for _, u := range w.articles.units {
		rows += float64(sizeOf(u))
	}
	return w.articles.work(func(u schemas.Unit) float64 { return 0.05 + (float64(sizeOf(u))+rows/50)/articlesASecond })
}

func (w screening) material(language string) any {
	m := screenMaterial{Language: language, Articles: w.articles.byUnit(), Classified: w.identified.byUnit(), Params: w.in.Params}
	if w.in.Params.Misplaced != screen.Move {
		m.Articles = map[string]string{language: m.Articles[language]}
	}
	return m
}

func (w screening) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	input := screen.Input{Language: u.Name, Languages: w.articles.names(), Articles: w.articles.paths, Params: w.in.Params}
	for _, language := range input.Languages {
		_, path, _ := w.identified.of(language)
		input.Classified = append(input.Classified, path)
	}
	own, _, _ := w.articles.of(u.Name)
	return screen.Run(ctx, input, draft.Dir, func(done int64) {
		report(schemas.Progress{Done: done, Total: sizeOf(own), Of: "articles"})
	})
}
