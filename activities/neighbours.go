package activities

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
)

// productsASecond is a guess for the length of work items: dot products of some hundred dimensions.
const productsASecond = 2e7

type neighboursMaterial struct {
	Source  string         `json:"source"` // digests of the embeddings
	Target  string         `json:"target"`
	Keep    int            `json:"keep"`
	Profile engine.Profile `json:"profile"`
}

// searching lists, for every article of a language, its nearest articles of another (for alignment) and of its own (for
// duplicates). One unit is an unordered pair of languages.
type searching struct {
	*Activities
	in         schemas.NeighboursInput
	embeddings inputs
	profile    engine.Profile
}

func openNeighbours(o *opening, in schemas.NeighboursInput) work {
	return searching{o.Activities, in, o.inputs(in.Embeddings, "embeddings.arrow"), o.profile(o.CPU, in.Numerics)}
}

func (w searching) units() (units []schemas.WorkUnit, err error) {
	for i, source := range w.embeddings.units {
		for _, target := range w.embeddings.units[i:] {
			products := float64(source.Counts["rows"]) * float64(target.Counts["rows"])
			units = append(units, schemas.WorkUnit{Name: source.Name + "-" + target.Name, Seconds: 0.05 + products/productsASecond})
		}
	}
	return units, nil
}

// material has no BlockRows: blocks cannot change a decision.
func (w searching) material(pair string) any {
	source, target, _ := strings.Cut(pair, "-")
	m := neighboursMaterial{Keep: w.in.Keep, Profile: w.profile}
	_, _, m.Source = w.embeddings.of(source)
	_, _, m.Target = w.embeddings.of(target)
	return m
}

func (w searching) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	source, target, _ := strings.Cut(u.Name, "-")
	request := engine.SearchRequest{Keep: w.in.Keep, BlockRows: w.in.BlockRows, Forward: filepath.Join(draft.Dir, "forward.arrow")}
	_, request.Source, _ = w.embeddings.of(source)
	_, request.Target, _ = w.embeddings.of(target)
	if source != target {
		request.Backward = filepath.Join(draft.Dir, "backward.arrow")
	}
	earlier, unusable := w.earlierSearch(w.in, source, target, w.material(u.Name).(neighboursMaterial))
	request.Earlier = earlier
	var result engine.SearchResult
	if err := w.CPU.Call(ctx, w.in.Numerics, engine.OpSearch, request, &result, report); err != nil {
		return nil, err
	}
	if w.in.Earlier != nil { // how much was saved is no part of the unit: its bytes are the same without a hint
		activity.GetLogger(ctx).Info("neighbours", "pair", u.Name, "rows", result.Rows, "searched_rows", result.Searched,
			"products", result.Products, "exact", result.Exact, "hint_ignored", unusable+result.HintIgnored)
	}
	return map[string]int64{"rows": result.Rows, "neighbours": result.Neighbours}, nil
}

// earlierSearch finds the earlier lists of a pair, if they are of this search: their unit must have the key that the
// earlier embeddings, and everything else as it is now, come to. A pair that was not there before has none.
func (a *Activities) earlierSearch(in schemas.NeighboursInput, source, target string, now neighboursMaterial) (*engine.EarlierSearch, string) {
	if in.Earlier == nil || in.EarlierEmbeddings == nil {
		return nil, ""
	}
	o := &opening{Activities: a}
	lists, embeddings := o.units(*in.Earlier), o.units(*in.EarlierEmbeddings)
	if o.err != nil {
		return nil, o.err.Error()
	}
	unit := func(units []schemas.Unit, name string) (u schemas.Unit) {
		if i := slices.IndexFunc(units, func(u schemas.Unit) bool { return u.Name == name }); i >= 0 {
			u = units[i]
		}
		return u
	}
	from, to, pair := unit(embeddings, source), unit(embeddings, target), unit(lists, source+"-"+target)
	if from.Name == "" || to.Name == "" || pair.Name == "" {
		return nil, ""
	}
	now.Source, now.Target = from.Files["embeddings.arrow"].Digest, to.Files["embeddings.arrow"].Digest
	if pair.Key != store.Key(schemas.Neighbours.Name, schemas.Neighbours.Version, now) {
		return nil, "the earlier lists were made with other parameters, libraries or threads, or of other embeddings"
	}
	e := &engine.EarlierSearch{Source: o.file(from, "embeddings.arrow"), Target: o.file(to, "embeddings.arrow"), Forward: o.file(pair, "forward.arrow")}
	if source != target {
		e.Backward = o.file(pair, "backward.arrow")
	}
	if o.err != nil {
		return nil, o.err.Error()
	}
	return e, ""
}
