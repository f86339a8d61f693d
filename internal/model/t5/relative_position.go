package t5

import (
	"math"

	"crosssum/internal/native/torch"
)

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

func sqrt(x float64) float64 { return math.Sqrt(x) }
