package activities

import (
	"encoding/json"
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestWhatBecomesOfATooLargeMiniBatchIsInNoKey(t *testing.T) {
	w := training{splits: inputs{digests: []string{"s"}}, in: schemas.TrainInput{Params: schemas.Paper().Train}}
	fits, err := json.Marshal(w.material("all"))
	noError(t, err)
	w.in.Params.FitMiniBatch = false
	refuses, err := json.Marshal(w.material("all"))
	noError(t, err)
	if string(fits) != string(refuses) || strings.Contains(string(fits), "fit_mini_batch") {
		t.Errorf("%s\n%s", fits, refuses)
	}
}

// TestWhatTheSplitsShowOfATrainingEndsTheRunBeforeItTokenizes: english has one sample of split train, and one of test.
func TestWhatTheSplitsShowOfATrainingEndsTheRunBeforeItTokenizes(t *testing.T) {
	a, in := contaminated(t, nil)
	for name, c := range map[string]struct {
		change func(*schemas.TrainParams)
		want   string
	}{
		"small data":                       {func(*schemas.TrainParams) {}, ""},
		"a mini-batch that no pair has":    {func(p *schemas.TrainParams) { p.FitMiniBatch = false }, `{"train": {"mini_batch": 1}}`},
		"samples within a language alone":  {func(p *schemas.TrainParams) { p.NativePairs = false }, `{"train": {"native_pairs": true}}`},
		"a pivot without samples":          {func(p *schemas.TrainParams) { p.Setting, p.Pivot = "many_to_one", "thai" }, "no pair into thai"},
		"a best checkpoint of no samples":  {func(p *schemas.TrainParams) { p.Output, p.ValidateEvery = "best", 10 }, `{"train": {"output": "last"}}`},
		"patience for what never comes":    {func(p *schemas.TrainParams) { p.Patience, p.ValidateEvery = 3, 10 }, "train.patience 3"},
		"validation that nothing hangs on": {func(p *schemas.TrainParams) { p.ValidateEvery = 10 }, ""},
	} {
		of := schemas.TrainInput{Articles: in.Articles, Splits: in.Splits, Params: schemas.Demo().Train}
		c.change(&of.Params)
		_, err := tokenizing{Activities: a, in: schemas.TokenizeInput{Training: &of}}.units()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
