package activities

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// asked stands in for the engine's look at models, which worker/engine tests: it keeps what it was asked, and answers with an error, if it has one.
type asked struct {
	requests []engine.CheckRequest
	err      error
}

func (a *asked) Check(_ context.Context, _ string, r engine.CheckRequest, report engine.Report) (engine.CheckResult, error) {
	a.requests = append(a.requests, r)
	return engine.CheckResult{Remarks: []string{"a remark"}}, a.err
}

func TestWhatCanBeKnownToStopARunEndsItsScan(t *testing.T) {
	two := map[string]string{"c/english.jsonl": article, "c/german.jsonl": article}
	val := map[string]string{"c/english.jsonl": article, "c/english_val.jsonl": article, "c/german.jsonl": article}
	one := map[string]string{"c/english.jsonl": article}
	known := map[string]string{"c/english.jsonl": article, "gold/c.tsv.gz": "language\tid\tkey\nenglish\ta\tk\n"}
	header := map[string]string{"c/english.jsonl": article, "gold/c.tsv.gz": "key,language\n"}
	empty := map[string]string{"c/english.jsonl": article, "gold/c.tsv.gz": ""}
	for name, c := range map[string]struct {
		files    map[string]string
		workflow string
		change   func(*schemas.Params)
		broken   error
		kind     string
		want     string
		models   string // that the engine was asked about
	}{
		"all is well":                    {two, "Pipeline", nil, nil, "", "", "e s english german"},
		"a training alone":               {two, "Train", nil, nil, "", "", "e s english german"},
		"a data set needs no summarizer": {two, "BuildDataset", func(p *schemas.Params) { p.Summarizer = "none" }, nil, "", "", "e"},
		"models that cannot do it":       {two, "Pipeline", nil, fault.New(schemas.MissingModel, "tensor x is missing"), schemas.MissingModel, "tensor x is missing", "e s english german"},
		"no summarizer":                  {two, "Train", func(p *schemas.Params) { p.Summarizer = "none" }, nil, schemas.MissingModel, `model "none"`, ""},
		"no encoder":                     {two, "BuildDataset", func(p *schemas.Params) { p.Encoder.Name = "none" }, nil, schemas.MissingModel, `model "none"`, ""},
		"one language":                   {one, "Pipeline", func(p *schemas.Params) { p.Train.NativePairs = false }, nil, schemas.InvalidInput, `{"train": {"native_pairs": true}}`, ""},
		"one language within itself":     {one, "Pipeline", nil, nil, "", "", "e s english"},
		"one language for a data set":    {one, "BuildDataset", func(p *schemas.Params) { p.Train.NativePairs = false }, nil, "", "", "e"},
		"a pivot that the crawl has":     {two, "Train", func(p *schemas.Params) { p.Train.Setting, p.Train.Pivot = "many_to_one", "german" }, nil, "", "", "e s german"},
		"a pivot that it is only made from": {two, "Train", func(p *schemas.Params) {
			p.Train.Setting, p.Train.Pivot, p.Train.NativePairs = "one_to_many", "german", false
		}, nil, "", "", "e s english"},
		"a pivot that the crawl has not":        {two, "Train", func(p *schemas.Params) { p.Train.Setting, p.Train.Pivot = "many_to_one", "welsh" }, nil, schemas.InvalidInput, "no pair into welsh", ""},
		"a best checkpoint, and no validation":  {two, "Train", best, nil, schemas.InvalidInput, `split.val_percent is 0`, ""},
		"the same with articles to validate on": {val, "Train", best, nil, "", "", "e s english german"},
		"no known pairs to calibrate by":        {one, "Calibrate", nil, nil, schemas.InvalidInput, "comes without known pairs", "e"},
		"known pairs to calibrate by":           {known, "Calibrate", nil, nil, "", "", "e"},
		"known pairs of another form":           {header, "Calibrate", nil, nil, schemas.InvalidInput, "wanted the header", "e"},
		"known pairs without a line":            {empty, "Calibrate", nil, nil, schemas.InvalidInput, "gold", "e"},
		"a run that only looks at them":         {header, "Pipeline", nil, nil, "", "", "e s english"},
	} {
		env, a, _ := ingestHost(t, c.files)
		models, looked := t.TempDir(), &asked{err: c.broken}
		put(t, filepath.Join(models, "e/config.json"), "{}")
		put(t, filepath.Join(models, "s/config.json"), "{}")
		a.ModelRoots, a.Checker = []string{models}, looked
		params := schemas.Demo()
		params.Crawl, params.Encoder.Name, params.Summarizer = "c", "e", "s"
		if c.change != nil {
			c.change(&params)
		}
		value, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: "c", Ahead: &schemas.Ahead{Workflow: c.workflow, Params: params}})
		var scanned schemas.Scanned
		if err == nil {
			err = errors.Join(value.Get(&scanned))
		}
		if c.kind == "" && (err != nil || len(scanned.Remarks) != 1 || scanned.Digest == "") ||
			c.kind != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "type: "+c.kind+", retryable: false")) {
			t.Errorf("%s: wanted %s %q, got %v, %+v", name, c.kind, c.want, err, scanned)
		}
		var of []string
		for _, r := range looked.requests {
			of = append(of, filepath.Base(r.Encoder))
			if r.Summarizer != "" {
				of = append(append(of, filepath.Base(r.Summarizer)), r.Targets...)
			}
		}
		if got := strings.Join(of, " "); got != c.models {
			t.Errorf("%s: asked about %q, wanted %q", name, got, c.models)
		}
	}
}

func best(p *schemas.Params) {
	p.Split.Val, p.Split.Train, p.Train.Output, p.Train.ValidateEvery = 0, 90, "best", 10
}

func TestAModelThatIsNotThereEndsARunBeforeItsFirstStage(t *testing.T) {
	a, dir := withRoots(t)
	put(t, filepath.Join(dir, "models/e/config.json"), "{}")
	put(t, filepath.Join(dir, "models/s/config.json"), "{}")
	for in, want := range map[schemas.SettingsInput]string{{Encoder: "e", Summarizer: "s"}: "", {Encoder: "e"}: "", {Encoder: "e", Summarizer: "crosssum-smal"}: `model "crosssum-smal"`,
		{Encoder: "E5", Summarizer: "s"}: `model "E5"`, {Encoder: "e", Summarizer: "../s"}: `model "../s"`} {
		_, err := a.settings(t.Context(), in)
		var typed *fault.Error
		if (err == nil) != (want == "") || err != nil && (!errors.As(err, &typed) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

func TestARealignWhoseModelsCannotDoItTakesNoCrawlAndWithoutACrawlTheyAreNotAsked(t *testing.T) {
	h := newLedgerHost(t)
	ask := func(fault error, known ...string) (*asked, error) {
		looked := &asked{err: fault}
		h.a.Checker = looked
		_, err := h.waiting(ledgerParams(), known...)
		return looked, err
	}
	for _, wrong := range []error{fault.New(schemas.MissingModel, "tensor x is missing"), fault.New(schemas.InvalidInput, "encoder.max_tokens"),
		fault.New(schemas.MissingModel, "lid.176.ftz"), nil} {
		if len(h.names(ledgerParams())) == 0 {
			if looked, err := ask(wrong); err != nil || len(looked.requests) > 0 {
				t.Errorf("%v, and no crawl: %v, asked %v", wrong, err, looked.requests)
			}
			h.crawl("one", "english.jsonl", article)
		}
		looked, err := ask(wrong)
		if (err == nil) != (wrong == nil) || err != nil && (!strings.Contains(err.Error(), wrong.Error()) || !strings.Contains(err.Error(), "retryable: false")) {
			t.Errorf("%v: %v", wrong, err)
		}
		if len(looked.requests) != 1 || looked.requests[0].Summarizer != "" || filepath.Base(looked.requests[0].Encoder) != "e" {
			t.Errorf("%v: asked %+v", wrong, looked.requests)
		}
		if _, err := ask(wrong, "known"); err != nil {
			t.Errorf("%v, asked later: %v", wrong, err)
		}
		h.a.Checker = &asked{}
	}
}
