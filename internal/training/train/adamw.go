package train

import (
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

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
