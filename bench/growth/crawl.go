package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/model/safetensors"
)

const crawlName, encoderName = "made-up", "random-words"

var languages = []string{"english", "hindi"}

// words of each language; summaryWords and textWords are those of a summary and of its article.
const words, summaryWords, textWords = 2000, 12, 60

// writeCrawl makes half of the articles in each language, one the translation of the other word by word. The ids come in no
// order.
func writeCrawl(dir string, articles int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, language := range languages {
		file, err := os.Create(filepath.Join(dir, language+".jsonl"))
		if err != nil {
			return err
		}
		w, random := bufio.NewWriter(file), rand.New(rand.NewPCG(6, 6)) // both languages draw the same words
		for i := range articles / len(languages) {
			said := make([]string, summaryWords+textWords)
			for k := range said {
				said[k] = fmt.Sprintf("%c%d", language[0], random.IntN(words))
			}
			id := fmt.Sprintf("%016x", random.Uint64())
			line, err := json.Marshal(map[string]any{"id": id, "url": "urn:" + language + ":" + id, "title": fmt.Sprintf("%s %d", language, i),
				"summary": strings.Join(said[:summaryWords], " "), "text": strings.Join(said[summaryWords:], " ")})
			if err != nil {
				return err
			}
			w.Write(append(line, '\n')) // bufio keeps the first error for Flush
		}
		if err := errors.Join(w.Flush(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writeEncoder makes a StaticEmbedding in which a word and its translation have one random vector.
func writeEncoder(dir string, dimension int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	vocabulary := map[string]int{"[UNK]": 0}
	values := make([]float32, dimension, (1+len(languages)*words)*dimension)
	for _, language := range languages {
		random := rand.New(rand.NewPCG(7, 7))
		for i := range words {
			vocabulary[fmt.Sprintf("%c%d", language[0], i)] = len(vocabulary)
			for range dimension {
				values = append(values, float32(random.NormFloat64()))
			}
		}
	}
	files := map[string]any{
		"modules.json": []map[string]any{{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
			{"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}},
		"tokenizer.json": map[string]any{"version": "1.0", "pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
			"model": map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
				"vocab": vocabulary}},
	}
	for name, content := range files {
		b, err := json.Marshal(content)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return safetensors.Write(filepath.Join(dir, "model.safetensors"),
		[]safetensors.Tensor{safetensors.Float32Tensor("embedding.weight", values, len(vocabulary), dimension)})
}
