package train

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/engine"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// TestAModelRecordsWhatItWasTrainedOn by all three ways to give it data, and what the model that it began with was.
func TestAModelRecordsWhatItWasTrainedOn(t *testing.T) {
	before := []trained.Row{{Language: "english", ID: "10", Content: "said before"}, {Language: "thai", ID: "t7", Content: "says t7"}}
	text := func(language string, i int) string {
		return fmt.Sprintf("the %s text %d tells what the file %d holds and why, at some length", language, i, i*i)
	}
	summary := func(language string, i int) string { return fmt.Sprintf("%s summary %d of file %d", language, i, i*i) }
	var articles, texts []trained.Row
	for _, language := range []string{"english", "german"} {
		for i := range 12 {
			articles = append(articles, trained.Row{Language: language, ID: fmt.Sprint(10 + i)})
			texts = append(texts, trained.Row{Language: language, Content: trained.Text(text(language, i))},
				trained.Row{Language: language, Content: trained.Text(summary(language, i))})
		}
	}
	for name, c := range map[string]struct {
		change func(r *engine.TrainRequest)
		want   []trained.Row
		note   string
	}{
		"the articles of a run": {func(*engine.TrainRequest) {}, articles, ""},
		"the folder of a data set": {func(r *engine.TrainRequest) {
			r.Dataset = folderOf(t, *r)
			r.Samples = nil
		}, texts, ""},
		"a file of batches": {func(r *engine.TrainRequest) {
			r.Samples, r.Batches = nil, filepath.Join(t.TempDir(), "batches.jsonl")
			batch := `[{"text": "a text", "summary": "of it", "target_language": "german"}, {"input_ids": [5, 1], "labels": [6, 1], "start_id": 3}]`
			must(t, os.WriteFile(r.Batches, []byte(batch+"\n"), 0o644))
			r.Params.Steps = 1
		}, []trained.Row{{Content: trained.Text("a text")}, {Language: "german", Content: trained.Text("of it")}},
			"1 examples were given as ids: trained_on.arrow does not list their texts"},
	} {
		request := withFolders(t, toy(t))
		must(t, trained.Write(filepath.Join(request.Model, schemas.TrainedOnFile), before))
		c.change(&request)
		result, err := Run(t.Context(), request, nil)
		must(t, err)
		var got []trained.Row
		must(t, eachRecorded(request.Output, func(row trained.Row) { got = append(got, row.Clone()) }))
		want := filepath.Join(t.TempDir(), "want")
		must(t, trained.Write(want, slices.Concat(before, c.want)))
		wanted, err := os.ReadFile(want)
		must(t, err)
		written, err := os.ReadFile(filepath.Join(request.Output, schemas.TrainedOnFile))
		must(t, err)
		if !bytes.Equal(wanted, written) {
			t.Errorf("%s: %d rows: %v", name, len(got), got)
		}
		if !strings.Contains(strings.Join(result.Notes, ""), c.note) {
			t.Errorf("%s: notes %q", name, result.Notes)
		}
	}
}

func TestARecordThatCannotBeReadIsRefusedBeforeAnyStep(t *testing.T) {
	request := withFolders(t, toy(t))
	must(t, os.WriteFile(filepath.Join(request.Model, schemas.TrainedOnFile), []byte("no Arrow file, though long enough"), 0o644))
	result, err := Run(t.Context(), request, nil)
	if kind(err) != schemas.InvalidInput || !strings.Contains(err.Error(), "trained_on.arrow") || result.Steps > 0 {
		t.Errorf("%+v, %v", result, err)
	}
}
