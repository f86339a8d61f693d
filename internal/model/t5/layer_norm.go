package t5

import (
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// layerNorm is T5's: no mean is subtracted, no bias added. x [rows, d_model].
func (m *Model) layerNorm(x torch.Tensor, name string) torch.Tensor {
	return kernels.RMSNorm(x, m.weight(name), m.Config.LayerNormEpsilon)
}
