package t5

import (
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// feedForward is x + dropout(wo dropout(gelu(wi_0 n) * wi_1 n)), n = layer norm of x. x [rows, d_model].
func (m *Model) feedForward(x torch.Tensor, layer string, rows kernels.Packed, p *pass) torch.Tensor {
	n := m.layerNorm(x, layer+".layer_norm.weight")
	dense := layer + ".DenseReluDense."
	inner := kernels.GatedGelu(m.linear(n, dense+"wi_0.weight"), m.linear(n, dense+"wi_1.weight"), rows, p.Dropout, p.site())
	return kernels.DropoutAdd(x, m.linear(inner, dense+"wo.weight"), rows, p.Dropout, p.site())
}

// linear is x weight^T: [rows, in] to [rows, out].
func (m *Model) linear(x torch.Tensor, name string) torch.Tensor {
	if m.Half {
		return bf16.Layer(x, m.weight(name))
	}
	return torch.Linear(x, m.weight(name), torch.Tensor{})
}
