package t5

import (
	"fmt"
	"slices"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Encode runs the encoder over packed sequences: ids holds their tokens one after the other. The states are [tokens, d_model].
func (m *Model) Encode(ids []int, sequences kernels.Packed, d kernels.Dropout) torch.Tensor {
	return m.encode(m.embed(ids, nil), sequences, &pass{Dropout: d})
}

// encode runs the encoder over the rows of its tokens, [tokens, d_model] before dropout.
func (m *Model) encode(rows torch.Tensor, sequences kernels.Packed, p *pass) torch.Tensor {
	x := p.block(func(in []torch.Tensor) torch.Tensor {
		return kernels.DropoutAdd(torch.Tensor{}, in[0].Slice(0, 0, sequences.Rows()), sequences, p.Dropout, p.site())
	}, rows)
	bias := p.block(func([]torch.Tensor) torch.Tensor { return m.bias("encoder", slices.Max(sequences.Length)) })
	for i := 0; i < m.Config.NumLayers; i++ {
		x = p.block(func(in []torch.Tensor) torch.Tensor {
			at := fmt.Sprintf("encoder.block.%d.layer.", i)
			x := m.selfAttention(in[0], at+"0", sequences, in[1], false, p)
			return m.feedForward(x, at+"1", sequences, p)
		}, x, bias)
	}
	return m.last(x, "encoder", sequences, p)
}

// last is what comes behind the blocks of a stack: dropout of the layer norm.
func (m *Model) last(x torch.Tensor, stack string, sequences kernels.Packed, p *pass) torch.Tensor {
	return p.block(func(in []torch.Tensor) torch.Tensor {
		n := m.layerNorm(in[0], stack+".final_layer_norm.weight")
		return kernels.DropoutAdd(torch.Tensor{}, n, sequences, p.Dropout, p.site())
	}, x)
}

// embed looks tokens up, those of an encoder and then those of a decoder: [tokens, d_model].
func (m *Model) embed(encoder, decoder []int) torch.Tensor {
	return kernels.Embedding(m.weight(sharedName), encoder, decoder)
}
