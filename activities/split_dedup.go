package activities

import (
	"context"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/mining/split"
	"crosssum/schemas"
)

// split_dedup assigns connected components to train, val and test, drops exact duplicates and lists the samples.
var splitDefinition = definition[schemas.SplitInput]{stage: schemas.SplitDedup, plan: planSplit, run: runSplit}

// splitMaterial is all that the splits depend on.
type splitMaterial struct {
	Articles   []string            `json:"articles"` // digests
	Pairs      string              `json:"pairs"`
	Duplicates string              `json:"duplicates"`
	Params     schemas.SplitParams `json:"params"`
	Seed       uint64              `json:"seed"`
	History    string              `json:"history,omitempty"` // digests
	Trained    string              `json:"trained,omitempty"`
}

func planSplit(_ context.Context, a *Activities, in schemas.SplitInput) ([]unit, error) {
	_, _, articles, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	index, err := a.Store.Index(in.Links)
	if err != nil {
		return nil, err
	}
	material := splitMaterial{Articles: articles, Params: in.Params, Seed: in.Seed}
	for _, u := range index.Units {
		material.Pairs, material.Duplicates = u.Files["pairs.arrow"].Digest, u.Files["duplicates.arrow"].Digest
	}
	if in.Earlier != nil {
		earlier, err := a.Store.Index(*in.Earlier)
		if err != nil {
			return nil, err
		}
		for _, u := range earlier.Units {
			material.History, material.Trained = u.Files["history.arrow"].Digest, u.Files["trained.arrow"].Digest
		}
		if material.History == "" || material.Trained == "" {
			return nil, fault.New(schemas.CorruptObject, "split_dedup: the earlier splits %s tell no history", in.Earlier.Index)
		}
	}
	return []unit{{name: "all", material: material, seconds: 1}}, nil
}

func runSplit(_ context.Context, a *Activities, in schemas.SplitInput, _ unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	languages, paths, _, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	input := split.Input{Articles: paths, Params: in.Params, Seed: in.Seed}
	for _, u := range languages {
		input.Languages = append(input.Languages, u.Name)
	}
	if input.Pairs, err = a.Store.FileOf(in.Links, "all", "pairs.arrow"); err != nil {
		return nil, err
	}
	if input.Duplicates, err = a.Store.FileOf(in.Links, "all", "duplicates.arrow"); err != nil {
		return nil, err
	}
	if in.Earlier != nil {
		if input.History, err = a.Store.FileOf(*in.Earlier, "all", "history.arrow"); err != nil {
			return nil, err
		}
		if input.Trained, err = a.Store.FileOf(*in.Earlier, "all", "trained.arrow"); err != nil {
			return nil, err
		}
	}
	return split.Run(input, draft.Dir, func(done, total int64) {
		report(schemas.Progress{Done: done, Total: total, Of: "articles"})
	})
}
