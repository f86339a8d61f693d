package bert

import (
	"math"
	"slices"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// attention is LayerNorm(x + Wo concat_h softmax(q_h k_h^T / sqrt(d)) v_h), each text over itself.
type attention struct {
	heads             int
	query, key, value dense // [hidden, hidden]; the query has the factor 1 / sqrt(d) in it
	output            dense // [hidden, hidden]
	norm              norm
}

func newAttention(p *parameters, layer string, c *Config) attention {
	h, self := c.HiddenSize, layer+"attention.self."
	scale := 1 / math.Sqrt(float64(h/c.Heads))
	return attention{
		heads:  c.Heads,
		query:  p.dense(p.take(self+"query.weight", h, h).MulScalar(scale), p.take(self+"query.bias", h).MulScalar(scale)),
		key:    newDense(p, self+"key", h, h),
		value:  newDense(p, self+"value", h, h),
		output: newDense(p, layer+"attention.output.dense", h, h),
		norm:   newNorm(p, layer+"attention.output.LayerNorm", c),
	}
}

// forward takes and gives [rows, hidden].
func (a *attention) forward(x torch.Tensor, texts kernels.Packed) torch.Tensor {
	options := kernels.AttentionOptions{Heads: a.heads, Queries: texts, Keys: texts}
	mixed := kernels.Attention(a.query.forward(x), a.key.forward(x), a.value.forward(x), options, kernels.Dropout{}, 0)
	return a.norm.forward(a.output.onto(x, mixed))
}

// first is forward for each text's first token alone: its query over all the text's keys. It gives [texts, hidden].
func (a *attention) first(x torch.Tensor, texts kernels.Packed) torch.Tensor {
	rows := torch.Embedding(x, torch.FromInts(texts.Start, len(texts.Start)))
	options := kernels.AttentionOptions{Heads: a.heads, Queries: kernels.Pack(slices.Repeat([]int{1}, len(texts.Start))), Keys: texts}
	mixed := kernels.Attention(a.query.forward(rows), a.key.forward(x), a.value.forward(x), options, kernels.Dropout{}, 0)
	return a.norm.forward(a.output.onto(rows, mixed))
}
