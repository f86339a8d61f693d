package generate

import (
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// t5Decoder decodes a batch of encoded sources. It lives inside one torch.Do.
type t5Decoder struct {
	model  *t5.Model
	cache  *t5.Cache
	scores []float32    // [rows, vocab_size]
	onStep func(n int)  // called after the n-th step
	check  func() error // an error ends the search
	steps  int
}

func (d *t5Decoder) Step(tokens, from []int) ([]float32, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	for row, other := range from {
		if row != other {
			d.cache.Reorder(from)
			break
		}
	}
	torch.Scope(func() {
		d.model.Step(tokens, d.cache).LogSoftmax(-1).CopyFloat32s(d.scores)
	})
	d.steps++
	d.onStep(d.steps)
	return d.scores, nil
}

// decode runs the encoder once over sources (token ids with </s>) and beam search over its states. The result has the
// order of sources.
func decode(model *t5.Model, sources [][]int32, starts []int, o Options, check func() error, onStep func(int)) (found [][]Hypothesis, err error) {
	var ids, lengths []int
	for _, s := range sources {
		lengths = append(lengths, len(s))
		for _, id := range s {
			ids = append(ids, int(id))
		}
	}
	packed := kernels.Pack(lengths)
	failure := torch.Do(func() {
		var cache *t5.Cache
		torch.Scope(func() {
			cache = model.NewCache(model.Encode(ids, packed, kernels.Dropout{}), packed, o.Beams, o.MaxLength)
		})
		defer cache.Free()
		d := &t5Decoder{model: model, cache: cache, onStep: onStep, check: check,
			scores: make([]float32, len(sources)*o.Beams*model.Config.VocabSize)}
		found, err = Search(d, starts, o)
	})
	if failure != nil {
		return nil, failure
	}
	return found, err
}
