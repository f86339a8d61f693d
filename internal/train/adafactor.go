package train

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"crosssum/internal/model/safetensors"
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
			a.rows[name] = torch.Zeros(torch.Float32, shape[0]).Keep()
			if len(shape) == 2 {
				a.columns[name] = torch.Zeros(torch.Float32, shape[1]).Keep()
			}
		}
	})
}

func (a *adafactor) free() {
	a.rows.Free()
	a.columns.Free()
}

// step updates all weights by their gradients, multiplied by coefficient; step counts from 1. A weight without a gradient
// is left alone. It is called inside torch.DoGrad.
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
					Epsilon: adafactorEpsilon, Threshold: adafactorThreshold, Decay: a.decay(name)})
			})
		}
	})
}

// decay is the weight decay of a weight: none for norms and for every name with "bias", relative_attention_bias included.
func (a *adafactor) decay(name string) float64 {
	if strings.Contains(name, "layer_norm") || strings.Contains(name, "bias") {
		return 0
	}
	return a.weightDecay
}

func (a *adafactor) save(dir string) error {
	var tensors []safetensors.Tensor
	err := torch.Do(func() {
		for _, name := range a.names {
			for prefix, list := range map[string]t5.Parameters{"row.": a.rows, "column.": a.columns} {
				if t, ok := list[name]; ok {
					tensors = append(tensors, safetensors.Float32Tensor(prefix+name, t.Float32s(), t.Shape()...))
				}
			}
		}
	})
	if err != nil {
		return err
	}
	return safetensors.Write(filepath.Join(dir, optimizerFile), tensors)
}

func (a *adafactor) load(dir string) error {
	file, err := safetensors.Open(filepath.Join(dir, optimizerFile))
	if err != nil {
		return err
	}
	defer file.Close()
	for _, name := range a.names {
		for prefix, list := range map[string]t5.Parameters{"row.": a.rows, "column.": a.columns} {
			t, ok := list[name]
			if !ok {
				continue
			}
			values, err := file.Float32s(prefix + name)
			if err != nil {
				return err
			}
			err = torch.Do(func() {
				if t.Len() != len(values) {
					torch.Failf("%s%s has %d values, not %d", prefix, name, len(values), t.Len())
				}
				t.Copy_(torch.FromFloat32s(values, len(values)))
			})
			if err != nil {
				return fmt.Errorf("%s: %w", optimizerFile, err)
			}
		}
	}
	return nil
}
