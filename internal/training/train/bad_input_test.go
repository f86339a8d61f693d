package train

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// TestBadInputIsAnErrorThatNamesTheRemedyBeforeAnyStep has real files, each with one thing wrong.
func TestBadInputIsAnErrorThatNamesTheRemedyBeforeAnyStep(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, r *engine.TrainRequest)
		kind  string
		words string // of what is wrong, and of the remedy
	}{
		{"an empty data set", func(t *testing.T, r *engine.TrainRequest) { r.Samples.File = samplesOf(t, 0) }, schemas.InvalidInput,
			"no sample is in split \"train\": align more articles or raise the share of train: {\"split\": {\"train_percent\":80,"},
		{"an empty folder", func(t *testing.T, r *engine.TrainRequest) { r.Samples, r.Dataset = nil, t.TempDir() }, schemas.InvalidInput,
			"no file <source>-<target>_train.jsonl in it"},
		{"a folder of empty files", func(t *testing.T, r *engine.TrainRequest) {
			r.Samples, r.Dataset = nil, t.TempDir()
			must(t, os.WriteFile(filepath.Join(r.Dataset, "german-english_train.jsonl"), nil, 0o644))
		}, schemas.InvalidInput, "_train.jsonl are empty: a sample is a line"},
		{"all pairs under 32 samples", func(t *testing.T, r *engine.TrainRequest) { r.Params.MiniBatch, r.Params.FitMiniBatch = 32, false }, schemas.InvalidInput,
			"32 training samples of a mini-batch|lower train.mini_batch: {\"train\": {\"mini_batch\": "},
		{"a language without a free sentinel", func(t *testing.T, r *engine.TrainRequest) {
			r.Samples.File, r.Samples.Articles = samplesOf(t, 3), append(r.Samples.Articles, articlesIn(t, "klingon"))
		}, schemas.InvalidInput,
			"no sentinel is left|train on fewer target languages or start from a model with more <extra_id_N> pieces"},
		{"a vocabulary larger than the model", func(t *testing.T, r *engine.TrainRequest) {
			replace(t, r.Model, "config.json", `"vocab_size": 80`, `"vocab_size": 60`)
		}, schemas.MissingModel, "pieces, but config.json's vocab_size is 60|copy the vocabulary that belongs to the weights"},
		{"weights of another size", func(t *testing.T, r *engine.TrainRequest) {
			replace(t, r.Model, "config.json", `"vocab_size": 80`, `"vocab_size": 90`)
		}, schemas.MissingModel, "has shape [80 16], config.json asks for [90 16]"},
		{"a checkpoint of another model", func(t *testing.T, r *engine.TrainRequest) {
			stopAfter(t, *r, r.Work, 4)
			m, _, err := t5.Load(r.Model)
			must(t, err)
			defer m.Free()
			must(t, m.CopyRow(5, 6))
			must(t, os.Remove(filepath.Join(r.Model, "model.safetensors")))
			must(t, m.Weights.SaveWeights(filepath.Join(r.Model, "model.safetensors"), false))
		}, schemas.InvalidInput, "is a checkpoint of another model|give those that it was made with, or another output folder"},
		{"a checkpoint of another vocabulary", func(t *testing.T, r *engine.TrainRequest) {
			stopAfter(t, *r, r.Work, 4)
			other := toy(t)
			toyModelOf(t, other.Model, "quite another text, with other letters: xyzzy, plugh, 0123456789")
			raw, err := os.ReadFile(filepath.Join(other.Model, vocabularyFile))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(r.Model, vocabularyFile), raw, 0o644))
		}, schemas.InvalidInput, "is a checkpoint of another model, vocabulary|or remove it"},
		{"a checkpoint that is a link", func(t *testing.T, r *engine.TrainRequest) {
			stopAfter(t, *r, r.Work, 4)
			outside := filepath.Join(t.TempDir(), "elsewhere")
			must(t, os.Rename(filepath.Join(r.Work, "step-000004"), outside))
			must(t, os.Symlink(outside, filepath.Join(r.Work, "step-000004")))
		}, schemas.InvalidInput, "step-000004 is a link to|put the folder there"},
		{"a folder of checkpoints that is a link", func(t *testing.T, r *engine.TrainRequest) {
			link := filepath.Join(t.TempDir(), "link")
			must(t, os.Symlink(r.Work, link))
			r.Work = link
		}, schemas.InvalidInput, "is a link to|give the place that the link leads to"},
		{"a model that is not there", func(t *testing.T, r *engine.TrainRequest) { r.Model += "s" }, schemas.MissingModel,
			"config.json: no such file|a model is a Hugging Face directory with"},
		{"a model without its vocabulary", func(t *testing.T, r *engine.TrainRequest) {
			must(t, os.Remove(filepath.Join(r.Model, vocabularyFile)))
		}, schemas.MissingModel, "spiece.model: not there|copy spiece.model from"},
		{"a model that is a pickle", func(t *testing.T, r *engine.TrainRequest) {
			must(t, os.Rename(filepath.Join(r.Model, modelFile), filepath.Join(r.Model, "pytorch_model.bin")))
		}, schemas.MissingModel, "model.safetensors: not there|Convert it once where you trust it: python3"},
		{"weights that are cut off", func(t *testing.T, r *engine.TrainRequest) {
			must(t, os.Truncate(filepath.Join(r.Model, modelFile), 9000))
		}, schemas.MissingModel, "model.safetensors|is cut off|copy it again"},
		{"data that are not there", func(t *testing.T, r *engine.TrainRequest) { r.Samples.File += "s" }, schemas.InvalidInput,
			"samples.arrows: no such file|give the file or folder of the data to train on"},
		{"a file of a data set that is a link", func(t *testing.T, r *engine.TrainRequest) {
			samples := r.Samples.File
			r.Samples, r.Dataset = nil, t.TempDir()
			must(t, os.Symlink(samples, filepath.Join(r.Dataset, "english-german_train.jsonl")))
		}, schemas.InvalidInput, "english-german_train.jsonl: a link or no file: put the file itself there"},
		{"a file of a data set that is named otherwise", func(t *testing.T, r *engine.TrainRequest) {
			r.Samples, r.Dataset = nil, t.TempDir()
			must(t, os.WriteFile(filepath.Join(r.Dataset, "english-german_train.jsonl.gz"), nil, 0o644))
		}, schemas.InvalidInput, "english-german_train.jsonl.gz: not the name of a data set's file|rename or unpack it"},
		{"batches behind a byte order mark", func(t *testing.T, r *engine.TrainRequest) {
			r.Samples, r.Batches = nil, filepath.Join(t.TempDir(), "batches.jsonl")
			must(t, os.WriteFile(r.Batches, []byte("\ufeff[{\"input_ids\": [5, 1], \"labels\": [6, 1], \"start_id\": 3}]\n"), 0o644))
		}, schemas.InvalidInput, "batches.jsonl, line 1:|every line is a JSON list of|without a byte order mark"},
		{"more steps than batches", func(t *testing.T, r *engine.TrainRequest) {
			r.Samples, r.Batches = nil, filepath.Join(t.TempDir(), "batches.jsonl")
			must(t, os.WriteFile(r.Batches, []byte(strings.Repeat(`[{"text": "a", "summary": "b", "target_language": "english"}]`+"\n", 2)), 0o644))
		}, schemas.InvalidInput, "steps is 12|batches.jsonl holds 2 batches, one a step: lower steps to 2: {\"train\": {\"steps\": 2}} in the file of --params"},
		{"nothing to train on", func(t *testing.T, r *engine.TrainRequest) { r.Samples = nil }, schemas.InvalidInput,
			"takes one of a run's samples, a data set (--data) and a file of batches (--batches), and 0 are given"},
		{"two things to train on", func(t *testing.T, r *engine.TrainRequest) { r.Dataset = t.TempDir() }, schemas.InvalidInput, "and 2 are given"},
		{"fewer ranks than none", func(t *testing.T, r *engine.TrainRequest) { r.Params.Ranks = -3 }, schemas.InvalidInput, "train.ranks: -3 is not in 0..64"},
		{"a learning rate that is NaN", func(t *testing.T, r *engine.TrainRequest) { r.Params.LearningRate = math.NaN() }, schemas.InvalidInput,
			"train.learning_rate_scale: NaN must be above 0 and at most 1000"},
		{"a batch that the ranks cannot share", func(t *testing.T, r *engine.TrainRequest) { r.Params.Ranks = 3 }, schemas.InvalidInput,
			"a batch of 8 (pairs times mini_batch) cannot be shared equally by 3 ranks: choose a number of ranks that divides it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := toy(t)
			request.Work, request.Output = t.TempDir(), t.TempDir()
			c.spoil(t, &request)
			steps := int64(-1)
			_, err := Run(context.Background(), request, func(p schemas.Progress) {
				if p.Metrics["part_of_step"] > 0 {
					steps = p.Done
				}
			})
			if steps >= 0 {
				t.Errorf("step %d was begun", steps+1)
			}
			if kind(err) != c.kind {
				t.Fatalf("%v", err)
			}
			for _, words := range strings.Split(c.words, "|") {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%v\ndoes not say %q", err, words)
				}
			}
		})
	}
}

// samplesOf writes the samples of the toy's articles with themselves, with so many target languages; none for 0.
func samplesOf(t *testing.T, targets int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "samples.arrow")
	w, err := arrowfile.Create[schemas.SampleRow](path)
	must(t, err)
	for _, target := range []string{"english", "german", "klingon"}[:targets] {
		for i := range 12 {
			must(t, w.Append(schemas.SampleRow{SourceLanguage: "english", SourceID: fmt.Sprint(10 + i),
				TargetLanguage: target, TargetID: fmt.Sprint(10 + i), Split: "train"}))
		}
	}
	must(t, w.Close())
	return path
}

func articlesIn(t *testing.T, language string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "articles.arrow")
	must(t, arrowfile.WriteRows(path, 12, func(i int) schemas.ArticleRow {
		return schemas.ArticleRow{Language: language, ID: fmt.Sprint(10 + i), Summary: "a summary", Text: "a text"}
	}))
	return path
}

func replace(t *testing.T, dir, name, old, new string) {
	t.Helper()
	path := filepath.Join(dir, name)
	raw, err := os.ReadFile(path)
	must(t, err)
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s does not say %s", path, old)
	}
	must(t, os.WriteFile(path, []byte(strings.Replace(string(raw), old, new, 1)), 0o644))
}

// toyModelOf makes the model of a request anew, with a vocabulary of another text.
func toyModelOf(t *testing.T, model, text string) {
	t.Helper()
	must(t, os.RemoveAll(model))
	toyModel(t, model, strings.Repeat(text+"\n", 50), t.TempDir())
}

// TestTheDetailsOfAHeartbeatAreSmallWhateverTheyHold has every number at its longest.
func TestTheDetailsOfAHeartbeatAreSmallWhateverTheyHold(t *testing.T) {
	const long = -math.MaxFloat64
	var sent schemas.Progress
	r := &run{outputs: outputs{report: func(p schemas.Progress) { sent = p }},
		inputs: inputs{request: engine.TrainRequest{Params: schemas.TrainParams{Steps: math.MaxInt64, Ranks: 64}}}}
	r.Step, r.saved, r.last = math.MaxInt64, math.MaxInt64, metric{Loss: long}
	r.tell(1.0/3, long)
	sent.Stage, sent.Unit = "split_dedup", strings.Repeat("x", 64)+"-"+strings.Repeat("y", 64)
	sent.UnitNo, sent.Units, sent.WorkDone, sent.UnitWork = math.MaxInt64, math.MaxInt64, long, long
	raw, err := json.Marshal(sent)
	must(t, err)
	if len(raw) >= 1000 {
		t.Errorf("%d bytes: %s", len(raw), raw)
	}
	t.Logf("%d bytes", len(raw))
}
