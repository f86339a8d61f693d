package t5

import (
	"fmt"
	"slices"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// decode runs the decoder over packed inputs (each begins with its start token) with teacher forcing: hidden [tokens,
// d_model]. states and sources are the encoder's.
func (m *Model) decode(ids []int, targets kernels.Packed, states torch.Tensor, sources kernels.Packed, d *dropouts) torch.Tensor {
	x := kernels.DropoutAdd(torch.Tensor{}, m.embed(ids), targets, d.Dropout, d.site())
	bias := m.bias("decoder", slices.Max(targets.Length))
	for i := 0; i < m.Config.NumDecoderLayers; i++ {
		x = torch.Block(func() torch.Tensor {
			at := fmt.Sprintf("decoder.block.%d.layer.", i)
			x := m.selfAttention(x, at+"0", targets, bias, true, d)
			k, v := m.keysValues(states, at+"1.EncDecAttention")
			x = m.crossAttention(x, k, v, at+"1", targets, sources, d)
			return m.feedForward(x, at+"2", targets, d)
		})
	}
	x = m.layerNorm(x, "decoder.final_layer_norm.weight")
	return kernels.DropoutAdd(torch.Tensor{}, x, targets, d.Dropout, d.site())
}
