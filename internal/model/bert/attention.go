package bert

import (
	"math"

	"crosssum/internal/native/torch"
)

// attention is LayerNorm(x + Wo concat_h softmax(q_h k_h^T / sqrt(d) + mask) v_h), with the three input products as one.
type attention struct {
	heads, width int   // width of one head, d
	input        dense // [3 hidden, hidden]: queries, scaled by 1 / sqrt(d), keys, values
	output       dense // [hidden, hidden]
	norm         norm
}

func newAttention(p *parameters, layer string, c *Config) attention {
	h := c.HiddenSize
	width := h / c.Heads
	scale := 1 / math.Sqrt(float64(width))
	part := func(kind string, shape ...int) torch.Tensor {
		return torch.Cat(0, p.take(layer+"attention.self.query."+kind, shape...).MulScalar(scale),
			p.take(layer+"attention.self.key."+kind, shape...), p.take(layer+"attention.self.value."+kind, shape...))
	}
	return attention{
		heads: c.Heads, width: width,
		input:  dense{p.keep(part("weight", h, h)), p.keep(part("bias", h))},
		output: newDense(p, layer+"attention.output.dense", h, h),
		norm:   newNorm(p, layer+"attention.output.LayerNorm", c),
	}
}

// forward takes and gives [batch, length, hidden]; mask [batch, 1, 1, length] is 0 or minus infinity; no tensor stands
// for a batch without padding.
func (a *attention) forward(x, mask torch.Tensor, batch, length int) torch.Tensor {
	mixed := torch.Block(func() torch.Tensor {
		parts := a.input.forward(x).View(batch, length, 3, a.heads, a.width).Permute(2, 0, 3, 1, 4)
		query, key, value := parts.Select(0, 0), parts.Select(0, 1), parts.Select(0, 2) // [batch, heads, length, width]
		scores := query.Matmul(key.Transpose(2, 3))                                     // [batch, heads, length, length]
		if mask.Defined() {
			scores = scores.Add(mask)
		}
		return scores.Softmax(-1).Matmul(value).Transpose(1, 2).Reshape(batch, length, a.heads*a.width)
	})
	return a.norm.forward(x.Add(a.output.forward(mixed)))
}
