// Package static is sentence-transformers' StaticEmbedding: a text's vector is the mean of a stored vector for each of its
// tokens.
package static

import (
	"fmt"
	"path/filepath"

	"crosssum/internal/model/safetensors"
)

// Model is the table of vectors. It is safe for concurrent use.
type Model struct {
	Rows, Dimension int
	values          []float32 // [rows, dimension]
}

// The name of the table, in sentence-transformers' files and in model2vec's.
var names = []string{"embedding.weight", "embeddings"}

// Load reads model.safetensors of the folder of a StaticEmbedding. progress, where it is not nil, hears of the bytes read.
// A file of model2vec that maps or weighs tokens is refused.
func Load(dir string, progress func(done, total int64)) (*Model, error) {
	return load(dir, progress, false)
}

// Outline is Load without the values of the table: it can only be asked for its size.
func Outline(dir string) (*Model, error) { return load(dir, nil, true) }

func load(dir string, progress func(done, total int64), empty bool) (*Model, error) {
	file, err := safetensors.Open(dir)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	file.Watch(progress)
	path := filepath.Join(dir, "model.safetensors")
	if all := file.Names(); len(all) != 1 {
		return nil, fmt.Errorf("%s: holds tensors %q; a StaticEmbedding is one table, %s", path, all, names[0])
	}
	for _, name := range names {
		entry, ok := file.Entry(name)
		if !ok {
			continue
		}
		if len(entry.Shape) != 2 || entry.Shape[0] < 1 || entry.Shape[1] < 1 || entry.Shape[1] > 1<<14 {
			return nil, fmt.Errorf("%s: tensor %s has shape %v, wanted [tokens, dimension]", path, name, entry.Shape)
		}
		if err := entry.Readable(); err != nil || empty {
			return &Model{Rows: entry.Shape[0], Dimension: entry.Shape[1]}, err
		}
		values, err := file.Float32s(name)
		return &Model{entry.Shape[0], entry.Shape[1], values}, err
	}
	return nil, fmt.Errorf("%s: tensor %s is missing", path, names[0])
}

// Mean writes the mean of the vectors of ids to vector, added up in float64; the zero vector where there are no ids.
func (m *Model) Mean(ids []int32, vector []float32) error {
	sums := make([]float64, m.Dimension)
	for _, id := range ids {
		if id < 0 || int(id) >= m.Rows {
			return fmt.Errorf("token id %d: the table has %d rows", id, m.Rows)
		}
		for j, v := range m.values[int(id)*m.Dimension : (int(id)+1)*m.Dimension] {
			sums[j] += float64(v)
		}
	}
	for j, sum := range sums {
		vector[j] = float32(sum / float64(max(len(ids), 1)))
	}
	return nil
}
