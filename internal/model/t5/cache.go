package t5

import (
	"fmt"
	"slices"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Cache is the state of decoding token by token: the keys and values of the source, computed once and shared by the beams
// of an example, and those of the tokens so far, by row. A row is a beam; all rows are at the same position.
type Cache struct {
	cross   []keyValue // by layer, [source tokens, num_heads*d_kv]
	self    []keyValue // by layer, [rows*room, num_heads*d_kv]: row r's position t is r*room + t
	sources kernels.Packed
	rows    int
	room    int // positions
	length  int // positions decoded so far
}

type keyValue struct{ k, v torch.Tensor }

// NewCache makes a cache for `beams` rows an example and at most room decoder positions (the start token included). Row
// e*beams + b is beam b of example e. Free it.
func (m *Model) NewCache(states torch.Tensor, sources kernels.Packed, beams, room int) *Cache {
	c := &Cache{rows: beams * len(sources.Length), room: room}
	for e, start := range sources.Start {
		for range beams {
			c.sources.Start, c.sources.Length = append(c.sources.Start, start), append(c.sources.Length, sources.Length[e])
		}
	}
	inner := m.Config.NumHeads * m.Config.DKV
	for i := 0; i < m.Config.NumDecoderLayers; i++ {
		torch.Scope(func() {
			k, v := m.keysValues(states, states, fmt.Sprintf("decoder.block.%d.layer.1.EncDecAttention", i))
			c.cross = append(c.cross, keyValue{k.Keep(), v.Keep()})
			c.self = append(c.self, keyValue{
				states.NewZeros(c.rows*room, inner).Keep(), states.NewZeros(c.rows*room, inner).Keep()})
		})
	}
	return c
}

// Free ends the cache.
func (c *Cache) Free() {
	for _, kv := range slices.Concat(c.cross, c.self) {
		kv.k.Free()
		kv.v.Free()
	}
}

// Reorder makes row r go on from what row from[r] was: after beams were chosen.
func (c *Cache) Reorder(from []int) {
	torch.Scope(func() {
		index := torch.FromInts(from, len(from)).ToDevice(c.self[0].k.Device())
		for i := range c.self {
			for _, t := range []*torch.Tensor{&c.self[i].k, &c.self[i].v} {
				wide := t.View(c.rows, c.room, -1).Slice(1, 0, c.length)
				wide.Copy_(wide.IndexSelect(0, index))
			}
		}
	})
}

// Step feeds one token a row and returns the logits of the next, [rows, vocab_size].
func (m *Model) Step(ids []int, c *Cache) torch.Tensor {
	if len(ids) != c.rows || c.length >= c.room {
		torch.Failf("t5: step %d of %d with %d tokens for %d rows", c.length, c.room, len(ids), c.rows)
	}
	p := &pass{}
	x := m.embed(nil, ids)
	bias := m.bias("decoder", c.room)
	rows := kernels.Pack(slices.Repeat([]int{1}, c.rows))
	keys := kernels.Packed{Start: make([]int, c.rows), Length: slices.Repeat([]int{c.length + 1}, c.rows)}
	for r := range keys.Start {
		keys.Start[r] = r * c.room
	}
	for i := range c.self {
		x = torch.Block(func() torch.Tensor {
			at := fmt.Sprintf("decoder.block.%d.layer.", i)
			n := m.layerNorm(x, at+"0.layer_norm.weight")
			k, v := m.keysValues(n, n, at+"0.SelfAttention")
			c.self[i].k.View(c.rows, c.room, -1).Select(1, c.length).Copy_(k)
			c.self[i].v.View(c.rows, c.room, -1).Select(1, c.length).Copy_(v)
			o := kernels.AttentionOptions{Bias: bias, Offset: c.length, Queries: rows, Keys: keys}
			x := x.Add(m.attend(n, c.self[i].k, c.self[i].v, at+"0.SelfAttention", o, p))
			x = m.crossAttention(x, c.cross[i].k, c.cross[i].v, at+"1", rows, c.sources, p)
			return m.feedForward(x, at+"2", rows, p)
		})
	}
	c.length++
	return m.Logits(m.layerNorm(x, "decoder.final_layer_norm.weight"))
}
