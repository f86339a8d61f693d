package activities

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"crosssum/internal/engine"
	"crosssum/internal/store"
	"crosssum/schemas"
)

// neighbours lists, for every article of a language, its nearest articles of another (for alignment) and of its own (for
// duplicates). One unit is an unordered pair of languages.
var neighboursDefinition = definition[schemas.NeighboursInput]{stage: schemas.Neighbours, plan: planNeighbours, run: runNeighbours}

// productsASecond is a guess for the length of work items: dot products of some hundred dimensions.
const productsASecond = 2e7

type neighboursMaterial struct {
	Source  string         `json:"source"` // digests of the embeddings
	Target  string         `json:"target"`
	Keep    int            `json:"keep"`
	Profile engine.Profile `json:"profile"`
}

func planNeighbours(ctx context.Context, a *Activities, in schemas.NeighboursInput) ([]unit, error) {
	profile, err := a.CPU.Profile(ctx, in.Numerics)
	if err != nil {
		return nil, err
	}
	languages, _, digests, err := a.files(in.Embeddings, "embeddings.arrow")
	if err != nil {
		return nil, err
	}
	var units []unit
	for i, source := range languages {
		for j := i; j < len(languages); j++ {
			target := languages[j]
			products := float64(source.Counts["rows"]) * float64(target.Counts["rows"])
			units = append(units, unit{
				name: source.Name + "-" + target.Name,
				// BlockRows is not in the key: blocks cannot change a decision.
				material: neighboursMaterial{Source: digests[i], Target: digests[j], Keep: in.Keep, Profile: profile},
				seconds:  0.05 + products/productsASecond,
			})
		}
	}
	return units, nil
}

func runNeighbours(ctx context.Context, a *Activities, in schemas.NeighboursInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	source, target, ok := strings.Cut(u.name, "-")
	if !ok {
		return nil, fmt.Errorf("neighbours: unit %q is not a pair of languages", u.name)
	}
	request := engine.SearchRequest{Keep: in.Keep, BlockRows: in.BlockRows, Forward: filepath.Join(draft.Dir, "forward.arrow")}
	var err error
	if request.Source, err = a.fileOf(in.Embeddings, source, "embeddings.arrow"); err != nil {
		return nil, err
	}
	if request.Target, err = a.fileOf(in.Embeddings, target, "embeddings.arrow"); err != nil {
		return nil, err
	}
	if source != target {
		request.Backward = filepath.Join(draft.Dir, "backward.arrow")
	}
	var result engine.SearchResult
	err = a.CPU.Call(ctx, in.Numerics, engine.OpSearch, request, &result, report)
	return map[string]int64{"rows": result.Rows, "neighbours": result.Neighbours}, err
}
