package activities

import (
	"context"
	"fmt"
	"slices"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// ahead looks at all that can be known to stop a run before it reads a row: whether its parameters can be met by the languages of the crawl, and
// whether its models can do what will be asked of them on this machine. remarks are for a person.
func (a *Activities) ahead(ctx context.Context, run schemas.Ahead, files []schemas.CrawlFile) (remarks []string, err error) {
	beat := func(schemas.Progress) {
		a.heartbeat(ctx, schemas.Progress{Stage: schemas.ScanActivity.Name, Of: "models"})
	}
	beat(schemas.Progress{})
	request, err := a.checkOf(run, files)
	if err != nil {
		return nil, err
	}
	checked, err := a.Checker.Check(ctx, run.Params.Numerics, request, beat)
	return checked.Remarks, err
}

// CheckAhead is the same for a person who asks before there is a run: it says what each model is.
func CheckAhead(ctx context.Context, c Config, run schemas.Ahead, files []schemas.CrawlFile) (engine.CheckResult, error) {
	a := &Activities{c}
	in := schemas.SettingsInput{Encoder: run.Params.Encoder.Name}
	if run.Trains() {
		in.Summarizer = run.Params.Summarizer
	}
	settings, err := a.settings(ctx, in)
	if err != nil {
		return engine.CheckResult{}, err
	}
	_, _, warnings, err := run.Params.Thresholds(settings.Card)
	if err != nil {
		return engine.CheckResult{}, err
	}
	request, err := a.checkOf(run, files)
	if err != nil {
		return engine.CheckResult{}, err
	}
	checked, err := c.Checker.Check(ctx, run.Params.Numerics, request, nil)
	checked.Remarks = append(checked.Remarks, warnings...)
	return checked, err
}

// checkOf is what is asked of the models of a run on these files. What no model is to blame for is an error here.
func (a *Activities) checkOf(run schemas.Ahead, files []schemas.CrawlFile) (request engine.CheckRequest, err error) {
	p := run.Params
	encoder, err := a.placeOf(p.Encoder.Name)
	if err != nil {
		return request, err
	}
	request = engine.CheckRequest{Encoder: encoder, Encoding: p.Encoder, Classifier: a.LanguageID}
	if !run.Trains() {
		return request, nil
	}
	if request.Summarizer, err = a.placeOf(p.Summarizer); err != nil {
		return request, err
	}
	var languages []string // files are in their order
	labelled := false
	for _, f := range files {
		languages, labelled = append(languages, f.Language), labelled || f.Split == "val"
	}
	languages = slices.Compact(languages)
	if err := sampling.Possible(languages, p.Train); err != nil {
		return request, fmt.Errorf("the languages of crawl %s are %.300q: %w", p.Crawl, languages, err)
	}
	if t := p.Train; p.Split.Val == 0 && !labelled && (t.Output == "best" || t.Patience > 0) {
		return request, fault.New(schemas.InvalidInput, "train.output %q and train.patience %d need validation, split.val_percent is 0, and the crawl has no "+
			"<language>_val.jsonl: raise the share: %s; or take the last: %s", t.Output, t.Patience, schemas.Shares(), schemas.Give("train.output", "last"))
	}
	request.Training, request.Targets = p.Train, targetsOf(languages, p.Train)
	return request, nil
}

// targetsOf are the languages that a training on these may be asked to write.
func targetsOf(languages []string, p schemas.TrainParams) []string {
	if p.Setting == "many_to_one" {
		return []string{p.Pivot}
	}
	return slices.DeleteFunc(slices.Clone(languages), func(l string) bool { return p.Setting == "one_to_many" && l == p.Pivot && !p.NativePairs })
}
