package bert

import (
	"fmt"
	"runtime/debug"

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

// Forward gives the last hidden states [batch, length, hidden] of ids [batch, length], row by row; lengths[i] is how many
// ids of row i count, the rest is padding. To be called inside torch.Do.
func (m *Model) Forward(ids []int64, lengths []int) torch.Tensor {
	batch := len(lengths)
	length := len(ids) / max(batch, 1)
	if batch == 0 || length == 0 || length*batch != len(ids) || length > m.Config.Positions {
		torch.Failf("bert: %d ids in %d rows, and a row holds 1 to %d", len(ids), batch, m.Config.Positions)
	}
	mask := paddingMask(lengths, length)
	x := torch.Block(func() torch.Tensor { return m.embeddings.forward(torch.FromInt64s(ids, batch, length), length) })
	for i := range m.layers {
		x = torch.Block(func() torch.Tensor {
			return m.layers[i].feedForward.forward(m.layers[i].attention.forward(x, mask, batch, length))
		})
	}
	return x
}

// paddingMask is [batch, 1, 1, length] with minus infinity at padding; no tensor where no row has any.
func paddingMask(lengths []int, length int) torch.Tensor {
	padded := make([]bool, len(lengths)*length)
	any := false
	for i, n := range lengths {
		if n < 1 || n > length {
			torch.Failf("bert: row %d has %d ids of %d", i, n, length)
		}
		for j := n; j < length; j++ {
			padded[i*length+j], any = true, true
		}
	}
	if !any {
		return torch.Tensor{}
	}
	zeros := torch.Zeros(torch.Float32, len(lengths), 1, 1, length)
	return zeros.MaskedFill(torch.FromBools(padded, len(lengths), 1, 1, length), negativeInfinity)
}
