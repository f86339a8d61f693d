package bert

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
)

// parameters reads tensors by name out of a model directory and notes which ones the model keeps.
type parameters struct {
	path   string
	file   *safetensors.File
	prefix string // "", "bert." or "roberta.": checkpoints of a task have the encoder under a name
	taken  map[string]bool
	kept   []torch.Tensor
	bf16   bool // dense layers are kept in bf16
	empty  bool // tensors are checked, and their values not read
}

// openParameters opens the weights; progress (nil: nobody) hears of the bytes read.
func openParameters(dir string, progress func(done, total int64)) (*parameters, error) {
	path := filepath.Join(dir, "model.safetensors")
	file, err := safetensors.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(dir, path)
	}
	if err != nil {
		return nil, err
	}
	file.Watch(progress)
	p := &parameters{path: path, file: file, taken: map[string]bool{}}
	for _, prefix := range []string{"bert.", "roberta."} {
		if _, ok := file.Entry(prefix + "embeddings.word_embeddings.weight"); ok {
			p.prefix = prefix
		}
	}
	return p, nil
}

// missing tells what to do about a directory without model.safetensors.
func missing(dir, path string) error {
	pickles, _ := filepath.Glob(filepath.Join(dir, "pytorch_model*.bin"))
	if len(pickles) == 0 {
		return fmt.Errorf("%s: is missing, and so is its index", path)
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
	if err := entry.Readable(); err != nil {
		torch.Failf("%s: %v", p.path, err)
	}
	p.taken[p.prefix+name] = true
	out, from := opEmpty.One(shape, int(torch.Float32)), 0
	if p.empty {
		return out
	}
	rows := out.View(entry.Len())
	err := p.file.Each(p.prefix+name, func(values []float32) error {
		torch.Scope(func() { opCopy.One(rows.Slice(0, from, from+len(values)), torch.FromFloat32s(values, len(values))) })
		from += len(values)
		return nil
	})
	if err != nil {
		torch.Fail(err)
	}
	return out
}

// Operators that fill a tensor piece by piece, so that loading takes no second copy of the word rows.
var opEmpty, opCopy = torch.Custom("aten::empty.memory_format"), torch.Custom("aten::copy_")

// rest is an error where embeddings or layers have tensors that config.json does not mean: a layer too many, an adapter.
func (p *parameters) rest() error {
	for _, name := range p.file.Names() {
		own, ok := strings.CutPrefix(name, p.prefix)
		ours := ok && (strings.HasPrefix(own, "embeddings.") || strings.HasPrefix(own, "encoder."))
		if ours && !p.taken[name] && own != "embeddings.position_ids" && own != "embeddings.token_type_ids" {
			return fmt.Errorf("%s: tensor %s belongs to nothing that config.json describes", p.path, name)
		}
	}
	return nil
}

// keep makes t live as long as the model.
func (p *parameters) keep(t torch.Tensor) torch.Tensor {
	k := t.Keep()
	p.kept = append(p.kept, k)
	return k
}
