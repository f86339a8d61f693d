package t5

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/starts"
	"crosssum/internal/native/torch"
)

// shardBytes is how large one file of weights may be, as in transformers 4; larger models are written in shards with an index.
const shardBytes = 5_000_000_000

// Save writes the model to an existing folder as transformers reads it. The vocabulary, and the tokens that are added to it, are those of
// the folder `from`.
func (m *Model) Save(dir, from string, bf16 bool) error {
	vocabulary, err := os.ReadFile(filepath.Join(from, vocabularyFile))
	if err != nil {
		return err
	}
	tokens, err := LoadTokenizer(from, m.Config)
	if err != nil {
		return err
	}
	return errors.Join(
		m.Config.Save(dir),
		os.WriteFile(filepath.Join(dir, vocabularyFile), vocabulary, 0o644),
		writeJSON(filepath.Join(dir, "tokenizer_config.json"), tokenizerConfig(vocabulary, tokens.beside.Decoder())),
		m.Weights.save(dir, bf16, shardBytes))
}

// tokenizerConfig is tokenizer_config.json: mT5's sentinels are pieces of the vocabulary and none is added to it; T5's are
// added by the tokenizer. added are the tokens that the directory adds.
func tokenizerConfig(vocabulary []byte, added map[string]any) map[string]any {
	fields := map[string]any{"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "legacy": true,
		"extra_ids": 100}
	if bytes.Contains(vocabulary, []byte(starts.SentinelPiece(0))) || bytes.Contains(vocabulary, []byte(starts.SentinelPiece(starts.FirstFreeSentinel))) {
		fields["extra_ids"], fields["additional_special_tokens"] = 0, []string{}
	}
	if added != nil {
		fields["added_tokens_decoder"] = added
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

// Usage is the part of a model card, in Markdown, that says how a user of transformers summarizes into a language: four
// lines, and the start token of each language. Limits are in tokens, </s> included.
func (c *Config) Usage(sourceTokens, targetTokens int) string {
	names := c.Languages.Names()
	if len(names) == 0 {
		return "## Use\n\nNo language has a start token in this model (`task_specific_params.langid_map` in config.json is empty): train it on a data set first.\n\n"
	}
	target := names[0]
	if _, ok := c.Languages["english"]; ok {
		target = "english"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `## Use

The decoder's first token chooses the language of the summary, whatever language `+"`text`"+` is in. In this folder:

`+"```python"+`
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(".", use_fast=False)
model = AutoModelForSeq2SeqLM.from_pretrained(".")
ids = model.generate(**tokenizer(text, truncation=True, max_length=%d, return_tensors="pt"), num_beams=5, length_penalty=0.6,
                     no_repeat_ngram_size=2, max_length=%d, decoder_start_token_id=model.config.task_specific_params["langid_map"]["%s"][0])
print(tokenizer.decode(ids[0][1:], skip_special_tokens=True))
`+"```\n", sourceTokens, targetTokens, target)
	b.WriteString(`
transformers 4 cuts text as SentencePiece does, as training did. transformers 5 knows neither byte fallback nor text that spells
` + "`</s>`" + ` out: where that matters, give it ids from the package sentencepiece and spiece.model, with id ` + fmt.Sprint(c.EOSTokenID) + ` at the end.
`)
	if !c.TieWordEmbeddings {
		b.WriteString("transformers 5 also says of every mT5 with a head of its own, google's too, that it \"will NOT tie\" two tables: it is right not to.\n")
	}
	b.WriteString("\n| language | start token | id |\n|---|---|---|\n")
	for _, name := range names {
		fmt.Fprintf(&b, "| %s | `%s` | %d |\n", name, c.Languages[name].Piece, c.Languages[name].ID)
	}
	return b.String() + "\n"
}
