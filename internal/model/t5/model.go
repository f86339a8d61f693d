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

	Half      bool               // linear layers and head multiply numbers rounded to bf16 (package bf16); weights, sums and all else stay fp32
	Recompute bool               // Gradients keeps the inputs of blocks alone and computes what is inside again: the same bytes, less memory
	Watch     func(phase string) // nil, or told what a pass with a loss has just ended: "activations", "loss"
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

// Batch is a packed training batch.
type Batch struct {
	Source, Decoder, Labels []int // tokens; Decoder and Labels have the same places
	Sources, Targets        kernels.Packed
}

// Loss is scale times the sum over all labels of the label-smoothed cross-entropy, a tensor of one value. It is for looking on;
// Gradients is for training.
func (m *Model) Loss(b Batch, smoothing, scale float64, d kernels.Dropout) torch.Tensor {
	return m.loss(b, smoothing, scale, &pass{Dropout: d})
}

// Gradients adds the gradients of Loss to those of the weights and returns its value. It is called inside torch.DoGrad.
func (m *Model) Gradients(b Batch, smoothing, scale float64, d kernels.Dropout) float64 {
	p := &pass{Dropout: d, again: m.Recompute}
	loss := m.loss(b, smoothing, scale, p)
	loss.Backward()
	p.back()
	return loss.Item()
}

func (m *Model) loss(b Batch, smoothing, scale float64, p *pass) torch.Tensor {
	hidden := m.hidden(b, p)
	m.watch("activations")
	loss := kernels.HeadLoss(m.outputs(hidden), m.head(), b.Labels, smoothing, scale, m.Half)
	m.watch("loss")
	return loss
}

func (m *Model) watch(phase string) {
	if m.Watch != nil {
		m.Watch(phase)
	}
}

// hidden is the decoder's states of all target positions, [tokens, d_model].
func (m *Model) hidden(b Batch, p *pass) torch.Tensor {
	rows := p.block(func([]torch.Tensor) torch.Tensor { return m.embed(b.Source, b.Decoder) })
	states := m.encode(rows, b.Sources, p)
	return m.decode(rows, b.Targets, states, b.Sources, p)
}

// Forward is the logits of every decoder position with teacher forcing, [tokens, vocab_size]; Labels are not read.
func (m *Model) Forward(b Batch) torch.Tensor { return m.Logits(m.hidden(b, &pass{})) }

// Logits is the output head over the decoder's final states: [rows, vocab_size].
func (m *Model) Logits(hidden torch.Tensor) torch.Tensor {
	return torch.Linear(m.outputs(hidden), m.head(), torch.Tensor{})
}
