package t5

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"crosssum/internal/native/torch"
)

// Parameters are the weights by Hugging Face's names ("encoder.block.0.layer.0.SelfAttention.q.weight"), kept until Free.
type Parameters map[string]torch.Tensor

// Names are the names in byte order: the order of every sum and file.
func (p Parameters) Names() []string {
	return slices.Sorted(maps.Keys(p))
}

// Free ends the weights.
func (p Parameters) Free() {
	for _, t := range p {
		t.Free()
	}
}

// Move puts the weights on a device, where the model then computes.
func (p Parameters) Move(device torch.Device) error {
	return torch.Do(func() {
		for name, t := range p {
			if t.Device() != device {
				p[name] = t.ToDevice(device).Keep()
				t.Free()
			}
		}
	})
}

// Names of the two tables.
const (
	sharedName = "shared.weight"
	headName   = "lm_head.weight"
)

// shape is one weight that a config asks for.
type shape struct {
	name string
	dims []int
	std  float64 // of a new weight; 0: all ones
}

// size is its number of values.
func (s shape) size() int {
	n := 1
	for _, d := range s.dims {
		n *= d
	}
	return n
}

// shapes lists every weight of a model with the deviations of Hugging Face's T5 initialization.
func (c *Config) shapes() []shape {
	d, inner, f := float64(c.DModel), c.NumHeads*c.DKV, c.DFF
	list := []shape{{sharedName, []int{c.VocabSize, c.DModel}, 1}}
	if !c.TieWordEmbeddings {
		list = append(list, shape{headName, []int{c.VocabSize, c.DModel}, 1 / math.Sqrt(d)})
	}
	attention := func(at string) {
		list = append(list,
			shape{at + ".q.weight", []int{inner, c.DModel}, 1 / math.Sqrt(d*float64(c.DKV))},
			shape{at + ".k.weight", []int{inner, c.DModel}, 1 / math.Sqrt(d)},
			shape{at + ".v.weight", []int{inner, c.DModel}, 1 / math.Sqrt(d)},
			shape{at + ".o.weight", []int{c.DModel, inner}, 1 / math.Sqrt(float64(inner))})
	}
	norm := func(at string) { list = append(list, shape{name: at + ".layer_norm.weight", dims: []int{c.DModel}}) }
	stack := func(name string, layers int, decoder bool) {
		for i := 0; i < layers; i++ {
			at, last := fmt.Sprintf("%s.block.%d.layer.", name, i), 1
			attention(at + "0.SelfAttention")
			norm(at + "0")
			if i == 0 {
				list = append(list, shape{at + "0.SelfAttention.relative_attention_bias.weight", []int{c.Buckets, c.NumHeads}, 1 / math.Sqrt(d)})
			}
			if decoder {
				attention(at + "1.EncDecAttention")
				norm(at + "1")
				last = 2
			}
			ff := fmt.Sprintf("%s%d", at, last)
			list = append(list,
				shape{ff + ".DenseReluDense.wi_0.weight", []int{f, c.DModel}, 1 / math.Sqrt(d)},
				shape{ff + ".DenseReluDense.wi_1.weight", []int{f, c.DModel}, 1 / math.Sqrt(d)},
				shape{ff + ".DenseReluDense.wo.weight", []int{c.DModel, f}, 1 / math.Sqrt(float64(f))})
			norm(ff)
		}
		list = append(list, shape{name: name + ".final_layer_norm.weight", dims: []int{c.DModel}})
	}
	stack("encoder", c.NumLayers, false)
	stack("decoder", c.NumDecoderLayers, true)
	return list
}

// Count is the number of parameters, tables included.
func (c *Config) Count() int {
	total := 0
	for _, s := range c.shapes() {
		total += s.size()
	}
	return total
}

// SetRows overwrites rows of a table ("shared.weight", "lm_head.weight"): row id takes values[id].
func (m *Model) SetRows(name string, values map[int][]float32) error {
	return torch.Do(func() {
		table := m.weight(name)
		for id, row := range values {
			table.Select(0, id).Copy_(torch.FromFloat32s(row, len(row)))
		}
	})
}

// CopyRow makes row `to` of the shared table a copy of row `from`: how a new language's start token begins.
func (m *Model) CopyRow(to, from int) error {
	return torch.Do(func() {
		table := m.weight(sharedName)
		table.Select(0, to).Copy_(table.Select(0, from))
	})
}

// Edit changes a weight's values in row-major order.
func (m *Model) Edit(name string, change func(values []float32)) error {
	return torch.Do(func() {
		t := m.weight(name)
		values := t.Float32s()
		change(values)
		t.Copy_(torch.FromFloat32s(values, t.Shape()...))
	})
}
