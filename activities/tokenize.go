package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// tokenizedASecond gives the length of work items: two cores took 2,800 articles of the sample a second, 128 tokens each.
const tokenizedASecond = 2000

// vocabularyFile is what a summarizer's directory calls its SentencePiece model. Ids depend on nothing else of the directory.
const vocabularyFile = "spiece.model"

// tokenizeMaterial is all that the ids of a language depend on.
type tokenizeMaterial struct {
	Articles   string `json:"articles"`   // digest
	Vocabulary string `json:"vocabulary"` // digest
	Source     int    `json:"source_tokens"`
	Target     int    `json:"target_tokens"`
}

// tokenizing turns the articles of a language into ids of the summarizer's vocabulary: once for every training that has the same limits.
type tokenizing struct {
	*Activities
	in         schemas.TokenizeInput
	articles   inputs
	summarizer model
	vocabulary string // digest
}

func openTokenize(o *opening, in schemas.TokenizeInput) work {
	w := tokenizing{Activities: o.Activities, in: in, articles: o.inputs(in.Articles, "articles.arrow"), summarizer: o.model(in.Summarizer)}
	w.vocabulary = got(o, func() (string, error) {
		vocabulary, err := digestOfFile(filepath.Join(w.summarizer.Dir, vocabularyFile))
		if err != nil {
			err = fault.New(schemas.MissingModel, "summarizer %q: %v: a SentencePiece vocabulary belongs to its directory", in.Summarizer, err)
		}
		return vocabulary, err
	})
	return w
}

// units are asked for before anything is tokenized: what the splits show of the training ends the run here.
func (w tokenizing) units() ([]schemas.WorkUnit, error) {
	if w.in.Training != nil {
		if err := w.trainable(w.summarizer, *w.in.Training); err != nil {
			return nil, err
		}
	}
	return w.articles.work(func(u schemas.Unit) float64 { return 0.3 + float64(sizeOf(u))/tokenizedASecond })
}

func (w tokenizing) material(language string) any {
	_, _, articles := w.articles.of(language)
	return tokenizeMaterial{Articles: articles, Vocabulary: w.vocabulary, Source: w.in.Source, Target: w.in.Target}
}

func (w tokenizing) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	_, articles, _ := w.articles.of(u.Name)
	var n engine.TokenizeResult
	err := w.CPU.Call(ctx, w.in.Numerics, engine.OpTokenize, engine.TokenizeRequest{Model: w.summarizer.Dir, Input: articles,
		SourceTokens: w.in.Source, TargetTokens: w.in.Target, Output: filepath.Join(draft.Dir, "tokens.arrow")}, &n, report)
	return map[string]int64{"articles": n.Articles, "source_tokens": n.Source, "label_tokens": n.Label, "sentinels_in_sources": n.Spelled,
		"dropped_from_labels": n.Dropped}, err
}
