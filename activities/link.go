package activities

import (
	"context"
	"strings"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// link accepts pairs of articles by the rule asked for, over all languages at once.
var linkDefinition = definition[schemas.LinkInput]{stage: schemas.Link, plan: planLink, run: runLink}

// linkMaterial is all that the pairs depend on. Which pair of languages a list belongs to stands in the unit's name.
type linkMaterial struct {
	Articles           []string            `json:"articles"` // digests
	Neighbours         map[string][]string `json:"neighbours"`
	Rule               string              `json:"rule"`
	Threshold          float64             `json:"threshold"`
	DuplicateThreshold float64             `json:"duplicate_threshold"`
	K                  int                 `json:"k"`
}

func planLink(_ context.Context, a *Activities, in schemas.LinkInput) ([]unit, error) {
	_, _, articles, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	index, err := a.Store.Index(in.Neighbours)
	if err != nil {
		return nil, err
	}
	neighbours := map[string][]string{}
	for _, u := range index.Units {
		neighbours[u.Name] = []string{u.Files["forward.arrow"].Digest, u.Files["backward.arrow"].Digest}
	}
	material := linkMaterial{Articles: articles, Neighbours: neighbours, Rule: in.Rule, Threshold: in.Threshold,
		DuplicateThreshold: in.DuplicateThreshold, K: in.Neighbour}
	return []unit{{name: "all", material: material, seconds: 1}}, nil
}

// linkFiles is what link reads: the files of the stages before.
func (a *Activities) linkFiles(in schemas.LinkInput) (link.Input, error) {
	input := link.Input{Rule: in.Rule, Threshold: in.Threshold, DuplicateThreshold: in.DuplicateThreshold, K: in.Neighbour}
	languages, paths, _, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return input, err
	}
	input.Articles = paths
	for _, u := range languages {
		input.Languages = append(input.Languages, u.Name)
	}
	index, err := a.Store.Index(in.Neighbours)
	if err != nil {
		return input, err
	}
	for _, u := range index.Units {
		var lists link.Lists
		lists.A, lists.B, _ = strings.Cut(u.Name, "-")
		if lists.Forward, err = a.Store.File(u, "forward.arrow"); err != nil {
			return input, err
		}
		if lists.A != lists.B {
			if lists.Backward, err = a.Store.File(u, "backward.arrow"); err != nil {
				return input, err
			}
		}
		input.Lists = append(input.Lists, lists)
	}
	return input, nil
}

func runLink(_ context.Context, a *Activities, in schemas.LinkInput, _ unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	input, err := a.linkFiles(in)
	if err != nil {
		return nil, err
	}
	return link.Run(input, draft.Dir, func(done, total int) {
		report(schemas.Progress{Done: int64(done), Total: int64(total), Of: "pairs"})
	})
}
