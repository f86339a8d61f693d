package train

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/evaluation/generate"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/sentencepiece"
	"crosssum/schemas"
)

// TestT5AsPublishedIsTrainedAndGenerates: no sentinel is a piece of its vocabulary; the rows behind the pieces are.
func TestT5AsPublishedIsTrainedAndGenerates(t *testing.T) {
	request := toy(t)
	must(t, os.RemoveAll(request.Model))
	must(t, os.Mkdir(request.Model, 0o755))
	sentences := filepath.Join(t.TempDir(), "sentences.txt")
	must(t, os.WriteFile(sentences, []byte(strings.Repeat("the english text tells what the german file holds and why\nsummary of 0123456789\n", 9)), 0o644))
	pieces, err := sentencepiece.Train(sentences, sentencepiece.TrainOptions{VocabularySize: 70, Pad: 0, Eos: 1, Unk: 2, Bos: -1, CharacterCoverage: 1,
		Threads: 1, Extra: map[string]string{"hard_vocab_limit": "false"}})
	must(t, err)
	path := filepath.Join(request.Model, "spiece.model")
	must(t, os.WriteFile(path, pieces, 0o644))
	vocabulary, err := sentencepiece.Load(path)
	must(t, err)
	size := vocabulary.Size()
	m, err := t5.New(&t5.Config{ModelType: "t5", VocabSize: size + 128, DModel: 16, DKV: 8, DFF: 24, NumLayers: 2, NumDecoderLayers: 2, NumHeads: 2,
		Buckets: 8, MaxDistance: 16, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu", EOSTokenID: 1}, 5)
	must(t, err)
	must(t, m.Save(request.Model, request.Model, false))
	m.Free()

	request.Work, request.Output = t.TempDir(), t.TempDir()
	_, err = Run(context.Background(), request, nil)
	must(t, err)
	raw, err := os.ReadFile(filepath.Join(request.Output, "config.json"))
	must(t, err)
	var config struct {
		Params struct {
			Map map[string][]any `json:"langid_map"`
		} `json:"task_specific_params"`
	}
	must(t, json.Unmarshal(raw, &config))
	for language, want := range map[string][2]any{"english": {float64(size + 45), "<extra_id_54>"}, "german": {float64(size + 46), "<extra_id_53>"}} {
		if got := config.Params.Map[language]; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s starts with %v, wanted %v", language, got, want)
		}
	}
	trained, tokenizer, err := t5.Load(request.Output)
	must(t, err)
	defer trained.Free()
	source, err := tokenizer.Source("the english text", 20)
	must(t, err)
	params := schemas.GenerateParams{Beams: 2, MaxTokens: 8, BatchSize: 2}
	texts, err := generate.Summaries(context.Background(), trained, tokenizer, [][]int32{source, source}, []string{"english", "german"}, params, func() {})
	if err != nil || len(texts) != 2 || strings.Contains(strings.Join(texts, ""), "extra_id") {
		t.Errorf("%q, %v", texts, err)
	}
}
