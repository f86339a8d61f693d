package t5

import (
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// attend projects q of x, attends over k and v, projects the heads back: [rows, d_model].
func (m *Model) attend(x, k, v torch.Tensor, at string, o kernels.AttentionOptions, d *dropouts) torch.Tensor {
	o.Heads = m.Config.NumHeads
	heads := kernels.Attention(m.linear(x, at+".q.weight"), k, v, o, d.Dropout, d.site())
	return m.linear(heads, at+".o.weight")
}

// keysValues projects states to the keys and values of an attention: [rows, num_heads*d_kv] each.
func (m *Model) keysValues(states torch.Tensor, at string) (k, v torch.Tensor) {
	return m.linear(states, at+".k.weight"), m.linear(states, at+".v.weight")
}

// selfAttention is x + dropout(attention of the layer norm of x over itself).
func (m *Model) selfAttention(x torch.Tensor, layer string, rows kernels.Packed, bias torch.Tensor, causal bool, d *dropouts) torch.Tensor {
	n := m.layerNorm(x, layer+".layer_norm.weight")
	k, v := m.keysValues(n, layer+".SelfAttention")
	o := kernels.AttentionOptions{Bias: bias, Causal: causal, Queries: rows, Keys: rows}
	return kernels.DropoutAdd(x, m.attend(n, k, v, layer+".SelfAttention", o, d), rows, d.Dropout, d.site())
}

// crossAttention is x + dropout(attention of the layer norm of x over keys and values of the source). No bias.
func (m *Model) crossAttention(x, k, v torch.Tensor, layer string, rows, sources kernels.Packed, d *dropouts) torch.Tensor {
	n := m.layerNorm(x, layer+".layer_norm.weight")
	o := kernels.AttentionOptions{Queries: rows, Keys: sources}
	return kernels.DropoutAdd(x, m.attend(n, k, v, layer+".EncDecAttention", o, d), rows, d.Dropout, d.site())
}
