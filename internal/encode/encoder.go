package encode

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"crosssum/internal/engine"
	"crosssum/internal/model/bert"
	"crosssum/internal/native/torch"
	"crosssum/internal/tokenizer"
	"crosssum/schemas"
)

// encoder is a sentence encoder: tokenizer, model, pooling, unit length.
type encoder struct {
	tokenizer tokenizer.Tokenizer
	model     *bert.Model
	pool      pooling
	dimension int
}

// load reads a Hugging Face directory.
func load(dir string) (*encoder, error) {
	pool, err := readPooling(dir)
	if err != nil {
		return nil, err
	}
	config, err := bert.ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(config.TokenizerClass, "XLMRobertaTokenizer") {
		return nil, fmt.Errorf("%s: tokenizer_class is %q in config.json, and only XLMRobertaTokenizer is supported", dir, config.TokenizerClass)
	}
	tokens, err := tokenizer.LoadXLMR(dir)
	if err != nil {
		return nil, err
	}
	if tokens.Size() > config.VocabSize {
		return nil, fmt.Errorf("%s: the tokenizer has %d ids, and vocab_size is %d", dir, tokens.Size(), config.VocabSize)
	}
	model, err := bert.Load(dir)
	if err != nil {
		return nil, err
	}
	return &encoder{tokens, model, pool, config.HiddenSize}, nil
}

// encode writes the vectors of the texts of one batch to their places in vectors.
func (e *encoder) encode(in *texts, batch []int, vectors []float32) error {
	var ids []int64
	lengths := make([]int, len(batch))
	for i, t := range batch {
		for _, id := range in.texts[t].ids {
			ids = append(ids, int64(id))
		}
		lengths[i] = len(in.texts[t].ids)
	}
	states := make([]float32, len(ids)*e.dimension)
	err := torch.Do(func() { e.model.Forward(ids, lengths).CopyFloat32s(states) })
	if err != nil {
		return fmt.Errorf("encoding %d texts with %d tokens, the first %s: %w", len(batch), len(ids), in.name(batch[0]), err)
	}
	for i, t := range batch {
		vector := vectors[t*e.dimension : (t+1)*e.dimension]
		size := lengths[i] * e.dimension
		e.pool(states[:size], vector)
		states = states[size:]
		if !unit(vector) {
			return &engine.Error{Type: schemas.NotFinite, Message: fmt.Sprintf("%s: its embedding is not finite or zero", in.name(t))}
		}
	}
	return nil
}

// cache keeps the encoder of the last request: the requests of a run follow each other with the same one.
type cache struct {
	sync.Mutex
	key string
	e   *encoder
}

var encoders cache

// get loads the encoder of a directory, unless it is the one in memory and its files did not change.
func (c *cache) get(dir string) (*encoder, error) {
	c.Lock()
	defer c.Unlock()
	key, err := identity(dir)
	if err != nil {
		return nil, err
	}
	if c.e != nil && c.key == key {
		return c.e, nil
	}
	if c.e != nil {
		c.e.model.Close()
		c.e = nil
	}
	e, err := load(dir)
	if err != nil {
		return nil, err
	}
	c.key, c.e = key, e
	return e, nil
}

// identity is the name, sizes and times of the files that an encoder is read from.
func identity(dir string) (string, error) {
	out := dir
	for _, name := range []string{"config.json", "model.safetensors", "sentencepiece.bpe.model", "modules.json", "1_Pooling/config.json"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // load says what is missing
		}
		if err != nil {
			return "", err
		}
		out += fmt.Sprintf("|%s %d %d", name, info.Size(), info.ModTime().UnixNano())
	}
	return out, nil
}

// readJSON reads a small JSON file; ok is false where there is none.
func readJSON(path string, v any) (ok bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}
