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
	Articles     []string            `json:"articles"` // digests
	Pairs        string              `json:"pairs"`
	Duplicates   string              `json:"duplicates"`
	Params       schemas.SplitParams `json:"params"`
	Seed         uint64              `json:"seed"`
	History      string              `json:"history,omitempty"` // digests
	Trained      string              `json:"trained,omitempty"`
	Texts        map[string][]string `json:"texts,omitempty"` // digests by language
	TrainedTexts string              `json:"trained_texts,omitempty"`
}

// splitting assigns connected components to train, val and test, drops exact duplicates and lists the samples.
type splitting struct {
	*Activities
	whole
	in             schemas.SplitInput
	articles       inputs
	links, earlier schemas.Unit
	texts          []schemas.Unit // none in a run that began before there was the stage
}

func openSplit(o *opening, in schemas.SplitInput) work {
	w := splitting{Activities: o.Activities, whole: 1, in: in, articles: o.inputs(in.Articles, "articles.arrow"), links: o.only(in.Links)}
	if in.Texts != nil {
		w.texts = o.units(*in.Texts)
	}
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
	m := splitMaterial{Articles: w.articles.digests, Params: w.in.Params, Seed: w.in.Seed,
		Pairs: w.links.Files["pairs.arrow"].Digest, Duplicates: w.links.Files["duplicates.arrow"].Digest,
		History: w.earlier.Files["history.arrow"].Digest, Trained: w.earlier.Files["trained.arrow"].Digest,
		TrainedTexts: w.earlier.Files[split.TrainedTextsFile].Digest, Texts: map[string][]string{}}
	for _, u := range w.texts {
		m.Texts[u.Name] = []string{u.Files["texts.arrow"].Digest, u.Files["near.arrow"].Digest}
	}
	return m
}

func (w splitting) run(_ context.Context, _ schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	o := &opening{Activities: w.Activities}
	input := split.Input{Languages: w.articles.names(), Articles: w.articles.paths, Params: w.in.Params, Seed: w.in.Seed,
		Pairs: o.file(w.links, "pairs.arrow"), Duplicates: o.file(w.links, "duplicates.arrow")}
	for _, u := range w.texts {
		input.Texts, input.Near = append(input.Texts, o.file(u, "texts.arrow")), append(input.Near, o.file(u, "near.arrow"))
	}
	if w.earlier.Files[split.TrainedTextsFile].Digest != "" { // entries of before 0.2.0 have none
		input.TrainedTexts = o.file(w.earlier, split.TrainedTextsFile)
	}
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
