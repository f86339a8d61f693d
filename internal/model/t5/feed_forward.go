package t5

import (
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// feedForward is x + dropout(wo dropout(gelu(wi_0 n) * wi_1 n)), n = layer norm of x. x [rows, d_model].
func (m *Model) feedForward(x torch.Tensor, layer string, rows kernels.Packed, d *dropouts) torch.Tensor {
	n := m.layerNorm(x, layer+".layer_norm.weight")
	dense := layer + ".DenseReluDense."
	inner := kernels.GatedGelu(m.linear(n, dense+"wi_0.weight"), m.linear(n, dense+"wi_1.weight"), rows, d.Dropout, d.site())
	return kernels.DropoutAdd(x, m.linear(inner, dense+"wo.weight"), rows, d.Dropout, d.site())
}

// linear is x weight^T.
func (m *Model) linear(x torch.Tensor, name string) torch.Tensor {
	return torch.Linear(x, m.weight(name), torch.Tensor{})
}
