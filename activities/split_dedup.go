package activities

import (
	"context"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/mining/split"
	"crosssum/schemas"
)

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

// splitting assigns connected components to train, val and test, drops exact duplicates and lists the samples.
type splitting struct {
	*Activities
	whole
	in             schemas.SplitInput
	articles       inputs
	links, earlier schemas.Unit
}

func openSplit(o *opening, in schemas.SplitInput) work {
	w := splitting{Activities: o.Activities, whole: 1, in: in, articles: o.inputs(in.Articles, "articles.arrow"), links: o.only(in.Links)}
	if in.Earlier == nil {
		return w
	}
	w.earlier = o.only(*in.Earlier)
	if o.err == nil && (w.earlier.Files["history.arrow"].Digest == "" || w.earlier.Files["trained.arrow"].Digest == "") {
		o.err = fault.New(schemas.CorruptObject, "split_dedup: the earlier splits %s tell no history", in.Earlier.Index)
	}
	return w
}

func (w splitting) material(string) any {
	return splitMaterial{Articles: w.articles.digests, Params: w.in.Params, Seed: w.in.Seed,
		Pairs: w.links.Files["pairs.arrow"].Digest, Duplicates: w.links.Files["duplicates.arrow"].Digest,
		History: w.earlier.Files["history.arrow"].Digest, Trained: w.earlier.Files["trained.arrow"].Digest}
}

func (w splitting) run(_ context.Context, _ schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	o := &opening{Activities: w.Activities}
	input := split.Input{Languages: w.articles.names(), Articles: w.articles.paths, Params: w.in.Params, Seed: w.in.Seed,
		Pairs: o.file(w.links, "pairs.arrow"), Duplicates: o.file(w.links, "duplicates.arrow")}
	if w.in.Earlier != nil {
		input.History, input.Trained = o.file(w.earlier, "history.arrow"), o.file(w.earlier, "trained.arrow")
	}
	if o.err != nil {
		return nil, o.err
	}
	return split.Run(input, draft.Dir, func(done, total int64) {
		report(schemas.Progress{Done: done, Total: total, Of: "articles"})
	})
}
