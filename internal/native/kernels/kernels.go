// Package kernels has the operators that a T5 spends its time in, written for packed sequences: the
// rows of a matrix are the tokens of all sequences of a batch, one sequence after the other, without padding. They are
// registered with libtorch as crosssum::*, have gradients, run in parallel and give the same bytes for any schedule.
// For tensors of another device they are composed of libtorch's operators (composed.h): the same equations and dropout masks.
package kernels

// #cgo CXXFLAGS: -O3 -march=haswell
// #cgo LDFLAGS: -lstdc++
import "C"

import (
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/torch"
)

var (
	opEmbedding  = torch.Custom("crosssum::embedding")
	opRMSNorm    = torch.Custom("crosssum::rms_norm")
	opDropoutAdd = torch.Custom("crosssum::dropout_add")
	opGatedGelu  = torch.Custom("crosssum::gated_gelu")
	opAttention  = torch.Custom("crosssum::attention")
	opHeadLoss   = torch.Custom("crosssum::head_loss")
	opAdafactor  = torch.Custom("crosssum::adafactor")
	opAdamW      = torch.Custom("crosssum::adamw")
	opSquareSums = torch.Custom("crosssum::square_sums")
	opCompose    = torch.Custom("crosssum::compose")
)

// Packed says where the sequences of a batch stand in the rows of a matrix: sequence s is rows Start[s] to
// Start[s] + Length[s] - 1.
type Packed struct{ Start, Length []int }

// Pack places sequences of the given lengths one after the other.
func Pack(lengths []int) Packed {
	p := Packed{Start: make([]int, len(lengths)), Length: lengths}
	for s, next := 0, 0; s < len(lengths); s++ {
		p.Start[s] = next
		next += lengths[s]
	}
	return p
}

// Rows is the number of rows of a batch without gaps.
func (p Packed) Rows() int {
	rows := 0
	for _, n := range p.Length {
		rows += n
	}
	return rows
}

// Dropout names the masks of a pass. A mask is a function of Seed, Step, the site, the example and the place in the
// example (Philox4x32-10), not of how the batch is cut. The zero value is no dropout.
type Dropout struct {
	Rate     float64
	Seed     uint64
	Step     int
	Examples []int // by sequence: its place in the batch of the step
}

func (d Dropout) args(site int) []any {
	return []any{d.Rate, int(d.Seed), d.Step, site, d.Examples}
}

// Embedding is the table's rows of the tokens of an encoder, then of those of a decoder: [tokens, width]. The table is a parameter.
// Going backward, its gradient's rows of these tokens are added to in place, and no others are touched.
func Embedding(table torch.Tensor, encoder, decoder []int) torch.Tensor {
	ids := append(append(make([]int, 0, len(encoder)+len(decoder)), encoder...), decoder...)
	return opEmbedding.One(table, ids, len(encoder))
}

// RMSNorm is T5's layer norm: x / sqrt(mean(x^2) + epsilon) * weight by row. x [rows, width], weight [width].
func RMSNorm(x, weight torch.Tensor, epsilon float64) torch.Tensor {
	return opRMSNorm.One(x, weight, epsilon)
}

// DropoutAdd is residual + dropout(x); residual may be the zero Tensor. [rows, width]; p covers every row.
func DropoutAdd(residual, x torch.Tensor, p Packed, d Dropout, site int) torch.Tensor {
	if d.Rate == 0 {
		if residual.Defined() {
			return residual.Add(x)
		}
		return x
	}
	return opDropoutAdd.One(append([]any{residual, x, p.Start, p.Length}, d.args(site)...)...)
}

// GatedGelu is dropout(gelu(a) * b) with the tanh approximation of gelu. [rows, width]; p covers every row.
func GatedGelu(a, b torch.Tensor, p Packed, d Dropout, site int) torch.Tensor {
	return opGatedGelu.One(append([]any{a, b, p.Start, p.Length}, d.args(site)...)...)
}

// AttentionOptions: Bias [heads, 2*reach+1] is added by distance key - query (undefined: none); a causal query sees keys up
// to its own position; Offset is the position of the first query of every sequence (decoding with a cache).
type AttentionOptions struct {
	Heads   int
	Bias    torch.Tensor
	Causal  bool
	Offset  int
	Queries Packed
	Keys    Packed // may overlap and have gaps where no gradient is wanted
}

// Attention is T5's: dropout(softmax(q k^T + bias)) v by head, without 1/sqrt(d), each query sequence over the key
// sequence of the same number. q [query rows, heads*width]; k, v [key rows, heads*width]; the result is shaped like q.
func Attention(q, k, v torch.Tensor, o AttentionOptions, d Dropout, site int) torch.Tensor {
	return opAttention.One(append([]any{q, k, v, o.Bias, o.Heads, o.Causal, o.Offset,
		o.Queries.Start, o.Queries.Length, o.Keys.Start, o.Keys.Length}, d.args(site)...)...)
}

// HeadLoss is scale times the sum over rows of (1-smoothing) * -log p[label] + smoothing * mean over the vocabulary of
// -log p, with p = softmax(hidden weight^T). hidden [rows, width], weight [vocabulary, width]. Logits are made and turned into their
// gradient max(128, 2^22 / vocabulary) rows at a time. half: products, not the softmax, are those of package bf16.
func HeadLoss(hidden, weight torch.Tensor, labels []int, smoothing, scale float64, half bool) torch.Tensor {
	return opHeadLoss.One(hidden, weight, labels, smoothing, scale, half, bf16.Native())
}

// SquareSums is the sum of squares over all tensors, added up in double.
func SquareSums(tensors []torch.Tensor) float64 { return opSquareSums.One(tensors).Item() }

// AdafactorStep has the settings of one step: rate, decay of the second moments, clipping of gradient and update.
type AdafactorStep struct {
	Coefficient float64 // the gradient is multiplied by it first
	Rate        float64
	Beta2       float64
	Epsilon     float64
	Threshold   float64 // the update is divided by max(1, rms / Threshold)
	Decay       float64 // weight decay: p -= Decay * Rate * p
}

// Adafactor takes one step on a matrix (row [r], column [c]) or a vector (row [n], column undefined) in place.
func Adafactor(parameter, gradient, row, column torch.Tensor, s AdafactorStep) {
	opAdafactor.Run(parameter, gradient, row, column, s.Coefficient, s.Rate, s.Beta2, s.Epsilon, s.Threshold, s.Decay)
}

// AdamWStep has the settings of one step, which counts from 1.
type AdamWStep struct {
	Coefficient  float64 // the gradient is multiplied by it first
	Rate         float64
	Beta1, Beta2 float64
	Epsilon      float64
	Decay        float64 // p -= Decay * Rate * p
	Step         int
}

// AdamW takes one step in place. first and second are the moments, shaped like parameter.
func AdamW(parameter, gradient, first, second torch.Tensor, s AdamWStep) {
	opAdamW.Run(parameter, gradient, first, second, s.Coefficient, s.Rate, s.Beta1, s.Beta2, s.Epsilon, s.Decay, s.Step)
}

// Compose (called inside torch.Do) makes this process's operators run on the CPU as they do on a GPU: for tests.
func Compose(on bool) {
	opCompose.Run(on)
	bf16.Compose(on)
}
