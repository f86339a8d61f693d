// Package generate answers the engine's generate requests: beam search over the summarizer, a batch of prompts at a time.
package generate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/resident"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/schemas"
)

// beat is how often a batch that takes long tells that it goes on.
const beat = 2 * time.Second

// prompt is one row of the input.
type prompt struct {
	row    schemas.GenerationRow // whose text and score the output becomes
	source []int32               // token ids with </s>
	output Hypothesis
}

// summarizer is a model with its tokenizer; summarizers has that of the last request.
type summarizer struct {
	model     *t5.Model
	tokenizer *t5.Tokenizer
}

var summarizers resident.Model[summarizer]

// Forget frees the model of the last request: a training needs the room.
func Forget() { summarizers.Drop() }

// Run decodes every prompt of request.Input into its target language and writes the best beam of each, in the order of
// the input. Prompts of like length are decoded together, a pure function of the input.
func Run(ctx context.Context, request engine.GenerateRequest, report engine.Report) (engine.GenerateResult, error) {
	trained := schemas.Paper().Train // of which only this is asked here
	trained.SourceTokens = request.SourceTokens
	if err := cmp.Or(request.Params.Check(), trained.Check()); err != nil {
		return engine.GenerateResult{}, fault.Of(schemas.InvalidInput, err)
	}
	s, err := summarizers.Get(request.Model, func() (summarizer, error) {
		model, tokenizer, err := t5.Load(request.Model, func(done, total int64) {
			report(schemas.Progress{Done: done, Total: total, Of: schemas.OfModel})
		})
		if err == nil {
			err = place(model)
		}
		return summarizer{model, tokenizer}, err
	}, func(s summarizer) { s.model.Free() })
	if err != nil {
		return engine.GenerateResult{}, err
	}
	model, tokenizer := s.model, s.tokenizer
	prompts, err := readPrompts(request, model.Config, tokenizer)
	if err != nil {
		return engine.GenerateResult{}, err
	}
	options := optionsOf(request.Params, model.Config, tokenizer)
	result := engine.GenerateResult{Samples: int64(len(prompts))}
	err = decodeAll(ctx, model, prompts, request.Params.BatchSize, options, func(done int, metrics map[string]float64) {
		report(schemas.Progress{Done: int64(done), Total: int64(len(prompts)), Of: "summaries", Metrics: metrics})
	})
	if err != nil {
		return result, err
	}
	for i := range prompts {
		result.Tokens += int64(len(prompts[i].output.Tokens))
	}
	return result, write(request.Output, prompts, tokenizer)
}

// place puts a model on the device that the engine has.
func place(model *t5.Model) error {
	d, err := device.Of(0, 1)
	if err == nil {
		err = model.Weights.Move(d)
	}
	if err != nil {
		model.Free()
	}
	return err
}

// Summaries decodes sources (token ids with </s>) into their languages, which the model has start tokens for, with a model at
// hand: text in the order of sources. alive is called now and then.
func Summaries(ctx context.Context, model *t5.Model, tokenizer *t5.Tokenizer, sources [][]int32, languages []string,
	params schemas.GenerateParams, alive func()) (texts []string, err error) {
	prompts := make([]prompt, len(sources))
	for i, source := range sources {
		prompts[i] = prompt{source: source,
			row: schemas.GenerationRow{SourceLanguage: "source", SourceID: fmt.Sprint(i), TargetLanguage: languages[i]}}
	}
	options := optionsOf(params, model.Config, tokenizer)
	if err := decodeAll(ctx, model, prompts, params.BatchSize, options, func(int, map[string]float64) { alive() }); err != nil {
		return nil, err
	}
	for _, p := range prompts {
		text, err := p.text(tokenizer)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, format, args...)
}

// optionsOf bans what is no text: the sentinels that start decoders, and ids that neither the vocabulary nor an added token has.
func optionsOf(p schemas.GenerateParams, config *t5.Config, tokenizer *t5.Tokenizer) Options {
	o := Options{Beams: p.Beams, MaxLength: p.MaxTokens, LengthPenalty: p.LengthPenalty, NoRepeatNgram: p.NoRepeatNgram, EOS: config.EOSTokenID}
	for _, id := range config.Ends {
		if id != o.EOS {
			o.Ends = append(o.Ends, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(tokenizer.Sentinels())) {
		o.Banned = append(o.Banned, int(id))
	}
	for id := tokenizer.Pieces(); id < config.VocabSize; id++ {
		if !tokenizer.HasText(id) {
			o.Banned = append(o.Banned, id)
		}
	}
	return o
}

func readPrompts(r engine.GenerateRequest, config *t5.Config, tokenizer *t5.Tokenizer) ([]prompt, error) {
	var prompts []prompt
	err := arrowfile.Each(r.Input, func(row *schemas.PromptRow) error {
		p := prompt{row: schemas.GenerationRow{SourceLanguage: arrowfile.Clone(row.SourceLanguage), SourceID: arrowfile.Clone(row.SourceID),
			TargetLanguage: arrowfile.Clone(row.TargetLanguage), TargetID: arrowfile.Clone(row.TargetID)}}
		if _, ok := config.Languages[p.row.TargetLanguage]; !ok {
			return invalid("%s: row %d asks for %q, which the model %s has no start token for (config.json, langid_map); "+
				"train it on that language or take it out of the test samples", r.Input, len(prompts), p.row.TargetLanguage, r.Model)
		}
		var err error
		if p.source, err = tokenizer.Source(row.Text, r.SourceTokens); err != nil {
			return invalid("%s: row %d (%s %s): %v", r.Input, len(prompts), p.row.SourceLanguage, p.row.SourceID, err)
		}
		prompts = append(prompts, p)
		return nil
	})
	return prompts, err
}

// byLength orders prompts by the length of their source, longest first, then by row.
func byLength(prompts []prompt) []int {
	order := make([]int, len(prompts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(prompts[j].source), len(prompts[i].source)) })
	return order
}

// decodeAll gives every prompt its output, prompts of like length together.
func decodeAll(ctx context.Context, model *t5.Model, prompts []prompt, size int, o Options, report func(done int, metrics map[string]float64)) error {
	order := byLength(prompts)
	for first := 0; first < len(order); first += size {
		batch := order[first:min(first+size, len(order))]
		if err := decodeBatch(ctx, model, prompts, batch, o, func(step int) {
			report(first, map[string]float64{"step": float64(step)})
		}); err != nil {
			return err
		}
		report(first+len(batch), nil)
	}
	return nil
}

func decodeBatch(ctx context.Context, model *t5.Model, prompts []prompt, batch []int, o Options, alive func(step int)) error {
	var sources [][]int32
	var starts []int
	for _, i := range batch {
		sources = append(sources, prompts[i].source)
		starts = append(starts, model.Config.Languages[prompts[i].row.TargetLanguage].ID)
	}
	last := time.Now()
	found, err := decode(model, sources, starts, o, ctx.Err, func(step int) {
		if time.Since(last) >= beat {
			last = time.Now()
			alive(step)
		}
	})
	if err != nil {
		return err
	}
	for b, i := range batch {
		best := found[b][0]
		if math.IsNaN(float64(best.Score)) || math.IsInf(float64(best.Score), 0) {
			return fault.New(schemas.NotFinite, "the summary of %s %s in %s has a score that is not finite; "+
				"check the model's weights", prompts[i].row.SourceLanguage, prompts[i].row.SourceID, prompts[i].row.TargetLanguage)
		}
		prompts[i].output = best
	}
	return nil
}

func write(path string, prompts []prompt, tokenizer *t5.Tokenizer) error {
	w, err := arrowfile.Create[schemas.GenerationRow](path)
	if err != nil {
		return err
	}
	for _, p := range prompts {
		if p.row.Generated, err = p.text(tokenizer); err != nil {
			return err
		}
		p.row.Score = p.output.Score
		if err := w.Append(p.row); err != nil {
			return err
		}
	}
	return w.Close()
}

// text is what a prompt's output says.
func (p prompt) text(tokenizer *t5.Tokenizer) (string, error) {
	ids := make([]int32, len(p.output.Tokens))
	for i, id := range p.output.Tokens {
		ids[i] = int32(id)
	}
	return tokenizer.Decode(ids)
}
