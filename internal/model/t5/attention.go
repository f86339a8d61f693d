package t5

import (
	"math"

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

// bucket is T5's bucket of a distance key - query: half of the buckets (of each direction, in the encoder) hold one distance
// each, the others grow logarithmically up to maxDistance. Computed in fp32, as the reference does.
func bucket(distance int, bidirectional bool, buckets, maxDistance int) int {
	base := 0
	if bidirectional {
		buckets /= 2
		if distance > 0 {
			base = buckets
		}
		distance = max(distance, -distance)
	} else {
		distance = max(-distance, 0)
	}
	exact := buckets / 2
	if distance < exact {
		return base + distance
	}
	ratio := float32(math.Log(float64(float32(distance)/float32(exact)))) / float32(math.Log(float64(maxDistance)/float64(exact)))
	return base + min(exact+int(ratio*float32(buckets-exact)), buckets-1)
}

// bias is the relative position bias of a stack as [heads, 2*reach+1], by distance + reach: layer 0's, which all layers share.
func (m *Model) bias(stack string, reach int) torch.Tensor {
	ids := make([]int, 2*reach+1)
	for i := range ids {
		ids[i] = bucket(i-reach, stack == "encoder", m.Config.Buckets, m.Config.MaxDistance)
	}
	table := m.weight(stack + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight")
	return torch.Embedding(table, torch.FromInts(ids, len(ids)).ToDevice(table.Device())).Transpose(0, 1).Contiguous()
}
