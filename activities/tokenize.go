package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// tokenize turns the articles of a language into ids of the summarizer's vocabulary: once for every training that has the same limits.
var tokenizeDefinition = definition[schemas.TokenizeInput]{stage: schemas.Tokenize, plan: planTokenize, run: runTokenize}

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

func planTokenize(_ context.Context, a *Activities, in schemas.TokenizeInput) ([]unit, error) {
	summarizer, err := a.model(in.Summarizer)
	if err != nil {
		return nil, err
	}
	vocabulary, err := digestOfFile(filepath.Join(summarizer.Dir, vocabularyFile))
	if err != nil {
		return nil, fault.New(schemas.MissingModel, "summarizer %q: %v: a SentencePiece vocabulary belongs to its directory", in.Summarizer, err)
	}
	languages, _, digests, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	var units []unit
	for i, u := range languages {
		units = append(units, unit{name: u.Name, seconds: 0.3 + float64(sizeOf(u))/tokenizedASecond,
			material: tokenizeMaterial{Articles: digests[i], Vocabulary: vocabulary, Source: in.Source, Target: in.Target}})
	}
	return units, nil
}

func runTokenize(ctx context.Context, a *Activities, in schemas.TokenizeInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	summarizer, err := a.model(in.Summarizer)
	if err != nil {
		return nil, err
	}
	articles, err := a.Store.FileOf(in.Articles, u.name, "articles.arrow")
	if err != nil {
		return nil, err
	}
	var n engine.TokenizeResult
	err = a.CPU.Call(ctx, in.Numerics, engine.OpTokenize, engine.TokenizeRequest{Model: summarizer.Dir, Input: articles,
		SourceTokens: in.Source, TargetTokens: in.Target, Output: filepath.Join(draft.Dir, "tokens.arrow")}, &n, report)
	return map[string]int64{"articles": n.Articles, "source_tokens": n.Source, "label_tokens": n.Label, "sentinels_in_sources": n.Spelled,
		"dropped_from_labels": n.Dropped}, err
}
