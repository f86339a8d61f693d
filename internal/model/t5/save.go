package t5

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/starts"
	"crosssum/internal/native/torch"
)

// shardBytes is how large one file of weights may be, as in transformers 4; larger models are written in shards with an index.
const shardBytes = 5_000_000_000

// Save writes the model to an existing folder as transformers reads it. The vocabulary is copied from the folder `from`.
func (m *Model) Save(dir, from string, bf16 bool) error {
	vocabulary, err := os.ReadFile(filepath.Join(from, vocabularyFile))
	if err != nil {
		return err
	}
	return errors.Join(
		m.Config.Save(dir),
		os.WriteFile(filepath.Join(dir, vocabularyFile), vocabulary, 0o644),
		writeJSON(filepath.Join(dir, "tokenizer_config.json"), tokenizerConfig(vocabulary)),
		m.Weights.save(dir, bf16, shardBytes))
}

// tokenizerConfig is tokenizer_config.json: mT5's sentinels are pieces of the vocabulary and none is added to it; T5's are
// added by the tokenizer.
func tokenizerConfig(vocabulary []byte) map[string]any {
	fields := map[string]any{"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "legacy": true,
		"extra_ids": 100}
	if bytes.Contains(vocabulary, []byte(starts.SentinelPiece(0))) || bytes.Contains(vocabulary, []byte(starts.SentinelPiece(starts.FirstFreeSentinel))) {
		fields["extra_ids"], fields["additional_special_tokens"] = 0, []string{}
	}
	return fields
}

// save writes model.safetensors, or shards of at most `most` bytes of values (a larger tensor has one of its own) and their index.
func (p Parameters) save(dir string, bf16 bool, most int64) error {
	shards, total := p.shards(bf16, most)
	if len(shards) == 1 {
		return p.SaveWeights(filepath.Join(dir, weightsFile), bf16)
	}
	where := map[string]string{}
	for k, shard := range shards {
		file := fmt.Sprintf("model-%05d-of-%05d.safetensors", k+1, len(shards))
		if err := shard.SaveWeights(filepath.Join(dir, file), bf16); err != nil {
			return err
		}
		for name := range shard {
			where[name] = file
		}
	}
	return writeJSON(filepath.Join(dir, weightsFile+".index.json"),
		map[string]any{"metadata": map[string]any{"total_size": total}, "weight_map": where})
}

// shards cuts the weights, in byte order of names. total is the bytes of all values.
func (p Parameters) shards(bf16 bool, most int64) (shards []Parameters, total int64) {
	room := int64(0)
	for _, name := range p.Names() {
		size := int64(4)
		if bf16 {
			size = 2
		}
		for _, d := range p[name].Shape() {
			size *= int64(d)
		}
		if len(shards) == 0 || size > room {
			shards, room = append(shards, Parameters{}), most
		}
		shards[len(shards)-1][name] = p[name]
		room -= size
		total += size
	}
	return shards, total
}

// SaveWeights writes all weights in fp32, or in bf16 rounded to nearest even.
func (p Parameters) SaveWeights(path string, bf16 bool) error {
	var tensors []safetensors.Tensor
	err := torch.Do(func() {
		for _, n := range p.Names() {
			t := safetensors.Tensor{Name: n, DType: "F32", Shape: p[n].Shape()}
			switch {
			case bf16:
				t.DType, t.Data = "BF16", p[n].Bytes(torch.BFloat16)
			case p[n].Device() == torch.CPU:
				t.Data = p[n].Memory() // not a second copy of the model
			default:
				t.Data = p[n].Bytes(torch.Float32)
			}
			tensors = append(tensors, t)
		}
	})
	if err != nil {
		return err
	}
	return safetensors.Write(path, tensors)
}
