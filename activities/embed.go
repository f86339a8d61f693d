package activities

import (
	"context"
	"path/filepath"

	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/mining/embeddings"
	"crosssum/schemas"
)

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

// embedding turns the summaries of a language into unit vectors: it encodes those that no run before has encoded, and takes the
// others from the store of embedded texts.
type embedding struct {
	*Activities
	in       schemas.EmbedInput
	articles inputs
	merged   inputs // of a catalogue
	encoder  model
	profile  engine.Profile
}

func openEmbed(o *opening, in schemas.EmbedInput) work {
	w := embedding{Activities: o.Activities, in: in, articles: o.inputs(in.Articles, "articles.arrow"), encoder: o.model(in.Encoder.Name),
		profile: o.profile(o.CPU, in.Numerics)}
	if in.Ingested.Stage == schemas.Merge.Name {
		w.merged = o.inputs(in.Ingested, "articles.arrow")
	}
	return w
}

func (w embedding) units() ([]schemas.WorkUnit, error) {
	return w.articles.work(func(u schemas.Unit) float64 { return 0.2 + float64(w.newRows(u))/textsASecond })
}

// newRows guesses how many articles were not embedded before: of a catalogue those that the crawl changed, else all.
func (w embedding) newRows(u schemas.Unit) int64 {
	if w.merged.place == nil {
		return sizeOf(u)
	}
	merged, _, _ := w.merged.of(u.Name)
	return merged.Counts["new"] + merged.Counts["edited"]
}

func (w embedding) material(language string) any {
	_, _, articles := w.articles.of(language)
	return embedMaterial{Articles: articles, Model: w.encoder.Digest, Prefix: w.in.Encoder.Prefix, MaxTokens: w.in.Encoder.MaxTokens,
		BatchTokens: w.in.Encoder.BatchTokens, Profile: w.profile}
}

func (w embedding) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	_, articles, _ := w.articles.of(u.Name)
	texts, err := embeddings.Read(articles, w.in.Encoder.Prefix, func() { report(schemas.Progress{Of: "rows read"}) })
	if err != nil {
		return nil, err
	}
	material := w.material(u.Name).(embedMaterial)
	chain := embeddings.Chain{Store: w.Store, Name: chainName(material, u.Name), Articles: material.Articles}
	chain.Encode = func(ctx context.Context, input, output string) (int64, error) {
		var result engine.EncodeResult
		err := w.CPU.Call(ctx, w.in.Numerics, engine.OpEncode, engine.EncodeRequest{
			Model: w.encoder.Dir, Prefix: w.in.Encoder.Prefix, MaxTokens: w.in.Encoder.MaxTokens, BatchTokens: w.in.Encoder.BatchTokens,
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
