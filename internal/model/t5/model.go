// Package t5 is mT5 and T5 v1.1: encoder, decoder, an output head of its own or tied. Batches are packed: the rows of a matrix
// are the tokens of all sequences, one sequence after the other, so no padding is computed. Every function that makes
// tensors is called inside torch.Do or torch.DoGrad.
package t5

import (
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Model is a config with its weights. It is not safe for concurrent use.
type Model struct {
	Config  *Config
	Weights Parameters
}

// Free ends the weights.
func (m *Model) Free() { m.Weights.Free() }

func (m *Model) weight(name string) torch.Tensor {
	t, ok := m.Weights[name]
	if !ok {
		torch.Failf("t5: the model has no weight %q", name)
	}
	return t
}

// dropouts counts the sites of one pass: the k-th dropout of a model is site k, encoder before decoder.
type dropouts struct {
	kernels.Dropout
	next int
}

func (d *dropouts) site() int {
	d.next++
	return d.next - 1
}

// Batch is a packed training batch.
type Batch struct {
	Source, Decoder, Labels []int // tokens; Decoder and Labels have the same places
	Sources, Targets        kernels.Packed
}

// Loss is scale times the sum over all labels of the label-smoothed cross-entropy, a tensor of one value.
func (m *Model) Loss(b Batch, smoothing, scale float64, d kernels.Dropout) torch.Tensor {
	pass := &dropouts{Dropout: d}
	states := m.encode(b.Source, b.Sources, pass)
	hidden := m.decode(b.Decoder, b.Targets, states, b.Sources, pass)
	return kernels.HeadLoss(m.outputs(hidden), m.head(), b.Labels, smoothing, scale)
}

// Forward is the logits of every decoder position with teacher forcing, [tokens, vocab_size]; Labels are not read.
func (m *Model) Forward(b Batch) torch.Tensor {
	pass := &dropouts{}
	states := m.encode(b.Source, b.Sources, pass)
	return m.Logits(m.decode(b.Decoder, b.Targets, states, b.Sources, pass))
}

// Logits is the output head over the decoder's final states: [rows, vocab_size].
func (m *Model) Logits(hidden torch.Tensor) torch.Tensor {
	return torch.Linear(m.outputs(hidden), m.head(), torch.Tensor{})
}
