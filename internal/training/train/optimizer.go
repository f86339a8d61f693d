package train

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/t5"
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
	var names []string
	for prefix, list := range o.state() {
		for name, t := range list {
			names = append(names, prefix+name)
			tensors[prefix+name] = t
		}
	}
	sort.Strings(names)
	for _, name := range names {
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
