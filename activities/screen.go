package activities

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl/screen"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// screen keeps, sets aside or moves the articles whose summary is not in their file's language. What it keeps as it is has
// the digest that it had, so that nothing behind it is computed again.
var screenDefinition = definition[schemas.ScreenInput]{stage: schemas.Screen, plan: planScreen, run: runScreen}

// articlesASecond is a guess for the length of work items: articles read, counted and written on one thread.
const articlesASecond = 20000

// changesFile is Merge's list of what a crawl changed: the stages behind read it beside the articles.
const changesFile = "changes.arrow"

// screenMaterial is all that a language's screened articles depend on: a summary in doubt is looked for in every language.
type screenMaterial struct {
	Language   string               `json:"language"`
	Articles   map[string]string    `json:"articles"`   // digests by language; only its own, unless articles move
	Classified map[string]string    `json:"classified"` // digests by language
	Changes    string               `json:"changes,omitempty"`
	Merged     [2]int64             `json:"merged"` // new, edited
	Params     schemas.ScreenParams `json:"params"`
}

func planScreen(_ context.Context, a *Activities, in schemas.ScreenInput) ([]unit, error) {
	languages, _, articles, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	identified, _, classified, err := a.Store.Files(in.Identified, "classified.arrow")
	if err != nil {
		return nil, err
	}
	all, digests := map[string]string{}, map[string]string{}
	rows := 0.0
	for i, u := range languages {
		all[u.Name] = articles[i]
		rows += float64(sizeOf(u))
	}
	for i, u := range identified {
		digests[u.Name] = classified[i]
	}
	var units []unit
	for i, u := range languages {
		m := screenMaterial{Language: u.Name, Articles: all, Classified: digests, Changes: u.Files[changesFile].Digest,
			Merged: [2]int64{u.Counts["new"], u.Counts["edited"]}, Params: in.Params}
		if in.Params.Misplaced != screen.Move {
			m.Articles = map[string]string{u.Name: articles[i]}
		}
		units = append(units, unit{name: u.Name, material: m, seconds: 0.05 + (float64(sizeOf(u))+rows/50)/articlesASecond})
	}
	return units, nil
}

func runScreen(ctx context.Context, a *Activities, in schemas.ScreenInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	languages, articles, _, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	input := screen.Input{Language: u.name, Articles: articles, Params: in.Params}
	var own schemas.Unit
	for _, l := range languages {
		input.Languages = append(input.Languages, l.Name)
		if l.Name == u.name {
			own = l
		}
		path, err := a.Store.FileOf(in.Identified, l.Name, "classified.arrow")
		if err != nil {
			return nil, err
		}
		input.Classified = append(input.Classified, path)
	}
	counts, err := screen.Run(ctx, input, draft.Dir, func(done int64) {
		report(schemas.Progress{Done: done, Total: sizeOf(own), Of: "articles"})
	})
	if err != nil {
		return nil, err
	}
	if _, merged := own.Files[changesFile]; !merged {
		return counts, nil
	}
	counts["new"], counts["edited"] = own.Counts["new"], own.Counts["edited"]
	path, err := a.Store.File(own, changesFile)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	return counts, errors.Join(err, os.WriteFile(filepath.Join(draft.Dir, changesFile), b, 0o644))
}

// sizeOf is the number of articles of a unit of ingest, merge or screen.
func sizeOf(u schemas.Unit) int64 {
	if n, ok := u.Counts["articles"]; ok {
		return n
	}
	return u.Counts["accepted"]
}
