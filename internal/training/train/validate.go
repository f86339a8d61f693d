package train

import (
	"cmp"
	"context"

	"crosssum/internal/evaluation/generate"
	"crosssum/internal/evaluation/metric/rouge"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// validation is one line of validation.jsonl: what the model of a step makes of samples it is not trained on. It repeats.
type validation struct {
	Step    int               `json:"step"`
	Samples int               `json:"samples"`
	Loss    float64           `json:"loss"`   // label-smoothed as in training, without dropout, mean over all target tokens
	Rouge2  float64           `json:"rouge2"` // of greedy summaries, mean F1 x 100
	Groups  []groupValidation `json:"groups"`
	Better  bool              `json:"better"` // than all before
}

// groupValidation is the share of a group of target languages: low-, mid- or high-resource.
type groupValidation struct {
	Group   string  `json:"group"`
	Samples int     `json:"samples"`
	Loss    float64 `json:"loss"`
	Rouge2  float64 `json:"rouge2"`
}

// best is the best validation so far; Step 0: none.
type best struct {
	Step  int     `json:"step"`
	Value float64 `json:"value"`
}

// validate scores the model where it is due: every so many steps, and once. It changes nothing that a step reads, only when to end.
// Several ranks do all the same. When ctx ends they leave the validation to the next attempt.
func (r *run) validate(ctx context.Context) error {
	p := r.request.Params
	if r.held == nil || r.Step == 0 || r.Step%p.ValidateEvery != 0 || r.Validated == r.Step {
		return nil
	}
	defer r.watch.end(&r.watch.Validation)
	v, err := r.score(ctx)
	stopped, lost := r.ranks.agree(ctx.Err() != nil)
	switch {
	case lost != nil:
		return lost
	case stopped:
		return r.stop(ctx)
	case err != nil:
		return err
	case !finite(v.Loss):
		return r.notFinite("validation loss", r.Step, r.last.Pairs, r.last.LearningRate)
	}
	value, better := v.Rouge2, v.Rouge2 > r.Best.Value
	if p.BestBy == "loss" {
		value, better = v.Loss, v.Loss < r.Best.Value
	}
	v.Better = better || r.Best.Step == 0
	if r.Validated, r.Waited = r.Step, r.Waited+1; v.Better {
		r.Best, r.Waited = best{r.Step, value}, 0
	}
	if err := r.validations.add(v); err != nil {
		return err
	}
	return r.show(r.Step, v.scalars())
}

// score is the validation of the model as it is.
func (r *run) score(ctx context.Context) (validation, error) {
	v := validation{Step: r.Step, Samples: len(r.held)}
	texts, err := r.summaries(ctx)
	if err != nil {
		return v, err
	}
	labels := 0
	for _, name := range groups {
		g, tokens := groupValidation{Group: name}, 0
		var batch []sequence
		for i, h := range r.held {
			if h.group == name {
				batch, tokens = append(batch, h.sequence), tokens+len(h.label)
				g.Rouge2 += rouge.Score(h.to, h.summary, texts[i]).R2
			}
		}
		if g.Samples = len(batch); g.Samples == 0 {
			continue
		}
		if g.Loss, err = lossOf(ctx, r.model, r.request.Params, batch, r.alive); err != nil {
			return v, err
		}
		v.Loss, v.Rouge2, labels = v.Loss+g.Loss*float64(tokens), v.Rouge2+g.Rouge2, labels+tokens
		g.Rouge2 /= float64(g.Samples)
		v.Groups = append(v.Groups, g)
	}
	v.Loss, v.Rouge2 = v.Loss/float64(labels), v.Rouge2/float64(v.Samples)
	return v, nil
}

// alive says that the training goes on.
func (r *run) alive() { r.tell(0, r.last.LearningRate) }

// summaries are greedy outputs for all held-out samples.
func (r *run) summaries(ctx context.Context) ([]string, error) {
	p := r.request.Params
	var sources [][]int32
	var languages []string
	for _, h := range r.held {
		sources, languages = append(sources, h.source), append(languages, h.to)
	}
	greedy := schemas.GenerateParams{Beams: 1, NoRepeatNgram: schemas.Paper().Generate.NoRepeatNgram, MaxTokens: p.TargetTokens, BatchSize: 16}
	return generate.Summaries(ctx, r.model, r.tokenizer, sources, languages, greedy, r.alive)
}

// lossOf is the loss of a batch without dropout. alive is called after each micro-batch.
func lossOf(ctx context.Context, model *t5.Model, params schemas.TrainParams, batch []sequence, alive func()) (sum float64, err error) {
	parts, tokens := share(batch, params.MicroBatch, 0, 1)
	err = torch.Do(func() {
		for _, b := range parts {
			if ctx.Err() != nil {
				return
			}
			torch.Scope(func() {
				sum += model.Loss(b.Batch, params.LabelSmoothing, 1/float64(tokens), kernels.Dropout{}).Item()
			})
			alive()
		}
	})
	return sum, cmp.Or(err, ctx.Err())
}

// Losses tells each the loss of every batch of a file, without dropout.
func Losses(model, batches string, params schemas.TrainParams, each func(loss float64)) error {
	if err := params.Check(); err != nil {
		return err
	}
	m, tokenizer, err := t5.Load(model)
	if err != nil {
		return err
	}
	defer m.Free()
	list, err := readBatches(batches, tokenizer, m.Config.VocabSize, params)
	if err != nil {
		return err
	}
	if err := startTokens(list, m, tokenizer, params.NewLanguages, &outputs{}); err != nil {
		return err
	}
	for step := range list.steps {
		batch, _, _ := list.batch(step + 1)
		loss, err := lossOf(context.Background(), m, params, batch, func() {})
		if err != nil {
			return err
		}
		each(loss)
	}
	return nil
}
