package t5

import (
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// attend projects q of x, attends over k and v, projects the heads back: [rows, d_model].
func (m *Model) attend(x, k, v torch.Tensor, at string, o kernels.AttentionOptions, p *pass) torch.Tensor {
	o.Heads = m.Config.NumHeads
	heads := kernels.Attention(m.linear(x, at+".q.weight"), k, v, o, p.Dropout, p.site())
	return m.linear(heads, at+".o.weight")
}

// keysValues projects states, given for each, to the keys and values of an attention: [rows, num_heads*d_kv] each.
func (m *Model) keysValues(forKeys, forValues torch.Tensor, at string) (k, v torch.Tensor) {
	return m.linear(forKeys, at+".k.weight"), m.linear(forValues, at+".v.weight")
}

// selfAttention is x + dropout(attention of the layer norm of x over itself).
func (m *Model) selfAttention(x torch.Tensor, layer string, rows kernels.Packed, bias torch.Tensor, causal bool, p *pass) torch.Tensor {
	n := m.layerNorm(x, layer+".layer_norm.weight")
	k, v := m.keysValues(n, n, layer+".SelfAttention")
	o := kernels.AttentionOptions{Bias: bias, Causal: causal, Queries: rows, Keys: rows}
	return kernels.DropoutAdd(x, m.attend(n, k, v, layer+".SelfAttention", o, p), rows, p.Dropout, p.site())
}

// crossAttention is x + dropout(attention of the layer norm of x over keys and values of the source). No bias.
func (m *Model) crossAttention(x, k, v torch.Tensor, layer string, rows, sources kernels.Packed, p *pass) torch.Tensor {
	n := m.layerNorm(x, layer+".layer_norm.weight")
	o := kernels.AttentionOptions{Queries: rows, Keys: sources}
	return kernels.DropoutAdd(x, m.attend(n, k, v, layer+".EncDecAttention", o, p), rows, p.Dropout, p.site())
}
