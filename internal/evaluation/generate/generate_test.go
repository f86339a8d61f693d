package generate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/sentencepiece"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

var must = testkit.Must

// toyModel writes a Hugging Face directory of some thousand random weights, for english and german; vocab_size exceeds
// the pieces.
func toyModel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sentences := filepath.Join(dir, "sentences.txt")
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "the file %d tells what the text %d holds and why\n", i, i*i)
	}
	must(t, os.WriteFile(sentences, []byte(text.String()), 0o644))
	pieces, err := sentencepiece.Train(sentences, sentencepiece.TrainOptions{VocabularySize: 60, Pad: 0, Eos: 1, Unk: 2, Bos: -1,
		CharacterCoverage: 1, UserSymbols: []string{starts.SentinelPiece(54), starts.SentinelPiece(53), starts.SentinelPiece(52)}, Threads: 1,
		Extra: map[string]string{"hard_vocab_limit": "false"}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "spiece.model"), pieces, 0o644))
	languages := starts.Tokens{}
	vocabulary, err := sentencepiece.FromBytes(pieces)
	must(t, err)
	_, err = languages.Assign([]string{"english", "german"}, func(piece string) (int, bool) {
		id := vocabulary.ID(piece)
		return id, id != vocabulary.Unk()
	})
	must(t, err)
	m, err := t5.New(&t5.Config{ModelType: "mt5", VocabSize: 80, DModel: 16, DKV: 8, DFF: 24, NumLayers: 2, NumDecoderLayers: 2, NumHeads: 2,
		Buckets: 8, MaxDistance: 16, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu", EOSTokenID: 1, Languages: languages}, 5)
	must(t, err)
	defer m.Free()
	must(t, m.Save(dir, dir, false))
	return dir
}

func request(t *testing.T, model string, targets ...string) engine.GenerateRequest {
	t.Helper()
	dir := t.TempDir()
	r := engine.GenerateRequest{Model: model, Input: filepath.Join(dir, "prompts.arrow"), SourceTokens: 24,
		Params: schemas.Demo().Generate, Output: filepath.Join(dir, "generations.arrow")}
	r.Params.MaxTokens, r.Params.BatchSize = 12, 4
	must(t, arrowfile.WriteRows(r.Input, len(targets), func(i int) schemas.PromptRow {
		return schemas.PromptRow{SourceLanguage: "english", SourceID: fmt.Sprint(i), TargetLanguage: targets[i], TargetID: fmt.Sprint(100 + i),
			Text: strings.Repeat("the text holds ", 1+i*5%7) + fmt.Sprint(i)}
	}))
	return r
}

func TestEveryPromptGetsItsSummaryInTheOrderOfTheInput(t *testing.T) {
	model := toyModel(t)
	targets := strings.Fields("english german german english german english english german english german")
	r := request(t, model, targets...)
	var done []int64
	result, err := Run(context.Background(), r, func(p schemas.Progress) {
		if p.Of == "summaries" { // not the bytes of the model
			done = append(done, p.Done)
		}
	})
	must(t, err)
	if !slices.Equal(done, []int64{4, 8, 10}) || result.Samples != 10 || result.Tokens < 10 {
		t.Errorf("progress %v, result %+v", done, result)
	}
	type summary struct {
		text  string
		score float64
	}
	read := func(path string) (rows []summary) {
		must(t, arrowfile.Each(path, func(row *schemas.GenerationRow) error {
			if i := len(rows); row.SourceID != fmt.Sprint(i) || row.TargetLanguage != targets[i] || row.TargetID != fmt.Sprint(100+i) {
				t.Errorf("row %d is %s to %s %s", i, row.SourceID, row.TargetLanguage, row.TargetID)
			}
			rows = append(rows, summary{arrowfile.Clone(row.Generated), float64(row.Score)})
			return nil
		}))
		return rows
	}
	rows := read(r.Output)
	if len(rows) != 10 {
		t.Fatal(rows)
	}
	for i, s := range rows {
		if strings.Contains(s.text, "extra_id") || !(s.score < 0) {
			t.Errorf("row %d: %q, score %v", i, s.text, s.score)
		}
	}
	// One at a time gives the same texts: order and padding of batches leave no trace.
	r.Params.BatchSize, r.Output = 1, r.Output+"2"
	_, err = Run(context.Background(), r, func(schemas.Progress) {})
	must(t, err)
	for i, s := range read(r.Output) {
		if s.text != rows[i].text || math.Abs(s.score-rows[i].score) > 1e-4 {
			t.Errorf("row %d: %v alone, %v in a batch", i, s, rows[i])
		}
	}
}

func TestARequestThatCannotBeAnsweredSaysWhy(t *testing.T) {
	model := toyModel(t)
	for name, c := range map[string]struct {
		change        func(*engine.GenerateRequest)
		kind, message string
	}{
		"language": {func(r *engine.GenerateRequest) { *r = request(t, model, "english", "klingon") }, schemas.InvalidInput, `row 1 asks for "klingon"`},
		"beams":    {func(r *engine.GenerateRequest) { r.Params.Beams = 0 }, schemas.InvalidInput, "generate.beams: 0 is not in"},
		"batch":    {func(r *engine.GenerateRequest) { r.Params.BatchSize = 1 << 30 }, schemas.InvalidInput, "batch_size"},
		"model":    {func(r *engine.GenerateRequest) { r.Model = t.TempDir() }, schemas.MissingModel, "config.json"},
	} {
		r := request(t, model, "english")
		c.change(&r)
		_, err := Run(context.Background(), r, func(schemas.Progress) {})
		var e *fault.Error
		if !errors.As(err, &e) || e.Type != c.kind || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %v, want %s %q", name, err, c.kind, c.message)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, request(t, model, "english"), func(schemas.Progress) {}); !errors.Is(err, context.Canceled) {
		t.Error("cancelled:", err)
	}
}
