package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/engine"
	"crosssum/internal/store"
	"crosssum/schemas"
)

// embed turns the summaries of a language into unit vectors.
var embedDefinition = definition[schemas.EmbedInput]{stage: schemas.Embed, plan: planEmbed, run: runEmbed}

// textsASecond is a guess for the length of work items: short summaries on two threads.
const textsASecond = 100

// embedMaterial is all that the vectors of a language depend on.
type embedMaterial struct {
	Articles    string         `json:"articles"` // digest
	Model       string         `json:"model"`    // digest
	Prefix      string         `json:"prefix"`
	MaxTokens   int            `json:"max_tokens"`
	BatchTokens int            `json:"batch_tokens"`
	Profile     engine.Profile `json:"profile"`
}

func planEmbed(ctx context.Context, a *Activities, in schemas.EmbedInput) ([]unit, error) {
	encoder, err := a.model(in.Encoder.Name)
	if err != nil {
		return nil, err
	}
	profile, err := a.CPU.Profile(ctx, in.Numerics)
	if err != nil {
		return nil, err
	}
	languages, _, digests, err := a.files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	var units []unit
	for i, language := range languages {
		units = append(units, unit{
			name: language.Name,
			material: embedMaterial{Articles: digests[i], Model: encoder.Digest, Prefix: in.Encoder.Prefix,
				MaxTokens: in.Encoder.MaxTokens, BatchTokens: in.Encoder.BatchTokens, Profile: profile},
			seconds: 0.2 + float64(language.Counts["accepted"])/textsASecond,
		})
	}
	return units, nil
}

func runEmbed(ctx context.Context, a *Activities, in schemas.EmbedInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	encoder, err := a.model(in.Encoder.Name)
	if err != nil {
		return nil, err
	}
	articles, err := a.fileOf(in.Articles, u.name, "articles.arrow")
	if err != nil {
		return nil, err
	}
	var result engine.EncodeResult
	err = a.CPU.Call(ctx, in.Numerics, engine.OpEncode, engine.EncodeRequest{
		Model: encoder.Dir, Prefix: in.Encoder.Prefix, MaxTokens: in.Encoder.MaxTokens, BatchTokens: in.Encoder.BatchTokens,
		Input: articles, Column: "summary", Output: filepath.Join(draft.Dir, "embeddings.arrow"),
	}, &result, report)
	return map[string]int64{"rows": result.Rows, "texts": result.Texts, "tokens": result.Tokens}, err
}
