package bert

import "crosssum/internal/native/torch"

// feedForward is LayerNorm(x + W2 gelu(W1 x + b1) + b2), gelu by erf.
type feedForward struct {
	up, down dense // hidden -> intermediate -> hidden
	norm     norm
}

func newFeedForward(p *parameters, layer string, c *Config) feedForward {
	return feedForward{
		up:   newDense(p, layer+"intermediate.dense", c.IntermediateSize, c.HiddenSize),
		down: newDense(p, layer+"output.dense", c.HiddenSize, c.IntermediateSize),
		norm: newNorm(p, layer+"output.LayerNorm", c),
	}
}

// forward takes and gives [rows, hidden].
func (f *feedForward) forward(x torch.Tensor) torch.Tensor {
	return f.norm.forward(f.down.onto(x, f.up.gelu(x)))
}
