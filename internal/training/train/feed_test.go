package train

import (
	"bytes"
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
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// folderOf writes the toy's samples in CrossSum's layout.
func folderOf(t *testing.T, request engine.TrainRequest) string {
	t.Helper()
	type article struct{ summary, text string }
	articles := map[string]article{}
	must(t, arrowfile.Each(request.Samples.Articles[0], func(r *schemas.ArticleRow) error {
		articles[r.Language+r.ID] = article{arrowfile.Clone(r.Summary), arrowfile.Clone(r.Text)}
		return nil
	}))
	files := map[string]*bytes.Buffer{}
	must(t, arrowfile.Each(request.Samples.File, func(r *schemas.SampleRow) error {
		name := fmt.Sprintf("%s-%s_%s.jsonl", r.SourceLanguage, r.TargetLanguage, r.Split)
		if files[name] == nil {
			files[name] = &bytes.Buffer{}
		}
		return json.NewEncoder(files[name]).Encode(map[string]string{"source_url": "", "target_url": "",
			"text": articles[r.SourceLanguage+r.SourceID].text, "summary": articles[r.TargetLanguage+r.TargetID].summary})
	}))
	dir := t.TempDir()
	files["english-german_train.jsonl"].WriteString("\n") // an empty last line
	for name, b := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644))
	}
	must(t, os.WriteFile(filepath.Join(dir, "english-german_test.jsonl"), []byte("not read"), 0o644))
	return dir
}

func TestADataSetsFolderTrainsToTheSameBytesAsTheRunItCameFrom(t *testing.T) {
	request := toy(t)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	request.Dataset = folderOf(t, request)
	request.Samples = nil
	again, metricsAgain, _ := trainIn(t, request, t.TempDir())
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Errorf("metrics\n%s\n%s", metrics, metricsAgain)
	}
}

func TestAFileOfBatchesIsTrainedOnInItsOrder(t *testing.T) {
	request := toy(t)
	request.Params.NewLanguages = false
	_, metrics, _ := trainIn(t, request, t.TempDir())
	r, err := open(t.Context(), withFolders(t, request), nil)
	must(t, err)
	var file strings.Builder
	for step := 1; step <= request.Params.Steps; step++ {
		batch, _, err := r.feed.batch(step)
		must(t, err)
		var rows []map[string]any
		for _, e := range batch {
			rows = append(rows, map[string]any{"input_ids": e.source, "labels": e.label, "start_id": e.start})
		}
		must(t, json.NewEncoder(&file).Encode(rows))
	}
	r.close()
	request.Batches = filepath.Join(t.TempDir(), "batches.jsonl")
	must(t, os.WriteFile(request.Batches, []byte(file.String()), 0o644))
	request.Samples = nil
	_, listed, _ := trainIn(t, request, t.TempDir())
	want, got := lossesOf(t, metrics), lossesOf(t, listed)
	for i := range want {
		if math.Abs(want[i]-got[i]) > 0 {
			t.Fatalf("step %d: loss %v when sampled, %v from the file", i+1, want[i], got[i])
		}
	}
	request.Params.Steps++
	request.Work, request.Output = t.TempDir(), t.TempDir()
	if _, err := Run(context.Background(), request, nil); err == nil || !strings.Contains(err.Error(), "lower steps") {
		t.Errorf("more steps than batches: %v", err)
	}
}

func withFolders(t *testing.T, request engine.TrainRequest) engine.TrainRequest {
	request.Work, request.Output = t.TempDir(), t.TempDir()
	return request
}

func lossesOf(t *testing.T, metrics []byte) (out []float64) {
	t.Helper()
	for _, line := range bytes.Split(bytes.TrimSpace(metrics), []byte("\n")) {
		var m metric
		must(t, json.Unmarshal(line, &m))
		out = append(out, m.Loss)
	}
	return out
}

func TestATargetLanguageThatNobodyKnowsIsTrainedAndRemarkedOn(t *testing.T) {
	request := toy(t)
	folder := folderOf(t, request)
	for _, name := range []string{"english-english", "german-english"} {
		must(t, os.Rename(filepath.Join(folder, name+"_train.jsonl"), filepath.Join(folder, strings.TrimSuffix(name, "english")+"englsh_train.jsonl")))
	}
	list := filepath.Join(t.TempDir(), "batches.jsonl")
	must(t, os.WriteFile(list, []byte(`[{"text": "a", "summary": "b", "target_language": "englsh"}, {"text": "a", "summary": "b", "target_language": "german"}]`), 0o644))
	request.Samples, request.Params.Steps = nil, 1
	for what, place := range map[string]func(r *engine.TrainRequest){
		"a data set": func(r *engine.TrainRequest) { r.Dataset = folder },
		"batches":    func(r *engine.TrainRequest) { r.Batches = list },
	} {
		r := withFolders(t, request)
		place(&r)
		result, err := Run(t.Context(), r, nil)
		must(t, err)
		notes := strings.Join(result.Notes, "\n") // not of german, which is new to the model and in the table
		if strings.Count(notes, "is new to the model") != 1 || !strings.Contains(notes, `"englsh" is new`) ||
			!strings.Contains(notes, "starts with "+starts.SentinelPiece(54)) || !strings.Contains(notes, "nearest are english") {
			t.Errorf("%s: notes %q", what, notes)
		}
		r.Model = r.Output // which knows it now
		result, err = Run(t.Context(), withFolders(t, r), nil)
		must(t, err)
		if notes := strings.Join(result.Notes, "\n"); strings.Contains(notes, "is new") {
			t.Errorf("%s, again: notes %q", what, notes)
		}
	}
}

func TestWhatIsNoBatchIsNamedByLineAndExample(t *testing.T) {
	request := toy(t)
	m, tokenizer, err := t5.Load(request.Model)
	must(t, err)
	defer m.Free()
	good := `[{"text": "a", "summary": "b", "target_language": "english"}]` + "\n"
	for text, want := range map[string]string{
		"":                                "holds no batch",
		good + "[]\n":                     "line 2: an empty batch",
		good + good + `[{"text":1`:        "line 3",
		`[{"text": "a", "summary": "b"}]`: `line 1: example 0: it has either "text"`,
		`[{"text": "a", "summary": "b", "language": "x"}]`:            `unknown field "language"`,
		`[{"input_ids": [5, 80], "labels": [1], "start_id": 3}]`:      "id 80 is not in the model's table of 80 rows",
		`[{"input_ids": [5], "labels": [1], "start_id": -1}]`:         "start_id -1 is not in the model's table of 80 rows",
		`[{"input_ids": [5], "labels": [1], "start_id": 4294967301}]`: "start_id 4294967301 is not", // 5 in 32 bits
		good + "\n" + good: "line 2: an empty line: every line is the batch of a step; remove it",
		`[{"text": "a", "summary": "b", "target_language": ""}]`:         `"target_language" is empty`,
		`[{"text": "a", "summary": "", "target_language": "english"}]`:   "white space and invisible characters alone",
		`[{"text": "a", "summary": " \u200b", "target_language": "x"}]`:  "white space and invisible characters alone",
		`[{"text": "\ufeff\n", "summary": "b", "target_language": "x"}]`: "white space and invisible characters alone",
		strings.TrimSpace(good) + strings.TrimSpace(good):                "line 1: more follows the list",
		strings.TrimSpace(good) + "]":                                    "line 1: more follows the list",
		`[{"input_ids": [5], "labels": [], "start_id": 3}]`:              "it has either",
		`[{"input_ids": [5], "labels": [1], "start_id": 3, "text":""}]`:  "it has either",
	} {
		path := filepath.Join(t.TempDir(), "b.jsonl")
		must(t, os.WriteFile(path, []byte(text), 0o644))
		if _, err := readBatches(path, tokenizer, m.Config.VocabSize, request.Params); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
