package t5

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"unsafe"

	"crosssum/internal/fault"
	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// Files of a Hugging Face directory.
const (
	weightsFile    = "model.safetensors"
	vocabularyFile = "spiece.model"
)

// Load reads a Hugging Face directory: config.json, model.safetensors (fp32, bf16 or fp16; computed in fp32), spiece.model.
// A directory that is not there or not such a model is an error of type MissingModel. progress, if there is one, hears of
// the bytes of the weights that were read.
func Load(dir string, progress ...func(done, total int64)) (*Model, *Tokenizer, error) {
	config, err := LoadConfig(dir)
	if err != nil {
		return nil, nil, missing(err)
	}
	tokenizer, err := LoadTokenizer(dir, config)
	if err != nil {
		return nil, nil, missing(err)
	}
	weights, err := LoadWeights(filepath.Join(dir, weightsFile), config, progress...)
	if err != nil {
		return nil, nil, missing(err)
	}
	return &Model{Config: config, Weights: weights}, tokenizer, nil
}

func missing(err error) error {
	return fault.New(schemas.MissingModel, "summarizer: %v", err)
}

// Further names of a table in files of transformers and of its converters; a table is taken under the first name that is there.
var (
	sharedNames = []string{sharedName, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}
	headNames   = append([]string{headName}, sharedNames...)
	tiedNames   = append(slices.Clone(sharedNames), headName)
)

// unused is a table that the first T5 checkpoints hold and no version of transformers reads.
const unused = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"

// namesOf are the names under which a file may hold a weight.
func (c *Config) namesOf(weight string) []string {
	switch {
	case weight == headName:
		return headNames
	case weight == sharedName && c.TieWordEmbeddings:
		return tiedNames
	case weight == sharedName:
		return sharedNames
	}
	return []string{weight}
}

// LoadWeights reads the weights of a config, and only those: a missing, additional or differently shaped tensor is an error.
// Where config.json says that the head is tied and the file holds another one, the config is corrected. An untied head that
// the file lacks begins as the shared table.
func LoadWeights(path string, config *Config, progress ...func(done, total int64)) (weights Parameters, err error) {
	file, err := openWeights(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := config.untie(file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, p := range progress {
		file.Watch(p)
	}
	names, err := config.match(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	weights = Parameters{}
	for _, s := range config.shapes() {
		if weights[s.name], err = readEntry(file, names[s.name], s.dims); err != nil {
			weights.Free()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return weights, nil
}

// openWeights opens model.safetensors at path, or the shards beside it.
func openWeights(path string) (*safetensors.File, error) {
	file, err := safetensors.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = safetensors.Open(filepath.Dir(path)) // sharded
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noSafetensors(path)
	}
	return file, err
}

// match gives the name in the file of every weight of a config. A missing, additional or differently shaped tensor is an error.
func (c *Config) match(file *safetensors.File) (map[string]string, error) {
	known, found := map[string]bool{unused: true}, map[string]string{}
	for _, s := range c.shapes() {
		names := c.namesOf(s.name)
		for _, name := range names {
			known[name] = true
		}
		name := s.name
		if k := slices.IndexFunc(names, func(name string) bool { _, ok := file.Entry(name); return ok }); k > 0 {
			name = names[k]
		}
		entry, ok := file.Entry(name)
		if !ok {
			return nil, fmt.Errorf("tensor %q is missing", name)
		}
		if !slices.Equal(entry.Shape, s.dims) {
			return nil, fmt.Errorf("tensor %q has shape %v, config.json asks for %v", name, entry.Shape, s.dims)
		}
		if err := entry.Readable(); err != nil {
			return nil, err
		}
		found[s.name] = name
	}
	for _, name := range file.Names() {
		if !known[name] {
			return nil, fmt.Errorf("tensor %q belongs to no weight that config.json describes", name)
		}
	}
	return found, nil
}

// noSafetensors tells what to do about a directory without model.safetensors.
func noSafetensors(path string) error {
	dir := filepath.Dir(path)
	bin := filepath.Join(dir, "pytorch_model.bin")
	if _, err := os.Stat(bin); err != nil {
		return fmt.Errorf("%s: not there, nor is %s.index.json of a sharded model", path, weightsFile)
	}
	return fmt.Errorf("%s: not there; pytorch_model.bin is a pickle, which can run code when it is read. Convert it once where you trust it: "+
		"python3 -c \"import torch, safetensors.torch as s; s.save_file({k: v.clone() for k, v in torch.load('%s', weights_only=True).items() "+
		"if 'embed_tokens' not in k}, '%s', metadata={'format': 'pt'})\"", path, bin, path)
}

// readEntry reads a tensor of these dimensions into a weight, some megabytes at a time: the larger table of mT5-base alone is 0.8 GB.
func readEntry(file *safetensors.File, name string, dims []int) (weight torch.Tensor, err error) {
	err = torch.Do(func() {
		weight = torch.Empty(torch.Float32, dims...).Keep()
		memory := weight.Memory()
		room := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(memory))), len(memory)/4)
		err := file.Each(name, func(values []float32) error {
			for _, v := range values {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					return fmt.Errorf("tensor %q holds NaN or infinity", name)
				}
			}
			room = room[copy(room, values):]
			return nil
		})
		if err != nil {
			torch.Fail(err)
		}
	})
	if err != nil {
		weight.Free()
	}
	return weight, err
}

// put keeps values as the weight of a shape.
func (p Parameters) put(s shape, values []float32) {
	if err := torch.Do(func() { p[s.name] = torch.FromFloat32s(values, s.dims...).Keep() }); err != nil {
		panic(err) // sizes were checked: no memory is left
	}
}
