package t5

import (
	"fmt"
	"slices"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Encode runs the encoder over packed sequences: ids holds their tokens one after the other. The states are [tokens, d_model].
func (m *Model) Encode(ids []int, sequences kernels.Packed, d kernels.Dropout) torch.Tensor {
	return m.encode(ids, sequences, &dropouts{Dropout: d})
}

func (m *Model) encode(ids []int, sequences kernels.Packed, d *dropouts) torch.Tensor {
	x := kernels.DropoutAdd(torch.Tensor{}, m.embed(ids), sequences, d.Dropout, d.site())
	bias := m.bias("encoder", slices.Max(sequences.Length))
	for i := 0; i < m.Config.NumLayers; i++ {
		x = torch.Block(func() torch.Tensor {
			at := fmt.Sprintf("encoder.block.%d.layer.", i)
			x := m.selfAttention(x, at+"0", sequences, bias, false, d)
			return m.feedForward(x, at+"1", sequences, d)
		})
	}
	x = m.layerNorm(x, "encoder.final_layer_norm.weight")
	return kernels.DropoutAdd(torch.Tensor{}, x, sequences, d.Dropout, d.site())
}

// embed looks tokens up: [tokens, d_model].
func (m *Model) embed(ids []int) torch.Tensor {
	return torch.Embedding(m.weight(sharedName), torch.FromInts(ids, len(ids)))
}
