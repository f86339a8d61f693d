package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/embeddings"
	"crosssum/schemas"
)

// embed turns the summaries of a language into unit vectors: it encodes those that no run before has encoded, and takes the
// others from the store of embedded texts.
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
	languages, _, digests, err := a.Store.Files(in.Articles, "articles.arrow")
	if err != nil {
		return nil, err
	}
	var units []unit
	for i, language := range languages {
		units = append(units, unit{
			name: language.Name,
			material: embedMaterial{Articles: digests[i], Model: encoder.Digest, Prefix: in.Encoder.Prefix,
				MaxTokens: in.Encoder.MaxTokens, BatchTokens: in.Encoder.BatchTokens, Profile: profile},
			seconds: 0.2 + float64(newRows(language))/textsASecond,
		})
	}
	return units, nil
}

// newRows guesses how many articles were not embedded before: of a catalogue those that the crawl changed, else all.
func newRows(u schemas.Unit) int64 {
	if _, merged := u.Counts["new"]; merged {
		return u.Counts["new"] + u.Counts["edited"]
	}
	return sizeOf(u)
}

func runEmbed(ctx context.Context, a *Activities, in schemas.EmbedInput, u unit, draft *store.Draft,
	report engine.Report) (map[string]int64, error) {
	encoder, err := a.model(in.Encoder.Name)
	if err != nil {
		return nil, err
	}
	articles, err := a.Store.FileOf(in.Articles, u.name, "articles.arrow")
	if err != nil {
		return nil, err
	}
	texts, err := embeddings.Read(articles, in.Encoder.Prefix, func() { report(schemas.Progress{Of: "rows read"}) })
	if err != nil {
		return nil, err
	}
	material := u.material.(embedMaterial)
	chain := embeddings.Chain{Store: a.Store, Name: chainName(material, u.name), Articles: material.Articles}
	chain.Encode = func(ctx context.Context, input, output string) (int64, error) {
		var result engine.EncodeResult
		err := a.CPU.Call(ctx, in.Numerics, engine.OpEncode, engine.EncodeRequest{
			Model: encoder.Dir, Prefix: in.Encoder.Prefix, MaxTokens: in.Encoder.MaxTokens, BatchTokens: in.Encoder.BatchTokens,
			Input: input, Column: "text", Output: output,
		}, &result, report)
		return result.Tokens, err
	}
	if err := chain.Complete(ctx, texts); err != nil {
		return nil, err
	}
	encoded, tokens := chain.Own()
	zero, err := chain.Write(ctx, texts, filepath.Join(draft.Dir, "embeddings.arrow"))
	return map[string]int64{"rows": int64(texts.Rows()), "texts": int64(texts.Distinct()), "encoded": encoded, "tokens": tokens,
		"zero_vectors": zero}, err
}

// chainName is the list of embedded texts that a unit takes from and adds to: one for each language and encoder, with all
// that a vector depends on but the texts.
func chainName(m embedMaterial, language string) string {
	m.Articles = ""
	return "embeddings/" + store.Key(schemas.Embed.Name, schemas.Embed.Version, m) + "/" + language
}
