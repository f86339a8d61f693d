package t5

import (
	"fmt"
	"slices"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

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
