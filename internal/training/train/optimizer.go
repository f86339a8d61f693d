package train

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// optimizer updates weights by their gradients.
type optimizer interface {
	// step updates all weights by their gradients, multiplied by coefficient; step counts from 1. A weight without a gradient
	// is left alone. It is called inside torch.DoGrad.
	step(weights t5.Parameters, step int, rate, coefficient float64)
	// state is what a checkpoint keeps, by prefix of the tensors' names.
	state() map[string]t5.Parameters
}

func newOptimizer(weights t5.Parameters, p schemas.TrainParams) (optimizer, error) {
	if p.Optimizer == "adamw" {
		return newAdamW(weights, p.WeightDecay)
	}
	return newAdafactor(weights, p.WeightDecay, p.ScaleParameter)
}

// decayOf is the weight decay of a weight: none for norms and for every name with "bias", relative_attention_bias included.
func decayOf(name string, weightDecay float64) float64 {
	if strings.Contains(name, "layer_norm") || strings.Contains(name, "bias") {
		return 0
	}
	return weightDecay
}

// each calls f with every tensor of an optimizer's state, in byte order of names.
func each(o optimizer, f func(name string, t torch.Tensor) error) error {
	tensors := map[string]torch.Tensor{}
	for prefix, list := range o.state() {
		for name, t := range list {
			tensors[prefix+name] = t
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if err := f(name, tensors[name]); err != nil {
			return err
		}
	}
	return nil
}

func freeOptimizer(o optimizer) {
	for _, list := range o.state() {
		list.Free()
	}
}

func loadOptimizer(o optimizer, dir string) error {
	file, err := safetensors.Open(filepath.Join(dir, optimizerFile))
	if err != nil {
		return err
	}
	defer file.Close()
	return each(o, func(name string, t torch.Tensor) error {
		values, err := file.Float32s(name)
		if err != nil {
			return err
		}
		err = torch.Do(func() {
			if t.Len() != len(values) {
				torch.Failf("%s has %d values, not %d", name, len(values), t.Len())
			}
			t.Copy_(torch.FromFloat32s(values, t.Shape()...))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", optimizerFile, err)
		}
		return nil
	})
}

// Settings of AdamW that no parameter changes: torch's defaults.
const (
	adamwBeta1   = 0.9
	adamwBeta2   = 0.999
	adamwEpsilon = 1e-8
)

// adamw has the first and second moments of every weight.
type adamw struct {
	names         []string // in byte order
	first, second t5.Parameters
	weightDecay   float64
}

func newAdamW(weights t5.Parameters, weightDecay float64) (*adamw, error) {
	a := &adamw{names: weights.Names(), first: t5.Parameters{}, second: t5.Parameters{}, weightDecay: weightDecay}
	return a, torch.Do(func() {
		for _, name := range a.names {
			a.first[name], a.second[name] = weights[name].ZerosLike().Keep(), weights[name].ZerosLike().Keep()
		}
	})
}

func (a *adamw) step(weights t5.Parameters, step int, rate, coefficient float64) {
	torch.NoGrad(func() {
		for _, name := range a.names {
			torch.Scope(func() {
				if gradient := weights[name].Grad(); gradient.Defined() {
					kernels.AdamW(weights[name], gradient, a.first[name], a.second[name], kernels.AdamWStep{Coefficient: coefficient, Rate: rate,
						Beta1: adamwBeta1, Beta2: adamwBeta2, Epsilon: adamwEpsilon, Decay: decayOf(name, a.weightDecay), Step: step})
				}
			})
		}
	})
}

func (a *adamw) state() map[string]t5.Parameters {
	return map[string]t5.Parameters{"first.": a.first, "second.": a.second}
}

// rate is the learning rate of a step, which counts from 1:
//
//	scale * d_model^-0.5 * min(step^-0.5, step * warmup^-1.5)
//
// Without warm-up the second term is left out.
func rate(step, warmup, dModel int, scale float64) float64 {
	s := float64(step)
	r := math.Pow(s, -0.5)
	if warmup > 0 {
		r = math.Min(r, s*math.Pow(float64(warmup), -1.5))
	}
	return scale * math.Pow(float64(dModel), -0.5) * r
}
