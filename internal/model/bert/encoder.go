package bert

import (
	"fmt"
	"runtime/debug"

	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
)

// Model is a loaded encoder. One goroutine at a time may use it; Close frees its memory.
type Model struct {
	Config     *Config
	embeddings embeddings
	layers     []layer
	kept       []torch.Tensor
}

// layer is one block of the encoder.
type layer struct {
	attention   attention
	feedForward feedForward
}

// Load reads config.json and model.safetensors of a Hugging Face directory.
func Load(dir string) (*Model, error) {
	c, err := ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	p, err := openParameters(dir)
	if err != nil {
		return nil, err
	}
	defer p.close()
	m := &Model{Config: c}
	err = torch.Do(func() {
		m.embeddings = newEmbeddings(p, c)
		for i := 0; i < c.Layers; i++ {
			torch.Scope(func() {
				name := fmt.Sprintf("encoder.layer.%d.", i)
				m.layers = append(m.layers, layer{newAttention(p, name, c), newFeedForward(p, name, c)})
			})
		}
	})
	m.kept = p.kept
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
	positions := m.positions(len(ids), lengths)
	texts := kernels.Pack(lengths)
	x := torch.Block(func() torch.Tensor {
		return m.embeddings.forward(torch.FromInt64s(ids, len(ids)), torch.FromInt64s(positions, len(ids)))
	})
	for i := range m.layers {
		x = torch.Block(func() torch.Tensor {
			return m.layers[i].feedForward.forward(m.layers[i].attention.forward(x, texts))
		})
	}
	return x
}

// positions counts from 0 in every text.
func (m *Model) positions(rows int, lengths []int) []int64 {
	out := make([]int64, 0, rows)
	for i, n := range lengths {
		if n < 1 || n > m.Config.Positions || n > rows-len(out) {
			torch.Failf("bert: text %d has %d ids; a text has 1 to %d, and %d ids are left", i, n, m.Config.Positions, rows-len(out))
		}
		for j := range n {
			out = append(out, int64(j))
		}
	}
	if len(out) != rows || rows == 0 {
		torch.Failf("bert: %d ids for texts of %d in all", rows, len(out))
	}
	return out
}
