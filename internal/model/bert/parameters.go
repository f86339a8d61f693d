package bert

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
)

// parameters reads tensors by name out of a model directory and notes which ones the model keeps.
type parameters struct {
	path   string
	file   *safetensors.File
	prefix string // "" or "bert.": checkpoints of a task have the encoder under a name
	kept   []torch.Tensor
}

func openParameters(dir string) (*parameters, error) {
	path := filepath.Join(dir, "model.safetensors")
	file, err := safetensors.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(dir, path)
	}
	if err != nil {
		return nil, err
	}
	p := &parameters{path: path, file: file}
	if _, ok := file.Entry("bert.embeddings.word_embeddings.weight"); ok {
		p.prefix = "bert."
	}
	return p, nil
}

// missing tells what to do about a directory without model.safetensors.
func missing(dir, path string) error {
	pickles, _ := filepath.Glob(filepath.Join(dir, "pytorch_model*.bin"))
	if len(pickles) == 0 {
		return fmt.Errorf("%s: is missing", path)
	}
	return fmt.Errorf("%s: is missing, and %s is a pickle, which can run code when it is read. Convert it once where you trust it: "+
		"python3 -c \"from transformers import AutoModel; AutoModel.from_pretrained('%s').save_pretrained('%s', safe_serialization=True)\"",
		path, filepath.Base(pickles[0]), dir, dir)
}

// take reads a tensor of exactly that shape; to be called inside torch.Do, which answers with the error.
func (p *parameters) take(name string, shape ...int) torch.Tensor {
	entry, ok := p.file.Entry(p.prefix + name)
	if !ok {
		torch.Failf("%s: tensor %s is missing", p.path, p.prefix+name)
	}
	if !slices.Equal(entry.Shape, shape) {
		torch.Failf("%s: tensor %s has shape %v, and config.json means %v", p.path, p.prefix+name, entry.Shape, shape)
	}
	values, err := p.file.Float32s(p.prefix + name)
	if err != nil {
		torch.Failf("%s: %w", p.path, err)
	}
	return torch.FromFloat32s(values, shape...)
}

// keep makes t live as long as the model.
func (p *parameters) keep(t torch.Tensor) torch.Tensor {
	k := t.Keep()
	p.kept = append(p.kept, k)
	return k
}

func (p *parameters) close() { p.file.Close() }
