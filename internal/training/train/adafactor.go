package train

import (
	"math"

	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Settings of Adafactor that no parameter changes: transformers.optimization's with eps 1e-30, clip threshold 1, decay -0.8,
// no first moment, no relative step; parameter scaling is a parameter of the run.
const (
	adafactorEpsilon   = 1e-30
	adafactorThreshold = 1.0
	adafactorDecay     = -0.8
	adafactorLeastRMS  = 1e-3 // of parameter scaling
)

// adafactor has the second moments of every weight: row and column means for a matrix, all values for a vector.
type adafactor struct {
	names       []string // in byte order
	rows        t5.Parameters
	columns     t5.Parameters
	weightDecay float64
	scale       bool // parameter scaling
}

func newAdafactor(weights t5.Parameters, weightDecay float64, scale bool) (*adafactor, error) {
	a := &adafactor{names: weights.Names(), rows: t5.Parameters{}, columns: t5.Parameters{}, weightDecay: weightDecay, scale: scale}
	return a, torch.Do(func() {
		for _, name := range a.names {
			shape := weights[name].Shape()
			a.rows[name] = weights[name].NewZeros(shape[0]).Keep()
			if len(shape) == 2 {
				a.columns[name] = weights[name].NewZeros(shape[1]).Keep()
			}
		}
	})
}

func (a *adafactor) step(weights t5.Parameters, step int, rate, coefficient float64) {
	torch.NoGrad(func() {
		for _, name := range a.names {
			torch.Scope(func() {
				gradient := weights[name].Grad()
				if !gradient.Defined() {
					return
				}
				rate := rate
				if a.scale {
					squares := kernels.SquareSums([]torch.Tensor{weights[name]})
					rate *= math.Max(adafactorLeastRMS, math.Sqrt(squares/float64(weights[name].Len())))
				}
				kernels.Adafactor(weights[name], gradient, a.rows[name], a.columns[name], kernels.AdafactorStep{
					Coefficient: coefficient, Rate: rate, Beta2: 1 - math.Pow(float64(step), adafactorDecay),
					Epsilon: adafactorEpsilon, Threshold: adafactorThreshold, Decay: decayOf(name, a.weightDecay)})
			})
		}
	})
}

func (a *adafactor) state() map[string]t5.Parameters {
	return map[string]t5.Parameters{"row.": a.rows, "column.": a.columns}
}
