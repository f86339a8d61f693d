package bert

import (
	"fmt"
	"runtime/debug"

	"crosssum/internal/native/device"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Model is a loaded encoder. One goroutine at a time may use it; Close frees its memory.
type Model struct {
	Config     *Config
	embeddings embeddings
	layers     []layer
	pooler     dense // not defined where the weights have none
	kept       []torch.Tensor
}

// layer is one block of the encoder.
type layer struct {
	attention   attention
	feedForward feedForward
}

// Load reads config.json and model.safetensors, or its shards, of a Hugging Face directory; linear layers of its blocks
// compute in bf16 where device.BF16 says so, everything else in fp32. progress, where it is not nil, hears of the bytes read.
func Load(dir string, progress func(done, total int64)) (*Model, error) {
	return load(dir, progress, false)
}

// Outline is Load without the values of the weights, which take no memory then: what a directory lacks is known in a moment. The model can
// only be asked what it is, and closed.
func Outline(dir string) (*Model, error) { return load(dir, nil, true) }

func load(dir string, progress func(done, total int64), empty bool) (*Model, error) {
	c, err := ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	p, err := openParameters(dir, progress)
	if err != nil {
		return nil, err
	}
	defer p.file.Close()
	p.empty, p.bf16 = empty, !empty && device.BF16(torch.CPU) && c.IntermediateSize%2 == 0
	m := &Model{Config: c}
	err = torch.Do(func() {
		m.embeddings = newEmbeddings(p, c)
		for i := 0; i < c.Layers; i++ {
			torch.Scope(func() {
				name := fmt.Sprintf("encoder.layer.%d.", i)
				m.layers = append(m.layers, layer{newAttention(p, name, c), newFeedForward(p, name, c)})
			})
		}
		if _, ok := p.file.Entry(p.prefix + "pooler.dense.weight"); ok {
			p.bf16 = false // a thousandth of the work, and nothing after it evens its rounding out
			m.pooler = newDense(p, "pooler.dense", c.HiddenSize, c.HiddenSize)
		}
	})
	m.kept = p.kept
	if err == nil {
		err = p.rest()
	}
	debug.FreeOSMemory() // the copies that were read through: as much as the model
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Close frees the parameters.
func (m *Model) Close() {
	for _, t := range m.kept {
		t.Free()
	}
	m.kept = nil
}

// Forward gives the last hidden states [rows, hidden] of packed texts: ids are those of all texts, one text after the
// other, lengths[i] of them of text i. To be called inside torch.Do.
func (m *Model) Forward(ids []int64, lengths []int) torch.Tensor {
	return m.forward(ids, lengths, false)
}

// First gives the last hidden state of each text's first token, [texts, hidden]: the last layer computes nothing else.
func (m *Model) First(ids []int64, lengths []int) torch.Tensor { return m.forward(ids, lengths, true) }

// Pooled is tanh(W x + b) of the first tokens' states x, [texts, hidden]: BertModel's pooler_output.
func (m *Model) Pooled(ids []int64, lengths []int) torch.Tensor {
	return m.pooler.forward(m.First(ids, lengths)).Tanh()
}

// HasPooler tells whether the weights have a pooler.
func (m *Model) HasPooler() bool { return m.pooler.weight.Defined() }

func (m *Model) forward(ids []int64, lengths []int, first bool) torch.Tensor {
	positions := m.positions(len(ids), lengths)
	texts := kernels.Pack(lengths)
	x := torch.Block(func() torch.Tensor {
		return m.embeddings.forward(torch.FromInt64s(ids, len(ids)), torch.FromInt64s(positions, len(ids)))
	})
	for i := range m.layers {
		layer, last := m.layers[i], i == len(m.layers)-1
		x = torch.Block(func() torch.Tensor {
			if first && last {
				return layer.feedForward.forward(layer.attention.first(x, texts))
			}
			return layer.feedForward.forward(layer.attention.forward(x, texts))
		})
	}
	return x
}

// positions counts from the first position in every text. No id is the pad token's, which XLM-R would not count.
func (m *Model) positions(rows int, lengths []int) []int64 {
	out := make([]int64, 0, rows)
	for i, n := range lengths {
		if n < 1 || n > m.Config.MaxTokens() || n > rows-len(out) {
			torch.Failf("bert: text %d has %d ids; a text has 1 to %d, and %d ids are left", i, n, m.Config.MaxTokens(), rows-len(out))
		}
		for j := range n {
			out = append(out, int64(m.Config.firstPosition()+j))
		}
	}
	if len(out) != rows || rows == 0 {
		torch.Failf("bert: %d ids for texts of %d in all", rows, len(out))
	}
	return out
}
