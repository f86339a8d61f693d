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

// decode runs the decoder with teacher forcing over the last rows of `rows`, those of its tokens before dropout (each sequence begins
// with its start token): hidden [tokens, d_model]. states and sources are the encoder's.
func (m *Model) decode(rows torch.Tensor, targets kernels.Packed, states torch.Tensor, sources kernels.Packed, p *pass) torch.Tensor {
	x := p.block(func(in []torch.Tensor) torch.Tensor {
		n := in[0].Size(0)
		return kernels.DropoutAdd(torch.Tensor{}, in[0].Slice(0, n-targets.Rows(), n), targets, p.Dropout, p.site())
	}, rows)
	bias := p.block(func([]torch.Tensor) torch.Tensor { return m.bias("decoder", slices.Max(targets.Length)) })
	for i := 0; i < m.Config.NumDecoderLayers; i++ {
		x = p.block(func(in []torch.Tensor) torch.Tensor {
			at := fmt.Sprintf("decoder.block.%d.layer.", i)
			x := m.selfAttention(in[0], at+"0", targets, in[1], true, p)
			k, v := m.keysValues(in[3], in[2], at+"1.EncDecAttention")
			x = m.crossAttention(x, k, v, at+"1", targets, sources, p)
			return m.feedForward(x, at+"2", targets, p)
		}, x, bias, states, states)
	}
	return m.last(x, "decoder", targets, p)
}
